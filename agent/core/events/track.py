"""One thing that is followed, and how far it may be from where it was.

Rule: as of `tracks`; what a track is, not what becomes of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from viewkeeper.agent.core.events.blobs import Detection

FORGET_S = 1.2
FORGET_REAL_S = 3.0
"""Whoever was once seen to walk may be behind a pole for so long."""
STANDING = 0.02
"""Shares of the picture a second."""
REACH = 0.08
"""How far from its expected place, or from its last one, a track may reappear; who has just
appeared has no expected place yet, and who was hidden may have turned."""
YOUNG_REACH = 0.13
HIDDEN_REACH = 0.04
"""More for every second unseen."""
UPRIGHT = 0.6
"""Weight of up and down against sideways: feet are lost and found."""
STEADY_SIZE = 0.30
"""Mean step of the logarithm of a track's size: a walker's is below, rain's above."""


@dataclass(frozen=True, slots=True)
class Track:
    """One thing on its way; ``foot`` and ``speed`` in shares of the picture (a second)."""

    number: int
    born_s: float
    seen_s: float
    first: tuple[float, float]
    box: Detection
    place: tuple[float, float]
    """Its foot, smoothed: a shoe as grey as the road is seen in one frame and not in the next."""
    before: tuple[float, float]
    """Its place a frame ago."""
    speed: tuple[float, float]
    hits: int
    looks: int = 1
    """Frames since it was born, whether it was seen in them or not."""
    path: float = 0.0
    """Length of all its steps."""
    restless: float = 0.0
    """Mean step of the logarithm of its size."""
    lately: float = 1.0
    """Share of the last frames in which it was seen."""
    size: float = 0.0
    """Smoothed, as `Detection.size`."""
    first_top: float = 0.0
    """Upper edge at birth."""
    climb: float = 0.0
    """Length of all steps of its upper edge."""
    real: bool = False
    """Seen often enough, and it went somewhere steadily: a branch swings on the spot. Once real,
    it stays so: who paces to and fro goes nowhere either."""

    @property
    def foot(self) -> tuple[float, float]:
        return self.box.foot

    @property
    def pace(self) -> float:
        return math.hypot(*self.speed)

    @property
    def way(self) -> float:
        """Straight from birth to here."""
        return math.dist(self.first, self.place)


@dataclass(frozen=True, slots=True)
class Tracks:
    """All that are followed now."""

    all: tuple[Track, ...] = field(default_factory=tuple)
    next_number: int = 1


def born(number: int, born_s: float, seen_s: float, box: Detection) -> Track:
    """The first sight of somebody, at ``seen_s``; ``born_s`` may be earlier."""
    foot = box.foot
    return Track(
        number, born_s, seen_s, foot, box, foot, foot, (0.0, 0.0), 1,
        size=box.size, first_top=box.top,
    )  # fmt: skip


def apart(track: Track, foot: tuple[float, float], at_s: float) -> float:
    """How far a place is from where a track may be, in units of how far it may be."""
    unseen_s = at_s - track.seen_s
    ahead_s = min(FORGET_S, unseen_s)
    expected = (
        track.foot[0] + track.speed[0] * ahead_s,
        track.foot[1] + track.speed[1] * ahead_s,
    )
    apart = min(
        math.hypot(at[0] - foot[0], UPRIGHT * (at[1] - foot[1])) for at in (expected, track.foot)
    )
    reach = REACH if track.hits > 2 else YOUNG_REACH
    return apart / (reach + (HIDDEN_REACH + track.pace / 2) * min(unseen_s, FORGET_REAL_S))
