"""What a recorder counts, and how Prometheus reads it.

The text format is short enough to write by hand (prometheus.io/docs/instrumenting/
exposition_formats): a library would bring a registry, a server and locks for each message.
One thread counts, others only read.
"""

from __future__ import annotations

import hmac
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from viewkeeper.dashboard.recorder.intake import Found, Kept, Refused, verdict_of
from viewkeeper.dashboard.recorder.recording import Added
from viewkeeper.dashboard.register import Register
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.records import Gap, Report
from viewkeeper.protocol.vocabulary import ClockTrust, ViewVerdict

PATH = "/metrics"
MIME_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LAG_BOUNDS_S = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
WRITE_BOUNDS_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
STALE_PERIODS = 3
"""As on the page: data three report periods old counts as silence."""
Labels = Mapping[str, str]
Sample = tuple[str, Labels, float]


@dataclass(frozen=True, slots=True)
class Scrape:
    """What a collector is given, and what it must show.

    Attributes:
        text: makes the page; may raise ``SetupError``.
        token: it comes as ``Authorization: Bearer TOKEN``; ``None``: nobody is asked.
    """

    text: Callable[[], str]
    token: str | None = None

    def lets_in(self, headers: Mapping[str, str]) -> bool:
        """Whether a request, its headers by lower-case name, may have it."""
        if self.token is None:
            return True
        given = headers.get("authorization", "").encode("latin-1", "replace")
        return hmac.compare_digest(given, f"Bearer {self.token}".encode())


class Histogram:
    """Counts of values up to each bound, as Prometheus wants them."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds, self._sum = tuple(bounds), 0.0
        self._counts = [0] * (len(bounds) + 1)

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def samples(self) -> list[Sample]:
        found: list[Sample] = []
        running = 0
        bounds = [*(f"{bound:g}" for bound in self._bounds), "+Inf"]
        for bound, count in zip(bounds, self._counts, strict=True):
            running += count
            found.append(("_bucket", {"le": bound}, running))
        return [*found, ("_sum", {}, self._sum), ("_count", {}, running)]


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came, and whether the broker had kept it: then its age tells nothing."""

    found: Found
    retained: bool


@dataclass(frozen=True, slots=True)
class _Seen:
    """The last report of a camera that came here."""

    verdict: ViewVerdict
    at_ms: int


class Metrics:
    """Everything counted since the recorder started.

    Args:
        register: whose cameras are counted by their verdicts, or as not heard of.
    """

    def __init__(self, register: Register) -> None:
        self._periods_ms = {
            f"{one.site}/{one.camera}": 1000 * one.report_period_s for one in register.cameras
        }
        self._last: dict[str, _Seen] = {}
        self.heard = self.dropped = self.verified = self.new = self.known = 0
        self.countersigned = self.write_failures = self.receipts = 0
        self.gaps = self.lost = self.superseded = self.unconfirmed = 0
        self.refused: Counter[Reason] = Counter()
        self._lag, self._write = Histogram(LAG_BOUNDS_S), Histogram(WRITE_BOUNDS_S)

    def stored(self, batch: Iterable[Arrived], added: Added, took_s: float, now_ms: int) -> None:
        """A batch is on the disk, by a transaction that took so long."""
        self.new += added.new
        self.known += added.known
        self._write.observe(took_s)
        for one in batch:
            found = one.found
            if isinstance(found, Kept):
                self.verified += 1
                self._count(found, now_ms, retained=one.retained)
            elif isinstance(found, Refused):
                self.refused[found.reason] += 1

    def _count(self, kept: Kept, now_ms: int, *, retained: bool) -> None:
        body, header = kept.record.body, kept.record.header
        if isinstance(body, Report):
            self._last[kept.camera] = _Seen(verdict_of(body), now_ms)
        elif isinstance(body, Gap):
            self.gaps += 1
            self.lost += body.lost
            self.superseded += body.superseded or 0
            self.unconfirmed += body.unconfirmed or 0
        in_time = kept.rest != "history" and not retained
        if in_time and header.clock is ClockTrust.SYNCHRONISED:
            self._lag.observe(max(0, now_ms - header.utc_ms) / 1000)

    def text(self, now_ms: int, *, waiting: int, connected: bool, faults: Mapping[str, int]) -> str:
        """All of it, as Prometheus reads it."""
        lines: list[str] = []

        def tell(name: str, kind: str, told: str, samples: Iterable[Sample]) -> None:
            lines.extend((f"# HELP viewkeeper_{name} {told}", f"# TYPE viewkeeper_{name} {kind}"))
            lines.extend(_line(f"viewkeeper_{name}", *sample) for sample in samples)

        def count(name: str, told: str, value: int) -> None:
            tell(name, "counter", told, [("", {}, value)])

        count("recorder_messages_total", "Messages of any kind heard from the broker.", self.heard)
        count("recorder_verified_total", "Records whose signature held.", self.verified)
        refused = [("", {"reason": why.value}, n) for why, n in sorted(self.refused.items())]
        tell("recorder_refused_total", "counter", "Messages refused, by reason.", refused)
        count("recorder_kept_total", "Records and checkpoints that were new.", self.new)
        count("recorder_duplicates_total", "The same that were kept before.", self.known)
        count("recorder_dropped_total", "Messages for which the queue had no room.", self.dropped)
        count("recorder_gaps_total", "Gap records.", self.gaps)
        count("recorder_lost_records_total", "Records that cameras say they lost.", self.lost)
        count(
            "recorder_superseded_reports_total",
            "Reports that newer ones replaced before they were sent.",
            self.superseded,
        )
        count(
            "recorder_unconfirmed_records_total",
            "Records that cameras let go of without a receipt.",
            self.unconfirmed,
        )
        count("recorder_receipts_total", "Receipts given to cameras.", self.receipts)
        count("recorder_countersigned_total", "Checkpoints countersigned.", self.countersigned)
        count("recorder_write_failures_total", "Transactions that failed.", self.write_failures)
        tell(
            "recorder_faults",
            "gauge",
            "Forks and shrunken ledgers on record, by kind.",
            [("", {"fault": name}, n) for name, n in sorted(faults.items())],
        )
        tell("recorder_waiting_messages", "gauge", "Heard, not kept yet.", [("", {}, waiting)])
        tell("recorder_connected", "gauge", "1 with a broker.", [("", {}, int(connected))])
        tell(
            "recorder_lag_seconds",
            "histogram",
            "From a camera's synchronised clock to the disk; neither history nor retained.",
            self._lag.samples(),
        )
        tell("recorder_write_seconds", "histogram", "Of a transaction.", self._write.samples())
        verdicts, silent = self._cameras(now_ms)
        tell("cameras", "gauge", "Cameras by their last report's verdict.", verdicts)
        tell("cameras_silent", "gauge", "Cameras without a report of late.", [("", {}, silent)])
        return "\n".join([*lines, ""])

    def _cameras(self, now_ms: int) -> tuple[list[Sample], int]:
        last = dict(self._last)
        counts = Counter(seen.verdict.value for seen in last.values())
        verdicts: list[Sample] = [("", {"verdict": one.value}, counts[one]) for one in ViewVerdict]
        unheard = len(self._periods_ms) - len(last)
        stale = sum(
            now_ms - seen.at_ms > STALE_PERIODS * self._periods_ms[name]
            for name, seen in last.items()
        )
        return [*verdicts, ("", {"verdict": "none_heard"}, unheard)], stale + unheard


def _line(name: str, suffix: str, labels: Labels, value: float) -> str:
    # No label here needs escaping: reasons, verdicts, faults and bounds are our own words.
    shown = ",".join(f'{key}="{text}"' for key, text in labels.items())
    number = f"{value:d}" if isinstance(value, int) else repr(value)
    return f"{name}{suffix}{{{shown}}} {number}" if shown else f"{name}{suffix} {number}"
