"""What happened in a run, counted. Values and sums; no clock of its own."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

from viewkeeper.sim.fleet.camera import Place


def most_within(moments_s: list[float], window_s: float = 1.0) -> int:
    """The most moments that any window of this length holds; ``moments_s`` in any order."""
    ordered, first, most = sorted(moments_s), 0, 0
    for last, at_s in enumerate(ordered):
        while ordered[first] <= at_s - window_s:
            first += 1
        most = max(most, last - first + 1)
    return most


@dataclass(frozen=True, slots=True)
class Sample:
    """How things stood at one moment.

    Attributes:
        at_s: seconds after the start.
        connected: cameras with a connection.
        sealed, acknowledged: records made, and publications of records acknowledged, so far.
        kept, waiting: what the recorder says of itself.
        loop_late_s: how late this process itself is: its figures hold only while this is small.
        broker_rss_kib, recorder_rss_kib: resident memory.
        broker_cpu_s, recorder_cpu_s, own_cpu_s: processor time so far.
        up_bytes, down_bytes: over the link of the slow cameras, as TCP carries them.
    """

    at_s: float
    connected: int
    sealed: int
    acknowledged: int
    kept: int = 0
    waiting: int = 0
    loop_late_s: float = 0.0
    broker_rss_kib: int = 0
    recorder_rss_kib: int = 0
    broker_cpu_s: float = 0.0
    recorder_cpu_s: float = 0.0
    own_cpu_s: float = 0.0
    up_bytes: int = 0
    down_bytes: int = 0


@dataclass(slots=True)
class Tally:
    """The count.

    Attributes:
        attempts_s: when each connection was tried; from several threads.
        connects: attempts that the broker accepted.
        failures: attempts that failed and connections that broke, by what was said.
        acknowledged: every record the broker acknowledged to its camera, with the moment (wall
            clock, milliseconds) of its publication.
        sealed: records signed.
        published, refused: publications of any kind acknowledged, and refused.
        payload_bytes: of all publications handed to a socket.
        jumped: cameras whose clock ever was wrong.
        samples: every so often.
    """

    attempts_s: list[float] = field(default_factory=list)
    connects: int = 0
    connected: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    acknowledged: dict[tuple[str, Place], int] = field(default_factory=dict)
    sealed: int = 0
    published: int = 0
    refused: int = 0
    payload_bytes: int = 0
    jumped: set[str] = field(default_factory=set)
    samples: list[Sample] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def attempt(self, at_s: float) -> None:
        """A connection is tried now."""
        with self._lock:
            self.attempts_s.append(at_s)

    @property
    def most_attempts(self) -> int:
        """In the worst second of the run."""
        with self._lock:
            return most_within(self.attempts_s)
