"""A suspicious-event flag: what, where, when, how sure, and what the backend calls it.

Rule: words and numbers; no picture, no identity, no judgement on what the law makes of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from viewkeeper.protocol.records import Event, TrackReport
from viewkeeper.protocol.vocabulary import EventKind, LineDirection
from viewkeeper.protocol.zones import PLACE_SCALE

GB28181_CODES: dict[EventKind, tuple[int, int]] = {
    EventKind.CAMERA_COVERED: (5, 13),
    EventKind.CAMERA_STRUCK: (2, 2),
    EventKind.CAMERA_MOVED: (5, 11),
    EventKind.FEED_FROZEN: (5, 11),
    EventKind.FEED_REPLAYED: (5, 11),
    EventKind.INTRUSION: (5, 6),
    EventKind.LINE_CROSSED: (5, 5),
    EventKind.WRONG_WAY: (5, 7),
    EventKind.LOITERING: (5, 8),
    EventKind.OBJECT_LEFT: (5, 3),
    EventKind.OBJECT_REMOVED: (5, 4),
    EventKind.CROWD_DENSITY: (5, 10),
    EventKind.GATHERING: (5, 10),
    EventKind.SCATTERING: (5, 10),
    EventKind.FAST_MOTION: (5, 12),
}
"""AlarmMethod and AlarmType of GB/T 28181 (REGULATION §3.2); no type there means "view drifted",
"frozen", "gathering" or "scattering", so those carry the nearest."""

ARTICLE_REPORT = "Anhui Order 270 Art. 17"
"""Suspicious information that endangers public safety is reported to the police: by the operator,
who decides whether this is such. The article gives no hours."""
ARTICLE_POSITION = "Anhui Order 270 Art. 16(3)"
"""No unauthorised change of the camera's position."""
_OF_THE_CAMERA = frozenset(
    {
        EventKind.CAMERA_COVERED,
        EventKind.CAMERA_STRUCK,
        EventKind.CAMERA_MOVED,
        EventKind.FEED_FROZEN,
        EventKind.FEED_REPLAYED,
    }
)


@dataclass(frozen=True, slots=True)
class TrackFacts:
    """What was followed. Lengths in widths of the registered picture."""

    objects: int = 1
    hits: int = 0
    seen_s: float = 0.0
    way: float = 0.0
    speed: float = 0.0
    """A second."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag as it goes out; ``ended_s`` is set when it is over.

    A flag that lasts goes out twice, at its beginning and at its end, under one identity.
    """

    kind: EventKind
    started_s: float
    ended_s: float | None
    confidence: float
    zone: str | None = None
    direction: LineDirection | None = None
    track: TrackFacts | None = None
    detector: str | None = None


def starts_clock(kind: EventKind) -> bool:
    """Whether the operator's reporting clock runs from such a flag.

    What is done to the camera itself is an alarm that stands by itself.
    """
    return kind not in _OF_THE_CAMERA


def identity(boot: bytes, flag: Flag) -> bytes:
    """Eight bytes, the same for a flag's beginning and its end."""
    words = f"{flag.kind.value}|{flag.zone or ''}|{round(flag.started_s * 1000)}"
    return hashlib.sha256(boot + words.encode("utf-8")).digest()[:8]


def event_of(flag: Flag, boot: bytes) -> Event:
    """The flag in the words of the wire."""
    method, kind = GB28181_CODES[flag.kind]
    track = flag.track
    return Event(
        event=flag.kind,
        started_ms=_ms(flag.started_s),
        ended_ms=None if flag.ended_s is None else _ms(flag.ended_s),
        confidence_permille=max(0, min(1000, round(flag.confidence * 1000))),
        alarm_method=method,
        alarm_type=kind,
        zone=flag.zone,
        event_id=identity(boot, flag),
        direction=flag.direction,
        track=None
        if track is None
        else TrackReport(
            objects=max(1, min(10_000, track.objects)),
            hits=min(1_000_000, track.hits),
            seen_ms=_ms(track.seen_s),
            way=min(1_000_000, round(track.way * PLACE_SCALE)),
            speed=min(1_000_000, round(track.speed * PLACE_SCALE)),
        ),
        article=ARTICLE_REPORT if starts_clock(flag.kind) else ARTICLE_POSITION,
        detector=flag.detector,
    )


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))
