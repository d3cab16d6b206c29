"""Bundle adjustment over pure rotations: one lens and every picture's turn from matched points.

Rule: points in, a lens out; which points are one is `sweep`'s to say.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from viewkeeper.agent.core.view.geometry import Camera, Floats, Lens, rotation_from_vector
from viewkeeper.agent.core.view.sweep import Matches

_K1_PRIOR = 0.15
"""A lens of a fixed camera seldom bends more; it keeps the bend finite where nothing tells it."""
_HUBER_PX = 0.5


@dataclass(frozen=True, slots=True)
class MeasuredLens:
    """What the pictures say.

    Attributes:
        hfov_deg, k1: of the lens, as `Lens` means them.
        hfov_error_deg, k1_error: standard errors, from how far the pairs of pictures disagree.
        turned_deg: angle between the pictures farthest apart.
        pictures, points: used; pairs of points.
        residual_px: median distance that is left, pixels of the picture.
    """

    hfov_deg: float
    hfov_error_deg: float
    k1: float
    k1_error: float
    turned_deg: float
    pictures: int
    points: int
    residual_px: float


@dataclass(frozen=True, slots=True)
class Fit:
    """A lens and turns that explain pairs of points.

    Attributes:
        lens: found.
        turns: rotation vectors (N, 3), radians, d_first = R d_picture.
        pairs: points, from the middle of the picture.
        cost: what is left, robust.
        errors: standard errors of field of view (degrees) and k1.
        explained: pairs of points whose place is explained to two pixels.
    """

    lens: Lens
    turns: Floats
    pairs: tuple[Matches, ...]
    cost: float
    errors: tuple[float, float]
    explained: int = 0

    def _used(self) -> list[int]:
        return sorted({place for pair in self.pairs for place in (pair.a, pair.b)})

    def turned_deg(self) -> float:
        """Angle between the used pictures farthest apart."""
        axes = [rotation_from_vector(self.turns[place])[:, 2] for place in self._used()]
        apart = (float(a @ b) for a, b in itertools.combinations(axes, 2))
        return math.degrees(max(math.acos(min(1.0, each)) for each in apart))

    def told(self, width: int, factor: int) -> MeasuredLens:
        rest = np.concatenate([_misfit(self.lens, self.turns, pair, width) for pair in self.pairs])
        return MeasuredLens(
            hfov_deg=self.lens.hfov_deg,
            hfov_error_deg=self.errors[0],
            k1=self.lens.k1,
            k1_error=self.errors[1],
            turned_deg=self.turned_deg(),
            pictures=len(self._used()),
            points=rest.size // 2,
            residual_px=factor * float(np.median(np.hypot(*rest.reshape(-1, 2).T))),
        )


def _rays(lens: Lens, pair: Matches, width: int) -> Floats:
    return Camera(lens, lens.focal_px(width), 0.0, 0.0).rays(pair.at_a[0], pair.at_a[1])


def _misfit(
    lens: Lens, turns: Floats, pair: Matches, width: int, rays: Floats | None = None
) -> Floats:
    """Pixels between where ``b`` shows a point and where it should; x, y by turns, (2N,)."""
    camera = Camera(lens, lens.focal_px(width), 0.0, 0.0)
    rays = _rays(lens, pair, width) if rays is None else rays
    turn = rotation_from_vector(turns[pair.a]).T @ rotation_from_vector(turns[pair.b])
    x, y = camera.project(turn.T @ rays)
    return np.nan_to_num(np.stack([x - pair.at_b[0], y - pair.at_b[1]], axis=1), nan=1e3).ravel()


def solve(lens: Lens, turns: Floats, pairs: tuple[Matches, ...], size: tuple[int, int]) -> Fit:
    """Levenberg-Marquardt with Huber weights: focal length, bend, all turns but the first."""
    width, height = size
    middle = np.array([[(width - 1) / 2.0], [(height - 1) / 2.0]])
    pairs = tuple(Matches(p.a, p.b, p.at_a - middle, p.at_b - middle) for p in pairs)
    count = len(turns)

    def unpacked(values: Floats) -> tuple[Lens, Floats]:
        focal = math.exp(float(np.clip(values[0], -3.0, 4.0))) * width
        hfov = math.degrees(2.0 * math.atan(width / 2.0 / focal))
        found = Lens(float(np.clip(hfov, 2.0, 149.0)), float(np.clip(values[1], -0.6, 0.6)))
        return found, np.concatenate([np.zeros((1, 3)), values[2:].reshape(count - 1, 3)])

    def residuals(values: Floats) -> list[Floats]:
        found, at = unpacked(values)
        return [_misfit(found, at, pair, width) for pair in pairs]

    start = np.array([math.log(lens.focal_px(width) / width), lens.k1], np.float64)
    values: Floats = np.concatenate([start, (turns[1:] - turns[0]).ravel()])
    damping, cost = 1e-3, math.inf
    hessian: Floats = np.eye(values.size)
    pulls: Floats = np.zeros((len(pairs), values.size))
    for _ in range(12):
        before = residuals(values)
        slopes = [np.zeros((rest.size, values.size)) for rest in before]
        seen = [_rays(unpacked(values)[0], pair, width) for pair in pairs]
        for column in range(values.size):
            step = np.zeros(values.size)
            step[column] = 1e-5
            picture = (column - 2) // 3 + 1
            moved_lens, moved_turns = unpacked(values + step)
            for index, pair in enumerate(pairs):
                if column < 2 or picture in (pair.a, pair.b):
                    rays = seen[index] if column >= 2 else None
                    after = _misfit(moved_lens, moved_turns, pair, width, rays)
                    slopes[index][:, column] = (after - before[index]) / 1e-5
        weights = [_weights(rest) for rest in before]
        pulls = np.stack([s.T @ (w * r) for s, w, r in zip(slopes, weights, before, strict=True)])
        bends = [s.T @ (w[:, None] * s) for s, w in zip(slopes, weights, strict=True)]
        hessian = np.stack(bends).sum(axis=0)
        prior = np.full(values.size, 1e-6)  # a picture that nothing hangs on stays where it is
        prior[1] = _HUBER_PX**2 / _K1_PRIOR**2
        hessian = hessian + np.diag(prior)
        cost = _cost(before) + 0.5 * prior[1] * values[1] ** 2
        gradient = pulls.sum(axis=0)
        gradient[1] += prior[1] * values[1]
        for _ in range(6):
            change = _step(hessian, damping, gradient)
            there = values + change
            reached = _cost(residuals(there)) + 0.5 * prior[1] * there[1] ** 2
            if reached <= cost:
                damping *= 0.3
                values = there
                break
            damping *= 4.0
        else:
            break
        if float(np.abs(change).max()) < 1e-6:
            break
    found, at = unpacked(values)
    inverse = np.linalg.inv(hessian)
    covariance = inverse @ (pulls.T @ pulls) @ inverse
    hfov = math.radians(found.hfov_deg)
    # d hfov / d log f = -sin(hfov)
    errors = (
        math.degrees(math.sin(hfov)) * math.sqrt(max(float(covariance[0, 0]), 0.0)),
        math.sqrt(max(float(covariance[1, 1]), 0.0)),
    )
    last = [np.hypot(*rest.reshape(-1, 2).T) for rest in residuals(values)]
    explained = sum(int((rest < 4.0 * _HUBER_PX).sum()) for rest in last)
    return Fit(found, at, pairs, cost, errors, explained)


def _step(hessian: Floats, damping: float, gradient: Floats) -> Floats:
    return -np.linalg.solve(hessian + damping * np.diag(np.diag(hessian)), gradient)


def _weights(rest: Floats) -> Floats:
    size = np.abs(rest)
    return np.where(size <= _HUBER_PX, 1.0, _HUBER_PX / np.maximum(size, 1e-9))


def _cost(many: Sequence[Floats]) -> float:
    total = 0.0
    for rest in many:
        size = np.abs(rest)
        total += float(
            np.where(size <= _HUBER_PX, 0.5 * size**2, _HUBER_PX * (size - 0.5 * _HUBER_PX)).sum()
        )
    return total
