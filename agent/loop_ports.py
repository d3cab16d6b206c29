"""What the loop asks of the rooms beside it; what it asks of the world is in ports.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from viewkeeper.agent.core.board import BoardLook
from viewkeeper.agent.core.events.open_flags import OpenFlag, OpenFlags
from viewkeeper.agent.core.view.learned import Learned
from viewkeeper.agent.core.view.reference_set import ReferenceSet
from viewkeeper.agent.core.view.registered import RegisteredView
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.agent.ports import ClockReading
from viewkeeper.protocol.orders import Config
from viewkeeper.protocol.vocabulary import LifecycleState


@dataclass(frozen=True, slots=True)
class Standing:
    """What the order desk says holds now."""

    config: Config | None
    config_sequence: int
    config_hash: bytes | None
    lifecycle: LifecycleState
    refusals: int
    last_refusal: str | None
    ledger_size: int
    ledger_root: bytes
    ledger_fault: str | None
    filing_due_on: str | None = None


class Desk(Protocol):
    """What the loop asks of whoever keeps state and ledger."""

    def standing(self) -> Standing: ...
    def view(self, digest: bytes) -> RegisteredView | None: ...
    def references(self, accepted: RegisteredView, at: ClockReading) -> ReferenceSet | None: ...
    def keep_learned(
        self, made: Learned, references: ReferenceSet, at: ClockReading
    ) -> ReferenceSet: ...
    def note_alarm(self, kind: str, detail: str, at: ClockReading) -> None: ...


class Outlet(Protocol):
    """What the loop asks of the link: say, never wait."""

    def publish_report(self, payload: bytes) -> None: ...
    def publish_state(self, payload: bytes, *, changed: bool = True) -> None: ...
    def publish_checkpoint(self, payload: bytes) -> None: ...
    def publish_event(self, kind: str, payload: bytes) -> None: ...
    def set_alarm(self, alarm_id: str, payload: bytes | None) -> None: ...
    def end_alarm(self, alarm_id: str, payload: bytes) -> None: ...
    def publish_history(self, payload: bytes) -> None: ...
    def withdraw(self) -> None: ...


class Board(Protocol):
    """What the loop asks of a board of sensors beside the camera."""

    def look(
        self, tolerance: Tolerance, *, view_is_same: bool, lit: bool, utc_s: float
    ) -> BoardLook: ...


class Flags(Protocol):
    """What the loop asks of whoever keeps the flags that wait for the operator."""

    @property
    def flags(self) -> OpenFlags: ...
    def open(self, flag: OpenFlag) -> None: ...
