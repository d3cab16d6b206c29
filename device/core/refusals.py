"""What was refused: counted always, entered in the ledger as long as it cannot be flooded.

As ``agent/refusal_log.py``: a burst of ten, then one a minute, then only the sum; and once the
ledger's files are many, one a day, so that a stranger never fills the storage.
"""

BURST = 10
MINUTE_MS, DAY_MS = 60_000, 86_400_000


class Refusals:
    """Counts and a brake.

    Args:
        note: enters (kind, details, now) in the ledger; false where it could not.
        is_many: whether the ledger's files are many.

    Attributes:
        total: since enrolment; last: reason of the last.
    """

    def __init__(self, note, is_many):
        self._note, self._is_many = note, is_many
        self.total, self.last, self._tokens, self._at_ms = 0, None, BURST, 0
        self._unentered = 0

    def seen(self, details):
        """An entry of an earlier run tells of the count."""
        self.total = max(self.total, details.get("total", 0))
        self.last = details.get("reason", self.last)

    def add(self, ruling, kind, digest, now):
        """One more."""
        self.total += 1
        self.last = ruling.reason
        if not self._take_token(now):
            self._unentered += 1
            return
        self._sum_up(now)
        details = {
            "order": kind,
            "reason": ruling.reason,
            "detail": ruling.detail,
            "message": digest,
            "total": self.total,
        }
        if not self._note("refused", details, now):
            self._unentered += 1

    def tick(self, now):
        """Now and then: enter the sum of a flood that is over."""
        if self._unentered and self._take_token(now):
            self._sum_up(now)

    def _sum_up(self, now):
        if self._unentered:
            details = {"count": self._unentered, "reason": self.last, "total": self.total}
            if self._note("refused_many", details, now):
                self._unentered = 0

    def _take_token(self, now):
        refill_ms = DAY_MS if self._is_many() else MINUTE_MS
        gained = (now.mono_ms - self._at_ms) // refill_ms
        if gained > 0:
            self._tokens = min(1 if refill_ms == DAY_MS else BURST, self._tokens + gained)
            self._at_ms += gained * refill_ms
        if self._tokens <= 0:
            return False
        self._tokens -= 1
        return True
