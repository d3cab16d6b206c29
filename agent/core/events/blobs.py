"""Blobs: connected pieces of a foreground mask.

Rule: boxes in shares of the picture, 0..1, whatever made them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from viewkeeper.agent.core.events.bodies import Part, bodies_of, ground_of
from viewkeeper.agent.core.events.foreground import Background, Foreground, Mask

LEAST_CELLS = 16
"""Of 2 × 2 reduced pixels, after closing gaps; smaller is rain, noise or too far to judge."""
LEAST_STRONG = 4
"""Cells of a blob above the high threshold."""
LEAST_ROUGH = 0.12
"""Squared steps between neighbours over the variance, of what came less the background: bodies
have edges (walkers of every weather are above 0.9, and a silhouette as tall as the picture at
0.3), the shadow of a cloud on a wall without texture has none."""


@dataclass(frozen=True, slots=True)
class Detection:
    """Something that is there: a box in shares of the present picture, and how sure."""

    left: float
    top: float
    right: float
    bottom: float
    confidence: float = 0.5

    @property
    def foot(self) -> tuple[float, float]:
        """Where it stands: the middle of its lower edge."""
        return (self.left + self.right) / 2, self.bottom

    @property
    def size(self) -> float:
        """Geometric mean of its sides, never zero."""
        return max(1e-6, (self.right - self.left) * (self.bottom - self.top)) ** 0.5


class Piece(NamedTuple):
    """A connected piece, in cells; the right and lower ends are beyond it."""

    left: int
    top: int
    right: int
    bottom: int
    area: int
    strong: int
    """Cells of it that are marked strong."""


def blobs_of(found: Foreground, background: Background) -> tuple[Detection, ...]:
    """Connected pieces that are strong somewhere and have edges, largest first, each told apart
    into the bodies between which the ground can be seen."""
    cells, strong = _cells(found.mask), _cells(found.strong)
    near = cells.copy()  # head and feet of one walker lie a cell apart
    near[1:] |= cells[:-1]
    near[:-1] |= cells[1:]
    wide = near.copy()
    wide[:, 1:] |= near[:, :-1]
    wide[:, :-1] |= near[:, 1:]
    height, width = wide.shape
    pieces = [
        piece
        for piece in pieces_of(wide, strong)
        if piece.area >= LEAST_CELLS and piece.strong >= LEAST_STRONG
    ]
    pieces.sort(key=lambda piece: -piece.area)
    if not pieces:
        return ()
    width, height = 2 * width, 2 * height
    ground = ground_of(background, found.mask)
    return tuple(
        Detection(b.left / width, b.top / height, b.right / width, b.bottom / height)
        for p in pieces
        if _rough(background, p) >= LEAST_ROUGH
        for b in bodies_of(
            background, Part(2 * p.left, 2 * p.top, 2 * p.right, 2 * p.bottom), ground
        )
    )


def _rough(background: Background, piece: Piece) -> float:
    """How sharp the difference to the background is, less what noise adds."""
    part = (slice(2 * piece.top, 2 * piece.bottom), slice(2 * piece.left, 2 * piece.right))
    came = background.present[part] - background.mean[part]
    down, across = came[1:] - came[:-1], came[:, 1:] - came[:, :-1]
    noise = background.noise**2
    steps = float(np.vdot(down, down)) / down.size + float(np.vdot(across, across)) / across.size
    middle = float(came.mean())
    spread = float(np.vdot(came, came)) / came.size - middle * middle
    return (steps - 4 * noise) / (spread + noise + 1)


def _cells(mask: Mask) -> Mask:
    """2 × 2 pixels a cell, of which two or more must be set."""
    height, width = mask.shape[0] // 2, mask.shape[1] // 2
    cut = mask[: 2 * height, : 2 * width].view(np.uint8)
    rows = cut[0::2] + cut[1::2]
    return (rows[:, 0::2] + rows[:, 1::2]) >= 2


def pieces_of(cells: Mask, strong: Mask | None = None) -> list[Piece]:
    """8-connected pieces, by runs and union-find."""
    height, width = cells.shape
    padded = np.zeros((height, width + 2), np.int8)
    padded[:, 1:-1] = cells
    turns = np.flatnonzero(padded[:, 1:] != padded[:, :-1])
    rows, columns = np.divmod(turns, width + 1)
    if strong is None:
        inside = [0] * (len(turns) // 2)
    else:
        sums = np.zeros((height, width + 1), np.int32)
        np.cumsum(strong, axis=1, out=sums[:, 1:])
        at = sums[rows, columns]
        inside = (at[1::2] - at[0::2]).tolist()
    runs = list(
        zip(rows[0::2].tolist(), columns[0::2].tolist(), columns[1::2].tolist(), strict=True)
    )
    parent = list(range(len(runs)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    above: list[int] = []
    current: list[int] = []
    row = -2
    for index, (y, left, right) in enumerate(runs):
        if y != row:
            above = current if y == row + 1 else []
            current, row = [], y
        for other in above:
            if runs[other][1] <= right and left <= runs[other][2]:
                parent[root(index)] = root(other)
        current.append(index)
    found: dict[int, Piece] = {}
    for index, (y, left, right) in enumerate(runs):
        key, hot = root(index), inside[index]
        p = found.get(key)
        found[key] = (
            Piece(left, y, right, y + 1, right - left, hot)
            if p is None
            else Piece(
                min(p.left, left),
                p.top,
                max(p.right, right),
                y + 1,
                p.area + right - left,
                p.strong + hot,
            )
        )
    return list(found.values())
