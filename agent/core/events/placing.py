"""From the present picture to the registered one, where zones are drawn, and back.

One box at a time in plain floats: for a handful of boxes arrays cost more than the sums.

Rule: places in shares of a picture; what stands there is nobody's business here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from viewkeeper.agent.core.events.blobs import Detection
from viewkeeper.agent.core.view.geometry import Lens, Move

Point = tuple[float, float]
Rows = tuple[tuple[float, ...], ...]
_STEPS = 8


@dataclass(frozen=True, slots=True)
class Placing:
    """The present move as a carrier of boxes.

    Attributes:
        lens: of the camera at zoom 1.
        size: (width, height) of the picture, pixels.
        zoom: present over registered focal length.
        there, back: the rotation's rows, to the registered camera and from it.
    """

    lens: Lens
    size: tuple[int, int]
    zoom: float
    there: Rows
    back: Rows

    @classmethod
    def of(cls, lens: Lens, size: tuple[int, int], move: Move) -> Placing:
        """The carrier of a measured move."""
        turned = move.rotation()
        there = tuple(tuple(float(v) for v in row) for row in turned)
        back = tuple(tuple(float(v) for v in row) for row in turned.T)
        return cls(lens, size, move.zoom, there, back)

    def registered(self, seen: Detection) -> Detection | None:
        """A box of the present picture in the registered one, upright again; ``None`` behind."""
        return self._box(seen, self.there, self.zoom, 1.0)

    def present(self, placed: Detection) -> Detection:
        """The reverse; a box that lies behind the present view has no size."""
        return self._box(placed, self.back, 1.0, self.zoom) or Detection(0.0, 0.0, 0.0, 0.0)

    def point(self, at: Point) -> Point | None:
        """A place in the present picture as one in the registered picture; ``None`` behind it."""
        return self._carried(at, self.there, self.zoom, 1.0)

    def _box(self, box: Detection, rows: Rows, zoom: float, onto: float) -> Detection | None:
        foot = self._carried(box.foot, rows, zoom, onto)
        head = self._carried(((box.left + box.right) / 2, box.top), rows, zoom, onto)
        if foot is None or head is None:
            return None
        half = (box.right - box.left) / 2 * onto / zoom
        top = min(head[1], foot[1])
        return Detection(foot[0] - half, top, foot[0] + half, foot[1], box.confidence)

    def _carried(self, at: Point, rows: Rows, zoom: float, onto: float) -> Point | None:
        width, height = self.size
        focal = self.lens.focal_px(width)
        x = (at[0] * width - width / 2) / (focal * zoom)
        y = (at[1] * height - height / 2) / (focal * zoom)
        if not self.lens.straight:
            x, y = self._straightened(x, y)
        turned_x, turned_y, depth = (a * x + b * y + c for a, b, c in rows)
        if depth <= 1e-6:
            return None
        x, y = turned_x / depth, turned_y / depth
        square = x * x + y * y
        bend = 1.0 + square * (self.lens.k1 + square * self.lens.k2)
        x, y = x * bend * focal * onto, y * bend * focal * onto
        return x / width + 0.5, y / height + 0.5

    def _straightened(self, x: float, y: float) -> Point:
        """As `Lens.undistort`."""
        bent = math.hypot(x, y)
        straight = bent
        for _ in range(_STEPS):
            square = straight * straight
            value = straight * (1.0 + square * (self.lens.k1 + square * self.lens.k2)) - bent
            slope = 1.0 + square * (3.0 * self.lens.k1 + 5.0 * square * self.lens.k2)
            straight -= value / max(slope, 0.1)
        scale = straight / bent if bent > 1e-12 else 1.0
        return x * scale, y * scale
