"""What a camera's own rules tell of signed zones, in place of what is seen here.

Rule: a rule of the camera's counts where a signed zone has its name and watches its kind; a zone
that nobody signed is nobody's. While the view is not as registered the camera's word is worth as
little as ours, since its zones are drawn on the picture too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from viewkeeper.agent.core.events.flags import Flag
from viewkeeper.protocol.vocabulary import EventKind, LineDirection
from viewkeeper.protocol.zones import Zone

SURE = 0.8
"""[P] such rules say nothing about how sure they are."""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that is so, or was so at a moment.

    Attributes:
        zone: the rule's name.
        since_s: Unix seconds.
        lasts: told again with every frame until it is over; otherwise told once.
    """

    kind: EventKind
    zone: str
    since_s: float
    lasts: bool = False
    direction: LineDirection | None = None


Standing = tuple[Flag, ...]
"""Flags that have begun and not ended."""


def step(
    standing: Standing, zones: tuple[Zone, ...], told: tuple[Told, ...], detector: str, at_s: float
) -> tuple[Standing, tuple[Flag, ...]]:
    """One frame further: what still stands, and the flags that go out now.

    Args:
        standing: from the frame before.
        zones: of the signed configuration.
        told: everything that lasts, and what was told once since the frame before.
        detector: whose word it is.
        at_s: Unix seconds.
    """
    watched = {(zone.name, kind) for zone in zones for kind in zone.watch}
    lasting: dict[tuple[str, EventKind], Flag] = {}
    at_once: list[Flag] = []
    for each in told:
        if (each.zone, each.kind) not in watched:
            continue
        ended_s = None if each.lasts else each.since_s
        flag = Flag(
            each.kind, each.since_s, ended_s, SURE, each.zone, each.direction, detector=detector
        )
        if each.lasts:
            lasting.setdefault((each.zone, each.kind), flag)
        else:
            at_once.append(flag)
    open_now: Mapping[tuple[str | None, EventKind], Flag] = {
        (flag.zone, flag.kind): flag for flag in standing
    }
    begun = [flag for key, flag in lasting.items() if key not in open_now]
    over = [flag for key, flag in open_now.items() if key not in lasting]
    still = tuple(flag for key, flag in open_now.items() if key in lasting)
    ended = [replace(flag, ended_s=max(at_s, flag.started_s)) for flag in over]
    return (*still, *begun), (*at_once, *begun, *ended)
