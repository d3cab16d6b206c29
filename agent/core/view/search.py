"""Global search: where on the registered view could this frame have been taken?

Both fields are laid out on a longitude-latitude grid, where turning the camera is close to a
shift; one inverse FFT a roll and zoom then scores every pan and tilt at once. The registered
view is turned, zoomed and transformed when it is loaded, so a frame costs one forward transform
and no resampling per roll or zoom.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.field import Field, Pyramid
from viewkeeper.agent.core.view.geometry import Camera, Floats, rotation_from_angles

ROLLS_DEG = (-10.0, -6.0, -2.0, 2.0, 6.0, 10.0)
ZOOMS = (0.78, 0.86, 0.95, 1.05, 1.16, 1.28)
_LEVEL = 2
_PAD = 1.55
"""Transform size over field size: room for a turn of half the view without wrap-around."""


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
        spectra_re, spectra_im: complex64, (B, ny, nx // 2 + 1), conjugated.
        rolls_rad, zooms: (B,).
        shape: (ny, nx) of the grid.
        step_rad: angle between grid nodes.
        lookup: int32, (ny * nx,), where in a coarse field of the registered size each node
            reads; the last entry of the field, appended, is zero.
        field_shape: (h, w) that ``lookup`` is for.
    """

    spectra_re: NDArray[np.complex64]
    spectra_im: NDArray[np.complex64]
    rolls_rad: Floats
    zooms: Floats
    shape: tuple[int, int]
    step_rad: float
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
    rays = np.stack(
        [np.tan(longitude), np.tan(latitude) / np.cos(longitude), np.ones_like(longitude)]
    )
    rays[2, hidden] = -1.0
    return rays


def _lookup(camera: Camera, shape: tuple[int, int], rays: Floats) -> NDArray[np.int32]:
    """Index into a raveled (h, w) field for each ray, h * w where the ray leaves the picture."""
    height, width = shape
    x, y = camera.project(rays)
    column, row = np.rint(np.nan_to_num(x, nan=-9.0)), np.rint(np.nan_to_num(y, nan=-9.0))
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return np.where(inside, row * width + column, height * width).astype(np.int32)


def build_bank(reference: Pyramid) -> Bank:
    """Transform the registered view under every roll and zoom (done once, when it is loaded)."""
    field, camera = reference.fields[_LEVEL], reference.cameras[_LEVEL]
    height, width = field.shape
    step = 1.0 / camera.focal_px
    reach_x = 2.0 * math.atan(width / 2.0 / camera.focal_px)
    reach_y = 2.0 * math.atan(height / 2.0 / camera.focal_px)
    shape = (_fast_size(round(_PAD * reach_y / step)), _fast_size(round(_PAD * reach_x / step)))
    rays = _grid_rays(shape, step)
    flat = np.append(field.ravel(), np.complex64(0.0))
    spectra_re: list[NDArray[np.complex64]] = []
    spectra_im: list[NDArray[np.complex64]] = []
    rolls: list[float] = []
    zooms: list[float] = []
    for roll_deg in ROLLS_DEG:
        roll = math.radians(roll_deg)
        rotation = rotation_from_angles(0.0, 0.0, roll)
        for zoom in ZOOMS:
            narrowed = rays / np.array([[zoom], [zoom], [1.0]])
            # One node a field pixel: the nearest reading is enough at this level.
            seen = flat[_lookup(camera, (height, width), rotation @ narrowed)]
            seen = (seen * np.complex64(cmath.exp(-2j * roll))).reshape(shape)
            energy = float(np.sqrt(np.mean(np.abs(seen) ** 2))) + 1e-6
            spectra_re.append(np.conj(np.fft.rfft2(seen.real / energy)).astype(np.complex64))
            spectra_im.append(np.conj(np.fft.rfft2(seen.imag / energy)).astype(np.complex64))
            rolls.append(roll)
            zooms.append(zoom)
    return Bank(
        np.stack(spectra_re),
        np.stack(spectra_im),
        np.array(rolls),
        np.array(zooms),
        shape,
        step,
        _lookup(camera, (height, width), rays),
        (height, width),
    )


def search(bank: Bank, field: Field, camera: Camera, count: int) -> list[Candidate]:
    """The ``count`` best places for a frame's coarse field, best first.

    Args:
        bank: of the registered view.
        field: coarse field of the frame, complex64 (h, w).
        camera: of that field.
        count: how many candidates to return at most.
    """
    ny, nx = bank.shape
    height, width = field.shape
    lookup = bank.lookup
    if (height, width) != bank.field_shape:
        lookup = _lookup(camera, (height, width), _grid_rays(bank.shape, bank.step_rad))
    seen = np.append(field.ravel(), np.complex64(0.0))[lookup].reshape(bank.shape)
    spectrum_re = np.fft.rfft2(seen.real).astype(np.complex64)
    spectrum_im = np.fft.rfft2(seen.imag).astype(np.complex64)
    maps = np.empty((len(bank.zooms), ny, nx), np.float32)
    for index in range(len(bank.zooms)):
        product = bank.spectra_re[index] * spectrum_re
        product += bank.spectra_im[index] * spectrum_im
        maps[index] = np.fft.irfft2(product, bank.shape)
    found: list[Candidate] = []
    scores = maps.reshape(len(bank.zooms), -1)
    for _ in range(count):
        best = scores.argmax(axis=1)
        peaks = scores[np.arange(len(best)), best]
        index = int(peaks.argmax())
        row, column = divmod(int(best[index]), nx)
        found.append(_candidate(bank, index, row, column, float(peaks[index])))
        rows = (np.arange(row - 3, row + 4)) % ny
        columns = (np.arange(column - 3, column + 4)) % nx
        maps[:, rows[:, None], columns[None, :]] = -np.inf
    return found


def _candidate(bank: Bank, index: int, row: int, column: int, score: float) -> Candidate:
    ny, nx = bank.shape
    # The correlation is sum seen(u + shift) registered(u): the frame's centre reads the
    # registered view at minus the shift.
    shift_y = -(row if row <= ny // 2 else row - ny) * bank.step_rad
    shift_x = -(column if column <= nx // 2 else column - nx) * bank.step_rad
    zoom = float(bank.zooms[index])
    x, y = math.tan(shift_x) / zoom, math.tan(shift_y) / math.cos(shift_x) / zoom
    roll = float(bank.rolls_rad[index])
    axis_x = math.cos(roll) * x - math.sin(roll) * y
    axis_y = math.sin(roll) * x + math.cos(roll) * y
    pan = math.atan(axis_x)
    tilt = -math.atan(axis_y * math.cos(pan))
    return Candidate(rotation_from_angles(pan, tilt, roll), zoom, score)
