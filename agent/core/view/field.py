"""Orientation field: the picture as the view check sees it.

Every gradient g = gx + i gy is squared, so that it says along which line brightness changes and
not which side is the bright one (contrast reversal, as between a daylight and an infrared
picture, drops out; Bigün and Granlund 1987), and divided by its neighbourhood's strength, so
that exposure, shadow and fog drop out too. The result is one complex number a pixel,

    z = g² / (|g| √(mean|g|² + |g|² / 4 + ε²)),  |z| < 2.

What noise explains must not be as strong as a line, so ε grows with the picture's noise. The sign
of g is gone, so the picture cannot be integrated back from it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.complexfloating[Any, Any]]
Luma = NDArray[np.floating[Any]]

MOST_PIXELS = 320 * 240
"""A picture is reduced to at most this where it is read: for signs and for its health."""
MATCH_PIXELS = 25_400
"""And to at most this where it is only to be recognised: finer detail adds mostly noise. Both
fields, a byte a pixel, and their headers make a file of at most 100 KiB."""

_NOISE_FLOOR = 0.35
"""Grey levels a pixel of gradient below which a reduced picture is rounding noise."""
_NOISE_GAIN = 1.5
"""The same, in standard deviations of a pixel's noise. Noise alone has gradients of 0.3 of them,
and so counts a fifth of what a line does."""
_CALM_FROM = (6.0, 10.0, 16.0)
"""Grey levels of noise from which the picture is blurred once, twice, thrice, by 1 pixel each."""
_SOME_ROWS = 8
"""Noise is measured in one of so many rows."""
_LINE = 2.5
"""Grey levels of gradient that count as a line however clean the picture."""
_LINE_SHARE = 0.02


def reduction_factor(size: tuple[int, int], most_pixels: int = MOST_PIXELS) -> int:
    """Least whole number that brings a picture (width, height) to ``most_pixels`` or fewer."""
    factor = 1
    while (size[0] // factor) * (size[1] // factor) > most_pixels:
        factor += 1
    return factor


def reduce_luma(luma: NDArray[np.uint8], factor: int) -> Luma:
    """Mean over ``factor`` × ``factor`` pixels; float32, (H // factor, W // factor), 0..255."""
    total, unit = summed(luma, factor)
    if unit != 1.0:
        total *= np.float32(1.0 / unit)
    return total


def summed(luma: NDArray[np.uint8], factor: int) -> tuple[Luma, float]:
    """Sums over ``factor`` × ``factor`` pixels, float32, and how many pixels one sums."""
    height, width = luma.shape[0] // factor, luma.shape[1] // factor
    cut = luma[: height * factor, : width * factor]
    if factor == 1:
        return cut.astype(np.float32), 1.0
    rest = factor
    rows: NDArray[Any]
    if rest % 2 == 0:
        rows, rest = _halved_bytes(cut), rest // 2
    else:
        rows = cut
    total: NDArray[Any] = rows
    if rest > 1:
        # At most 35 × 35 means of bytes fit 16 bits times 4; larger ones are summed in 32.
        wide = np.uint16 if factor * factor * 255 < 65536 else np.uint32
        rows = np.add(rows[0::rest], rows[1::rest], dtype=wide)
        for row in range(2, rest):
            rows += total[row::rest]
        total = np.add(rows[:, 0::rest], rows[:, 1::rest], dtype=np.float32)
        for column in range(2, rest):
            total += rows[:, column::rest]
    return total.astype(np.float32, copy=False), float(factor * factor)


def _halved_bytes(luma: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Sums over 2 × 2; both bytes of a 16-bit word are added at once, whatever their order."""
    words = np.ascontiguousarray(luma).view(np.uint16)
    pairs = words & np.uint16(255)
    pairs += words >> np.uint16(8)
    return pairs[0::2] + pairs[1::2]


def calmed(luma: Luma, unit: float = 1.0) -> tuple[Luma, float]:
    """The picture, blurred as far as its noise asks for, same shape; and the noise left in it.

    Squaring the gradient turns strong noise into a field of its own; it is averaged out before.
    ``unit``: what one grey level is in ``luma``.
    """
    noise = noise_level(luma[::_SOME_ROWS])
    passes = sum(1 for level in _CALM_FROM if noise / unit > level)
    for _ in range(passes):
        padded = np.pad(luma, 2, mode="edge")
        luma = _one_two_one(_one_two_one(_one_two_one(_one_two_one(padded, 1), 0), 1), 0)
        luma *= np.float32(1.0 / 256.0)
    return luma, noise_level(luma[::_SOME_ROWS]) if passes else noise


def orientation_field(luma: Luma, unit: float = 1.0, noise: float | None = None) -> Field:
    """Doubled-angle field, complex64, (h, w), of a reduced picture; zero on its border.

    ``unit``: what one grey level is in ``luma``; the field does not depend on it. ``noise``: of a
    pixel, in levels of ``luma``; measured where it is not given.
    """
    # Rows lie one after the other, so that a shift along a row or to the next one is a shift of
    # one long array; what that mixes up at the rows' ends falls on the border.
    height, width = luma.shape
    if height < 6 or width < 6:
        return np.zeros(luma.shape, np.complex64)
    flat = luma.ravel()
    for _ in range(3):  # (1 + x)³ (1 + y)³: [1 3 3 1] both ways
        flat = flat[1:] + flat[:-1]
        flat = flat[width:] + flat[:-width]
    # Differences along both diagonals: gx = p + q, gy = p - q, a 5 × 5 kernel whose answer turns
    # with the picture better than Sobel's.
    p = flat[width + 1 :] - flat[: -width - 1]
    q = flat[1:-width] - flat[width:-1]
    inner = slice(2 * width + 2, 2 * width + 2 + p.size)
    # gx² - gy² = 4 p q, 2 gx gy = 2 (p² - q²), gx² + gy² = 2 (p² + q²).
    real = p * q
    real += real
    p *= p
    q *= q
    room = np.zeros((height + 8) * width + 8, np.float32)  # for the box to reach out of the picture
    energy = room[4 * width + 4 : -4 * width - 4]
    np.add(p, q, out=energy[inner])
    square = energy.reshape(height, width)
    square[:, :2] = 0.0
    square[:, -2:] = 0.0
    p -= q
    strength = _box_sums_9(room, width)
    strength *= _box_share(height, width)
    energy = energy[inner]
    if noise is None:
        noise = noise_level(luma[::_SOME_ROWS])
    floor = (_NOISE_FLOOR * unit) ** 2 + (_NOISE_GAIN * noise) ** 2
    length = strength[inner]
    length += energy * np.float32(0.25)
    length += np.float32(0.5 * _middle(square[2:-2:5, 2:-2:5]) + 8192.0 * floor)
    length *= energy
    length += np.float32(1e-3)
    np.sqrt(length, out=length)
    field = np.zeros(luma.shape, np.complex64)
    into = field.reshape(-1)[inner]
    np.divide(real, length, out=into.real)
    np.divide(p, length, out=into.imag)
    field[:, :2] = 0.0
    field[:, -2:] = 0.0
    return field


def _middle(values: Luma) -> float:
    """The median, or of an even number the upper of the two."""
    flat = values.ravel()
    return float(np.partition(flat, flat.size // 2)[flat.size // 2])


def _box_sums_9(sums: Luma, width: int) -> Luma:
    """Sums over 9 × 9 of rows that lie one after the other; 8 rows and 8 pixels shorter."""
    for step in (1, width):
        two = sums[step:] + sums[:-step]
        four = two[2 * step :] + two[: -2 * step]
        eight = four[4 * step :] + four[: -4 * step]
        nine = eight[:-step]
        nine += sums[8 * step :]
        sums = nine
    return sums


@lru_cache(maxsize=4)
def _box_share(height: int, width: int) -> Luma:
    """One over how many of a box's 9 × 9 lie inside the border; flat, (h * w,)."""
    counts = [
        np.convolve(np.pad(np.ones(side - 4), 2), np.ones(9), mode="same")
        for side in (height, width)
    ]
    share = (1.0 / np.maximum(np.outer(*counts), 1.0)).astype(np.float32).ravel()
    share.flags.writeable = False  # it is shared
    return share


def _one_two_one(values: Luma, axis: int) -> Luma:
    """Sum with weights 1 2 1 along one axis, two shorter."""
    if axis == 0:
        pairs = values[:-1] + values[1:]
        return pairs[:-1] + pairs[1:]
    pairs = values[:, :-1] + values[:, 1:]
    return pairs[:, :-1] + pairs[:, 1:]


def _box_mean_9(values: Luma) -> Luma:
    """Mean over 9 × 9 by doubling, edges repeated; float32, same shape."""
    out = np.pad(values, 4, mode="edge")
    two = out[:-1] + out[1:]
    four = two[:-2] + two[2:]
    nine = four[:-5] + four[4:-1]
    nine += out[8:]
    two = nine[:, :-1] + nine[:, 1:]
    four = two[:, :-2] + two[:, 2:]
    total = four[:, :-5] + four[:, 4:-1]
    total += nine[:, 8:]
    total *= np.float32(1.0 / 81.0)
    return total


def box_mean(values: Luma, radius: int) -> Luma:
    """Mean over a (2 radius + 1)² box, edges repeated; float32, same shape."""
    if radius == 4:
        return _box_mean_9(values)
    span = 2 * radius + 1
    if radius == 1:
        padded = np.pad(values, 1, mode="edge")
        rows = padded[:-2] + padded[1:-1]
        rows += padded[2:]
        box = rows[:, :-2] + rows[:, 1:-1]
        box += rows[:, 2:]
    else:
        # One axis after the other: sums along one line are small enough for float32.
        padded = np.pad(values, ((radius + 1, radius), (radius + 1, radius)), mode="edge")
        rows = np.cumsum(padded, axis=0, dtype=np.float32)
        columns = np.cumsum(rows[span:] - rows[:-span], axis=1, dtype=np.float32)
        box = columns[:, span:] - columns[:, :-span]
    box *= np.float32(1.0 / (span * span))
    return box


def gradient_strength(luma: Luma) -> Luma:
    """Length of the gradient over two pixels after a 3 × 3 mean; float32, (h - 2, w - 2)."""
    blurred = box_mean(luma, 1)
    return np.hypot(blurred[1:-1, 2:] - blurred[1:-1, :-2], blurred[2:, 1:-1] - blurred[:-2, 1:-1])


def noise_level(luma: Luma) -> float:
    """Standard deviation of a pixel's noise, grey levels, from second differences.

    The median keeps lines out of it; 0.6745 and √6 turn it into a Gaussian's sigma.
    """
    second = luma[:, 2:] + luma[:, :-2]
    second -= luma[:, 1:-1]
    second -= luma[:, 1:-1]
    return _middle(np.abs(second, out=second)) / (0.6745 * 6.0**0.5)


def line_tiles(luma: Luma) -> NDArray[np.bool_]:
    """Which of 9 × 12 tiles hold lines that noise does not explain; bool, (9, 12)."""
    return lined(gradient_strength(luma), noise_level(luma))


def lined(strength: Luma, noise: float) -> NDArray[np.bool_]:
    """The same, of a picture's `gradient_strength` and `noise_level`."""
    # Noise of sigma leaves 0.47 sigma of gradient a side after the mean; 5 of those is a line.
    line = max(_LINE, 3.5 * noise)
    height, width = strength.shape[0] // 9, strength.shape[1] // 12
    cut = strength[: height * 9, : width * 12] > line
    return cut.reshape(9, height, 12, width).mean(axis=(1, 3)) > _LINE_SHARE
