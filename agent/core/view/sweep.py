"""Pictures of a camera that is being turned: which overlap, and which of their points are one.

Rule: pixels in, pairs of points out; what lens explains them is `field_of_view`'s to say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.geometry import Camera, Floats

Luma = NDArray[np.float32]

PATCH = 15
"""Side of a patch, pixels of the level it is compared on."""
_GRID = (8, 11)
_LIKE = 0.75
"""Normalised correlation from which two patches show one thing."""
_STRUCTURE = 2.5
"""Standard deviation of a patch, grey levels."""
_DISTINCT = 0.02
"""How much the correlation must fall two pixels away, either way: no sliding along an edge."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Points of picture ``a`` that picture ``b`` shows again.

    Attributes:
        a, b: which pictures, by their place in the sweep.
        at_a, at_b: float (2, N), x and y in pixels of the whole picture.
    """

    a: int
    b: int
    at_a: Floats
    at_b: Floats


def halved(luma: Luma) -> Luma:
    """Means of 2 × 2 pixels."""
    height, width = luma.shape[0] // 2 * 2, luma.shape[1] // 2 * 2
    cut = luma[:height, :width].reshape(height // 2, 2, width // 2, 2)
    return cut.mean(axis=(1, 3), dtype=np.float32)


def shift_between(a: Luma, b: Luma) -> tuple[float, float]:
    """By how many pixels what ``a`` shows lies further right and down in ``b``.

    Phase correlation (Kuglin and Hines 1975) of two pictures of one shape.
    """
    height, width = a.shape
    window = np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)
    fa = np.fft.rfft2((a - a.mean()) * window)
    fb = np.fft.rfft2((b - b.mean()) * window)
    cross = fb * np.conj(fa)
    cross /= np.abs(cross) + 1e-3 * float(np.abs(cross).max()) + 1e-9
    peak = int(np.fft.irfft2(cross, a.shape).argmax())
    row, column = divmod(peak, width)
    return (
        float(column - width if column > width // 2 else column),
        float(row - height if row > height // 2 else row),
    )


def match(
    a: Luma, b: Luma, camera: Camera, turn: Floats, reach_px: int
) -> tuple[Floats, Floats] | None:
    """Points of ``a`` and where ``b`` shows them, around where a turn would put them.

    Args:
        a, b: two pictures of one camera, one level of their pyramids.
        camera: of that level, as it is believed to be.
        turn: rotation (3, 3), d_a = R d_b.
        reach_px: how far from there to look.

    Returns: float (2, N) each, pixels of this level; ``None`` where too little is alike.
    """
    half, far = PATCH // 2, PATCH // 2 + reach_px
    height, width = a.shape
    x, y = _grid_points(half + 1, (width, height))

    def in_b(dx: float, dy: float) -> Floats:
        return np.stack(camera.project(turn.T @ camera.rays(x + dx, y + dy)))

    # Around a point what b shows is turned and stretched: an affine map is enough for a patch.
    at, along_x, along_y = in_b(0.0, 0.0), 0.5 * (in_b(1.0, 0.0) - in_b(-1.0, 0.0)), in_b(0.0, 1.0)
    along_y = 0.5 * (along_y - in_b(0.0, -1.0))
    room = far * (np.abs(along_x) + np.abs(along_y)) + 2.0
    with np.errstate(invalid="ignore"):
        inside = (at >= room).all(axis=0) & (at[0] < width - room[0]) & (at[1] < height - room[1])
    found: list[tuple[float, float, float, float]] = []
    offsets_y, offsets_x = np.mgrid[-far : far + 1, -far : far + 1].astype(np.float32)
    for index in np.flatnonzero(inside):
        row, column = int(y[index]), int(x[index])
        patch = a[row - half : row + half + 1, column - half : column + half + 1]
        if float(patch.std()) < _STRUCTURE:
            continue
        # The neighbourhood in b, turned back so that it lies as it does in a.
        (x0, y0), (xx, yx), (xy, yy) = at[:, index], along_x[:, index], along_y[:, index]
        around = _read(
            b, x0 + xx * offsets_x + xy * offsets_y, y0 + yx * offsets_x + yy * offsets_y
        )
        peak = _peak(patch, around, reach_px)
        if peak is None:
            continue
        dx, dy = peak
        found.append((float(column), float(row), x0 + xx * dx + xy * dy, y0 + yx * dx + yy * dy))
    if len(found) < 8:
        return None
    told = np.array(found).T
    return told[:2], told[2:]


def _grid_points(margin: int, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Whole pixels spread over the picture, (N,) each."""
    columns = np.rint(np.linspace(margin, size[0] - margin - 1, _GRID[1], dtype=np.float64))
    rows = np.rint(np.linspace(margin, size[1] - margin - 1, _GRID[0], dtype=np.float64))
    return np.tile(columns, rows.size), np.repeat(rows, columns.size)


def _read(picture: Luma, x: Floats, y: Floats) -> Floats:
    """Bilinear, inside the picture."""
    column, row = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    right, down = x - column, y - row
    top = picture[row, column] * (1 - right) + picture[row, column + 1] * right
    low = picture[row + 1, column] * (1 - right) + picture[row + 1, column + 1] * right
    return top * (1 - down) + low * down


def _peak(patch: Luma, around: Floats, reach_px: int) -> tuple[float, float] | None:
    """Where in its neighbourhood a patch lies, (dx, dy) from the middle to a tenth of a pixel."""
    windows = np.lib.stride_tricks.sliding_window_view(around, patch.shape)
    windows = windows.reshape(*windows.shape[:2], -1)
    ours = (patch - patch.mean()).ravel()
    sums = windows.sum(axis=2)
    energy = np.einsum("ijk,ijk->ij", windows, windows) - sums * sums / ours.size
    spread = np.sqrt(np.maximum(energy, 1e-3) * float(ours @ ours))
    likeness = (windows @ ours) / spread
    row, column = divmod(int(likeness.argmax()), likeness.shape[1])
    if not 2 <= row < likeness.shape[0] - 2 or not 2 <= column < likeness.shape[1] - 2:
        return None
    best = float(likeness[row, column])
    sides = (
        likeness[row - 2, column],
        likeness[row + 2, column],
        likeness[row, column - 2],
        likeness[row, column + 2],
    )
    if best < _LIKE or best - float(max(sides)) < _DISTINCT:
        return None

    def off_peak(before: float, after: float) -> float:
        bend = before - 2.0 * best + after
        return 0.0 if bend >= 0.0 else min(0.5, max(-0.5, 0.5 * (before - after) / bend))

    dx = off_peak(float(likeness[row, column - 1]), float(likeness[row, column + 1]))
    dy = off_peak(float(likeness[row - 1, column]), float(likeness[row + 1, column]))
    return column + dx - reach_px, row + dy - reach_px
