"""Where orders arrive: judged, written down, kept, obeyed, answered, in that order.

    ledger intent → state slot → effect → ledger applied → verdict

A power cut anywhere leaves the old state or the new one. At the next start an intent
without an outcome is looked up in the slot: there it is applied, else abandoned.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import time
from collections.abc import Callable

from viewkeeper.agent.access_register import AccessRegister
from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.adapters.store.slots import SlotStore
from viewkeeper.agent.adapters.store.views import ViewStore
from viewkeeper.agent.core.device_state import (
    NONCE_BYTES,
    DeviceState,
    Ruling,
    adjudicate,
    plain,
    today,
)
from viewkeeper.agent.core.ledger.entries import Entry, EntryKind
from viewkeeper.agent.core.ledger.segments import RETENTION_DAYS, SEGMENT_BYTES
from viewkeeper.agent.core.policy.lifecycle import Duty, duty
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.agent.recovery import file_details, recover
from viewkeeper.agent.refusal_log import RefusalLog
from viewkeeper.protocol import cbor
from viewkeeper.protocol.checkpoints import Checkpoint
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.orders import Config, Order
from viewkeeper.protocol.records import VerdictRecord
from viewkeeper.protocol.vocabulary import LifecycleState, OrderKind

Effect = Callable[[Order], None]
"""What obeying means for the rest of the agent; called when the order is safely kept."""


def no_effect(_order: Order) -> None:
    """For whoever reads the state instead."""


class OrderDesk:
    """The one place that changes what this camera is told to be.

    Args:
        store: the two state slots; the camera must be enrolled.
        ledger: its ledger.
        views: the views registered on it.
        effect: called with each order once it is kept and before it is answered. Not
            called for a redelivery, nor again after a restart: read ``config`` then.
        entropy: gives unpredictable bytes.
        monotonic_s: a clock that never goes back, for the flood brake.

    Raises:
        SetupError: not enrolled, state or ledger damaged.
    """

    def __init__(
        self,
        store: SlotStore,
        ledger: LedgerFile,
        views: ViewStore,
        *,
        effect: Effect = no_effect,
        entropy: Callable[[int], bytes] = os.urandom,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._ledger, self._views = store, ledger, views
        self._effect, self._entropy = effect, entropy
        self._unsettled: tuple[int, EntryKind, str] | None = None
        self._state = recover(store, ledger)
        self._refusals = RefusalLog(ledger, self._state.refusals, monotonic_s)
        self.looks = AccessRegister(ledger, lambda: self._state.grants or (), self.note)
        self.store_fault: str | None = None
        """Why the last write failed; ``None`` once a later one succeeds."""

    @property
    def state(self) -> DeviceState:
        """What is kept now."""
        return self._state

    @property
    def device(self) -> str:
        return self._state.device

    @property
    def config(self) -> Config | None:
        """The configuration in force."""
        return self._state.config

    @property
    def config_sequence(self) -> int:
        """Its sequence; 0 before the first."""
        return self._state.config_sequence

    @property
    def config_hash(self) -> bytes | None:
        """Its payload hash (32 bytes)."""
        return self._state.config_hash

    @property
    def lifecycle(self) -> LifecycleState:
        """As reports name it."""
        return self._state.lifecycle

    @property
    def refusals(self) -> int:
        """Orders refused since enrolment."""
        return self._refusals.total

    @property
    def last_refusal(self) -> Reason | None:
        """Reason of the last refusal since enrolment, where the ledger names one."""
        return self._refusals.last

    @property
    def ledger(self) -> LedgerFile:
        return self._ledger

    def duty(self, now: Now) -> Duty | None:
        """The filing that is owed today; ``None`` where none is or the day is not known."""
        day, config = today(now), self.config
        if day is None or config is None:
            return None
        return duty(self._state.standing, config.place.regime, day)

    def checkpoint(self, now: Now) -> Checkpoint:
        """Size and root of the ledger, to be signed and published."""
        return Checkpoint(
            device=self.device,
            size=self._ledger.size,
            root=self._ledger.root,
            utc_ms=now.utc_s * 1000,
        )

    def note(self, kind: EntryKind, details: dict[str, cbor.Value], now: Now) -> Entry | None:
        """Enter something that is not an order; ``None`` where the disk would not take it."""
        try:
            entry = self._ledger.append(kind, details, utc_ms=now.utc_s * 1000)
        except OSError as error:
            self.store_fault = plain(f"ledger: {error}")
            return None
        self.store_fault = None
        return entry

    def tick(self, now: Now) -> None:
        """Now and then: closes the summary of a flood that is over, and a ledger file that
        is long enough; deletes files the law no longer asks for."""
        self._refusals.flush(now)
        try:
            if self._ledger.file_bytes > SEGMENT_BYTES:
                self._close_file(now)
        except OSError as error:
            self.store_fault = plain(f"ledger: {error}")

    def _close_file(self, now: Now) -> None:
        utc_ms = now.utc_s * 1000
        details = file_details(self._state, self._refusals)
        self._ledger.close_file(details, utc_ms=utc_ms, clock_trusted=now.trusted)
        if now.trusted:
            # Only a clock that is known to be right may make anything old.
            before = utc_ms - RETENTION_DAYS * 86_400_000
            self._ledger.prune(before_utc_ms=before, utc_ms=utc_ms)

    def close(self, now: Now) -> None:
        """At an orderly end: nothing counted stays out of the ledger."""
        self._refusals.close(now)
        self._ledger.close()

    def receive(
        self, message: bytes, kind: OrderKind, *, retained: bool, now: Now
    ) -> VerdictRecord:
        """Deal with any bytes that came as an order; never raises.

        Returns:
            The verdict to be signed and sent.
        """
        entropy = self._entropy(NONCE_BYTES)
        try:
            ruling = adjudicate(
                self._state,
                message,
                kind,
                retained=retained,
                now=now,
                known_views=self._views.known(),
                entropy=entropy,
            )
        except Exception as error:  # noqa: BLE001 - a fault of ours must not stop the camera
            ruling = Ruling(
                accepted=False,
                reason=Reason.INTERNAL,
                detail=plain(f"a fault while judging: {type(error).__name__}"),
                clock=now.clock,
            )
        if ruling.next_state is not None:
            inputs: dict[str, cbor.Value] = {
                "order": int(kind),
                "message": message,
                "retained": retained,
                "utc_s": now.utc_s,
                "trusted": now.trusted,
                "entropy": entropy,
            }
            ruling = self._carry_out(ruling, ruling.next_state, message, inputs, now)
        digest = hashlib.sha256(message).digest()
        if not ruling.accepted:
            self._refusals.add(ruling, kind, digest, now)
        return VerdictRecord(
            order=kind,
            order_hash=digest,
            accepted=ruling.accepted,
            reason=ruling.reason.value,
            detail=ruling.detail,
            sequence=ruling.sequence,
            clock=ruling.clock,
            config_hash=self._state.config_hash,
        )

    def _carry_out(
        self,
        ruling: Ruling,
        after: DeviceState,
        message: bytes,
        inputs: dict[str, cbor.Value],
        now: Now,
    ) -> Ruling:
        assert ruling.order is not None  # with a next state there is one
        utc_ms = now.utc_s * 1000
        try:
            self._settle(utc_ms)
            intent = self._ledger.append(EntryKind.INTENT, inputs, utc_ms=utc_ms)
            # Until the slot has the new state, this is what became of the intent.
            self._unsettled = (intent.index, EntryKind.ABANDONED, "could not be kept")
            after = dataclasses.replace(
                after,
                refusals=self._refusals.total,
                ledger_size=self._ledger.size,
                ledger_head=self._ledger.head,
            )
            self._store.save(after.to_bytes())
        except OSError as error:
            return self._not_stored(ruling, error, utc_ms)
        self._state = after
        if ruling.order.kind is OrderKind.GRANT:
            digest = hashlib.sha256(message).digest()
            self.looks.grant(ruling.order, digest, intent.index, after.ledger_head)
        detail = ruling.detail
        try:
            self._effect(ruling.order)
        except Exception as error:  # noqa: BLE001 - kept and in force; only the doing failed
            detail = plain(f"kept, but carrying it out failed: {error}")
        self._unsettled = (intent.index, EntryKind.APPLIED, detail)
        try:
            self._settle(utc_ms)
            self.store_fault = None
        except OSError as error:
            self.store_fault = plain(f"ledger: {error}")
        return dataclasses.replace(ruling, detail=detail)

    def _settle(self, utc_ms: int) -> None:
        """Enter the outcome of an intent that has none yet; OSError where it cannot be."""
        if self._unsettled is None:
            return
        intent, kind, detail = self._unsettled
        self._ledger.append(kind, {"intent": intent, "detail": detail}, utc_ms=utc_ms)
        self._unsettled = None

    def _not_stored(self, ruling: Ruling, error: OSError, utc_ms: int) -> Ruling:
        # The failed write may yet have reached the slot. Writing the old state once more,
        # in a higher generation, makes sure that a restart agrees with the verdict.
        self.store_fault = plain(f"store: {error}")
        with contextlib.suppress(OSError):  # The same disk again; what we say still holds.
            self._store.save(self._state.to_bytes())
            self._settle(utc_ms)
        return dataclasses.replace(
            ruling,
            accepted=False,
            reason=Reason.STORE_FAILED,
            detail=plain(f"could not be kept, the old state stays: {error}"),
        )
