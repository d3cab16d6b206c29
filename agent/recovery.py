"""What a restart makes of the state slots and the ledger, which a power cut may have parted."""

from __future__ import annotations

from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.adapters.store.slots import SlotStore
from viewkeeper.agent.core.device_state import DeviceState
from viewkeeper.agent.core.ledger.entries import Entry, EntryKind
from viewkeeper.agent.core.replay import replay
from viewkeeper.agent.refusal_log import RefusalLog
from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError


def recover(store: SlotStore, ledger: LedgerFile) -> DeviceState:
    """After a restart: the ledger is the truth, the slot may lag behind it.

    A slot that went bad leaves the older one, and going back to it would forget
    orders that were acknowledged: they are replayed from the ledger. An intent
    without an outcome is applied if the slot has it, else abandoned.

    Raises:
        SetupError: not enrolled, state or ledger damaged.
    """
    kept = _load_state(store)
    records = list(ledger.records())
    try:
        replayed = replay(records, kept)
    except RefusalError as error:
        if not records and kept is None:
            raise SetupError(
                Reason.FILE_MISSING, "this camera is not enrolled yet: enrol it first"
            ) from error
        raise SetupError(Reason.LEDGER_TAMPERED, error.hint) from error
    state = replayed.state
    utc_ms = Entry.decode(records[-1]).utc_ms if records else 0
    if ledger.unbegun:
        # The power went between closing a file and beginning the next.
        counted = RefusalLog(ledger, state.refusals, lambda: 0.0)
        ledger.begin_with(file_details(state, counted), clock_trusted=False)
    ledger.mend(utc_ms=utc_ms)
    if replayed.open_intent is not None:
        has_it = state.ledger_size == replayed.open_intent + 1
        kind = EntryKind.APPLIED if has_it else EntryKind.ABANDONED
        ledger.append(
            kind, {"intent": replayed.open_intent, "detail": "found at start"}, utc_ms=utc_ms
        )
    if state is not kept:
        store.save(state.to_bytes())
    return state


def file_details(state: DeviceState, refusals: RefusalLog) -> dict[str, cbor.Value]:
    """What the beginning of a ledger file tells whoever reads on from there."""
    details: dict[str, cbor.Value] = {"state": state.to_bytes(), "total": refusals.total}
    if refusals.last is not None:
        details["reason"] = refusals.last.value
    return details


def _load_state(store: SlotStore) -> DeviceState | None:
    """The kept state; ``None`` where no slot reads and the ledger must tell all."""
    try:
        return DeviceState.from_bytes(store.load())
    except (SetupError, RefusalError):
        return None
