"""Zones and lines of the signed configuration, watched frame by frame.

Drawn on the registered view; every box is carried there by the present move, so a zone stays on
its doorway while the camera sways or is a little off. While the view is `moved`, or cannot be
told, nothing is said: nobody knows where the zone is.

Rule: frames in, flags out; a flag has no picture and no identity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.events import (
    areas,
    blobs,
    foreground,
    objects,
    rejoining,
    told,
    tracks,
)
from viewkeeper.agent.core.events.areas import AreaState, Person, Placed, Point, corners_of
from viewkeeper.agent.core.events.blobs import Detection
from viewkeeper.agent.core.events.flags import Flag, TrackFacts
from viewkeeper.agent.core.events.placing import Placing
from viewkeeper.agent.core.events.track import STANDING, Track, Tracks
from viewkeeper.agent.core.view.geometry import Lens, Move
from viewkeeper.protocol.vocabulary import (
    EventKind,
    LineDirection,
    ViewVerdict,
    WatchState,
    ZoneKind,
)
from viewkeeper.protocol.zones import Zone

KNOWN = (ViewVerdict.SAME, ViewVerdict.OBSTRUCTED)
HEAD_ASPECT = 0.55
"""Width over height, in pixels, of one person; a wider blob is several side by side."""
MOST_HEADS = 12
DITHER_S = 5.0
"""Who crosses a line the same way again within so long has only stood on it."""
MOST_PACE = 1.3
"""A pace above the mean since the track was born, by this factor, is not believed."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What another program says of this frame.

    Attributes:
        detector: its name.
        boxes: in the present picture, in place of the blobs; ``None``: it gives none.
        told: what its own rules tell of zones.
        speaks_for: (zone, kind) that it tells of; there nothing is flagged from boxes or blobs.
    """

    detector: str
    boxes: tuple[Detection, ...] | None
    told: tuple[told.Told, ...] = ()
    speaks_for: frozenset[tuple[str, EventKind]] = frozenset()


@dataclass(frozen=True, slots=True)
class ZonesState:
    """What is remembered between frames."""

    watch: WatchState = WatchState.LEARNING
    background: foreground.Background | None = None
    tracks: Tracks = field(default_factory=Tracks)
    still: objects.Still | None = None
    areas: tuple[tuple[str, AreaState], ...] = ()
    crossed: tuple[tuple[tuple[str, int, LineDirection], float], ...] = ()
    """(zone, track, way), and when it was last so."""
    told: told.Standing = ()
    at_s: float | None = None


def step(
    state: ZonesState,
    zones: tuple[Zone, ...],
    luma: NDArray[np.uint8],
    lens: Lens,
    *,
    verdict: ViewVerdict,
    move: Move,
    at_s: float,
    outside: Outside | None = None,
) -> tuple[ZonesState, tuple[Flag, ...]]:
    """One frame further.

    Args:
        state: from the frame before.
        zones: of the signed configuration.
        luma: uint8, (H, W).
        lens: of the camera.
        verdict, move: of the view, as last measured.
        at_s: Unix seconds.
        outside: in place of the blobs, or of the rules for some zones.
    """
    dt_s = 0.2 if state.at_s is None else min(5.0, max(0.0, at_s - state.at_s))
    dwell_s = max((zone.dwell_s or 0 for zone in zones), default=0)
    hold_s = max(foreground.HOLD_S, dwell_s + 60.0)
    background, found = foreground.step(state.background, luma, dt_s, hold_s)
    if verdict not in KNOWN:
        suspended = ZonesState(WatchState.SUSPENDED, background, at_s=at_s)
        return suspended, _ended(state, at_s)
    heard, flags_told = state.told, tuple[Flag, ...]()
    if outside is not None or heard:
        said = () if outside is None else outside.told
        who = "" if outside is None else outside.detector
        heard, flags_told = told.step(heard, zones, said, who, at_s)
    boxes = None if outside is None else outside.boxes
    if not found.settled and boxes is None:
        # The light changed all over: whoever is followed may be so again afterwards.
        learning = WatchState.LEARNING
        state = replace(state, watch=learning, background=background, told=heard, at_s=at_s)
        return state, flags_told
    seen = blobs.blobs_of(found, background) if boxes is None else boxes
    place = Placing.of(lens, (luma.shape[1], luma.shape[0]), move)
    followed = tracks.step(
        state.tracks,
        tuple(there for box in seen if (there := place.registered(box)) is not None),
        at_s,
        trusted=boxes is not None,
    )
    if boxes is None and state.still is not None:
        known = state.still
        followed = rejoining.parted(
            state.tracks,
            followed,
            lambda track: not objects.stirs(known, place.present(track.box)),
        )
    real = tuple(track for track in followed.all if track.real)
    moving = tuple(
        place.present(track.box) for track in real if track.seen_s == at_s and track.pace > STANDING
    )
    standing = tuple(place.present(track.box) for track in real)
    still, things = objects.step(state.still, background, found, moving, standing, dt_s)
    placed = tuple(
        Placed(there.foot, thing.still_s, thing.gone)
        for thing in things
        if (there := place.registered(thing.box)) is not None
    )
    aspect = luma.shape[0] / luma.shape[1]
    people = tuple(_person(track, aspect, single=boxes is not None) for track in real)
    before, after = dict(state.areas), dict[str, AreaState]()
    flags: list[Flag] = []
    followed_now = {track.number for track in followed.all}
    crossed = {key: last_s for key, last_s in state.crossed if key[1] in followed_now}
    spoken_for = frozenset[tuple[str, EventKind]]() if outside is None else outside.speaks_for
    for zone in zones:
        watch = tuple(kind for kind in zone.watch if (zone.name, kind) not in spoken_for)
        if zone.kind is ZoneKind.AREA:
            known_area = before.get(zone.name, AreaState())
            now, more = areas.step(known_area, zone, watch, people, placed, at_s)
            after[zone.name] = now
            flags += more
        else:
            flags += _crossings(zone, watch, state.tracks, real, crossed, at_s, aspect)
    if outside is not None and boxes is not None:
        flags = [replace(flag, detector=outside.detector) for flag in flags]
    return (
        ZonesState(
            WatchState.WATCHING,
            background,
            followed,
            still,
            tuple(after.items()),
            tuple(crossed.items()),
            heard,
            at_s,
        ),
        (*flags, *flags_told),
    )


def _ended(state: ZonesState, at_s: float) -> tuple[Flag, ...]:
    """What was going on when the view was lost is over as far as anyone can tell."""
    going_on = (flag for _, area in state.areas for flag, _, _ in area.open)
    return tuple(replace(flag, ended_s=at_s) for flag in (*going_on, *state.told))


def _person(track: Track, aspect: float, *, single: bool) -> Person:
    box = track.box
    tall = max(1e-6, (box.bottom - box.top) * aspect)
    heads = 1
    if not single:
        heads = max(1, min(MOST_HEADS, round((box.right - box.left) / (HEAD_ASPECT * tall))))
    return Person(
        track.number,
        track.place,
        heads,
        facts_of(track, aspect),
        max(box.confidence, areas.sure_of(track.hits)),
        track.seen_s,
    )


def facts_of(track: Track, aspect: float) -> TrackFacts:
    """A track's statistics; ``aspect`` is the picture's height over its width."""
    across, down = track.place[0] - track.first[0], (track.place[1] - track.first[1]) * aspect
    seen_s, way = track.seen_s - track.born_s, math.hypot(across, down)
    pace = math.hypot(track.speed[0], track.speed[1] * aspect)
    return TrackFacts(
        hits=track.hits,
        seen_s=seen_s,
        way=way,
        # Feet that are lost and found make a pace of their own; the way so far does not.
        speed=min(pace, MOST_PACE * way / max(seen_s, 0.2)),
    )


def _crossings(
    zone: Zone,
    watch: tuple[EventKind, ...],
    known: Tracks,
    real: tuple[Track, ...],
    crossed: dict[tuple[str, int, LineDirection], float],
    at_s: float,
    aspect: float,
) -> list[Flag]:
    a, b = corners_of(zone)
    were_real = {track.number for track in known.all if track.real}
    flags: list[Flag] = []
    for track in real:
        if track.seen_s != at_s:
            continue
        # Until a track counts nobody looked at it: then its whole way is looked at.
        was = track.before if track.number in were_real else track.first
        way = _crossing(a, b, was, track.place)
        if way is None:
            continue
        key = (zone.name, track.number, way)
        last_s, crossed[key] = crossed.get(key, -math.inf), at_s
        if at_s - last_s < DITHER_S:
            continue  # who dithers on the line crosses it once
        if zone.direction not in (None, LineDirection.BOTH, way):
            continue
        kinds = (k for k in watch if k in (EventKind.LINE_CROSSED, EventKind.WRONG_WAY))
        flags += [
            Flag(
                kind,
                at_s,
                at_s,
                areas.sure_of(track.hits),
                zone.name,
                way,
                facts_of(track, aspect),
            )
            for kind in kinds
        ]
    return flags


def _crossing(a: Point, b: Point, was: Point, now: Point) -> LineDirection | None:
    start, end = _side(a, b, was), _side(a, b, now)
    ahead, behind = _side(was, now, a), _side(was, now, b)
    if (start < 0) == (end < 0) or (ahead < 0) == (behind < 0):
        return None
    return LineDirection.FORWARD if start < 0 else LineDirection.BACKWARD


def _side(a: Point, b: Point, p: Point) -> float:
    """Positive right of a → b as seen in the picture (y down), negative left."""
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
