"""What a run of the fleet is: how many cameras, how long, and what goes wrong when. Values only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, unique

from viewkeeper.agent.adapters.link.backoff import spread_for
from viewkeeper.sim.errors import SimError


@unique
class FaultKind(StrEnum):
    """What can go wrong for the whole fleet at one moment."""

    POWER_CUT = "power-cut"
    """Every camera is gone without a word; all come back at one moment, with a new boot id."""
    BROKER_RESTART = "broker-restart"
    """The broker writes its memory and goes; it comes back with it."""
    BROKER_KILL = "broker-kill"
    """The broker is killed; it comes back with what it wrote last, if anything."""
    LINK_CUT = "link-cut"
    """Every connection breaks; the network is back at once."""
    SLOW_NETWORK = "slow-network"
    """Each chunk of the cameras behind the slow link is held for two seconds, both ways."""
    CLOCK_JUMP = "clock-jump"
    """One camera in ten loses its clock by up to a day, until the time server answers again."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, from a moment and for a while (seconds after the start)."""

    kind: FaultKind
    at_s: float
    for_s: float

    @classmethod
    def parse(cls, text: str) -> Fault:
        """``power-cut@60+15``: at second 60, for 15 seconds (10 where it is not said).

        Raises:
            SimError: what is wrong with it.
        """
        match = re.fullmatch(r"([a-z-]+)@(\d{1,6})(?:\+(\d{1,6}))?", text)
        kinds = ", ".join(FaultKind)
        if match is None:
            raise SimError("fault", f"{text!r}: write KIND@SECOND+SECONDS, KIND one of {kinds}")
        if match[1] not in set(FaultKind):
            raise SimError("fault", f"{match[1]!r} is no fault: use one of {kinds}")
        return cls(FaultKind(match[1]), float(match[2]), float(match[3] or 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run.

    Attributes:
        cameras: how many.
        seconds: how long, from the first camera's start.
        period_s: between two reports of one camera.
        connects_per_s: the connect rate that the broker is said to take; nobody may exceed it.
        events_per_hour: of one camera, at random moments.
        slow_share: of the cameras, behind the link that ``slow-network`` slows.
        mirror: whether each report has its plain mirror on ``state``, as the agent's has.
        tls: mutual TLS and ACL, with the site's own configuration.
        seed: of every chance.
    """

    cameras: int
    seconds: float
    period_s: float = 10.0
    connects_per_s: float = 200.0
    events_per_hour: float = 2.0
    slow_share: float = 0.1
    mirror: bool = True
    tls: bool = False
    seed: int = 1
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        for holds, hint in (
            (1 <= self.cameras <= 9_000, "--cameras must be 1 to 9000 for one process"),
            (0.2 <= self.period_s <= 3600, "--period must be 0.2 to 3600 seconds"),
            (1 <= self.seconds <= 86_400, "--seconds must be 1 to 86400"),
            (30 <= self.connects_per_s <= 5_000, "--connect-rate must be 30 to 5000 a second"),
            (0 <= self.events_per_hour <= 3600, "--events must be 0 to 3600 an hour"),
            (0 <= self.slow_share <= 0.5, "--slow-share must be 0 to 0.5"),
            (
                all(fault.at_s + fault.for_s < self.seconds for fault in self.faults),
                "a fault must be over before the run is: raise --seconds",
            ),
        ):
            if not holds:
                raise SimError("fleet_range", hint)

    @property
    def spread_s(self) -> float:
        """What every camera's ``[broker] reconnect_spread_s`` is set to."""
        return spread_for(self.cameras, self.connects_per_s)
