"""The state of a camera computed anew from its ledger.

Orders are decided by a pure function of the state, the message and what the intent
wrote down (time, entropy), so the ledger is the truth and the state slot a shortcut.
The camera rolls forward from an old slot; the auditor replays from the first page.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from viewkeeper.agent.core.device_state import DeviceState, adjudicate
from viewkeeper.agent.core.ledger.entries import GENESIS, Entry, EntryKind, record_hash
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.protocol import cose
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.errors import ContentRefusal, OrderRefusal, Reason
from viewkeeper.protocol.orders import Config, Order
from viewkeeper.protocol.vocabulary import OrderKind


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the ledger says the camera is.

    Attributes:
        state: after the last applied order.
        open_intent: index of a last intent without an outcome; ``None`` where there is none.
        replayed: how many orders were replayed.
    """

    state: DeviceState
    open_intent: int | None
    replayed: int


def replay(records: Sequence[bytes], start: DeviceState | None = None) -> Replayed:
    """Roll a state forward over the records.

    Args:
        records: the ledger from its beginning, or from the beginning of a file; its chain
            already checked.
        start: a state kept earlier; entries it has seen are not replayed. ``None``, or
            one older than the records: what the first entry says, an enrolment or a state.

    Raises:
        RefusalError: the ledger does not lead where it says; ``ledger_tampered`` where it
            is not the ledger ``start`` was written beside.
    """
    entries = [Entry.decode(record) for record in records]
    if start is None or (entries and start.ledger_size < entries[0].index):
        start = _first_state(entries)
    first = entries[0].index if entries else 0
    _check_joins(start, records, first, entries[0].previous if entries else GENESIS)
    outcomes = _outcomes(entries)
    state, count = start, 0
    for entry in entries[start.ledger_size - first :]:
        if entry.kind is EntryKind.INTENT and outcomes.get(entry.index) is EntryKind.APPLIED:
            state = dataclasses.replace(
                _again(state, entry),
                ledger_size=entry.index + 1,
                ledger_head=record_hash(records[entry.index - first]),
            )
            count += 1
    unsettled = [
        entry.index
        for entry in entries
        if entry.kind is EntryKind.INTENT and entry.index not in outcomes
    ]
    return Replayed(state, unsettled[-1] if unsettled else None, count)


def _outcomes(entries: Sequence[Entry]) -> dict[int, EntryKind]:
    outcomes: dict[int, EntryKind] = {}
    for entry in entries:
        if entry.kind in (EntryKind.APPLIED, EntryKind.ABANDONED):
            index = entry.details.get("intent")
            if isinstance(index, int):
                outcomes[index] = entry.kind
    return outcomes


def _first_state(entries: Sequence[Entry]) -> DeviceState:
    """The state the first entry brings: of an enrolment, or of a file's beginning."""
    first = entries[0] if entries else None
    if first is not None and first.kind is EntryKind.ENROLLED:
        bundle = first.details.get("bundle")
        if isinstance(bundle, bytes):
            return DeviceState.enrolled(Enrolment.decode(bundle))
    if first is not None and first.kind is EntryKind.SEGMENT:
        kept = first.details.get("state")
        if isinstance(kept, bytes):
            return dataclasses.replace(
                DeviceState.from_bytes(kept),
                ledger_size=first.index,
                ledger_head=first.previous,
            )
    raise ContentRefusal(Reason.FIELD_MISSING, "the ledger does not begin with a state")


def _check_joins(state: DeviceState, records: Sequence[bytes], first: int, previous: bytes) -> None:
    size = state.ledger_size
    head = previous if size == first else b""
    if first < size <= first + len(records):
        head = record_hash(records[size - first - 1])
    if head != state.ledger_head:
        raise OrderRefusal(
            Reason.LEDGER_TAMPERED,
            f"the state was kept beside {size} entries that are not those of this ledger",
        )


def _again(state: DeviceState, entry: Entry) -> DeviceState:
    details = entry.details
    message, kind = details.get("message"), details.get("order")
    utc_s, trusted = details.get("utc_s"), details.get("trusted")
    retained, entropy = details.get("retained"), details.get("entropy")
    if not (
        isinstance(message, bytes)
        and isinstance(kind, int)
        and kind in set(OrderKind)
        and isinstance(utc_s, int)
        and isinstance(trusted, bool)
        and isinstance(retained, bool)
        and isinstance(entropy, bytes)
    ):
        raise ContentRefusal(Reason.FIELD_TYPE, f"entry {entry.index} is no whole intent")
    ruling = adjudicate(
        state,
        message,
        OrderKind(kind),
        retained=retained,
        now=Now(utc_s, trusted),
        known_views=_views_named(message, OrderKind(kind)),
        entropy=entropy,
    )
    if ruling.next_state is None:
        raise OrderRefusal(
            ruling.reason, f"entry {entry.index} was obeyed and must not have been: {ruling.detail}"
        )
    return ruling.next_state


def _views_named(message: bytes, kind: OrderKind) -> frozenset[bytes]:
    """The view the order names: that it was registered then is taken from the ledger."""
    if kind is not OrderKind.CONFIG:
        return frozenset()
    body = Order.decode(cose.unverified_payload(message), kind).body
    if not isinstance(body, Config) or body.view_hash is None:
        return frozenset()
    return frozenset({body.view_hash})
