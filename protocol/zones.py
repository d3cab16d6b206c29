"""Zones and lines of the signed configuration, drawn on the registered view.

A point is a pair of ten-thousandths of the registered picture's width and height, from its upper
left corner, so a zone means the same at every resolution and stays put while the camera sways.
"""

from __future__ import annotations

from dataclasses import dataclass

from viewkeeper.protocol.errors import ContentRefusal, Reason
from viewkeeper.protocol.fields import Choice, Int, ListOf, Text, at
from viewkeeper.protocol.vocabulary import EventKind, LineDirection, ZoneKind

PLACE_SCALE = 10_000
"""A whole width or height of the registered picture."""
SHARE = Int(0, PLACE_SCALE)
MAX_ZONES, MAX_POINTS = 16, 16

OF_LINES = frozenset({EventKind.LINE_CROSSED, EventKind.WRONG_WAY})
WITH_DWELL = frozenset({EventKind.LOITERING, EventKind.OBJECT_LEFT, EventKind.OBJECT_REMOVED})
WITH_CROWD = frozenset({EventKind.CROWD_DENSITY, EventKind.GATHERING, EventKind.SCATTERING})
WITH_SPEED = frozenset({EventKind.FAST_MOTION})
OF_AREAS = frozenset({EventKind.INTRUSION}) | WITH_DWELL | WITH_CROWD | WITH_SPEED


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """An area or a line, and what is to be flagged there.

    Raises:
        ContentRefusal: ``field_range`` where the parts do not fit each other.
    """

    name: str = at(1, Text(1, 40))
    kind: ZoneKind = at(2, Choice(ZoneKind))
    points: tuple[tuple[int, int], ...] = at(3, ListOf(ListOf(SHARE, 2, 2), 2, MAX_POINTS))
    """Corners of the area in order, or both ends of the line."""
    watch: tuple[EventKind, ...] = at(4, ListOf(Choice(EventKind), 1, 8))
    direction: LineDirection | None = at(5, Choice(LineDirection), optional=True)
    """Which crossings of a line are flagged; absent: both."""
    dwell_s: int | None = at(6, Int(1, 86_400), optional=True)
    """From how long on somebody loiters, or a thing counts as left or removed."""
    crowd: int | None = at(7, Int(2, 500), optional=True)
    """From how many heads on an area is crowded."""
    speed: int | None = at(8, Int(100, 100_000), optional=True)
    """From here on motion is fast: ten-thousandths of the registered width a second."""

    def __post_init__(self) -> None:
        for holds, hint in self._rules():
            if not holds:
                raise ContentRefusal(Reason.FIELD_RANGE, f"zone {self.name}: {hint}")

    def _rules(self) -> tuple[tuple[bool, str], ...]:
        line = self.kind is ZoneKind.LINE
        watched = set(self.watch)
        allowed = OF_LINES if line else OF_AREAS
        strange = sorted(watched - allowed)
        return (
            (not strange, f"{self.kind} cannot flag {', '.join(strange)}"),
            (len(watched) == len(self.watch), "watch names a flag twice"),
            (len(set(self.points)) == len(self.points), "a point stands twice"),
            (len(self.points) == 2 if line else len(self.points) >= 3, _CORNERS[self.kind]),
            (line or self.direction is None, "only a line has a direction"),
            (
                EventKind.WRONG_WAY not in watched
                or self.direction in (LineDirection.FORWARD, LineDirection.BACKWARD),
                "wrong_way needs the direction that is wrong: forward or backward",
            ),
            *(
                ((value is not None) == bool(watched & kinds), f"{name} goes with {named}")
                for name, value, kinds in (
                    ("dwell_s", self.dwell_s, WITH_DWELL),
                    ("crowd", self.crowd, WITH_CROWD),
                    ("speed", self.speed, WITH_SPEED),
                )
                for named in (", ".join(sorted(kinds)),)
            ),
        )


_CORNERS = {
    ZoneKind.AREA: "an area has at least three corners",
    ZoneKind.LINE: "a line has two ends",
}
