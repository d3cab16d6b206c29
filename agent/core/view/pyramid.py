"""The pyramid of a picture's fields: the finest, which settles a pose, and a broadened half."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.field import (
    MATCH_PIXELS,
    Field,
    calmed,
    orientation_field,
    reduction_factor,
    summed,
)
from viewkeeper.agent.core.view.geometry import Camera, Lens


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Fields of one picture and the camera of each grid: full, and broadened half.

    Attributes:
        fields: complex64, (h, w) each.
        cameras: rays and pixels of each grid.
        factor: pixels of the picture in one pixel of the finest field, linear.
    """

    fields: tuple[Field, ...]
    cameras: tuple[Camera, ...]
    factor: int


def halve(field: Field) -> Field:
    """Mean over 2 × 2; an odd last row or column is dropped."""
    out = _sums_2(field)
    out *= np.float32(0.25)
    return out


def _sums_2(field: Field) -> Field:
    height, width = field.shape[0] // 2 * 2, field.shape[1] // 2 * 2
    cut = field[:height, :width]
    rows = cut[0::2] + cut[1::2]
    return rows[:, 0::2] + rows[:, 1::2]


def broadened_half(field: Field) -> Field:
    """Mean over 2 × 2, blurred by [1 2 1] both ways, and the root of each length taken.

    The blur widens what a wrong guess can still feel; the root lets many faint lines outvote a
    few strong ones, such as those of a lorry. complex64, zero border.
    """
    half = _sums_2(field)
    width = half.shape[1]
    flat = half.ravel()
    for step in (1, 1, width, width):
        flat = flat[step:] + flat[:-step]
    # z / √(|z| + 0.001), of which the sums are 64 times too large.
    parts = flat.view(np.float32)
    squares = parts * parts
    length = squares[0::2] + squares[1::2]
    np.sqrt(length, out=length)
    length += np.float32(0.064)
    np.sqrt(length, out=length)
    np.divide(np.float32(0.125), length, out=length)
    flat *= length
    out = np.zeros(half.shape, np.complex64)
    out.reshape(-1)[width + 1 : width + 1 + flat.size] = flat
    out[:, 0] = 0.0
    out[:, -1] = 0.0
    return out


@lru_cache(maxsize=8)
def _cameras(lens: Lens, size: tuple[int, int]) -> tuple[Camera, Camera]:
    camera = Camera.of_picture(lens, size).reduced(reduction_factor(size, MATCH_PIXELS))
    return camera, camera.reduced(2)


def pyramid_of_field(field: Field, lens: Lens, size: tuple[int, int]) -> Pyramid:
    """Coarser fields below the finest one of a picture of ``size`` (width, height)."""
    factor = reduction_factor(size, MATCH_PIXELS)
    return Pyramid((field, broadened_half(field)), _cameras(lens, size), factor)


def pyramid(frame: Frame, lens: Lens) -> Pyramid:
    """Fields of a frame."""
    height, width = frame.luma.shape
    factor = reduction_factor((width, height), MATCH_PIXELS)
    luma, unit = summed(frame.luma, factor)
    luma, noise = calmed(luma, unit)
    return pyramid_of_field(orientation_field(luma, unit, noise), lens, (width, height))
