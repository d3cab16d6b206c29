"""Normal equations of four unknowns: rotation vector and log-zoom."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.geometry import Floats
from viewkeeper.agent.core.view.points import Singles


def solved(normal: Singles, wish: Singles) -> list[float]:
    """x of A x = b for a symmetric A (16,), raised so that one without tiles can be solved too.

    By Cholesky, written out: for four unknowns a call of LAPACK costs several times as much.
    """
    a, _, _, _, b, c, _, _, d, e, f, _, g, h, i, j = normal.tolist()
    p, q, r, s = wish.tolist()
    a += 1e-3 * a + 1e-6
    c += 1e-3 * c + 1e-6
    f += 1e-3 * f + 1e-6
    j += 1e-3 * j + 1e-6
    b, d, g, p = b / a, d / a, g / a, p
    c -= b * b * a
    e, h, q = (e - d * b * a) / c, (h - g * b * a) / c, q - b * p
    f -= d * d * a + e * e * c
    i, r = (i - g * d * a - h * e * c) / f, r - d * p - e * q
    j -= g * g * a + h * h * c + i * i * f
    s = (s - g * p - h * q - i * r) / j
    r = r / f - i * s
    q = q / c - e * r - h * s
    return [p / a - b * q - d * r - g * s, q, r, s]


def damped(normal: NDArray[Any]) -> Floats:
    """(4, 4): a normal matrix (16,), raised so that one without tiles can be solved too."""
    raised = normal.astype(np.float64)
    raised[::5] *= 1.001
    raised[::5] += 1e-6
    return raised.reshape(4, 4)
