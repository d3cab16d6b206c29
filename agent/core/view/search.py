"""Global search: where on the registered view could this frame have been taken?

Both fields are laid out on a longitude-latitude grid, where turning the camera is close to a
shift; one inverse FFT a roll and zoom then scores every pan and tilt at once. The registered
view is turned, zoomed, whitened and transformed when it is loaded, so a frame costs one forward
transform of its two parts and no resampling per roll or zoom.

Whitening divides by the root of the registered view's own spectrum: long edges, which fit
anywhere along themselves, stop outvoting corners (half way between plain correlation and phase
correlation, Kuglin and Hines 1975).
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

WIDE_ROLLS_DEG = (-8.5, -4.25, 0.0, 4.25, 8.5)
WIDE_ZOOMS = tuple(0.78 * (1.28 / 0.78) ** (index / 6) for index in range(7))
NEAR_ROLLS_DEG = (-2.2, 0.0, 2.2)
NEAR_ZOOMS = (1.0 / 1.046, 1.0, 1.046)
_PAD = 1.3
"""Transform size over field size: room for the turns that leave enough in common."""
_WHITENING = 0.5
_APART = 2
"""Candidates whose shifts differ by no more grid nodes than this, and whose roll and zoom are
neighbours, are one."""


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
        spectra_re, spectra_im: complex64, (B, ny, nx // 2 + 1), conjugated and whitened.
        rolls_rad, zooms: evenly spaced (zooms in their logarithm); B is the product of their
            numbers, roll varies slowest.
        shape: (ny, nx) of the grid.
        step_rad: angle between grid nodes.
        rays: float32, (3, ny * nx), of the nodes; behind the camera where a pinhole sees nothing.
        lookup: int32, (ny * nx,), where in a coarse field of the registered size each node
            reads; the last entry of the field, appended, is zero.
        field_shape: (h, w) that ``lookup`` is for.
    """

    spectra_re: NDArray[np.complex64]
    spectra_im: NDArray[np.complex64]
    rolls_rad: tuple[float, ...]
    zooms: tuple[float, ...]
    shape: tuple[int, int]
    step_rad: float
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


def build_bank(
    field: Field, camera: Camera, rolls_deg: tuple[float, ...], zooms: tuple[float, ...]
) -> Bank:
    """Transform the registered view under every roll and zoom (done once, when it is loaded).

    Args:
        field: coarse field of the registered view, complex64 (h, w).
        camera: of that field.
        rolls_deg, zooms: evenly spaced, zooms in their logarithm.
    """
    height, width = field.shape
    step = 1.0 / camera.focal_px
    reach_x = 2.0 * math.atan(width / 2.0 / camera.focal_px)
    reach_y = 2.0 * math.atan(height / 2.0 / camera.focal_px)
    shape = (_fast_size(round(_PAD * reach_y / step)), _fast_size(round(_PAD * reach_x / step)))
    rays = _grid_rays(shape, step)
    flat = np.append(field.ravel(), np.complex64(0.0))
    spectra_re: list[NDArray[np.complex64]] = []
    spectra_im: list[NDArray[np.complex64]] = []
    rolls = tuple(math.radians(roll) for roll in rolls_deg)
    for roll in rolls:
        rotation = rotation_from_angles(0.0, 0.0, roll)
        for zoom in zooms:
            narrowed = rays / np.array([[zoom], [zoom], [1.0]])
            # One node a field pixel: the nearest reading is enough at this level.
            seen = flat[_lookup(camera, (height, width), rotation @ narrowed)]
            seen = (seen * np.complex64(cmath.exp(-2j * roll))).reshape(shape)
            spectra_re.append(np.conj(np.fft.rfft2(seen.real)).astype(np.complex64))
            spectra_im.append(np.conj(np.fft.rfft2(seen.imag)).astype(np.complex64))
    re, im = _whitened(np.stack(spectra_re), np.stack(spectra_im))
    lookup = _lookup(camera, (height, width), rays)
    return Bank(re, im, rolls, zooms, shape, step, rays.astype(np.float32), lookup, (height, width))


def _whitened(
    re: NDArray[np.complex64], im: NDArray[np.complex64]
) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
    power = np.mean(np.abs(re) ** 2 + np.abs(im) ** 2, axis=0)
    for axis in (0, 1):
        power = sum(np.roll(power, shift, axis) for shift in range(-2, 3)) / np.float32(5.0)
    power = power / max(float(np.mean(power)), 1e-12) + 1e-3
    filtered = power ** (-_WHITENING)
    re, im = re * filtered, im * filtered
    energy = np.sum(np.abs(re) ** 2 + np.abs(im) ** 2, axis=(1, 2), keepdims=True)
    scale = 1.0 / np.sqrt(np.maximum(energy, 1e-12))
    return (re * scale).astype(np.complex64), (im * scale).astype(np.complex64)


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
    cells = scores.argmax(axis=1)
    peaks = scores[np.arange(len(cells)), cells]
    found: list[tuple[int, int, int]] = []
    for index in np.argsort(-peaks):
        entry = int(index)
        row, column = divmod(int(cells[entry]), bank.shape[1])
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
    row, column = divmod(cell, bank.shape[1])
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
    """(B, ny * nx): likeness to each roll and zoom at each shift of what the nodes see."""
    ny, nx = bank.shape
    grid = seen.reshape(ny, nx)
    spectrum_re = np.fft.rfft2(grid.real).astype(np.complex64)
    spectrum_im = np.fft.rfft2(grid.imag).astype(np.complex64)
    scores = np.empty((len(bank.spectra_re), ny * nx), np.float32)
    product = np.empty_like(spectrum_re)
    second = np.empty_like(spectrum_re)
    for entry in range(len(bank.spectra_re)):
        np.multiply(bank.spectra_re[entry], spectrum_re, out=product)
        np.multiply(bank.spectra_im[entry], spectrum_im, out=second)
        product += second
        scores[entry] = np.fft.irfft2(product, bank.shape).ravel()
    return scores


def _one_place(bank: Bank, a: tuple[int, int, int], b: tuple[int, int, int]) -> bool:
    ny, nx = bank.shape
    rows, columns = abs(a[1] - b[1]), abs(a[2] - b[2])
    zooms = len(bank.zooms)
    steps = max(abs(a[0] // zooms - b[0] // zooms), abs(a[0] % zooms - b[0] % zooms))
    near = _APART + steps
    return steps <= 1 and min(rows, ny - rows) <= near and min(columns, nx - columns) <= near


def _candidate(
    bank: Bank, scores: NDArray[np.float32], entry: int, row: int, column: int
) -> Candidate:
    ny, nx = bank.shape
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
    shift_y = -(fine_row if row <= ny // 2 else fine_row - ny) * bank.step_rad
    shift_x = -(fine_column if column <= nx // 2 else fine_column - nx) * bank.step_rad
    x = math.tan(shift_x) / zoom
    y = math.tan(shift_y) / math.cos(shift_x) / zoom
    axis_x = math.cos(roll) * x - math.sin(roll) * y
    axis_y = math.sin(roll) * x + math.cos(roll) * y
    pan = math.atan(axis_x)
    tilt = -math.atan(axis_y * math.cos(pan))
    return Candidate(rotation_from_angles(pan, tilt, fine_roll), fine_zoom, here)
