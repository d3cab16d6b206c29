"""Matching: from a frame's fields to the one pose that explains them best.

A fixed camera is nearly always where it was, so the last known pose and no move at all are
tried first, at a fraction of the cost of a search. The search decides when they do not agree.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.bank import NEAR, QUICK, WIDE, Bank, build_bank
from viewkeeper.agent.core.view.geometry import Floats
from viewkeeper.agent.core.view.points import Points, choose_points, tile_boxes
from viewkeeper.agent.core.view.pyramid import Pyramid, halve
from viewkeeper.agent.core.view.refine import Fit, approach, refine
from viewkeeper.agent.core.view.sample import Pose
from viewkeeper.agent.core.view.search import look_again, search

POINTS_A_TILE = (30, 16)
SPARSE_POINTS_A_TILE, DENSE_POINTS_A_TILE = 10, 120
_STRUCTURE = 0.03
"""Squared length of the field, a point, above which a tile has lines."""
_QUICK_CANDIDATES, _WIDE_CANDIDATES, _WIDE_KEPT, _ROUGH_STEPS = 2, 6, 3, 3
_PLAUSIBLE = 0.45
"""Mean agreement, before any step, from which a remembered pose is tried without a search."""
_GOOD = 0.3
"""Mean agreement worth a closer look; wrong guesses on a plain horizon can reach it."""
_SURE = 0.99
"""Belief that needs no rival."""
_AT_REST_PX, _LEAST_STEP_PX = 0.06, 1e-3
"""Last step, in pixels of the fine field, of a fit that came to rest, and the least that tells
rest from rest."""
_LIKELY = 0.35
"""Mean agreement of the fine fields that a wrong pose seldom reaches."""
_UNSETTLED_PX = 0.3
"""Last step, in pixels of the fine field, that is too large for a pose that is nearly right."""
_HOPELESS = 0.25
"""Mean agreement of few fine points, after two steps, that a right pose seldom stays below."""
_CLOSE_PX = 0.2
"""Step, in pixels of the fine field, after which few points come no nearer."""
_NEAR_PX = 0.06
"""Last step, in pixels of the coarse field, from which thirty points a tile start at once."""
_SETTLED_PX = 0.02
"""Step, in pixels of the fine field, after which a fit is done."""
ALONE = (-21.4, -5.3, -3.2)
"""Log odds that a fit at rest is right: constant, and what the logarithms of its spread and of its
last step weigh. Fitted by tests/bench/fit_belief.py, like the next."""
AMONG = (-17.6, -2.0, -2.6, 4.7, -3.4)
"""The same of the best of several: constant, spread, last step, significance, the rival's."""
_CLEAR = 0.6
"""Mean agreement below which more points are asked for the last step."""
_ONE_TURN, _ONE_ZOOM = math.cos(math.radians(1.5)), 0.04
"""Fits that differ by less are of one place."""


class Reference:
    """A registered view made ready for matching; never changed, some of it made when first asked.

    A camera that never moves never needs the banks, which are ten megabytes.

    Attributes:
        pyramid: its fields.
        points: chosen points of each level, finest first.
    """

    def __init__(self, pyramid: Pyramid) -> None:
        self.pyramid = pyramid
        levels = zip(range(len(pyramid.fields)), POINTS_A_TILE, strict=True)
        self.points: tuple[Points, ...] = tuple(self._chosen(*each) for each in levels)

    def _chosen(self, level: int, per_tile: int) -> Points:
        pyramid = self.pyramid
        field, camera = pyramid.fields[level], pyramid.cameras[level]
        return choose_points(field, camera, per_tile, (pyramid.factor << level) ** 2)

    @cached_property
    def structure(self) -> tuple[Floats, NDArray[np.bool_], list[list[int]]]:
        """Energy of each tile, which have structure, and of these x0, y0, x1, y1, pixels of the
        picture."""
        points, pyramid = self.points[0], self.pyramid
        energy = points.lengths2.sum(axis=1)
        structured = energy > _STRUCTURE * points.per_tile
        height, width = pyramid.fields[0].shape
        boxes = tile_boxes((height, width))[structured] * pyramid.factor
        return energy, structured, boxes.T.tolist()

    @cached_property
    def sparse(self) -> Points:
        """Few points of the finest level, to come near."""
        return self._chosen(0, SPARSE_POINTS_A_TILE)

    @cached_property
    def dense(self) -> Points:
        """Many points of the finest level, to settle what few leave in doubt."""
        return self._chosen(0, DENSE_POINTS_A_TILE)

    @cached_property
    def quick(self) -> Bank:
        """Bank of the first search, of half the resolution."""
        field, camera = self.pyramid.fields[1], self.pyramid.cameras[1]
        return build_bank(halve(field), camera.reduced(2), QUICK)

    @cached_property
    def wide(self) -> Bank:
        """Bank of the thorough search."""
        return build_bank(halve(self.pyramid.fields[0]), self.pyramid.cameras[1], WIDE)

    @cached_property
    def near(self) -> Bank:
        """Bank of the second look."""
        return build_bank(halve(self.pyramid.fields[0]), self.pyramid.cameras[1], NEAR)

    def warm(self) -> None:
        """Make at once what is otherwise made when first asked for."""
        _ = (self.structure, self.sparse, self.dense, self.quick, self.wide, self.near)


def significance(fit: Fit) -> float:
    """Agreement summed over what is visible, over the root of how much there is of it.

    Faint agreement everywhere weighs as much as strong agreement in a corner: a wrong pose can
    have the second by chance, not the first.
    """
    return float((fit.agreement * np.sqrt(fit.energy)).sum() / np.sqrt(fit.energy.sum() + 1e-9))


def mean_agreement(fit: Fit) -> float:
    """Mean agreement over what is visible, same weights, -1..1."""
    weight = np.sqrt(fit.energy)
    return float((fit.agreement * weight).sum() / (weight.sum() + 1e-9))


@dataclass(frozen=True, slots=True)
class Match:
    """The best fit of a frame, and the probability that it is right, 0..1."""

    fit: Fit
    belief: float


def _probability(odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(odds, -30.0), 30.0)))


def belief_alone(fit: Fit) -> float:
    """Probability, 0..1, that a pose is right, from how far its tiles agree about it and whether
    it came to rest."""
    constant, spread, unrest = ALONE
    return _probability(constant + spread * math.log(fit.spread_px) + unrest * _unrest(fit))


def belief_among(fit: Fit, rival: float) -> float:
    """The same where the best other place is known: it shows what chance can do with this frame.

    Args:
        fit: the best one, over many points.
        rival: significance of the best other place.
    """
    return _probability(AMONG[0] + _promise(fit) + AMONG[4] * rival)


def _promise(fit: Fit) -> float:
    """How much a fit promises to be right, as the logarithm of odds but for a constant: it agrees,
    its tiles agree about it, and it came to rest."""
    _, spread, unrest, agrees, _ = AMONG
    told = spread * math.log(fit.spread_px) + unrest * _unrest(fit)
    return agrees * significance(fit) + told


def _unrest(fit: Fit) -> float:
    """Logarithm of the last step: a right pose comes to rest, a chance likeness is often left on
    the way to somewhere else."""
    return math.log(max(fit.step_px, _LEAST_STEP_PX))


def _certain(fit: Fit) -> bool:
    """Whether a pose needs no rival: its tiles agree about it, it came to rest, and it is no chance
    likeness."""
    settled = fit.step_px < _AT_REST_PX and mean_agreement(fit) > _LIKELY
    return settled and belief_alone(fit) > _SURE


def _apart(one: Pose, other: Pose) -> bool:
    turn = one.rotation.T @ other.rotation
    cosine = (float(np.trace(turn)) - 1.0) / 2.0
    return cosine < _ONE_TURN or abs(math.log(one.zoom / other.zoom)) > _ONE_ZOOM


def match(reference: Reference, present: Pyramid, near: Sequence[Pose] = ()) -> Match:
    """The best fit of a frame, however bad.

    Args:
        reference: the registered view.
        present: the frame's fields.
        near: poses worth trying before a search, likeliest first.
    """
    fields, cameras, coarse = present.fields, present.cameras, reference.points[1]
    for guess, least in _first_guesses(reference, present, near):
        come = approach(coarse, fields[1], cameras[1], guess, 3, settle_px=0.15, least=least)
        if come.agreement < max(_GOOD, least):
            continue
        near_enough = come.step_px < _NEAR_PX
        fit = _fine(reference, present, come.pose, near=near_enough)
        if fit is None:
            continue
        if not _certain(fit):
            if fit.step_px >= _AT_REST_PX:
                continue
            # A right one only comes further to rest, at far less than a search.
            fit = refine(reference.points[0], fields[0], cameras[0], fit.pose, 3, settle_px=0.003)
            if not _certain(fit):
                continue
        return _polished(reference, present, fit)
    # Noise and fog leave little agreement a point: more points tell it from none.
    fits: list[Fit] = []
    for rough in _rough(reference, present, near)[:_WIDE_KEPT]:
        fit = refine(reference.dense, fields[0], cameras[0], rough.pose, 8)
        if _certain(fit):
            return Match(fit, belief_alone(fit))
        fits.append(fit)
    best = max(fits, key=_promise)
    best = refine(reference.dense, fields[0], cameras[0], best.pose, 8, settle_px=0.01)
    rivals = [significance(fit) for fit in fits if _apart(fit.pose, best.pose)]
    return Match(best, belief_among(best, max(rivals, default=0.0)))


def _rough(reference: Reference, present: Pyramid, near: Sequence[Pose]) -> list[Fit]:
    """A few steps from every place that the thorough search names and from the likely ones, the
    most promising first."""
    field, camera = present.fields[0], present.cameras[0]
    half, half_camera = halve(field), present.cameras[1]
    poses = list(near)
    for candidate in search(reference.wide, half, half_camera, _WIDE_CANDIDATES):
        better = look_again(reference.near, half, half_camera, candidate)
        poses.append(Pose(better.rotation, better.zoom))
    fits = [
        refine(reference.points[0], field, camera, pose, _ROUGH_STEPS, settle_px=0.1)
        for pose in poses
    ]
    return sorted(fits, key=_promise, reverse=True)


def _fine(reference: Reference, present: Pyramid, pose: Pose, *, near: bool) -> Fit | None:
    """What the fine fields make of a pose: few points to come near, more to settle; nothing where
    they do not settle, as about a wrong pose they seldom do.

    ``near``: few points would come no nearer.
    """
    field, camera = present.fields[0], present.cameras[0]
    if not near:
        come = approach(reference.sparse, field, camera, pose, 3, settle_px=_CLOSE_PX)
        if come.agreement < _HOPELESS:
            return None
        if come.step_px >= _CLOSE_PX:
            come = approach(reference.sparse, field, camera, come.pose, 4, settle_px=_CLOSE_PX)
        if come.step_px > _UNSETTLED_PX:
            return None
        pose = come.pose
    fit = refine(reference.points[0], field, camera, pose, 6, settle_px=_SETTLED_PX)
    return None if fit.step_px > _UNSETTLED_PX else fit


def _polished(reference: Reference, present: Pyramid, fit: Fit) -> Match:
    """A pose that needs no rival to be believed."""
    belief = belief_alone(fit)
    if mean_agreement(fit) < _CLEAR:
        field, camera = present.fields[0], present.cameras[0]
        fit = refine(reference.dense, field, camera, fit.pose, 4, settle_px=_SETTLED_PX)
    return Match(fit, belief)


def _first_guesses(
    reference: Reference, present: Pyramid, near: Sequence[Pose]
) -> Iterator[tuple[Pose, float]]:
    """Poses, and the agreement each needs before it is worth a step."""
    for pose in near:
        yield pose, _PLAUSIBLE
    field, camera = halve(present.fields[1]), present.cameras[1].reduced(2)
    for guess in search(reference.quick, field, camera, _QUICK_CANDIDATES):
        yield Pose(guess.rotation, guess.zoom), -1.0
