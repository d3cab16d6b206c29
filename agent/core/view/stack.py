"""Frames that tell nothing one by one, added up: noise falls with the root of their number.

Rule: a frame is either judged alone or within one stack, never twice, so that evidence over time
stays independent. What moves becomes a ghost, as in the registered view itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.frame import Frame

STACK_FRAMES = 8
"""Fewer than `guard.BLIND_FRAMES`, so that what a stack recognises is never called blind."""
STACK_S = 900.0
"""Light and shadows keep still for so long; what is not full by then is begun anew."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A sum under way.

    Attributes:
        count: frames in it.
        began_s: Unix seconds of the first.
        total: uint16 (H, W), never written to once made; ``None`` while it is empty.
    """

    count: int = 0
    began_s: float = 0.0
    total: NDArray[np.uint16] | None = None


def add(
    stack: Stack, frame: Frame, at_s: float, *, within_s: float = STACK_S
) -> tuple[Stack, Frame | None]:
    """One frame more; with the last one needed, an empty stack and the mean of all."""
    total = stack.total
    if (
        total is None
        or total.shape != frame.luma.shape
        or not 0.0 <= at_s - stack.began_s <= within_s
    ):
        return Stack(1, at_s, frame.luma.astype(np.uint16)), None
    total = total + frame.luma
    if stack.count + 1 < STACK_FRAMES:
        return Stack(stack.count + 1, stack.began_s, total), None
    mean = (total + STACK_FRAMES // 2) // STACK_FRAMES  # rounded
    return Stack(), Frame(mean.astype(np.uint8), at_s)
