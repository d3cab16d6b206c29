"""Orientation field: the picture as the view check sees it.

Every gradient g = gx + i gy is squared, so that it says along which line brightness changes and
not which side is the bright one (contrast reversal, as between a daylight and an infrared
picture, drops out; Bigün and Granlund 1987), and divided by its neighbourhood's strength, so
that exposure, shadow and fog drop out too. The result is one complex number a pixel,

    z = g² / (|g| √(mean|g|² + |g|² / 4 + ε²)),  |z| < 2.

The sign of g is gone, so the picture cannot be integrated back from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.geometry import Camera, Lens

Field = NDArray[np.complexfloating[Any, Any]]
Luma = NDArray[np.floating[Any]]

MOST_PIXELS = 352 * 288
"""A picture is reduced to at most this; finer detail costs time and adds mostly noise."""

LEVELS = 3
"""Fields at full, half and quarter of the reduced size."""

_STRENGTH_RADIUS = 4
_NOISE_FLOOR = 0.35
"""Grey levels a pixel of gradient below which a reduced picture is rounding noise."""
_LINE = 2.5
"""Grey levels of gradient that count as a line however clean the picture."""
_LINE_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Fields of one picture, finest first, and the camera of each grid.

    Attributes:
        fields: complex64, (h, w) each.
        cameras: rays and pixels of each grid.
        factor: pixels of the picture in one pixel of the finest field, linear.
    """

    fields: tuple[Field, ...]
    cameras: tuple[Camera, ...]
    factor: int


def reduction_factor(size: tuple[int, int]) -> int:
    """Least whole number that brings a picture (width, height) to `MOST_PIXELS` or fewer."""
    factor = 1
    while (size[0] // factor) * (size[1] // factor) > MOST_PIXELS:
        factor += 1
    return factor


def reduce_luma(luma: NDArray[np.uint8], factor: int) -> Luma:
    """Mean over ``factor`` × ``factor`` pixels; float32, (H // factor, W // factor), 0..255."""
    height, width = luma.shape[0] // factor, luma.shape[1] // factor
    cut = luma[: height * factor, : width * factor]
    if factor == 1:
        return cut.astype(np.float32)
    rows = np.add(cut[0::factor], cut[1::factor], dtype=np.uint16)
    for row in range(2, factor):
        rows += cut[row::factor]
    total = np.add(rows[:, 0::factor], rows[:, 1::factor], dtype=np.float32)
    for column in range(2, factor):
        total += rows[:, column::factor]
    total *= np.float32(1.0 / (factor * factor))
    return total


def orientation_field(luma: Luma) -> Field:
    """Doubled-angle field, complex64, (h, w), of a reduced picture; zero on its border."""
    # [1 2 1] both ways, then central differences with [1 2 1] across: a 5 × 5 kernel whose
    # answer turns with the picture better than Sobel's.
    across = luma[:, :-2] + 2.0 * luma[:, 1:-1] + luma[:, 2:]
    smooth = across[:-2] + 2.0 * across[1:-1] + across[2:]
    rows = smooth[:-2] + 2.0 * smooth[1:-1] + smooth[2:]
    columns = smooth[:, :-2] + 2.0 * smooth[:, 1:-1] + smooth[:, 2:]
    scale = np.float32(1.0 / (16.0 * 8.0))
    gx = (rows[:, 2:] - rows[:, :-2]) * scale
    gy = (columns[2:] - columns[:-2]) * scale
    xx, yy = gx * gx, gy * gy
    energy = xx + yy
    noise = np.float32(_NOISE_FLOOR**2) + np.float32(0.5) * np.median(energy[::3, ::3])
    strength = box_mean(energy, _STRENGTH_RADIUS)
    strength += np.float32(0.25) * energy
    strength += noise
    strength *= energy + np.float32(1e-6)
    np.sqrt(strength, out=strength)
    field = np.zeros(luma.shape, np.complex64)
    inner = field[2:-2, 2:-2]
    inner.real = (xx - yy) / strength
    inner.imag = (gx * gy) * np.float32(2.0) / strength
    return field


def box_mean(values: Luma, radius: int) -> Luma:
    """Mean over a (2 radius + 1)² box, edges repeated; float32, same shape."""
    out = values
    for axis in (0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (radius + 1, radius)
        total = np.cumsum(np.pad(out, pad, mode="edge"), axis=axis, dtype=np.float64)
        span = 2 * radius + 1
        if axis == 0:
            out = ((total[span:] - total[:-span]) / span).astype(np.float32)
        else:
            out = ((total[:, span:] - total[:, :-span]) / span).astype(np.float32)
    return out


def gradient_strength(luma: Luma) -> Luma:
    """Length of the gradient over two pixels after a 3 × 3 mean; float32, (h - 2, w - 2)."""
    blurred = box_mean(luma, 1)
    return np.hypot(blurred[1:-1, 2:] - blurred[1:-1, :-2], blurred[2:, 1:-1] - blurred[:-2, 1:-1])


def noise_level(luma: Luma) -> float:
    """Standard deviation of a pixel's noise, grey levels, from second differences.

    The median keeps lines out of it; 0.6745 and √6 turn it into a Gaussian's sigma.
    """
    second = np.abs(luma[:, 2:] - 2.0 * luma[:, 1:-1] + luma[:, :-2])
    return float(np.median(second)) / (0.6745 * 6.0**0.5)


def line_tiles(luma: Luma) -> NDArray[np.bool_]:
    """Which of 9 × 12 tiles hold lines that noise does not explain; bool, (9, 12)."""
    strength = gradient_strength(luma)
    # Noise of sigma leaves 0.47 sigma of gradient a side after the mean; 5 of those is a line.
    line = max(_LINE, 3.5 * noise_level(luma))
    height, width = strength.shape[0] // 9, strength.shape[1] // 12
    cut = strength[: height * 9, : width * 12] > line
    return cut.reshape(9, height, 12, width).mean(axis=(1, 3)) > _LINE_SHARE


def halve(field: Field) -> Field:
    """Mean over 2 × 2; an odd last row or column is dropped."""
    height, width = field.shape[0] // 2 * 2, field.shape[1] // 2 * 2
    cut = field[:height, :width]
    rows = cut[0::2] + cut[1::2]
    out = rows[:, 0::2] + rows[:, 1::2]
    out *= np.float32(0.25)
    return out


def pyramid_of_field(field: Field, lens: Lens, size: tuple[int, int]) -> Pyramid:
    """Coarser fields below the finest one of a picture of ``size`` (width, height)."""
    factor = reduction_factor(size)
    fields = [field]
    cameras = [Camera.of_picture(lens, size).reduced(factor)]
    for _ in range(LEVELS - 1):
        fields.append(halve(fields[-1]))
        cameras.append(cameras[-1].reduced(2))
    return Pyramid(tuple(fields), tuple(cameras), factor)


def pyramid(frame: Frame, lens: Lens) -> Pyramid:
    """Fields of a frame."""
    height, width = frame.luma.shape
    factor = reduction_factor((width, height))
    field = orientation_field(reduce_luma(frame.luma, factor))
    return pyramid_of_field(field, lens, (width, height))
