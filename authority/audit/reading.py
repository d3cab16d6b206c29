"""Reading entries of a ledger that may be forged: a value, or nothing."""

from __future__ import annotations

from viewkeeper.agent.core.device_state import DeviceState
from viewkeeper.agent.core.ledger.entries import Entry, EntryKind
from viewkeeper.protocol import cose
from viewkeeper.protocol.access import Look
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.errors import RefusalError
from viewkeeper.protocol.fields import parse
from viewkeeper.protocol.orders import Keyset, Order
from viewkeeper.protocol.vocabulary import OrderKind


def order_in(entry: Entry) -> Order | None:
    """The order of an intent."""
    message, kind = entry.details.get("message"), entry.details.get("order")
    if entry.kind is not EntryKind.INTENT or not isinstance(message, bytes):
        return None
    try:
        return Order.decode(cose.unverified_payload(message), OrderKind(kind))  # pyright: ignore[reportArgumentType]
    except (RefusalError, ValueError):
        return None


def look_in(entry: Entry) -> Look | None:
    """The look of an entry of the access register."""
    value = entry.details.get("look")
    if entry.kind is not EntryKind.ACCESS or not isinstance(value, dict):
        return None
    try:
        return parse(Look, value)
    except RefusalError:
        return None


def keysets_in(entry: Entry) -> list[Keyset]:
    """Every keyset an entry brings: an enrolment, a file's state, a rotation."""
    bundle, state = entry.details.get("bundle"), entry.details.get("state")
    try:
        if entry.kind is EntryKind.ENROLLED and isinstance(bundle, bytes):
            return [Enrolment.decode(bundle).keyset]
        if entry.kind is EntryKind.SEGMENT and isinstance(state, bytes):
            return [DeviceState.from_bytes(state).trust.keyset]
    except RefusalError:
        return []
    order = order_in(entry)
    return [order.body] if order is not None and isinstance(order.body, Keyset) else []
