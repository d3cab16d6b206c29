"""Blurs: disc (an unfocused lens) and box (cheap haze).

Rule: arrays in, arrays out; borders repeat their edge.
"""

from __future__ import annotations

import numpy as np

from viewkeeper.sim.camera.light import Image


def disc(image: Image, radius_px: float) -> Image:
    """Convolve (h, w, c) with a disc of that radius: what a defocused lens does to light.

    The disc is cut into rows; each row is a difference of running sums, so the cost grows with
    the radius and not with its square.
    """
    if radius_px < 0.3:
        return image
    height, width = image.shape[:2]
    outer = radius_px + 0.5  # a disc of radius 0 is still a pixel wide
    reach = int(np.ceil(outer)) + 1
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    sums = np.cumsum(padded, axis=1, dtype=np.float64)
    out = np.zeros(image.shape, dtype=np.float64)
    area = 0.0
    for dy in range(-reach + 1, reach):
        if abs(dy) >= outer:
            continue
        half = max(float(np.sqrt(outer * outer - dy * dy)), 0.5)
        whole = int(half - 0.5)
        share = half - 0.5 - whole
        rows = slice(reach + dy, reach + dy + height)
        left, right = reach - whole - 1, reach + whole
        out += sums[rows, right : right + width] - sums[rows, left : left + width]
        out += share * padded[rows, left : left + width]
        out += share * padded[rows, right + 1 : right + 1 + width]
        area += 2 * whole + 1 + 2 * share
    return (out / area).astype(np.float32)


def box(image: Image, radius_px: int, passes: int = 2) -> Image:
    """Repeated box blur of (h, w) or (h, w, c); two passes are near a triangle, three a bell."""
    if radius_px < 1:
        return image
    for _ in range(passes):
        for axis in (0, 1):
            image = _box_1d(image, radius_px, axis)
    return image


def _box_1d(image: Image, radius: int, axis: int) -> Image:
    pad = [(0, 0)] * image.ndim
    pad[axis] = (radius + 1, radius)
    sums = np.cumsum(np.pad(image, pad, mode="edge"), axis=axis, dtype=np.float64)
    n = image.shape[axis]
    upper = np.take(sums, np.arange(2 * radius + 1, 2 * radius + 1 + n), axis=axis)
    lower = np.take(sums, np.arange(n), axis=axis)
    return ((upper - lower) / (2 * radius + 1)).astype(np.float32)


def directional(image: Image, dx: float, dy: float, steps: int) -> Image:
    """Smear (h, w) along (dx, dy) pixels a step; what leaves at one side is lost."""
    out = image.copy()
    height, width = image.shape
    for k in range(1, steps):
        sx, sy = round(dx * k), round(dy * k)
        if abs(sx) >= width or abs(sy) >= height:
            break
        to_x = slice(max(sx, 0), width + min(sx, 0))
        from_x = slice(max(-sx, 0), width + min(-sx, 0))
        to_y = slice(max(sy, 0), height + min(sy, 0))
        from_y = slice(max(-sy, 0), height + min(-sy, 0))
        out[to_y, to_x] += image[from_y, from_x]
    return out
