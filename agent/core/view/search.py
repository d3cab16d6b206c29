"""Global search: where on the registered view could this frame have been taken?

Both fields are laid out on a longitude-latitude grid, where turning the camera is close to a
shift; one inverse FFT a roll and zoom then scores every pan and tilt at once. The registered
view is turned, zoomed, whitened and transformed when it is loaded, so a frame costs one forward
transform of its two parts and no resampling per roll or zoom.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.bank import Bank, lookup_of, lower
from viewkeeper.agent.core.view.field import Field
from viewkeeper.agent.core.view.geometry import (
    Camera,
    Floats,
    rotation_from_angles,
    rotation_from_vector,
)

_APART = 2
"""Candidates whose shifts differ by no more grid nodes than this, and whose roll and zoom are
neighbours, are one."""
_AT_ONCE = 16
"""Rolls and zooms that are compared at once; all of a large bank would take megabytes."""
_AROUND = np.arange(-5, 6)
"""Shifts, in grid nodes each way, within which a second look corrects a guess."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rotation (3, 3), d_registered = R d_present, and zoom worth refining; higher is better."""

    rotation: Floats
    zoom: float
    score: float


def search(bank: Bank, field: Field, camera: Camera, count: int) -> Iterator[Candidate]:
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
        lookup = lookup_of(camera, (height, width), bank.rays.astype(np.float64))
    scores = _correlate(bank, np.append(field.ravel(), np.complex64(0.0))[lookup])
    places = scores.argmax(axis=1)
    peaks = scores[np.arange(len(places)), places]
    found: list[tuple[int, int, int]] = []
    for index in np.argsort(-peaks):
        entry = int(index)
        row, column = divmod(int(places[entry]), bank.cells[1])
        if not any(_one_place(bank, (entry, row, column), other) for other in found):
            yield _candidate(bank, scores, entry, row, column)
            found.append((entry, row, column))
            if len(found) == count:
                break


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
    # What is right is near; further off another place may score more by chance.
    near = scores.reshape(-1, *bank.cells)[:, _AROUND[:, None], _AROUND]
    entry, row, column = np.unravel_index(int(near.argmax()), near.shape)
    row, column = int(_AROUND[row]) % bank.cells[0], int(_AROUND[column]) % bank.cells[1]
    rest = _candidate(bank, scores, int(entry), row, column)
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
    spectrum = lower(np.fft.rfft2(parts), bank.grid, bank.cells)
    spectrum = spectrum.astype(np.complex64, copy=False)  # numpy 1 transforms in double
    count, zooms = bank.spectra.shape[1], len(bank.zooms)
    scores = np.empty((count, bank.cells[0] * bank.cells[1]), np.float32)
    at_once = zooms * max(1, _AT_ONCE // zooms)
    for start in range(0, count, at_once):
        some = slice(start, start + at_once)
        product = bank.spectra[0, some] * spectrum[0]
        product += bank.spectra[1, some] * spectrum[1]
        likeness = np.fft.irfft2(product, bank.cells).reshape(-1, *bank.weights.shape)
        into = scores[some].reshape(likeness.shape)
        np.multiply(likeness, bank.weights, out=into, casting="same_kind")
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
