"""One frame against the registered view: how far, how sure, and which parts agree."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.field import pyramid
from viewkeeper.agent.core.view.geometry import (
    Camera,
    Floats,
    Move,
    angles_from_rotation,
    move_from_rotation,
    rotation_from_vector,
)
from viewkeeper.agent.core.view.refine import Fit, Pose, refine, tile_boxes
from viewkeeper.agent.core.view.registered import RegisteredView
from viewkeeper.agent.core.view.search import search

AGREED = 0.35
"""Correlation of two fields from which a tile is said to agree."""
FOUND = 0.5
"""Confidence from which the estimate is said to be found."""
_CANDIDATES = 5
_LEAST_SIDE_PX = 32
_NEVER = 180.0


@dataclass(frozen=True, slots=True)
class MoveError:
    """Standard errors (one sigma) of a `Move`, degrees and ratio."""

    pan_deg: float
    tilt_deg: float
    roll_deg: float
    zoom: float


@dataclass(frozen=True, slots=True)
class Tile:
    """One part of the registered view.

    Attributes:
        x0, y0, x1, y1: box in registered pixels, end excluded.
        agreed: the frame shows the same lines there.
        visible: the frame's outline covers it, whether or not something stands in front.
        agreement: correlation of the fields, -1..1.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    agreed: bool
    visible: bool = True
    agreement: float = 0.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """How the camera has moved, as one frame tells it.

    Attributes:
        move: relative to the registered view; meaningless unless ``found``.
        stderr: of the move.
        confidence: 0..1 that the move is right.
        share_seen: 0..1, share of the registered view's structure that this frame shows again.
        tiles: every part of the registered view that has structure.
        found: confidence suffices to speak of a move at all.
        share_visible: 0..1, share of the registered structure inside the frame's outline.
    """

    move: Move
    stderr: MoveError
    confidence: float
    share_seen: float
    tiles: tuple[Tile, ...]
    found: bool
    share_visible: float = 1.0


def nothing_found() -> Estimate:
    """The estimate of a frame that tells nothing."""
    unknown = MoveError(_NEVER, _NEVER, _NEVER, _NEVER)
    return Estimate(Move(), unknown, 0.0, 0.0, (), False, 0.0)


def estimate(view: RegisteredView, frame: Frame) -> Estimate:
    """Find the present frame on the registered view. Never raises on a valid frame."""
    if min(frame.luma.shape) < _LEAST_SIDE_PX:
        return nothing_found()
    fit = find(view, frame)
    return _estimate_of(view, fit)


def find(view: RegisteredView, frame: Frame) -> Fit:
    """The best fit of a frame, however bad."""
    present = pyramid(frame, view.lens)
    fields, cameras = present.fields, present.cameras
    candidates = search(view.bank, fields[2], cameras[2], _CANDIDATES)
    best: Fit | None = None
    for candidate in candidates:
        pose = Pose(candidate.rotation, candidate.zoom)
        fit = refine(view.points[2], fields[2], cameras[2], pose, 4)
        if best is None or _score(fit) > _score(best):
            best = fit
    assert best is not None
    pose = best.pose
    pose = refine(view.points[2], fields[2], cameras[2], pose, 4).pose
    pose = refine(view.points[1], fields[1], cameras[1], pose, 5).pose
    return refine(view.points[0], fields[0], cameras[0], pose, 4)


def _score(fit: Fit) -> float:
    return float((fit.agreement * fit.seen * np.sqrt(fit.energy)).sum())


def _estimate_of(view: RegisteredView, fit: Fit) -> Estimate:
    move = move_from_rotation(fit.pose.rotation, fit.pose.zoom)
    boxes = tile_boxes(view.pyramid.fields[0].shape)
    scale = view.pyramid.factor
    points = view.points[0]
    count = len(boxes)
    registered = np.abs(points.values.reshape(count, -1)) ** 2 * points.weights.reshape(count, -1)
    energy = registered.sum(axis=1)
    structured = energy > 0.03 * points.per_tile
    visible = structured & (fit.seen > 0.5)
    agreed = visible & (fit.agreement > AGREED)
    tiles = tuple(
        Tile(
            box[0] * scale,
            box[1] * scale,
            box[2] * scale,
            box[3] * scale,
            bool(agreed[index]),
            bool(visible[index]),
            float(fit.agreement[index]),
        )
        for index, box in enumerate(boxes)
        if structured[index]
    )
    total = float(energy[structured].sum()) + 1e-9
    confidence = _confidence(int(agreed.sum()), int(visible.sum()))
    return Estimate(
        move,
        _stderr(fit, move),
        confidence,
        float(energy[agreed].sum()) / total,
        tiles,
        confidence >= FOUND,
        float(energy[visible].sum()) / total,
    )


def _confidence(agreed: int, visible: int) -> float:
    if visible == 0:
        return 0.0
    chance = 0.08
    excess = (agreed - chance * visible) / math.sqrt(visible * chance * (1.0 - chance))
    return 1.0 / (1.0 + math.exp(-(excess - 7.0)))


def _stderr(fit: Fit, move: Move) -> MoveError:
    """Standard errors of the angles from those of the rotation vector, by differences."""
    step = 1e-5
    columns: list[Floats] = []
    base = np.array(angles_from_rotation(fit.pose.rotation))
    for axis in range(3):
        vector = np.zeros(3)
        vector[axis] = step
        turned = rotation_from_vector(vector) @ fit.pose.rotation
        columns.append((np.array(angles_from_rotation(turned)) - base) / step)
    jacobian = np.stack(columns, axis=1)
    angles = np.sqrt(np.maximum(np.diag(jacobian @ fit.covariance[:3, :3] @ jacobian.T), 0.0))
    degrees = np.minimum(np.degrees(angles), _NEVER)
    zoom = move.zoom * math.sqrt(max(float(fit.covariance[3, 3]), 0.0))
    return MoveError(float(degrees[0]), float(degrees[1]), float(degrees[2]), min(zoom, _NEVER))


def outline(view: RegisteredView, move: Move, points_a_side: int = 8) -> list[tuple[float, float]]:
    """Outline of the present frame in registered pixels, clockwise from its top left corner.

    Points that fall behind the registered camera are left out. With a straight lens the
    corners would do; a bent one bends the sides, hence several points a side.
    """
    width, height = view.size
    along = np.linspace(0.0, 1.0, points_a_side, endpoint=False)
    zero, one = np.zeros_like(along), np.ones_like(along)
    x = np.concatenate([along, one, 1.0 - along, zero]) * (width - 1)
    y = np.concatenate([zero, along, one, 1.0 - along]) * (height - 1)
    camera = Camera.of_picture(view.lens, view.size)
    rays = move.rotation() @ camera.zoomed(move.zoom).rays(x, y)
    px, py = camera.project(rays)
    return [(float(a), float(b)) for a, b in zip(px, py, strict=True) if math.isfinite(a + b)]
