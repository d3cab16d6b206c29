"""Short tracks: the same thing from frame to frame, for as long as it is in sight.

Rule: positions in shares of the registered picture; a track has a number for the moment, never
an identity.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from viewkeeper.agent.core.events.blobs import Detection

LEAST_HITS = 5
LEAST_SEEN = 0.65
"""Share of the frames since its birth in which a track was seen; raindrops come and go."""
LEAST_WAY = 0.05
"""Shares of the picture between a track's birth and now before it counts as going anywhere."""
LEAST_PACE = 0.045
"""The same a second, on the whole: the edge of a shadow creeps."""
OWN_WIDTHS = 0.7
"""And so many of its own widths: a blob that grows on one side goes nowhere."""
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
BESIDE = 0.03
"""How far from a thing, beside its width, its bringer's new track may begin."""
STANDING_REACH = 0.05
HIDDEN_REACH = 0.04
"""More for every second unseen."""
VELOCITY_SHARE = 0.4
PLACE_SHARE = 0.45
FAR, VERY_STRAIGHT = 0.15, 0.85
"""Who goes so far so straight is no drop, however its outline changes."""
BRIEF_S = 0.7
"""Whoever walks and is unseen for longer is found again by a steady track only: in rain there is
always some blob where he might be."""
FOUND_HITS, FOUND_SEEN, FOUND_SIZE = 3, 0.75, 0.6
"""What such a track has: looks, share of frames, and most difference of the logarithms of size."""
LATELY, LEAST_LATELY = 0.12, 0.4
"""Memory, a frame, of the share of frames in which a track is seen, and what it must be while it
walks."""
EDGE = 0.015
"""Shares of the picture; who was last seen so near its edge has left it."""
SIZE_EASE, SIZE_WEIGHT = 0.35, 1.0
"""Logarithm of a size that may change from frame to frame, and what more of it costs: half the
reach for every doubling of the rest. A drop beside a walker is not the walker."""
WHOLE = 1.25
"""Pieces within a track's box are one body while together they are no larger than this."""
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


def step(state: Tracks, seen: tuple[Detection, ...], at_s: float, *, trusted: bool) -> Tracks:
    """Give each detection to the nearest expected track, the closest pair first.

    Args:
        state: from the frame before.
        seen: of this frame, in the registered picture.
        at_s: seconds.
        trusted: the detections come from a detector that knows what a person is: then they need
            not walk before they count.
    """
    pairs = sorted(
        (_distance(track, detection, at_s, trusted=trusted), i, j)
        for i, track in enumerate(state.all)
        for j, detection in enumerate(seen)
    )
    tracks = [
        replace(track, looks=track.looks + 1, lately=track.lately * (1 - LATELY))
        for track in state.all
    ]
    free_tracks, free_seen = set(range(len(tracks))), set(range(len(seen)))
    for distance, i, j in pairs:
        if distance > 1:
            break
        if i in free_tracks and j in free_seen:
            free_tracks.discard(i)
            free_seen.discard(j)
            whole = seen[j] if trusted else _whole(tracks[i], seen[j], seen, free_seen)
            tracks[i] = _further(tracks[i], whole, at_s, trusted=trusted)
    kept = [
        track
        for i, track in enumerate(tracks)
        if i not in free_tracks
        or at_s - track.seen_s <= (FORGET_S if trusted else _patience_s(track))
    ]
    kept = [
        track
        for track in kept
        if trusted or not track.real or track.pace <= STANDING or track.lately >= LEAST_LATELY
    ]
    number = state.next_number
    for j in sorted(free_seen):
        box = seen[j]
        kept.append(_born(number, at_s, at_s, box))
        number += 1
    if not trusted:
        kept = _found_again(kept)
    return Tracks(tuple(kept), number)


def _found_again(tracks: list[Track]) -> list[Track]:
    """Join who was lost with the steady young track that began where he may have come out."""
    lost = [t for t in tracks if t.real and t.seen_s < max(o.seen_s for o in tracks)]
    for young in [t for t in tracks if not t.real and t.hits >= FOUND_HITS]:
        if young.restless > STEADY_SIZE or young.hits < FOUND_SEEN * young.looks:
            continue
        near = [
            (distance, t.number, t) for t in lost
            if t.seen_s < young.born_s
            and abs(math.log(young.size / t.size)) <= FOUND_SIZE
            and (distance := _apart(t, young.first, young.born_s)) <= 1
        ]  # fmt: skip
        if not near:
            continue
        _, _, old = min(near)
        lost.remove(old)
        tracks.remove(old)
        tracks[tracks.index(young)] = replace(
            young, number=old.number, born_s=old.born_s, first=old.first,
            path=old.path + math.dist(old.place, young.place), hits=old.hits + young.hits,
            looks=old.looks, before=old.place, real=True,
        )  # fmt: skip
    return tracks


def parted(before: Tracks, after: Tracks, stays: Callable[[Track], bool]) -> Tracks:
    """Give a walker back the track that stuck to what he left.

    Where two part, the nearer one keeps the track, and that may be the thing. A track that first
    counts as somebody, and was born beside somebody who stands there without stirring, is he.

    Args:
        before, after: a frame ago and now.
        stays: whether what a track stands on does not stir as a person does.
    """
    were_real = {track.number for track in before.all if track.real}
    tracks = {track.number: track for track in after.all}
    for walker in after.all:
        if not walker.real or walker.number in were_real:
            continue
        beside = [
            t for t in tracks.values()
            if t.number in were_real and t.pace <= STANDING and t.born_s < walker.born_s
            and math.dist(t.place, walker.first) <= BESIDE + (t.box.right - t.box.left)
        ]  # fmt: skip
        if not beside:
            continue
        thing = min(beside, key=lambda t: math.dist(t.place, walker.first))
        if not stays(thing):
            continue
        tracks[thing.number] = replace(
            walker, number=thing.number, born_s=thing.born_s, first=thing.first,
            path=thing.path + walker.path, hits=thing.hits + walker.hits,
            looks=thing.looks + walker.looks,
        )  # fmt: skip
        tracks[walker.number] = replace(
            _born(walker.number, walker.born_s, thing.seen_s, thing.box),
            hits=walker.hits,
            looks=walker.looks,
        )
    return replace(after, all=tuple(tracks.values()))


def _born(number: int, born_s: float, seen_s: float, box: Detection) -> Track:
    foot = box.foot
    return Track(
        number, born_s, seen_s, foot, box, foot, foot, (0.0, 0.0), 1,
        size=box.size, first_top=box.top,
    )  # fmt: skip


def _whole(
    track: Track, seen: Detection, others: tuple[Detection, ...], free: set[int]
) -> Detection:
    """A detection with the pieces of the same body, which are taken from ``free``."""
    for j in sorted(free):
        piece = others[j]
        middle = (piece.left + piece.right) / 2
        if not min(seen.left, track.box.left) <= middle <= max(seen.right, track.box.right):
            continue
        joined = Detection(
            min(seen.left, piece.left), min(seen.top, piece.top),
            max(seen.right, piece.right), max(seen.bottom, piece.bottom), seen.confidence,
        )  # fmt: skip
        tall, wide = joined.bottom - joined.top, joined.right - joined.left
        if tall <= WHOLE * (track.box.bottom - track.box.top) and wide <= WHOLE * (
            track.box.right - track.box.left
        ):
            free.discard(j)
            seen = joined
    return seen


def _patience_s(track: Track) -> float:
    box = track.box
    if not track.real or min(box.left, 1 - box.right) <= EDGE:
        return FORGET_S
    return FORGET_STANDING_S if track.pace <= STANDING else FORGET_REAL_S


def _distance(track: Track, seen: Detection, at_s: float, *, trusted: bool) -> float:
    """How far a detection is from where a track may be, in units of how far it may be."""
    if track.real and not trusted and at_s - track.seen_s > BRIEF_S:
        if track.pace > STANDING:
            return math.inf
        apart = math.dist(track.foot, seen.foot) / STANDING_REACH
    else:
        apart = _apart(track, seen.foot, at_s)
    uneven = max(0.0, abs(math.log(seen.size / track.size)) - SIZE_EASE)
    return apart + SIZE_WEIGHT * uneven


def _apart(track: Track, foot: tuple[float, float], at_s: float) -> float:
    """The same of a place alone."""
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


def _further(track: Track, seen: Detection, at_s: float, *, trusted: bool) -> Track:
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
    if seen.top <= EDGE:  # what hangs from the upper edge may grow downward and go nowhere
        way = abs(place[0] - track.first[0])
    steady = restless <= STEADY_SIZE or (way >= FAR and way >= VERY_STRAIGHT * path)
    walks = (
        way >= max(LEAST_WAY, OWN_WIDTHS * (seen.right - seen.left))
        and way >= LEAST_PACE * (at_s - track.born_s)
        and way >= LEAST_STRAIGHT * path
        and steady
        and hits >= LEAST_SEEN * track.looks
    )
    climb = track.climb + abs(seen.top - track.box.top)
    # Who comes in from below shows his feet last: until then his head tells that he walks.
    risen = track.first_top - seen.top
    if min(seen.bottom, track.box.bottom) >= 1 - EDGE:
        walks = walks or (
            risen >= max(FAR, LEAST_PACE * (at_s - track.born_s), VERY_STRAIGHT * climb)
            and restless <= STEADY_SIZE
            and hits >= LEAST_SEEN * track.looks
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
        lately=track.lately + LATELY,
        size=track.size * (seen.size / track.size) ** PLACE_SHARE,
        restless=restless,
        climb=climb,
        real=track.real or (hits >= LEAST_HITS if trusted else hits >= LEAST_HITS and walks),
    )
