"""How wide a camera sees, from pictures taken while it is turned on its bracket.

A camera that turns about its centre shows the same points along paths that only one focal length
explains: x shifts by f (tan(θ + φ) - tan φ), which is not the same in the middle and at the edge.
Points are matched between overlapping pictures, and focal length, bend of the lens and every
picture's turn are fitted to all of them at once (bundle adjustment over pure rotations, Brown and
Lowe 2007), coarse to fine, since matching needs to know roughly where to look.

Rule: pictures in, a lens with its standard error out; who holds the camera is not this room's.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.bundle import Fit, MeasuredLens, solve
from viewkeeper.agent.core.view.geometry import Camera, Lens, rotation_from_vector
from viewkeeper.agent.core.view.sweep import Luma, Matches, halved, match, shift_between

MOST_PICTURES = 12
LEAST_TURN = 0.25
"""Of the picture's width, between the pictures farthest apart."""
LEAST_TURN_DEG = 5.0
_STEP, _FAR = 0.1, 0.55
"""Shares of the width: least shift between two pictures kept, most between two compared."""
_GUESSES_DEG = (40.0, 60.0, 85.0, 110.0)
_FIRST = ((4, 10), (4, 4))
_THEN = ((2, 5), (1, 4))
"""Level of the pyramid as a divisor, and how many of its pixels to look around: for every guess,
and for the one that explained most."""
_MOST_PAIRS = 26
_MOST_PIXELS = 640 * 480


class SweepError(Exception):
    """The pictures do not tell.

    Attributes:
        reason: stable code: ``too_few``, ``sizes_differ``, ``not_turned`` or ``no_overlap``.
        hint: what a person should do.
    """

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(f"{reason}: {hint}")
        self.reason = reason
        self.hint = hint


def measure(frames: Sequence[Frame]) -> MeasuredLens:
    """Field of view from a sweep: ten to sixty pictures of a camera turned by 20 degrees or more.

    Raises:
        SweepError: with what a person should do.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # a guess may be absurd; then it is dropped
        return _measured(frames)


def _measured(frames: Sequence[Frame]) -> MeasuredLens:
    if len(frames) < 3:
        raise SweepError("too_few", "take at least ten pictures while the camera is turned")
    if len({frame.luma.shape for frame in frames}) != 1:
        raise SweepError("sizes_differ", "take all pictures with one setting of the camera")
    factor = 1
    while frames[0].luma.size // factor**2 > _MOST_PIXELS * 1.5:
        factor *= 2
    kept, shifts = _keyframes([_level(frame.luma.astype(np.float32), factor) for frame in frames])
    width = kept[0].shape[1]
    best: Fit | None = None
    for guess in _GUESSES_DEG:
        lens = Lens(guess)
        focal = lens.focal_px(width)
        # What lies further right in a later picture was turned away from: the camera went left.
        turns = np.array([[dy / focal, -dx / focal, 0.0] for dx, dy in shifts])
        fit = _refined(Fit(lens, turns, (), 0.0, (0.0, 0.0)), kept, shifts, _FIRST)
        if fit is not None and (best is None or fit.explained > best.explained):
            best = fit
    for further in _THEN:
        if best is None:
            break
        # Pictures without finer detail end here, with what the coarser level told.
        best = _refined(best, kept, shifts, (further,)) or best
    if best is None or best.turned_deg() < LEAST_TURN_DEG:
        raise SweepError(
            "no_overlap",
            "the pictures do not fit one turning camera: turn it slowly, by a third of the "
            "picture, with no zoom, away from near things and from crowds",
        )
    return best.told(width, factor)


def _level(luma: Luma, divisor: int) -> Luma:
    while divisor > 1:
        luma, divisor = halved(luma), divisor // 2
    return luma


def _keyframes(pictures: list[Luma]) -> tuple[list[Luma], list[tuple[float, float]]]:
    """Pictures a tenth of the width apart at least, and how far each lies from the first."""
    small = [_level(picture, 4) for picture in pictures]
    width = pictures[0].shape[1]
    kept, shifts, place = [0], [(0.0, 0.0)], (0.0, 0.0)
    for index in range(1, len(pictures)):
        dx, dy = shift_between(small[kept[-1]], small[index])
        place = (shifts[-1][0] + 4.0 * dx, shifts[-1][1] + 4.0 * dy)
        if math.dist(place, shifts[-1]) >= _STEP * width:
            kept.append(index)
            shifts.append(place)
    reach = max((math.dist(a, b) for a, b in itertools.combinations(shifts, 2)), default=0.0)
    if reach < LEAST_TURN * width:
        raise SweepError(
            "not_turned",
            "the camera was hardly turned: turn it by a third of the picture or more, slowly",
        )
    if len(kept) > MOST_PICTURES:
        chosen = np.linspace(0, len(kept) - 1, MOST_PICTURES).round().astype(int)
        kept, shifts = [kept[int(i)] for i in chosen], [shifts[int(i)] for i in chosen]
    return [pictures[index] for index in kept], shifts


def _refined(
    fit: Fit,
    pictures: list[Luma],
    shifts: list[tuple[float, float]],
    rounds: Sequence[tuple[int, int]],
) -> Fit | None:
    """Match and solve by turns; ``None`` where the pictures fall apart."""
    height, width = pictures[0].shape
    for divisor, reach in rounds:
        levels = [_level(picture, divisor) for picture in pictures]
        camera = Camera.of_picture(fit.lens, (width, height)).reduced(divisor)
        pairs: list[Matches] = []
        for a, b in _wanted(shifts, width):
            turn = rotation_from_vector(fit.turns[a]).T @ rotation_from_vector(fit.turns[b])
            points = match(levels[a], levels[b], camera, turn, reach)
            if points is not None:
                offset = (divisor - 1) / 2.0
                pairs.append(Matches(a, b, *(part * divisor + offset for part in points)))
        pairs = _connected(pairs)
        if len(pairs) < 2:
            return None
        fit = solve(fit.lens, fit.turns, tuple(pairs), (width, height))
        if not 8.0 <= fit.lens.hfov_deg <= 145.0:
            return None
    return fit


def _wanted(shifts: Sequence[tuple[float, float]], width: int) -> list[tuple[int, int]]:
    """Pairs that overlap enough: neighbours always, and of the rest the farthest apart, which
    tell most."""
    apart = {
        (a, b): math.dist(shifts[a], shifts[b])
        for a, b in itertools.combinations(range(len(shifts)), 2)
    }
    wanted = {(a, a + 1) for a in range(len(shifts) - 1)}
    for pair in sorted(apart, key=lambda pair: -apart[pair]):
        if len(wanted) >= _MOST_PAIRS:
            break
        if apart[pair] <= _FAR * width:
            wanted.add(pair)
    return sorted(wanted)


def _connected(pairs: list[Matches]) -> list[Matches]:
    """The largest number of pairs that hang together."""
    best: list[Matches] = []
    rest = list(pairs)
    while rest:
        reached = {rest[0].a}
        group: list[Matches] = []
        while True:
            touching = [pair for pair in rest if pair.a in reached or pair.b in reached]
            if not touching:
                break
            group += touching
            reached |= {place for pair in touching for place in (pair.a, pair.b)}
            rest = [pair for pair in rest if all(pair is not each for each in touching)]
        best = max(best, group, key=len)
    return best
