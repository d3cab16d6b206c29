"""Flags whose reporting clock runs: begun, and not closed by a signed order.

Order 270 Art. 17 has the operator report suspicious information to the police and gives no hours;
so the clock only counts, and a signed ``reported`` or ``dismissed`` command stops it.

Rule: values in, values out; keeping them over a restart is an adapter's.
"""

from __future__ import annotations

from dataclasses import dataclass

from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.vocabulary import EventKind

MOST = 256


@dataclass(frozen=True, slots=True)
class OpenFlag:
    """One flag that waits for the operator."""

    event_id: bytes
    kind: EventKind
    zone: str
    started_ms: int


@dataclass(frozen=True, slots=True)
class OpenFlags:
    """All that wait, oldest first; beyond `MOST` the oldest gives way and stays in the ledger."""

    all: tuple[OpenFlag, ...] = ()

    def opened(self, flag: OpenFlag) -> OpenFlags:
        """With one more; the same flag twice is one."""
        rest = tuple(each for each in self.all if each.event_id != flag.event_id)
        return OpenFlags((*rest, flag)[-MOST:])

    def closed(self, event_id: bytes) -> OpenFlags:
        """Without it.

        Raises:
            SetupError: no such flag waits.
        """
        rest = tuple(each for each in self.all if each.event_id != event_id)
        if len(rest) == len(self.all):
            raise SetupError(Reason.SETTING, f"no flag {event_id.hex()} waits to be reported")
        return OpenFlags(rest)

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest began."""
        return min((each.started_ms for each in self.all), default=None)
