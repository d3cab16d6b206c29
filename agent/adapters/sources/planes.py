"""Camera planes into what the core takes: contiguous, uint8, no wider than is of use.

The view check works on a few hundred pixels a side; an 8K plane would only cost memory.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_WIDTH = 1280
"""Wider frames are averaged down by a whole factor."""
MAX_PIXELS = 64_000_000
"""An 8K frame is 33 million; more than twice that is no camera's picture."""

Plane = NDArray[np.uint8]


def factor_for(width: int) -> int:
    """By how much a plane of ``width`` pixels is shrunk."""
    return max(1, -(-width // MAX_WIDTH))


def shrink(plane: Plane, factor: int) -> Plane:
    """Average boxes of ``factor`` × ``factor`` pixels.

    Args:
        plane: (H, W) uint8.
        factor: 1 to 256, else the sums would not fit.

    Returns:
        (H // factor, W // factor) uint8, contiguous; a rest at the right and lower edge
        is dropped.
    """
    if factor == 1:
        return np.ascontiguousarray(plane)
    height, width = (side // factor * factor for side in plane.shape)
    total = np.zeros((height // factor, width // factor), np.uint32)
    for row in range(factor):
        for column in range(factor):
            total += plane[row:height:factor, column:width:factor]
    return ((total + factor * factor // 2) // (factor * factor)).astype(np.uint8)


def from_yuv420(
    luma: Plane, blue: Plane | None = None, red: Plane | None = None
) -> tuple[Plane, Plane | None]:
    """Planes of a 4:2:0 picture as (luma (H, W), chroma (h, w, 2) or ``None``)."""
    factor = factor_for(luma.shape[1])
    chroma = None
    if blue is not None and red is not None:
        chroma = np.stack([shrink(blue, factor), shrink(red, factor)], axis=-1)
    return shrink(luma, factor), chroma


def split_yuv420(data: bytes, width: int, height: int) -> tuple[Plane, Plane, Plane]:
    """Planar I420 bytes without padding as three planes.

    Raises:
        ValueError: the length is not that of a ``width`` × ``height`` picture.
    """
    if width % 2 or height % 2:
        raise ValueError(f"a 4:2:0 picture has even sides, not {width} × {height}")
    wanted = width * height * 3 // 2
    if len(data) != wanted:
        raise ValueError(f"{len(data)} bytes, a {width} × {height} picture has {wanted}")
    flat = np.frombuffer(data, np.uint8)
    area, quarter = width * height, width * height // 4
    half = (height // 2, width // 2)
    return (
        flat[:area].reshape(height, width),
        flat[area : area + quarter].reshape(half),
        flat[area + quarter :].reshape(half),
    )
