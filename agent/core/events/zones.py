"""Zones and lines, and what tracks do in them.

Drawn in the registered picture, in shares of its width and height; every track's foot is carried
there by the present move, so a zone stays on its doorway while the camera sways or is a little
off. While the view is `moved`, or cannot be told, nothing is said: nobody knows where the zone is.

Rule: tracks in, flags out; a flag has no picture and no identity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.events import blobs, foreground, tracks
from viewkeeper.agent.core.events.blobs import Detection
from viewkeeper.agent.core.view.geometry import Camera, Lens, Move
from viewkeeper.protocol.vocabulary import ViewVerdict

EMPTY_S = 3.0
"""A zone must be empty so long before the next intrusion is another one."""

Point = tuple[float, float]
"""Shares of the registered picture's width and height, 0..1."""


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon nobody should enter, or stay in for ``loiter_s``; ``crowd`` is a head count."""

    name: str
    corners: tuple[Point, ...]
    loiter_s: float | None = None
    crowd: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line from a to b; ``forward`` is from its left to its right, walking from a to b."""

    name: str
    a: Point
    b: Point
    one_way: bool = False
    """Only forward is allowed; backward is the wrong way."""


@dataclass(frozen=True, slots=True)
class ZoneFlag:
    """What happened: ``what`` in the words of `CODES`; ``ended_s`` when it is over at once."""

    what: str
    zone: str
    started_s: float
    confidence: float
    direction: str | None = None


CODES: dict[str, tuple[int, int]] = {
    "intrusion": (5, 6),
    "line_crossed": (5, 5),
    "wrong_way": (5, 7),
    "loitering": (5, 8),
    "crowd": (5, 10),
}
"""AlarmMethod and AlarmType of GB/T 28181."""


@dataclass(frozen=True, slots=True)
class ZonesState:
    """What is remembered between frames."""

    background: foreground.Background | None = None
    tracks: tracks.Tracks = field(default_factory=tracks.Tracks)
    inside: tuple[tuple[str, int, float, bool, bool], ...] = ()
    """(zone, track, since, intrusion said, loitering said)."""
    feet: tuple[tuple[int, Point], ...] = ()
    crossed: tuple[tuple[str, int, str], ...] = ()
    crowded: tuple[str, ...] = ()
    occupied: tuple[tuple[str, float], ...] = ()
    """(zone, when somebody was last in it)."""
    at_s: float | None = None


def to_registered(foot: Point, lens: Lens, size: tuple[int, int], move: Move) -> Point | None:
    """A place in the present picture as a place in the registered one; ``None`` if behind it."""
    camera = Camera.of_picture(lens, size)
    width, height = size
    x, y = np.array([foot[0] * width - 0.5]), np.array([foot[1] * height - 0.5])
    px, py = camera.project(move.rotation() @ camera.zoomed(move.zoom).rays(x, y))
    if not math.isfinite(float(px[0]) + float(py[0])):
        return None
    return (float(px[0]) + 0.5) / width, (float(py[0]) + 0.5) / height


def step(
    state: ZonesState,
    zones: tuple[Area | Line, ...],
    luma: NDArray[np.uint8],
    lens: Lens,
    *,
    verdict: ViewVerdict,
    move: Move,
    at_s: float,
    detections: tuple[Detection, ...] | None = None,
) -> tuple[ZonesState, tuple[ZoneFlag, ...]]:
    """One frame further.

    Args:
        state: from the frame before.
        zones: of the signed configuration.
        luma: uint8, (H, W).
        lens: of the camera.
        verdict, move: of the view, as last measured.
        at_s: Unix seconds.
        detections: from outside, in place of the blobs.
    """
    dt_s = 0.2 if state.at_s is None else min(5.0, max(0.0, at_s - state.at_s))
    background, found = foreground.step(state.background, luma, dt_s)
    if verdict not in (ViewVerdict.SAME, ViewVerdict.OBSTRUCTED):
        return ZonesState(background=background, at_s=at_s), ()
    seen = blobs.blobs_of(found) if detections is None else detections
    followed = tracks.step(state.tracks, seen, at_s)
    size = (luma.shape[1], luma.shape[0])
    feet: dict[int, Point] = {}
    for track in followed.all:
        if track.real and track.seen_s == at_s:
            place = to_registered(track.foot, lens, size, move)
            if place is not None:
                feet[track.number] = place
    after = replace(state, background=background, tracks=followed, at_s=at_s)
    flags: list[ZoneFlag] = []
    by_number = {track.number: track for track in followed.all}
    inside: list[tuple[str, int, float, bool, bool]] = []
    crossed = [entry for entry in state.crossed if entry[1] in by_number]
    crowded: list[str] = []
    occupied = dict(state.occupied)
    for zone in zones:
        if isinstance(zone, Area):
            present, more = _area(state, zone, feet, by_number, at_s)
            inside += present
            if present:
                occupied[zone.name] = at_s
            flags += more
            if zone.crowd is not None and len(present) >= zone.crowd:
                crowded.append(zone.name)
                if zone.name not in state.crowded:
                    flags.append(ZoneFlag("crowd", zone.name, at_s, 0.8))
        else:
            for number, direction in _crossings(state, zone, feet):
                if (zone.name, number, direction) in crossed:
                    continue  # dithering on the line is one crossing
                crossed.append((zone.name, number, direction))
                wrong = zone.one_way and direction == "backward"
                if wrong or not zone.one_way:
                    what = "wrong_way" if wrong else "line_crossed"
                    sure = _sure(by_number[number])
                    flags.append(ZoneFlag(what, zone.name, at_s, sure, direction))
    old = {n: p for n, p in state.feet if n in by_number}
    after = replace(
        after,
        inside=tuple(inside),
        feet=tuple({**old, **feet}.items()),
        crossed=tuple(crossed),
        crowded=tuple(crowded),
        occupied=tuple(occupied.items()),
    )
    return after, tuple(flags)


def _area(
    state: ZonesState,
    zone: Area,
    feet: dict[int, Point],
    known: dict[int, tracks.Track],
    at_s: float,
) -> tuple[list[tuple[str, int, float, bool, bool]], list[ZoneFlag]]:
    before = {n: entry for entry in state.inside for n in (entry[1],) if entry[0] == zone.name}
    present: list[tuple[str, int, float, bool, bool]] = []
    flags: list[ZoneFlag] = []
    last_s = dict(state.occupied).get(zone.name, -math.inf)
    said = False
    for number in known:
        if number in feet:
            if not contains(zone.corners, feet[number]):
                continue
        elif number not in before:
            continue  # hidden for a moment: what was inside stays inside
        _, _, since_s, entered, loitered = before.get(
            number, (zone.name, number, at_s, False, False)
        )
        if not entered and not said and at_s - last_s > EMPTY_S:
            said = True
            flags.append(ZoneFlag("intrusion", zone.name, since_s, _sure(known[number])))
        if zone.loiter_s is not None and not loitered and at_s - since_s >= zone.loiter_s:
            flags.append(ZoneFlag("loitering", zone.name, since_s, _sure(known[number])))
            loitered = True
        present.append((zone.name, number, since_s, True, loitered))
    return present, flags


def _crossings(state: ZonesState, line: Line, feet: dict[int, Point]) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    births = {track.number: track.first for track in state.tracks.all}
    before = {**births, **dict(state.feet)}
    for number, now in feet.items():
        was = before.get(number)
        if was is None:
            continue
        start, end = _side(line.a, line.b, was), _side(line.a, line.b, now)
        ahead, behind = _side(was, now, line.a), _side(was, now, line.b)
        if (start < 0) != (end < 0) and (ahead < 0) != (behind < 0):
            found.append((number, "forward" if start < 0 else "backward"))
    return found


def _side(a: Point, b: Point, p: Point) -> float:
    """Positive right of a → b as seen in the picture (y down), negative left."""
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def contains(corners: tuple[Point, ...], p: Point) -> bool:
    """Whether a polygon holds a point (even-odd rule)."""
    inside = False
    for i, (x0, y0) in enumerate(corners):
        x1, y1 = corners[i - 1]
        if (y0 > p[1]) != (y1 > p[1]) and p[0] < (x1 - x0) * (p[1] - y0) / (y1 - y0) + x0:
            inside = not inside
    return inside


def _sure(track: tracks.Track) -> float:
    """More looks, more sure: half at the fifth, near one at the twentieth."""
    return 1 - 0.5 * math.exp(-(track.hits - tracks.LEAST_HITS) / 6)
