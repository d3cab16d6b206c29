"""One frame against the registered view: how far, how sure, and which parts agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.geometry import (
    Camera,
    Move,
    angles_from_rotation,
    move_from_rotation,
)
from viewkeeper.agent.core.view.match import Match, match
from viewkeeper.agent.core.view.pyramid import pyramid
from viewkeeper.agent.core.view.refine import Fit
from viewkeeper.agent.core.view.registered import RegisteredView
from viewkeeper.agent.core.view.sample import Pose

AGREED = 0.35
"""Correlation of two fields from which a tile is said to agree."""
FOUND = 0.9
"""Confidence from which the estimate is said to be found."""
_LEAST_SIDE_PX = 32
_NEVER = 180.0


@dataclass(frozen=True, slots=True)
class MoveError:
    """Standard errors (one sigma) of a `Move`, degrees and ratio."""

    pan_deg: float
    tilt_deg: float
    roll_deg: float
    zoom: float


class Tile(NamedTuple):
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


def estimate(view: RegisteredView, frame: Frame, near: Move | None = None) -> Estimate:
    """Find the present frame on the registered view. Never raises on a valid frame.

    Args:
        view: the registered view.
        frame: the present frame.
        near: where the camera was last found; only saves time.
    """
    if min(frame.luma.shape) < _LEAST_SIDE_PX:
        return nothing_found()
    guesses = [Pose(np.eye(3), 1.0)]
    if near is not None:
        guesses.insert(0, Pose(near.rotation(), near.zoom))
    return _estimate_of(view, match(view.reference, pyramid(frame, view.lens), guesses))


def _estimate_of(view: RegisteredView, found: Match) -> Estimate:
    fit = found.fit
    move = move_from_rotation(fit.pose.rotation, fit.pose.zoom)
    energy, structured, boxes = view.reference.structure
    visible = structured & (fit.seen > 0.5)
    agreed = visible & (fit.agreement > AGREED)
    columns = (agreed[structured], visible[structured], fit.agreement[structured])
    tiles = tuple(map(Tile._make, zip(*boxes, *(c.tolist() for c in columns), strict=True)))
    total = float(energy[structured].sum()) + 1e-9
    return Estimate(
        move,
        _stderr(fit, move),
        found.belief,
        float(energy[agreed].sum()) / total,
        tiles,
        found.belief >= FOUND,
        float(energy[visible].sum()) / total,
    )


def _stderr(fit: Fit, move: Move) -> MoveError:
    """Standard errors of the angles from those of the rotation vector."""
    # Angular velocity in terms of the angles' rates, for R = Ry(pan) Rx(tilt) Rz(roll), inverted.
    pan, tilt, _ = angles_from_rotation(fit.pose.rotation)
    sine, cosine = math.sin(pan), math.cos(pan)
    secant, tangent = 1.0 / max(math.cos(tilt), 1e-6), math.tan(tilt)
    jacobian = np.array(
        [
            [sine * tangent, 1.0, cosine * tangent],
            [cosine, 0.0, -sine],
            [sine * secant, 0.0, cosine * secant],
        ]
    )
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
