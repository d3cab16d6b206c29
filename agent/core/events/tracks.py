"""Short tracks: the same thing from frame to frame, for as long as it is in sight.

Rule: positions in shares of the registered picture; a track has a number for the moment, never
an identity.
"""

from __future__ import annotations

import math
from dataclasses import replace

from viewkeeper.agent.core.events.blobs import Detection
from viewkeeper.agent.core.events.rejoining import found_again
from viewkeeper.agent.core.events.track import (
    FORGET_REAL_S,
    FORGET_S,
    STANDING,
    STEADY_SIZE,
    Track,
    Tracks,
    apart,
    born,
)

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
ANEW_S = 6.0
"""A track that went nowhere for so long begins anew where it is: who stood about, or was there
already, is seen as soon as he walks."""
FORGET_STANDING_S = 12.0
"""Whoever stood when last seen does not go far unseen."""
STANDING_REACH = 0.05
HEAD_SHARE = 0.2
"""Of its foot's way up or down the picture, that its head must go: more than so much wherever the
camera hangs higher than two metres."""
VELOCITY_SHARE = 0.4
PLACE_SHARE = 0.45
FAR, VERY_STRAIGHT = 0.15, 0.85
"""Who goes so far so straight is no drop, however its outline changes."""
BRIEF_S = 0.7
"""Whoever walks and is unseen for longer is found again by a steady track only: in rain there is
always some blob where he might be."""
LATELY, LEAST_LATELY = 0.12, 0.4
"""Memory, a frame, of the share of frames in which a track is seen, and what it must be while it
walks."""
EDGE = 0.015
"""Shares of the picture; who was last seen so near its edge has left it."""
SIZE_EASE, SIZE_WEIGHT = 0.35, 1.0
"""Logarithm of a size that may change from frame to frame, and what more of it costs: half the
reach for every doubling of the rest. A drop beside a walker is not the walker."""
PART = 0.8
"""Share of a track's width up to which a detection may be a part of what was one blob."""
WHOLE = 1.25
"""Pieces within a track's box are one body while together they are no larger than this."""


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
    if not trusted:
        tracks = [_anew(t, at_s) if _is_old_news(t, at_s) else t for t in tracks]
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
        kept.append(born(number, at_s, at_s, box))
        number += 1
    if not trusted:
        kept = found_again(kept)
    return Tracks(tuple(kept), number)


def _is_old_news(track: Track, at_s: float) -> bool:
    return not track.real and track.seen_s == at_s and at_s - track.born_s > ANEW_S


def _anew(track: Track, at_s: float) -> Track:
    """The same track as if it were born here; its speed and its unrest are what they are."""
    return replace(
        track, born_s=at_s, first=track.place, first_top=track.box.top,
        hits=1, looks=1, path=0.0, climb=0.0,
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
        if track.pace > STANDING and (piece.left > seen.right or piece.right < seen.left):
            continue  # clear ground beside who walks is between two bodies
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
        way = math.dist(track.foot, seen.foot) / STANDING_REACH
    else:
        way = apart(track, _foot_as_led(track, seen), at_s)
    uneven = max(0.0, abs(math.log(seen.size / track.size)) - SIZE_EASE)
    return way + SIZE_WEIGHT * uneven


def _foot_as_led(track: Track, seen: Detection) -> tuple[float, float]:
    """Where a detection puts a track's foot.

    A part of the box of somebody who walks is measured at the edge that leads: where he parts from
    what he left, the box's middle lags behind, and the thing would be nearer to it than he.
    """
    box, foot = track.box, seen.foot
    wide = box.right - box.left
    if not track.real or track.pace <= STANDING or seen.right - seen.left > PART * wide:
        return foot
    middle = seen.right - wide / 2 if track.speed[0] > 0 else seen.left + wide / 2
    return middle, foot[1]


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
    across, down = place[0] - track.first[0], place[1] - track.first[1]
    # Who walks up or down the picture takes his head along; light on a wall grows or shrinks
    # at one end, and what hangs from the upper edge at the other.
    headed = seen.top - track.first_top
    if seen.top <= EDGE or headed * down < HEAD_SHARE * down * down:
        down = 0.0
    way = math.hypot(across, down)
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
