"""Matching: from a frame's fields to the one pose that explains them best.

A fixed camera is nearly always where it was, so the last known pose and no move at all are
tried first, at a fraction of the cost of a search. The search decides when they do not agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from viewkeeper.agent.core.view.field import Pyramid
from viewkeeper.agent.core.view.refine import Fit, Points, Pose, choose_points, refine
from viewkeeper.agent.core.view.search import (
    NEAR_ROLLS_DEG,
    NEAR_ZOOMS,
    WIDE_ROLLS_DEG,
    WIDE_ZOOMS,
    Bank,
    build_bank,
    look_again,
    search,
)

POINTS_A_TILE = (36, 24, 14)
DENSE_POINTS_A_TILE = 120
CANDIDATES = 5
_GOOD = 0.33
"""Mean agreement worth a closer look; wrong guesses on a plain horizon can reach it."""
_CERTAIN = 0.6
"""Mean agreement that needs no rival."""
_STANDS_OUT = 1.6
"""Correlation of the best guess over that of the last one from which it has no rival."""


class Reference:
    """A registered view made ready for matching; never changed, some of it made when first asked.

    A camera that never moves never needs the banks, which are ten megabytes.

    Attributes:
        pyramid: its fields.
        points: chosen points of each level, finest first.
    """

    def __init__(self, pyramid: Pyramid) -> None:
        self.pyramid = pyramid
        self.points: tuple[Points, ...] = tuple(
            choose_points(field, camera, count)
            for field, camera, count in zip(
                pyramid.fields, pyramid.cameras, POINTS_A_TILE, strict=True
            )
        )

    @cached_property
    def dense(self) -> Points:
        """Many points of the finest level, to settle what few leave in doubt."""
        return choose_points(self.pyramid.fields[0], self.pyramid.cameras[0], DENSE_POINTS_A_TILE)

    @cached_property
    def wide(self) -> Bank:
        """Bank of the global search."""
        return build_bank(
            self.pyramid.fields[2], self.pyramid.cameras[2], WIDE_ROLLS_DEG, WIDE_ZOOMS
        )

    @cached_property
    def near(self) -> Bank:
        """Bank of the second look."""
        return build_bank(
            self.pyramid.fields[2], self.pyramid.cameras[2], NEAR_ROLLS_DEG, NEAR_ZOOMS
        )

    def warm(self) -> None:
        """Make at once what is otherwise made when first asked for."""
        _ = (self.dense, self.wide, self.near)


def score(fit: Fit) -> float:
    """Sum of agreement over what is visible, weighted by the registered view's structure."""
    return float((fit.agreement * np.sqrt(fit.energy)).sum())


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


def match(reference: Reference, present: Pyramid, near: Sequence[Pose] = ()) -> Fit:
    """The best fit of a frame, however bad.

    Args:
        reference: the registered view.
        present: the frame's fields.
        near: poses worth trying before a search, likeliest first.
    """
    fields, cameras, points = present.fields, present.cameras, reference.points
    best: Fit | None = None
    for pose in near:
        fit = refine(points[1], fields[1], cameras[1], pose, 3, settle_px=0.1)
        if best is None or score(fit) > score(best):
            best = fit
        if mean_agreement(fit) > _GOOD:
            fine = refine(points[0], fields[0], cameras[0], fit.pose, 4)
            if mean_agreement(fine) > _CERTAIN:
                return fine
    guesses = search(reference.wide, fields[2], cameras[2], CANDIDATES)
    for rank, guess in enumerate(guesses):
        better = look_again(reference.near, fields[2], cameras[2], guess)
        pose = Pose(better.rotation, better.zoom)
        pose = refine(points[2], fields[2], cameras[2], pose, 4, settle_px=0.1).pose
        fit = refine(points[1], fields[1], cameras[1], pose, 5, settle_px=0.05)
        if best is None or score(fit) > score(best):
            best = fit
        agreement = mean_agreement(fit)
        stands_out = rank == 0 and guess.score > _STANDS_OUT * guesses[-1].score
        if agreement > _CERTAIN or (stands_out and agreement > _GOOD):
            break
    assert best is not None
    fine = refine(points[0], fields[0], cameras[0], best.pose, 5)
    if mean_agreement(fine) > _CERTAIN:
        return fine
    # Noise and fog leave little agreement a point: three times as many points tell it from none.
    return refine(reference.dense, fields[0], cameras[0], fine.pose, 3)
