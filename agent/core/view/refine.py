"""Local refinement: Gauss-Newton on pan, tilt, roll and zoom over tiles of the registered view.

Inverse compositional (Baker and Matthews 2004), on points chosen beforehand. Unknown: a small
rotation vector in the registered camera's frame and a small log-zoom. Tiles that do not agree lose
their weight, so a lorry costs the tiles it hides and nothing else; the spread of the tiles' own
wishes gives the standard error (a cluster-robust "sandwich", Liang and Zeger 1986), because pixels
of one tile are far from independent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import mul
from typing import NamedTuple

import numpy as np

from viewkeeper.agent.core.view.field import Field
from viewkeeper.agent.core.view.geometry import Camera, Floats, rotation_from_vector
from viewkeeper.agent.core.view.normal import damped, solved
from viewkeeper.agent.core.view.points import TILES, Points, Singles
from viewkeeper.agent.core.view.sample import Pose, sample

_ROBUST = 0.35
"""Squared field difference at which a point's weight is halved."""

_MISSED, _MISSED_FAINT, _MISSED_ROUGH = 1.0, 4.7, 13.0
"""What the sandwich misses, as a factor on the variance: neighbouring tiles are not quite
independent, nor is the model quite linear, and the less so the more the fields disagree and the
fewer pixels n are averaged into one: 1 + (4.7 + 13 / n) (1 - a), a the mean agreement. Fitted on
pictures that the benchmark does not use, see docs/view-check.md."""
_FEWEST_PIXELS = 4
_FAINT, _FAINTER = 0.3, 8.0
"""Mean agreement below which, as in noisy infrared nights, more is missed still: the variance grows
by the second times what is lacking. Fitted on nights at the development places."""
_FLOOR_PX = 0.006
"""Interpolation's own error, pixels of the level; roll and zoom are felt at the edge, and a small
roll leaves every point between two pixels."""
_UNKNOWN = 10.0
_LEAST_SHRINK, _MOST_SHRINK = 0.1, 0.6
_GAIN, _MOST_GAIN = 1.05, 1.8
"""Coming near, a step is lengthened by the first over the squared mean agreement, at most by the
second: what does not agree attenuates what is left to go as well."""
_LONGEST = 2.5
"""This and the geometric series together lengthen a step by no more."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a pose explains a frame.

    Attributes:
        pose: the pose.
        agreement: (T,), correlation of the two fields in each tile, -1..1; 0 where unseen.
        seen: (T,), share of each tile's points that the frame shows, 0..1.
        energy: (T,), the registered field's squared length at the points that are seen.
        covariance: (4, 4), of rotation vector (radians, registered frame) and log-zoom.
        support: equivalent number of agreeing tiles.
        spread_px: how far the tiles disagree about pan or tilt: standard error, pixels.
        step_px: length of the last step, pixels; large where nothing settled.
    """

    pose: Pose
    agreement: Floats
    seen: Floats
    energy: Floats
    covariance: Floats
    support: float
    spread_px: float
    step_px: float = 0.0


class Approach(NamedTuple):
    """Where a few steps led.

    Attributes:
        pose: the last one.
        agreement: mean agreement before the last step, -1..1.
        step_px: length of the last step, pixels of the level.
    """

    pose: Pose
    agreement: float
    step_px: float


@dataclass(frozen=True, slots=True)
class _State:
    """What the tiles say at one pose.

    Attributes:
        agreement, own, trust: (T,): correlation, the registered field's energy, say.
        seen: (T, Q).
        pull: (T, 2 Q): difference of the fields, weighted point by point.
        share: (T,): how much of each tile's normal matrix counts.
    """

    agreement: Singles
    own: Singles
    trust: Singles
    seen: Singles
    pull: Singles
    share: Singles

    def mean_agreement(self) -> float:
        """Over what is visible, weighted by the registered structure."""
        weight = np.sqrt(self.own)
        return float(self.agreement @ weight) / (float(weight.sum()) + 1e-9)


def _evaluate(
    points: Points,
    field: Field,
    camera: Camera,
    pose: Pose,
    floor: float,
    nearest: bool,
) -> _State:
    values, seen = sample(points, field, camera, pose, nearest=nearest)
    registered = points.values
    cross = np.einsum("tq,tq->t", registered, values)
    own = np.einsum("tq,tq->t", points.lengths2, seen)
    other = np.einsum("tq,tq->t", values, values)
    other += np.float32(1e-6)
    length = own * other
    length += np.float32(1e-6)
    agreement = cross / np.sqrt(length, out=length)
    trust = agreement - np.float32(floor)
    trust += trust
    np.maximum(trust, np.float32(0.0), out=trust)
    np.minimum(trust, np.float32(1.0), out=trust)
    trust *= np.sqrt(trust)
    # Fog and noise shrink the frame's field: compare shapes, not lengths.
    cross /= other
    np.maximum(cross, np.float32(0.2), out=cross)
    np.minimum(cross, np.float32(3.0), out=cross)
    values *= cross[:, None]
    values -= registered
    squares = values * values
    robust = squares[:, 0::2] + squares[:, 1::2]
    robust *= np.float32(1.0 / _ROBUST)
    robust += np.float32(1.0)
    np.divide(seen, robust, out=robust)
    weighted = values.view(np.complex64)
    weighted *= robust
    # Noise in the frame attenuates how the residual answers to a move by the tile's reliability,
    # the squared correlation. Far from the goal a low correlation means distance, not noise, so
    # steps are taken as if it were better.
    share = robust @ points.even
    share *= trust
    share *= agreement
    return _State(agreement, own, trust, seen, values, share)


def _descend(
    points: Points,
    field: Field,
    camera: Camera,
    pose: Pose,
    steps: int,
    settle_px: float,
    floor: float = 0.15,
    least: float = -2.0,
    nearest: bool = False,
) -> tuple[Pose, _State, float]:
    """At most ``steps`` steps: the pose, the state before the last of them, its radians."""
    step = 0.0
    state = _evaluate(points, field, camera, pose, floor, nearest)
    agreement = state.mean_agreement()
    if agreement < least:
        return pose, state, step
    before: list[float] | None = None
    for left in range(steps - 1, -1, -1):
        pull = state.pull * state.trust[:, None]
        wish = points.across @ pull.reshape(-1)
        change = solved(state.share @ points.normal, wish)
        gain = 1.0
        if nearest:
            gain = min(_MOST_GAIN, _GAIN / max(agreement, 0.1) ** 2)
            change = [gain * each for each in change]
        step = max(map(abs, change))
        if before is None:
            before = change
        else:
            # Steps that shrink evenly leave a geometric series to go: take it whole (Aitken).
            shrink = sum(map(mul, change, before)) / (sum(map(mul, before, before)) + 1e-30)
            if shrink > _LEAST_SHRINK:
                longer = min(1.0 / (1.0 - min(shrink, _MOST_SHRINK)), _LONGEST / gain)
                change = [longer * each for each in change]
            before = None
        pose = _moved(pose, change)
        if left == 0 or step < settle_px * points.pixel_rad:
            break
        state = _evaluate(points, field, camera, pose, floor, nearest)
        agreement = state.mean_agreement()
    return pose, state, step


def approach(
    points: Points,
    field: Field,
    camera: Camera,
    pose: Pose,
    steps: int,
    *,
    settle_px: float,
    least: float = -2.0,
) -> Approach:
    """Come nearer by at most ``steps`` steps, at less cost than `refine`.

    Args:
        points, field, camera, pose, settle_px: as of `refine`.
        steps: at least 1.
        least: mean agreement below which no step is taken.
    """
    if min(field.shape) < 8:
        return Approach(pose, 0.0, 0.0)
    pose, state, step = _descend(
        points, field, camera, pose, steps, settle_px, least=least, nearest=True
    )
    return Approach(pose, state.mean_agreement(), step / points.pixel_rad)


def refine(
    points: Points,
    field: Field,
    camera: Camera,
    pose: Pose,
    steps: int,
    *,
    floor: float = 0.15,
    settle_px: float = 0.02,
) -> Fit:
    """Improve a pose by at most ``steps`` Gauss-Newton steps at one level.

    Args:
        points: of the registered view at this level.
        field: of the frame at this level, complex64 (h, w).
        camera: of that field.
        pose: to start from.
        steps: 0 only evaluates.
        floor: agreement at and below which a tile has no say.
        settle_px: stop when a step moves the picture by less.

    Returns: the pose, and what the tiles said of the one before the last step.
    """
    if min(field.shape) < 8:
        return _nothing(pose)
    pose, state, step = _descend(points, field, camera, pose, steps, settle_px, floor)
    return _fit(points, state, pose, step / points.pixel_rad)


def _fit(points: Points, state: _State, pose: Pose, step_px: float) -> Fit:
    agreed = min(1.0, max(state.mean_agreement(), 0.0))
    support = float(state.trust.sum() ** 2 / (np.sum(state.trust**2) + 1e-9))
    covariance = np.eye(4) * _UNKNOWN
    if support > 5.0:
        inverse = np.linalg.inv(damped((state.share * state.agreement) @ points.normal))
        slope = np.einsum("ctq,tq->tc", points.across.reshape(4, TILES, -1), state.pull)
        scores = (state.trust[:, None] * slope).astype(np.float64)
        rough = _MISSED_FAINT + _MISSED_ROUGH / max(points.pixels, _FEWEST_PIXELS)
        inflation = _MISSED + rough * (1.0 - agreed)
        covariance = inverse @ (scores.T @ scores) @ inverse
        covariance *= inflation * support / (support - 4.0)
        covariance += np.diag([1.0, 1.0, 4.0, 2.0]) * (_FLOOR_PX * points.pixel_rad) ** 2
    spread_px = math.sqrt(max(covariance[0, 0], covariance[1, 1])) / points.pixel_rad
    covariance *= 1.0 + _FAINTER * max(0.0, _FAINT - agreed)
    total = np.maximum(points.counts, np.float32(1.0))
    return Fit(
        pose,
        state.agreement.astype(np.float64),
        (state.seen @ points.even * np.float32(points.per_tile) / total).astype(np.float64),
        state.own.astype(np.float64),
        covariance,
        support,
        max(float(spread_px), _FLOOR_PX),
        step_px,
    )


def _nothing(pose: Pose) -> Fit:
    zero = np.zeros(TILES)
    return Fit(pose, zero, zero, zero, np.eye(4) * _UNKNOWN, 0.0, 1e3)


def _moved(pose: Pose, change: list[float]) -> Pose:
    x, y, z, zoom = (min(0.08, max(-0.08, each)) for each in change)
    zoomed = min(4.0, max(0.25, pose.zoom * math.exp(zoom)))
    return Pose(rotation_from_vector((x, y, z)) @ pose.rotation, zoomed)
