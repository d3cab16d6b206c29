"""Global search: where on the registered view could this frame have been taken?

Both fields are laid out on a longitude-latitude grid, where turning the camera is close to a
shift; one inverse FFT a roll and zoom then scores every pan and tilt at once. The registered
view is turned, zoomed, whitened and transformed when it is loaded, so a frame costs one forward
transform of its two parts and no resampling per roll or zoom.

Whitening divides by a power of the registered view's own spectrum: long edges, which fit
anywhere along themselves, stop outvoting corners (between plain correlation and phase
correlation, Kuglin and Hines 1975). The quick bank keeps the lower half of the frequencies
only: a peak is then found on every other node, at a quarter of the cost.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.field import Field
from viewkeeper.agent.core.view.geometry import (
    Camera,
    Floats,
    rotation_from_angles,
    rotation_from_vector,
)

_LEAST_ZOOM, _MOST_ZOOM = 0.78, 1.28
_PAD = 1.3
"""Transform size over field size: room for the turns that leave enough in common."""
_WHITENING = 0.65
_FAIRNESS, _LEAST_OVERLAP = 0.3, 0.25
"""Scores are divided by this power of the share of the frame that falls on the registered view,
taken as at least so much: else turns that leave less in common would be outvoted by chance."""
_APART = 2
"""Candidates whose shifts differ by no more grid nodes than this, and whose roll and zoom are
neighbours, are one."""


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


QUICK = Plan((-6.0, 0.0, 6.0), _zooms(5), 0.5)
WIDE = Plan((-8.5, -4.25, 0.0, 4.25, 8.5), _zooms(7))
NEAR = Plan((-2.2, 0.0, 2.2), (1.0 / 1.046, 1.0, 1.046))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rotation (3, 3), d_registered = R d_present, and zoom worth refining; higher is better."""

    rotation: Floats
    zoom: float
    score: float


@dataclass(frozen=True, slots=True)
class Bank:
    """The registered view under every roll and zoom, transformed.

    Attributes:
        spectra: complex64, (2, B, my, mx // 2 + 1), of the two parts, conjugated and whitened.
        weights: float32, (B, my * mx): what scores are multiplied with.
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


def _lookup(camera: Camera, shape: tuple[int, int], rays: Floats) -> NDArray[np.int32]:
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
    lookup = _lookup(camera, (height, width), rays)
    flat = np.append(field.ravel(), np.complex64(0.0))
    inside = np.append(np.ones(height * width, np.float32), np.float32(0.0))
    outline = np.fft.rfft2(inside[lookup].reshape(grid))
    spectra: list[NDArray[Any]] = []
    weights: list[NDArray[Any]] = []
    rolls = tuple(math.radians(roll) for roll in plan.rolls_deg)
    for roll in rolls:
        rotation = rotation_from_angles(0.0, 0.0, roll)
        for zoom in plan.zooms:
            narrowed = rays / np.array([[zoom], [zoom], [1.0]])
            # One node a field pixel: the nearest reading is enough at this level.
            index = _lookup(camera, (height, width), rotation @ narrowed)
            seen = (flat[index] * np.complex64(cmath.exp(-2j * roll))).reshape(grid)
            spectrum: NDArray[Any] = np.fft.rfft2(np.stack([seen.real, seen.imag]))
            spectra.append(np.conj(spectrum).astype(np.complex64, copy=False))
            common = np.conj(np.fft.rfft2(inside[index].reshape(grid))) * outline
            overlap = np.fft.irfft2(_lower(common, grid, cells), cells).ravel()
            share = overlap * (cells[0] * cells[1] / (grid[0] * grid[1] * height * width))
            weights.append(np.maximum(share, _LEAST_OVERLAP) ** -_FAIRNESS)
    return Bank(
        _whitened(np.stack(spectra, axis=1), grid, cells),
        np.stack(weights).astype(np.float32),
        rolls,
        plan.zooms,
        grid,
        cells,
        (step * grid[0] / cells[0], step * grid[1] / cells[1]),
        rays.astype(np.float32),
        lookup,
        (height, width),
    )


def _lower(spectrum: NDArray[Any], grid: tuple[int, int], cells: tuple[int, int]) -> NDArray[Any]:
    """The lower frequencies of half spectra (..., ny, nx // 2 + 1), as many as ``cells`` has."""
    if grid == cells:
        return spectrum
    above = cells[0] // 2
    columns = cells[1] // 2 + 1
    rows = (spectrum[..., : cells[0] - above, :columns], spectrum[..., grid[0] - above :, :columns])
    return np.concatenate(rows, axis=-2)


def _whitened(
    spectra: NDArray[Any], grid: tuple[int, int], cells: tuple[int, int]
) -> NDArray[np.complex64]:
    power = np.mean(np.sum(np.square(np.abs(spectra)), axis=0), axis=0)
    for axis in (0, 1):
        power = sum(np.roll(power, shift, axis) for shift in range(-2, 3)) / 5.0
    power = power / max(float(np.mean(power)), 1e-12) + 1e-3
    kept = _lower(spectra * (power ** (-_WHITENING)).astype(np.float32), grid, cells)
    energy = np.sum(np.abs(kept) ** 2, axis=(0, 2, 3), keepdims=True)
    kept /= np.sqrt(np.maximum(energy, 1e-12)).astype(np.float32)
    return kept.astype(np.complex64, copy=False)


def search(bank: Bank, field: Field, camera: Camera, count: int) -> list[Candidate]:
    """The ``count`` best places for a frame's coarse field, best first.

    Args:
        bank: of the registered view.
        field: coarse field of the frame, complex64 (h, w).
        camera: of that field.
        count: how many candidates to return at most; no two of one place.
    """
    height, width = field.shape
    lookup = bank.lookup
    if (height, width) != bank.field_shape:
        lookup = _lookup(camera, (height, width), bank.rays.astype(np.float64))
    scores = _correlate(bank, np.append(field.ravel(), np.complex64(0.0))[lookup])
    places = scores.argmax(axis=1)
    peaks = scores[np.arange(len(places)), places]
    found: list[tuple[int, int, int]] = []
    for index in np.argsort(-peaks):
        entry = int(index)
        row, column = divmod(int(places[entry]), bank.cells[1])
        if not any(_one_place(bank, (entry, row, column), other) for other in found):
            found.append((entry, row, column))
            if len(found) == count:
                break
    return [_candidate(bank, scores, entry, row, column) for entry, row, column in found]


def look_again(bank: Bank, field: Field, camera: Camera, guess: Candidate) -> Candidate:
    """Correct a guess by correlating the frame, turned back by it, with a bank of near poses.

    Far from the centre a turn is not quite a shift; after turning back it is.

    Args:
        bank: of small rolls and zooms.
        field, camera: as in `search`.
        guess: to correct.
    """
    height, width = field.shape
    focal = camera.focal_px * guess.zoom
    back = guess.rotation.T.astype(np.float32) @ bank.rays
    hidden = (back[2] < 1e-3) | (bank.rays[2] < 0.0)
    depth = np.maximum(back[2], np.float32(1e-3))
    x, y = back[0] / depth, back[1] / depth
    if not camera.lens.straight:
        x, y = camera.lens.distort(x, y)
    x = np.rint(x * np.float32(focal) + np.float32(camera.cx))
    y = np.rint(y * np.float32(focal) + np.float32(camera.cy))
    hidden |= (x < 0) | (x >= width) | (y < 0) | (y >= height)
    index = (y * np.float32(width) + x) * ~hidden
    roll = math.atan2(
        float(guess.rotation[1, 0] - guess.rotation[0, 1]),
        float(guess.rotation[0, 0] + guess.rotation[1, 1]),
    )
    seen = field.ravel()[index.astype(np.int32)]
    seen *= np.complex64(cmath.exp(2j * roll)) * ~hidden
    scores = _correlate(bank, seen)
    entry, cell = divmod(int(scores.argmax()), scores.shape[1])
    row, column = divmod(cell, bank.cells[1])
    rest = _candidate(bank, scores, entry, row, column)
    # The rest was measured about the registered axis; zooming about it shifts the present axis.
    axis = guess.rotation[:, 2]
    shifted = np.array([axis[0] / rest.zoom, axis[1] / rest.zoom, axis[2]])
    rotation = rest.rotation @ _shortest_turn(axis, shifted) @ guess.rotation
    return Candidate(rotation, guess.zoom * rest.zoom, rest.score)


def _shortest_turn(start: Floats, end: Floats) -> Floats:
    """Rotation (3, 3) that takes direction ``start`` to ``end`` the short way."""
    cross = np.cross(start, end)
    sine = float(np.sqrt(np.sum(cross * cross)))
    angle = math.atan2(sine, float(start @ end))
    return rotation_from_vector(cross * (angle / sine if sine > 1e-12 else 0.0))


def _correlate(bank: Bank, seen: NDArray[np.complexfloating[Any, Any]]) -> NDArray[np.float32]:
    """(B, my * mx): likeness to each roll and zoom at each shift of what the nodes see."""
    parts = np.empty((2, *bank.grid), np.float32)
    flat = parts.reshape(2, -1)
    flat[0], flat[1] = seen.real, seen.imag
    spectrum = _lower(np.fft.rfft2(parts), bank.grid, bank.cells)
    spectrum = spectrum.astype(np.complex64, copy=False)  # numpy 1 transforms in double
    product = bank.spectra[0] * spectrum[0]
    product += bank.spectra[1] * spectrum[1]
    scores = np.fft.irfft2(product, bank.cells).astype(np.float32, copy=False)
    scores = scores.reshape(len(product), -1)
    scores *= bank.weights
    return scores


def _one_place(bank: Bank, a: tuple[int, int, int], b: tuple[int, int, int]) -> bool:
    ny, nx = bank.cells
    rows, columns = abs(a[1] - b[1]), abs(a[2] - b[2])
    zooms = len(bank.zooms)
    steps = max(abs(a[0] // zooms - b[0] // zooms), abs(a[0] % zooms - b[0] % zooms))
    near = _APART + steps
    return steps <= 1 and min(rows, ny - rows) <= near and min(columns, nx - columns) <= near


def _candidate(
    bank: Bank, scores: NDArray[np.float32], entry: int, row: int, column: int
) -> Candidate:
    ny, nx = bank.cells
    maps = scores.reshape(-1, ny, nx)
    here = float(maps[entry, row, column])

    def off_peak(before: float, after: float) -> float:
        """Place of a parabola's top through three equidistant values, -0.5..0.5 steps."""
        bend = before - 2.0 * here + after
        if bend >= 0.0:
            return 0.0
        return min(0.5, max(-0.5, 0.5 * (before - after) / bend))

    one = maps[entry]
    fine_row = row + off_peak(float(one[row - 1, column]), float(one[(row + 1) % ny, column]))
    fine_column = column + off_peak(float(one[row, column - 1]), float(one[row, (column + 1) % nx]))
    many = len(bank.zooms)
    at_roll, at_zoom = divmod(entry, many)
    roll, zoom = bank.rolls_rad[at_roll], bank.zooms[at_zoom]
    fine_roll, fine_zoom = roll, zoom
    if 0 < at_roll < len(bank.rolls_rad) - 1:
        before, after = maps[entry - many, row, column], maps[entry + many, row, column]
        step = bank.rolls_rad[1] - bank.rolls_rad[0]
        fine_roll += step * off_peak(float(before), float(after))
    if 0 < at_zoom < many - 1:
        before, after = maps[entry - 1, row, column], maps[entry + 1, row, column]
        fine_zoom *= (bank.zooms[1] / bank.zooms[0]) ** off_peak(float(before), float(after))
    # The correlation is sum seen(u + shift) registered(u): the frame's centre reads the
    # registered view at minus the shift.
    shift_y = -(fine_row if row <= ny // 2 else fine_row - ny) * bank.step_rad[0]
    shift_x = -(fine_column if column <= nx // 2 else fine_column - nx) * bank.step_rad[1]
    x = math.tan(shift_x) / zoom
    y = math.tan(shift_y) / math.cos(shift_x) / zoom
    axis_x = math.cos(roll) * x - math.sin(roll) * y
    axis_y = math.sin(roll) * x + math.cos(roll) * y
    pan = math.atan(axis_x)
    tilt = -math.atan(axis_y * math.cos(pan))
    return Candidate(rotation_from_angles(pan, tilt, fine_roll), fine_zoom, here)
