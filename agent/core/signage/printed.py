"""A printed sign inside the view: is it there, whole, and the one that was registered.

The registered view already holds the sign's lines as an orientation field, so the template is a
cut from it and the view's hash covers it: nothing more to keep, sign or learn. The field knows
neither brightness nor which side of a line is the bright one, hence day and infrared night need
no second template. The camera's own measured move is undone before comparing.

Rule: fields in, agreement out; what agreement means over time is `watch`'s.
"""

from __future__ import annotations

import hashlib
import math
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.field import (
    Field,
    orientation_field,
    reduce_luma,
    reduction_factor,
)
from viewkeeper.agent.core.view.geometry import Camera, Floats, Move
from viewkeeper.agent.core.view.registered import RegisteredView
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.signage import SignRegion
from viewkeeper.protocol.zones import PLACE_SCALE

CELLS_DOWN, CELLS_ACROSS = 5, 4
MARGIN = 0.25
"""Of the sign's size, on every side: the surroundings that tell a gone sign from a lorry."""
OUTLINE = 0.08
"""Of the sign's size, either side of its edge: the board's own outline."""
AGREED = 0.35
"""Correlation from which a cell shows the registered lines; chance stays below 0.2."""
LEAST_SIDE_PX = 12
"""Of the field; a smaller sign cannot be told from a poster of its colour."""
LEAST_LINES = 0.10
_SHIFTS = (-1.0, 0.0, 1.0)
"""Field pixels tried about the measured move: what its standard error leaves open."""


@dataclass(frozen=True, slots=True)
class Region:
    """Where the sign is in the registered picture: shares of width and height, 0..1."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise ValueError("a region lies within 0..1, left before right, top before bottom")

    @classmethod
    def of(cls, signed: SignRegion) -> Region:
        """As the signed configuration has it."""
        sides = (signed.left, signed.top, signed.right, signed.bottom)
        return cls(*(side / PLACE_SCALE for side in sides))


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """The sign's lines as registered.

    Attributes:
        field: complex64, (h, w), the sign and its margin.
        rays: float64, (3, h * w), where each pixel looks in the registered camera's frame.
        camera: of the whole field.
        factor: pixels of the picture in one of the field.
        size: (width, height) of the pictures it serves.
        outline, inside, around: bool, (h, w).
    """

    field: Field
    rays: Floats
    camera: Camera
    factor: int
    size: tuple[int, int]
    outline: NDArray[np.bool_]
    inside: NDArray[np.bool_]
    around: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How much of the sign one picture, or the mean of several, shows again.

    Attributes:
        inside: correlation of what is printed, -1..1.
        outline: of the board's edge: the worst but one of its four sides, -1..1.
        around: of what surrounds it, -1..1.
        cells: share of the printed cells that show the registered lines, 0..1.
        seen: share of the sign inside the picture, 0..1.
    """

    inside: float
    outline: float
    around: float
    cells: float
    seen: float


def template_digest(view: RegisteredView, region: Region) -> bytes:
    """What a signed configuration names a sign's lines by: SHA-256 of the box, in field pixels
    as four little-endian u16, and the registered view's codes in it, row by row."""
    height, width = view.codes.shape
    left, right = math.floor(region.left * width), math.ceil(region.right * width)
    top, bottom = math.floor(region.top * height), math.ceil(region.bottom * height)
    box = struct.pack("<4H", left, top, right, bottom)
    return hashlib.sha256(box + view.codes[top:bottom, left:right].tobytes()).digest()


def template_of(view: RegisteredView, region: Region) -> Template:
    """Cut the sign out of a registered view.

    Raises:
        SetupError: too small or too plain to be recognised, with the cure.
    """
    finest, camera = view.fine()
    height, width = finest.shape
    x0, x1 = region.left * width, region.right * width
    y0, y1 = region.top * height, region.bottom * height
    if min(x1 - x0, y1 - y0) < LEAST_SIDE_PX:
        raise SetupError(
            Reason.SETTING,
            f"the sign is {x1 - x0:.0f} × {y1 - y0:.0f} pixels of the view's field, at least "
            f"{LEAST_SIDE_PX} are needed: let the camera see it larger, or keep inspection photos",
        )
    across, down = MARGIN * (x1 - x0), MARGIN * (y1 - y0)
    left, right = max(0, int(x0 - across)), min(width, math.ceil(x1 + across))
    top, bottom = max(0, int(y0 - down)), min(height, math.ceil(y1 + down))
    x: Floats = np.tile(np.arange(left, right, dtype=np.float64), (bottom - top, 1))
    y: Floats = np.tile(np.arange(top, bottom, dtype=np.float64)[:, None], (1, right - left))
    edge_x, edge_y = max(2.0, OUTLINE * (x1 - x0)), max(2.0, OUTLINE * (y1 - y0))
    # How far inside the board, negative outside, in units of the outline's half width.
    depth = np.minimum(
        np.minimum(x - x0, x1 - 1 - x) / edge_x, np.minimum(y - y0, y1 - 1 - y) / edge_y
    )
    field = finest[top:bottom, left:right].copy()
    inside = depth > 1
    if float((np.abs(field[inside]) > 0.3).mean()) < LEAST_LINES:
        raise SetupError(
            Reason.SETTING,
            "the sign shows no lines in the registered view: mark the board itself, "
            "or register again in daylight",
        )
    rays = camera.rays(x.ravel(), y.ravel())
    return Template(
        field,
        rays,
        camera,
        reduction_factor(view.size),
        view.size,
        np.abs(depth) <= 1,
        inside,
        depth < -1,
    )


def look(template: Template, frame: Frame, move: Move) -> Field | None:
    """The same piece of the world in this frame, complex64, (h, w), zero where out of sight.

    ``None`` if the frame is of another size. Best of nine shifts of a field pixel.
    """
    height, width = frame.luma.shape
    if (width, height) != template.size:
        return None
    present = template.camera.zoomed(move.zoom)
    x, y = present.project(move.rotation().T @ template.rays)
    x, y = np.nan_to_num(x, nan=-9e3), np.nan_to_num(y, nan=-9e3)
    piece, x, y = _cut_out(frame, template.factor, x, y)
    if piece is None:
        return np.zeros_like(template.field)
    # A doubled angle turns twice as far as the camera did.
    turn = np.complex64(np.exp(2j * math.radians(move.roll_deg)))
    best: Field | None = None
    best_score = -math.inf
    wanted = np.conj(template.field)
    wanted[template.around] = 0
    for dy in _SHIFTS:
        for dx in _SHIFTS:
            seen = _sample(piece, x + dx, y + dy).reshape(template.field.shape) * turn
            score = float((seen * wanted).real.sum())
            score /= math.sqrt(float((np.abs(seen[~template.around]) ** 2).sum()) + 1.0)
            if score > best_score:
                best, best_score = seen, score
    return best


def _cut_out(
    frame: Frame, factor: int, x: Floats, y: Floats
) -> tuple[Field | None, Floats, Floats]:
    """The field of that part of the frame alone: a sign is a few per cent of it."""
    border = 10
    rows, columns = frame.luma.shape[0] // factor, frame.luma.shape[1] // factor
    left, right = int(max(0, x.min() - border)), int(min(columns, x.max() + border))
    top, bottom = int(max(0, y.min() - border)), int(min(rows, y.max() + border))
    if right - left < 2 * border or bottom - top < 2 * border:
        return None, x, y
    cut = frame.luma[top * factor : bottom * factor, left * factor : right * factor]
    return orientation_field(reduce_luma(cut, factor)), x - left, y - top


def _sample(field: Field, x: Floats, y: Floats) -> Field:
    """Bilinear, zero outside; complex64, (N,)."""
    height, width = field.shape
    inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    column = np.clip(x.astype(np.intp), 0, width - 2)
    row = np.clip(y.astype(np.intp), 0, height - 2)
    fx, fy = (x - column).astype(np.float32), (y - row).astype(np.float32)
    upper = field[row, column] * (1 - fx) + field[row, column + 1] * fx
    lower = field[row + 1, column] * (1 - fx) + field[row + 1, column + 1] * fx
    return np.where(inside, upper * (1 - fy) + lower * fy, 0).astype(np.complex64)


def agreement(template: Template, seen: Field) -> Agreement:
    """Compare what `look` gave, or a mean of several, with the template."""
    wanted = template.field
    rows, columns = np.nonzero(template.inside)
    part = (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
    sides = sorted(_correlation(wanted, seen, side) for side in _sides(template.outline))
    return Agreement(
        inside=_correlation(wanted, seen, template.inside),
        outline=sides[1],
        around=_correlation(wanted, seen, template.around),
        cells=_cells(wanted[part], seen[part]),
        seen=float((np.abs(seen[template.inside]) > 0).mean()),
    )


def _correlation(a: Field, b: Field, where: NDArray[np.bool_]) -> float:
    a, b = a[where], b[where]
    lengths = float((np.abs(a) ** 2).sum()) * float((np.abs(b) ** 2).sum())
    return float((a * np.conj(b)).real.sum()) / math.sqrt(lengths + 1e-6)


def _sides(outline: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """The outline as left, right, upper and lower stretch."""
    height, width = outline.shape
    y, x = np.mgrid[0:height, 0:width]
    u, v = (x + 0.5) / width - 0.5, (y + 0.5) / height - 0.5
    wide = np.abs(u) > np.abs(v)
    return [
        outline & wide & (u < 0),
        outline & wide & (u > 0),
        outline & ~wide & (v < 0),
        outline & ~wide & (v > 0),
    ]


def _cells(wanted: Field, seen: Field) -> float:
    """Share of cells that agree, among those with lines."""
    agreed = counted = 0
    height, width = wanted.shape
    for i in range(CELLS_DOWN):
        rows = slice(i * height // CELLS_DOWN, (i + 1) * height // CELLS_DOWN)
        for j in range(CELLS_ACROSS):
            columns = slice(j * width // CELLS_ACROSS, (j + 1) * width // CELLS_ACROSS)
            cell, shown = wanted[rows, columns], seen[rows, columns]
            if float((np.abs(cell) ** 2).mean()) < 0.03:
                continue
            counted += 1
            everywhere = np.ones(cell.shape, np.bool_)
            agreed += _correlation(cell, shown, everywhere) > AGREED
    return agreed / counted if counted else 0.0
