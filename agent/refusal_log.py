"""Every refusal counted, as many entered in the ledger as the disk can bear.

A burst of ten gets an entry each, then one a minute; the rest are counted and summed up
in one entry when the flood is over. Ten thousand forged orders a second cost a counter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.core.device_state import Ruling
from viewkeeper.agent.core.ledger.entries import EntryKind
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.vocabulary import OrderKind

BURST = 10
REFILL_S = 60.0


class RefusalLog:
    """Counts refusals and enters a bounded number of them.

    Args:
        ledger: where to.
        kept: the count as of the last state write; the ledger may know of more.
        monotonic_s: a clock that never goes back.
    """

    def __init__(self, ledger: LedgerFile, kept: int, monotonic_s: Callable[[], float]) -> None:
        self._ledger, self._monotonic_s = ledger, monotonic_s
        self._tokens, self._at_s = float(BURST), monotonic_s()
        self._unentered: Counter[str] = Counter()
        self.total = kept
        self.last: Reason | None = None
        for entry in ledger.entries():
            if entry.kind in (EntryKind.REFUSED, EntryKind.REFUSED_MANY, EntryKind.SEGMENT):
                total, reason = entry.details.get("total"), entry.details.get("reason")
                self.total = max(self.total, total if isinstance(total, int) else 0)
                if isinstance(reason, str) and reason in set(Reason):
                    self.last = Reason(reason)

    def add(self, ruling: Ruling, kind: OrderKind, digest: bytes, now: Now) -> None:
        """Count a refusal and enter it, if the disk can bear another entry; never raises."""
        self.total += 1
        self.last = ruling.reason
        if not self._take_token():
            self._unentered[ruling.reason.value] += 1
            return
        self._sum_up(now)
        details: dict[str, cbor.Value] = {
            "order": int(kind),
            "reason": ruling.reason.value,
            "detail": ruling.detail,
            "message": digest,
            "total": self.total,
        }
        try:
            self._ledger.append(EntryKind.REFUSED, details, utc_ms=now.utc_s * 1000)
        except OSError:
            self._unentered[ruling.reason.value] += 1

    def flush(self, now: Now) -> None:
        """Enter the summary of those not entered, if the disk can bear it."""
        if self._unentered and self._take_token():
            self._sum_up(now)

    def close(self, now: Now) -> None:
        """At an orderly end: enter the summary whatever the brake says."""
        self._sum_up(now)

    def _sum_up(self, now: Now) -> None:
        if not self._unentered:
            return
        reasons: dict[int | str, cbor.Value] = {**self._unentered}
        details: dict[str, cbor.Value] = {
            "count": self._unentered.total(),
            "reasons": reasons,
            "reason": self._unentered.most_common(1)[0][0],
            "total": self.total,
        }
        try:
            self._ledger.append(EntryKind.REFUSED_MANY, details, utc_ms=now.utc_s * 1000)
        except OSError:
            return
        self._unentered.clear()

    def _take_token(self) -> bool:
        at_s = self._monotonic_s()
        self._tokens = min(float(BURST), self._tokens + (at_s - self._at_s) / REFILL_S)
        self._at_s = at_s
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
