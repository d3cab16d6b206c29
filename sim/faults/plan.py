"""Which fault strikes whom, when and for how long. Pure: a seed gives the same plan each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can go wrong."""

    BROKER_KILL = "broker killed (-9) and started again"
    AGENT_KILL = "agent killed (-9) and started again"
    LINK_CUT = "link cut"
    LINK_FROZEN = "link frozen"
    AGENT_DISK_FULL = "agent's disk full"
    RECORDER_DISK_FULL = "recorder's disk full"
    RECORDER_KILL = "recorder killed (-9) and started again"
    CLOCK_JUMP = "agent's clock jumps"


WEIGHTS = {
    Kind.BROKER_KILL: 20,
    Kind.AGENT_KILL: 20,
    Kind.LINK_CUT: 20,
    Kind.LINK_FROZEN: 10,
    Kind.AGENT_DISK_FULL: 10,
    Kind.RECORDER_DISK_FULL: 5,
    Kind.RECORDER_KILL: 5,
    Kind.CLOCK_JUMP: 10,
}
_RECORDERS = frozenset({Kind.RECORDER_KILL, Kind.RECORDER_DISK_FULL})
_LINKS = frozenset({Kind.LINK_CUT, Kind.LINK_FROZEN})
RECORDERS_SHARE = 0.25
"""Of the faults of links, how many strike the recorder's."""
LONGEST_JUMP_MS = 2 * 86_400_000
RECORDER = -1
"""As a victim, beside the numbers of the agents."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        victim: an agent's number, or ``RECORDER``; a broker has no number.
        lasts_s: until it is mended; the next may strike before that.
        pause_s: until the next one.
        jump_ms: of a clock.
    """

    kind: Kind
    victim: int
    lasts_s: float
    pause_s: float
    jump_ms: int = 0


def faults(seed: int, count: int, agents: int) -> Iterator[Fault]:
    """``count`` faults."""
    chance = random.Random(seed)  # noqa: S311  # a plan, no secret
    kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
    for _ in range(count):
        (kind,) = chance.choices(kinds, weights)
        victim = chance.randrange(agents)
        on_recorder = chance.random() < RECORDERS_SHARE
        if kind in _RECORDERS or (kind in _LINKS and on_recorder):
            victim = RECORDER
        yield Fault(
            kind,
            victim,
            lasts_s=chance.choice((0.0, 0.05, 0.2, 0.5, 1.0)),
            pause_s=chance.uniform(0.1, 0.75),
            jump_ms=chance.randint(-LONGEST_JUMP_MS, LONGEST_JUMP_MS),
        )
