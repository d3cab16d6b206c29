"""Short tracks: the same thing from frame to frame, for as long as it is in sight.

Rule: positions in shares of the registered picture; a track has a number for the moment, never
an identity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from viewkeeper.agent.core.events.blobs import Detection

LEAST_HITS = 5
LEAST_SEEN = 0.65
"""Share of the frames since its birth in which a track was seen; raindrops come and go."""
LEAST_WAY = 0.04
"""Shares of the picture between a track's birth and now before it counts as going anywhere."""
LEAST_STRAIGHT = 0.5
"""Way over path: what jumps about is rain or leaves."""
STEADY_SIZE = 0.30
"""Mean step of the logarithm of a track's size: a walker's is below, rain's above."""
FORGET_S = 1.2
FORGET_REAL_S = 3.0
"""Whoever was once seen to walk may be behind a pole for so long."""
FORGET_STANDING_S = 12.0
"""Whoever stood when last seen does not go far unseen."""
STANDING = 0.02
"""Shares of the picture a second."""
REACH = 0.08
"""How far from its expected place, or from its last one, a track may reappear; who has just
appeared has no expected place yet, and who was hidden may have turned."""
YOUNG_REACH = 0.13
HIDDEN_REACH = 0.04
"""More for every second unseen."""
VELOCITY_SHARE = 0.4
PLACE_SHARE = 0.45
FAR, VERY_STRAIGHT = 0.15, 0.85
"""Who goes so far so straight is no drop, however its outline changes."""
ROUGH, ROUGH_HITS, ROUGH_SEEN = 0.0014, 9, 0.85
"""Where so much speckles, a track must be seen longer and more steadily."""
UPRIGHT = 0.6
"""Weight of up and down against sideways: feet are lost and found."""


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


def step(
    state: Tracks, seen: tuple[Detection, ...], at_s: float, rough: float = 0.0, *, trusted: bool
) -> Tracks:
    """Give each detection to the nearest expected track, the closest pair first.

    Args:
        state: from the frame before.
        seen: of this frame, in the registered picture.
        at_s: seconds.
        rough: share of the picture that rain or snow speckles.
        trusted: the detections come from a detector that knows what a person is: then they need
            not walk before they count.
    """
    pairs = sorted(
        (_distance(track, detection, at_s), i, j)
        for i, track in enumerate(state.all)
        for j, detection in enumerate(seen)
    )
    tracks = [replace(track, looks=track.looks + 1) for track in state.all]
    free_tracks, free_seen = set(range(len(tracks))), set(range(len(seen)))
    for distance, i, j in pairs:
        if distance > 1:
            break
        if i in free_tracks and j in free_seen:
            free_tracks.discard(i)
            free_seen.discard(j)
            tracks[i] = _further(tracks[i], seen[j], at_s, rough, trusted=trusted)
    kept = [
        track
        for i, track in enumerate(tracks)
        if i not in free_tracks
        or at_s - track.seen_s <= (FORGET_S if trusted else _patience_s(track))
    ]
    number = state.next_number
    for j in sorted(free_seen):
        box = seen[j]
        kept.append(Track(number, at_s, at_s, box.foot, box, box.foot, box.foot, (0.0, 0.0), 1))
        number += 1
    return Tracks(tuple(kept), number)


def _patience_s(track: Track) -> float:
    if not track.real:
        return FORGET_S
    return FORGET_STANDING_S if track.pace <= STANDING else FORGET_REAL_S


def _distance(track: Track, seen: Detection, at_s: float) -> float:
    """How far a detection is from where a track may be, in units of how far it may be."""
    unseen_s = at_s - track.seen_s
    ahead_s = min(FORGET_S, unseen_s)
    expected = (
        track.foot[0] + track.speed[0] * ahead_s,
        track.foot[1] + track.speed[1] * ahead_s,
    )
    apart = min(
        math.hypot(at[0] - seen.foot[0], UPRIGHT * (at[1] - seen.foot[1]))
        for at in (expected, track.foot)
    )
    reach = (REACH if track.hits > 2 else YOUNG_REACH) + (HIDDEN_REACH + track.pace / 2) * min(
        unseen_s, FORGET_REAL_S
    )
    return apart / reach


def _further(track: Track, seen: Detection, at_s: float, rough: float, *, trusted: bool) -> Track:
    dt_s = max(1e-3, at_s - track.seen_s)
    foot, was = seen.foot, track.place
    place = (
        was[0] + PLACE_SHARE * (foot[0] - was[0]),
        was[1] + PLACE_SHARE * (foot[1] - was[1]),
    )
    speed = tuple(
        old + VELOCITY_SHARE * ((now - then) / dt_s - old)
        for old, now, then in zip(track.speed, foot, track.foot, strict=True)
    )
    hits, path = track.hits + 1, track.path + math.dist(was, place)
    jump = abs(math.log(seen.size / track.box.size))
    restless = track.restless + (jump - track.restless) / min(hits - 1, 8)
    way = math.dist(track.first, place)
    least_hits, least_seen = (ROUGH_HITS, ROUGH_SEEN) if rough > ROUGH else (LEAST_HITS, LEAST_SEEN)
    steady = restless <= STEADY_SIZE or (way >= FAR and way >= VERY_STRAIGHT * path)
    walks = (
        way >= LEAST_WAY
        and way >= LEAST_STRAIGHT * path
        and steady
        and hits >= least_seen * track.looks
    )
    return replace(
        track,
        seen_s=at_s,
        place=place,
        before=was,
        box=seen,
        speed=(speed[0], speed[1]),
        hits=hits,
        path=path,
        restless=restless,
        real=track.real or (hits >= LEAST_HITS if trusted else hits >= least_hits and walks),
    )
