"""Blobs: connected pieces of a foreground mask.

Rule: boxes in shares of the picture, 0..1, whatever made them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from viewkeeper.agent.core.events.foreground import Foreground, Mask

LEAST_CELLS = 22
"""Of 2 × 2 reduced pixels, after closing gaps; smaller is rain, noise or too far to judge."""


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


def blobs_of(found: Foreground) -> tuple[Detection, ...]:
    """Connected pieces, largest first."""
    height, width = found.mask.shape[0] // 2, found.mask.shape[1] // 2
    cut = found.mask[: 2 * height, : 2 * width].view(np.uint8)
    rows = cut[0::2] + cut[1::2]
    cells = (rows[:, 0::2] + rows[:, 1::2]) >= 2
    near = cells.copy()  # head and feet of one walker lie a cell apart
    near[1:] |= cells[:-1]
    near[:-1] |= cells[1:]
    wide = near.copy()
    wide[:, 1:] |= near[:, :-1]
    wide[:, :-1] |= near[:, 1:]
    pieces = [piece for piece in pieces_of(wide) if piece[4] >= LEAST_CELLS]
    pieces.sort(key=lambda piece: -piece[4])
    return tuple(
        Detection(left / width, top / height, right / width, bottom / height)
        for left, top, right, bottom, _ in pieces
    )


def pieces_of(cells: Mask) -> list[tuple[int, int, int, int, int]]:
    """(left, top, right, bottom, area) of 8-connected pieces, by runs and union-find."""
    height, width = cells.shape
    padded = np.zeros((height, width + 2), np.int8)
    padded[:, 1:-1] = cells
    turns = np.diff(padded, axis=1).ravel()
    starts = np.nonzero(turns == 1)[0].tolist()
    ends = np.nonzero(turns == -1)[0].tolist()
    stride = width + 1
    runs = [
        (start // stride, start % stride, end % stride)
        for start, end in zip(starts, ends, strict=True)
    ]
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
    boxes: dict[int, tuple[int, int, int, int, int]] = {}
    for index, (y, left, right) in enumerate(runs):
        key = root(index)
        x0, y0, x1, _, area = boxes.get(key, (left, y, right, y + 1, 0))
        boxes[key] = (min(x0, left), y0, max(x1, right), y + 1, area + right - left)
    return list(boxes.values())
