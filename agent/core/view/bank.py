"""The registered view under every roll and zoom, transformed once for the global search.

Whitening divides by a power of the registered view's own spectrum: long edges, which fit
anywhere along themselves, stop outvoting corners (between plain correlation and phase
correlation, Kuglin and Hines 1975). The quick bank keeps the lower half of the frequencies
only: a peak is then found on every other node, at a quarter of the cost.
"""

from __future__ import annotations

import cmath
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.field import Field
from viewkeeper.agent.core.view.geometry import Camera, Floats, rotation_from_angles

_LEAST_ZOOM, _MOST_ZOOM = 0.78, 1.28
_PAD = 1.3
"""Transform size over field size: room for the turns that leave enough in common."""
_WHITENING = 0.65
_FAIRNESS, _LEAST_OVERLAP = 0.3, 0.25
"""Scores are divided by this power of the share of the frame that falls on the registered view,
taken as at least so much: else turns that leave less in common would be outvoted by chance."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which rolls and zooms a bank holds, and how finely it looks for pan and tilt.

    Attributes:
        rolls_deg, zooms: evenly spaced, zooms in their logarithm.
        kept: share of the frequencies kept each way, 0..1.
    """

    rolls_deg: tuple[float, ...]
    zooms: tuple[float, ...]
    kept: float = 1.0


def _zooms(count: int) -> tuple[float, ...]:
    ratio = _MOST_ZOOM / _LEAST_ZOOM
    return tuple(_LEAST_ZOOM * ratio ** (index / (count - 1)) for index in range(count))


QUICK = Plan((-6.0, 0.0, 6.0), _zooms(5), 0.75)
WIDE = Plan((-8.5, -5.67, -2.83, 0.0, 2.83, 5.67, 8.5), _zooms(9))
NEAR = Plan((-2.2, 0.0, 2.2), (1.0 / 1.046, 1.0, 1.046))


@dataclass(frozen=True, slots=True)
class Bank:
    """The registered view under every roll and zoom, transformed.

    Attributes:
        spectra: complex64, (2, B, my, mx // 2 + 1), of the two parts, conjugated and whitened.
        weights: float32, (zooms, my * mx): what scores are multiplied with, whatever the roll.
        rolls_rad, zooms: B is the product of their numbers, roll varies slowest.
        grid: (ny, nx) of the longitude-latitude grid.
        cells: (my, mx) of the scores, no more than the grid's.
        step_rad: angle between cells, down and across.
        rays: float32, (3, ny * nx), of the nodes; behind the camera where a pinhole sees nothing.
        lookup: int32, (ny * nx,), where in a field of the registered size each node reads; the
            last entry of the field, appended, is zero.
        field_shape: (h, w) that ``lookup`` is for.
    """

    spectra: NDArray[np.complex64]
    weights: NDArray[np.float32]
    rolls_rad: tuple[float, ...]
    zooms: tuple[float, ...]
    grid: tuple[int, int]
    cells: tuple[int, int]
    step_rad: tuple[float, float]
    rays: NDArray[np.float32]
    lookup: NDArray[np.int32]
    field_shape: tuple[int, int]


def _fast_size(least: int) -> int:
    """Smallest 2^a 3^b 5^c, even, that is at least ``least``."""
    size = least + least % 2
    while True:
        rest = size
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return size
        size += 2


def _grid_rays(shape: tuple[int, int], step_rad: float) -> Floats:
    """Rays (3, ny * nx) of the grid's nodes; node (ny // 2, nx // 2) looks straight ahead."""
    ny, nx = shape
    latitude, longitude = np.meshgrid(
        (np.arange(ny) - ny // 2) * step_rad, (np.arange(nx) - nx // 2) * step_rad, indexing="ij"
    )
    longitude, latitude = longitude.ravel(), latitude.ravel()
    # Beyond 80° a pinhole sees nothing; clip so that tangents stay finite.
    limit = math.radians(80.0)
    hidden = (np.abs(longitude) > limit) | (np.abs(latitude) > limit)
    longitude, latitude = np.clip(longitude, -limit, limit), np.clip(latitude, -limit, limit)
    x = np.tan(longitude)
    rays = np.stack([x, np.tan(latitude) / np.cos(longitude), np.ones_like(x)])
    rays[2, hidden] = -1.0
    return rays


def lookup_of(camera: Camera, shape: tuple[int, int], rays: Floats) -> NDArray[np.int32]:
    """Index into a raveled (h, w) field for each ray, h * w where the ray leaves the picture."""
    height, width = shape
    x, y = camera.project(rays)
    column, row = np.rint(np.nan_to_num(x, nan=-9.0)), np.rint(np.nan_to_num(y, nan=-9.0))
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return np.where(inside, row * width + column, height * width).astype(np.int32)


def build_bank(field: Field, camera: Camera, plan: Plan) -> Bank:
    """Transform the registered view under every roll and zoom (done once, when it is loaded).

    Args:
        field: coarse field of the registered view, complex64 (h, w).
        camera: of that field.
        plan: rolls, zooms and how finely.
    """
    height, width = field.shape
    step = 1.0 / camera.focal_px
    reach_x = 2.0 * math.atan(width / 2.0 / camera.focal_px)
    reach_y = 2.0 * math.atan(height / 2.0 / camera.focal_px)
    grid = (_fast_size(round(_PAD * reach_y / step)), _fast_size(round(_PAD * reach_x / step)))
    cells = (_fast_size(round(plan.kept * grid[0])), _fast_size(round(plan.kept * grid[1])))
    rays = _grid_rays(grid, step)
    lookup = lookup_of(camera, (height, width), rays)
    flat = np.append(field.ravel(), np.complex64(0.0))
    rolls = tuple(math.radians(roll) for roll in plan.rolls_deg)
    poses = list(itertools.product(rolls, plan.zooms))
    # Filled one by one: a camera has no room for the copies that stacking makes.
    spectra = np.empty((2, len(poses), cells[0], cells[1] // 2 + 1), np.complex64)
    power = np.zeros((grid[0], grid[1] // 2 + 1))
    for at, (roll, zoom) in enumerate(poses):
        rotation = rotation_from_angles(0.0, 0.0, roll)
        # One node a field pixel: the nearest reading is enough at this level.
        index = lookup_of(camera, (height, width), rotation @ _narrowed(rays, zoom))
        seen = (flat[index] * np.complex64(cmath.exp(-2j * roll))).reshape(grid)
        spectrum: NDArray[Any] = np.conj(np.fft.rfft2(np.stack([seen.real, seen.imag])))
        power += np.sum(np.square(np.abs(spectrum)), axis=0)
        spectra[:, at] = lower(spectrum, grid, cells)
    _whiten(spectra, lower(_smooth(power / len(poses)), grid, cells))
    return Bank(
        spectra,
        _weights(plan.zooms, camera, (height, width), rays, lookup, grid, cells),
        rolls,
        plan.zooms,
        grid,
        cells,
        (step * grid[0] / cells[0], step * grid[1] / cells[1]),
        rays.astype(np.float32),
        lookup,
        (height, width),
    )


def _narrowed(rays: Floats, zoom: float) -> Floats:
    return rays / np.array([[zoom], [zoom], [1.0]])


def _weights(
    zooms: Sequence[float],
    camera: Camera,
    shape: tuple[int, int],
    rays: Floats,
    lookup: NDArray[np.int32],
    grid: tuple[int, int],
    cells: tuple[int, int],
) -> NDArray[np.float32]:
    """(zooms, my * mx): what makes up for the frame falling beside the registered view, which a
    small roll hardly changes."""
    height, width = shape
    inside = np.append(np.ones(height * width, np.float32), np.float32(0.0))
    outline = np.fft.rfft2(inside[lookup].reshape(grid))
    weights = np.empty((len(zooms), cells[0] * cells[1]), np.float32)
    for at, zoom in enumerate(zooms):
        index = lookup_of(camera, shape, _narrowed(rays, zoom))
        common = np.conj(np.fft.rfft2(inside[index].reshape(grid))) * outline
        overlap = np.fft.irfft2(lower(common, grid, cells), cells).ravel()
        share = overlap * (cells[0] * cells[1] / (grid[0] * grid[1] * height * width))
        weights[at] = np.maximum(share, _LEAST_OVERLAP) ** -_FAIRNESS
    return weights


def lower(spectrum: NDArray[Any], grid: tuple[int, int], cells: tuple[int, int]) -> NDArray[Any]:
    """The lower frequencies of half spectra (..., ny, nx // 2 + 1), as many as ``cells`` has."""
    if grid == cells:
        return spectrum
    above = cells[0] // 2
    columns = cells[1] // 2 + 1
    rows = (spectrum[..., : cells[0] - above, :columns], spectrum[..., grid[0] - above :, :columns])
    return np.concatenate(rows, axis=-2)


def _smooth(power: Floats) -> Floats:
    """Mean over 5 × 5 frequencies, its own mean brought to 1, never 0."""
    for axis in (0, 1):
        power = np.mean([np.roll(power, shift, axis) for shift in range(-2, 3)], axis=0)
    return power / max(float(np.mean(power)), 1e-12) + 1e-3


def _whiten(spectra: NDArray[np.complex64], power: Floats) -> None:
    """Divide, in place, by a power of the spectrum; bring each roll and zoom to length 1."""
    gain = (power**-_WHITENING).astype(np.float32)
    for at in range(spectra.shape[1]):
        one = spectra[:, at]
        one *= gain
        one /= np.float32(math.sqrt(max(float(np.sum(np.abs(one) ** 2)), 1e-12)))
