"""Numbers in files that people write by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

from viewkeeper.protocol.errors import SetupError


def number(
    value: object, low: float, high: float, where: str, wrong: Callable[[str], SetupError]
) -> float:
    """A finite number within ``low`` and ``high``.

    Args:
        where: what it is called in the file.
        wrong: makes the error from what is wrong.

    Raises:
        SetupError: made by ``wrong``.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise wrong(f"{where} must be a number")
    if not low <= value <= high:
        raise wrong(f"{where} must be {low:g} to {high:g}, is {value:g}")
    return float(value)
