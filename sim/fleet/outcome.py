"""What a run is given from outside, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from viewkeeper.agent.adapters.link.settings import TlsSettings
from viewkeeper.sim.fleet.desk import Audit
from viewkeeper.sim.fleet.plan import Plan
from viewkeeper.sim.fleet.tally import Tally


@dataclass(frozen=True, slots=True)
class Outside:
    """Brokers that run already: where cameras and recorder find theirs.

    Attributes:
        cameras, recorder: (host, port).
        mqtt: the version they speak.
        certs: folder of `broker_config/certs.py` that knows all cameras of the fleet and
            ``recorder.fleet``, for mutual TLS; ``None``: plain TCP.
    """

    cameras: tuple[str, int]
    recorder: tuple[str, int]
    mqtt: str = "5"
    certs: Path | None = None

    def tls_of(self, name: str) -> TlsSettings | None:
        """The certificate pair of a client."""
        if self.certs is None:
            return None
        pair = [self.certs / "issued" / f"{name.replace('/', '_')}.{end}" for end in ("crt", "key")]
        return TlsSettings(self.certs / "ca.crt", *pair)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run gives.

    Attributes:
        began_s: when, by this process's monotonic clock.
        connections: taken in the broker's worst second, by its own log; ``None`` where the broker
            is not ours to read.
        caught_up_s: from the last camera's goodbye until the recorder had everything; ``None``:
            it never had.
    """

    plan: Plan
    tally: Tally
    audit: Audit
    began_s: float
    connections: int | None
    caught_up_s: float | None

    @property
    def holds(self) -> bool:
        """Nothing acknowledged lost, nothing twice, the connect rate never exceeded."""
        most = max(self.tally.most_attempts, self.connections or 0)
        return self.audit.holds and most <= self.plan.connects_per_s
