"""What tracks and things do in one area: enter, stay, gather, scatter, run, leave something.

Rule: places in the registered picture and times in, flags out; an area remembers what it must
and nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from viewkeeper.agent.core.events import tracks
from viewkeeper.agent.core.events.flags import Flag, TrackFacts
from viewkeeper.protocol.vocabulary import EventKind
from viewkeeper.protocol.zones import PLACE_SCALE, Zone

EMPTY_S = 3.0
"""An area must be empty so long before the next intrusion is another one."""
CROWD_S = 2.0
"""So long it must be crowded, or not, before that is said."""
SUDDEN_S = 8.0
"""Within so long a crowd gathers or scatters suddenly."""
GONE_S = 5.0
SAME_PLACE = 0.1
"""Shares of the picture within which a still thing is the same one."""
AGAIN_S = 20.0
"""Flags of one kind from one area that have no end of their own keep this distance."""
LEAST_FAST_HITS = 4

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Person:
    """A track as an area needs it; places and speed in the registered picture."""

    number: int
    foot: Point
    heads: int
    facts: TrackFacts
    sure: float
    seen_s: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A still thing, where it stands in the registered picture."""

    foot: Point
    still_s: float
    gone: bool


@dataclass(frozen=True, slots=True)
class AreaState:
    """What one area remembers.

    Attributes:
        inside: (track, since when).
        occupied_s: when somebody was last in it.
        counts: (when, heads) of the last seconds.
        open: flags that have begun and not ended, each with when it was last true.
        last: (kind, when) of flags that have no end of their own.
    """

    inside: tuple[tuple[int, float], ...] = ()
    occupied_s: float = -math.inf
    counts: tuple[tuple[float, int], ...] = ()
    open: tuple[tuple[Flag, float, int], ...] = ()
    last: tuple[tuple[EventKind, float], ...] = field(default_factory=tuple)


def step(
    state: AreaState,
    zone: Zone,
    watch: tuple[EventKind, ...],
    people: tuple[Person, ...],
    things: tuple[Placed, ...],
    at_s: float,
) -> tuple[AreaState, tuple[Flag, ...]]:
    """One frame further; ``watch`` are the zone's kinds that are looked for here."""
    corners = corners_of(zone)
    before = dict(state.inside)
    present = tuple(p for p in people if contains(corners, p.foot))
    inside = {p.number: before.get(p.number, at_s) for p in present}
    heads = sum(p.heads for p in present)
    counts = (*((t, n) for t, n in state.counts if at_s - t <= SUDDEN_S), (at_s, heads))
    true_now: list[tuple[Flag, int]] = []
    at_once: list[Flag] = []
    for kind in watch:
        match kind:
            case EventKind.INTRUSION:
                true_now += _intrusion(zone, present, inside)
            case EventKind.LOITERING:
                true_now += _loitering(zone, present, inside, at_s)
            case EventKind.OBJECT_LEFT | EventKind.OBJECT_REMOVED:
                true_now += _things(state, zone, kind, corners, things, at_s)
            case EventKind.CROWD_DENSITY:
                true_now += _crowd(zone, present, counts, at_s)
            case EventKind.GATHERING | EventKind.SCATTERING:
                at_once += _sudden(zone, kind, present, counts, at_s)
            case EventKind.FAST_MOTION:
                at_once += _fast(zone, present, at_s)
            case _:
                pass  # `Zone` holds no other kind for an area
    open_now, flags = _carry(state, zone, true_now, at_s)
    last = dict(state.last)
    for flag in at_once:
        if at_s - last.get(flag.kind, -math.inf) > AGAIN_S:
            flags.append(flag)
        last[flag.kind] = at_s
    after = AreaState(
        inside=tuple(inside.items()),
        occupied_s=at_s if present else state.occupied_s,
        counts=counts,
        open=open_now,
        last=tuple(last.items()),
    )
    return after, tuple(flags)


def _carry(
    state: AreaState, zone: Zone, true_now: list[tuple[Flag, int]], at_s: float
) -> tuple[tuple[tuple[Flag, float, int], ...], list[Flag]]:
    """Begin what is new, keep what still holds, end what has not held for a while."""
    flags: list[Flag] = []
    kept: dict[tuple[EventKind, int], tuple[Flag, float, int]] = {
        (flag.kind, key): (flag, seen_s, key) for flag, seen_s, key in state.open
    }
    for flag, key in true_now:
        was = kept.get((flag.kind, key))
        if was is None:
            flags.append(flag)
            kept[(flag.kind, key)] = (flag, at_s, key)
        else:  # the newest facts go out with the end
            kept[(flag.kind, key)] = (
                replace(was[0], track=flag.track, confidence=flag.confidence),
                at_s,
                key,
            )
    for mark, (flag, seen_s, _) in list(kept.items()):
        patience_s = GONE_S if flag.kind is not EventKind.INTRUSION else EMPTY_S
        if at_s - seen_s > patience_s:
            flags.append(replace(flag, ended_s=seen_s))
            del kept[mark]
    return tuple(kept.values()), flags


def _intrusion(
    zone: Zone, present: tuple[Person, ...], inside: dict[int, float]
) -> list[tuple[Flag, int]]:
    if not present:
        return []
    first = min(present, key=lambda p: inside[p.number])
    facts = replace(first.facts, objects=sum(p.heads for p in present))
    flag = Flag(EventKind.INTRUSION, inside[first.number], None, first.sure, zone.name)
    return [(replace(flag, track=facts), 0)]


def _loitering(
    zone: Zone, present: tuple[Person, ...], inside: dict[int, float], at_s: float
) -> list[tuple[Flag, int]]:
    assert zone.dwell_s is not None  # `Zone` asks for it
    return [
        (
            Flag(EventKind.LOITERING, inside[p.number], None, p.sure, zone.name, track=p.facts),
            p.number,
        )
        for p in present
        if at_s - inside[p.number] >= zone.dwell_s
    ]


def _things(
    state: AreaState,
    zone: Zone,
    kind: EventKind,
    corners: tuple[Point, ...],
    things: tuple[Placed, ...],
    at_s: float,
) -> list[tuple[Flag, int]]:
    assert zone.dwell_s is not None
    found: list[tuple[Flag, int]] = []
    for thing in things:
        known = [flag.kind for flag, _, key in state.open if _near(flag, key, thing.foot)]
        # Said is said: one thing is not both left and taken, however near the decision was.
        right_kind = kind in known or (
            not known and thing.gone is (kind is EventKind.OBJECT_REMOVED)
        )
        if right_kind and thing.still_s >= zone.dwell_s and contains(corners, thing.foot):
            place = _place_of(state, kind, thing.foot)
            facts = TrackFacts(seen_s=thing.still_s)
            flag = Flag(kind, at_s - thing.still_s, None, 0.7, zone.name, track=facts)
            found.append((flag, place))
    return found


def _place_of(state: AreaState, kind: EventKind, foot: Point) -> int:
    """A number for a place; that of an open flag of the kind where one is near."""
    for flag, _, key in state.open:
        if flag.kind is kind and _near(flag, key, foot):
            return key
    x, y = (min(999, max(0, int(side * 1000))) for side in foot)
    return x * 1000 + y


def _near(flag: Flag, key: int, foot: Point) -> bool:
    """Whether an open flag is about a thing that stands here."""
    x, y = key // 1000 / 1000, key % 1000 / 1000
    things = (EventKind.OBJECT_LEFT, EventKind.OBJECT_REMOVED)
    return flag.kind in things and math.dist((x, y), foot) < SAME_PLACE


def _crowd(
    zone: Zone, present: tuple[Person, ...], counts: tuple[tuple[float, int], ...], at_s: float
) -> list[tuple[Flag, int]]:
    assert zone.crowd is not None
    lately = [n for t, n in counts if at_s - t <= CROWD_S]
    if len(lately) < 3 or sorted(lately)[len(lately) // 2] < zone.crowd:
        return []
    facts = TrackFacts(objects=max(1, sum(p.heads for p in present)))
    return [(Flag(EventKind.CROWD_DENSITY, at_s, None, 0.8, zone.name, track=facts), 0)]


def _sudden(
    zone: Zone,
    kind: EventKind,
    present: tuple[Person, ...],
    counts: tuple[tuple[float, int], ...],
    at_s: float,
) -> list[Flag]:
    assert zone.crowd is not None
    third = SUDDEN_S / 3
    if at_s - counts[0][0] < 2 * third:
        return []
    early = [n for t, n in counts if at_s - t > 2 * third]
    late = [n for t, n in counts if at_s - t <= third]
    if len(early) < 2 or len(late) < 2:
        return []
    was, now = sorted(early)[len(early) // 2], sorted(late)[len(late) // 2]
    many, few = (now, was) if kind is EventKind.GATHERING else (was, now)
    if many < zone.crowd or 2 * few > many:
        return []
    facts = TrackFacts(objects=max(1, sum(p.heads for p in present)))
    return [Flag(kind, at_s - third, at_s, 0.6, zone.name, track=facts)]


def _fast(zone: Zone, present: tuple[Person, ...], at_s: float) -> list[Flag]:
    assert zone.speed is not None
    fast = [
        p
        for p in present
        if p.facts.hits >= LEAST_FAST_HITS and p.facts.speed * PLACE_SCALE >= zone.speed
    ]
    if not fast:
        return []
    first = max(fast, key=lambda p: p.facts.speed)
    return [Flag(EventKind.FAST_MOTION, at_s, at_s, first.sure, zone.name, track=first.facts)]


def corners_of(zone: Zone) -> tuple[Point, ...]:
    """A zone's points as shares of the registered picture."""
    return tuple((x / PLACE_SCALE, y / PLACE_SCALE) for x, y in zone.points)


def contains(corners: tuple[Point, ...], p: Point) -> bool:
    """Whether a polygon holds a point (even-odd rule)."""
    inside = False
    for i, (x0, y0) in enumerate(corners):
        x1, y1 = corners[i - 1]
        if (y0 > p[1]) != (y1 > p[1]) and p[0] < (x1 - x0) * (p[1] - y0) / (y1 - y0) + x0:
            inside = not inside
    return inside


def sure_of(hits: int) -> float:
    """More looks, more sure: half at the fifth, near one at the twentieth."""
    return min(0.99, 1 - 0.5 * math.exp(-max(0, hits - tracks.LEAST_HITS) / 6))
