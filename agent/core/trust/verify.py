"""From bytes to an order that is genuine, for us, now, and the next in its row.

The steps, in this order; the first that fails gives the reason:

1. envelope and every signature (``protocol.cose``), domain by kind
2. payload: an order of that kind, whole (``protocol.orders``)
3. audience: this device, byte for byte
4. epoch: the keyset's own
5. signers: role, threshold in persons; a grant's own rules
6. row: strictly increasing, no leap beyond 2^20, chained to the one before
7. window: not before, not after, as far as the clock can tell
8. keys: each valid when the order was issued and now

A message that is byte for byte the last accepted of its kind is *already applied*,
whatever has become of its key or window since: brokers redeliver what is retained.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass

from viewkeeper.agent.core.trust import grants, keysets
from viewkeeper.agent.core.trust.clock import Now, check_window
from viewkeeper.agent.core.trust.state import Row, TrustState
from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import ContentRefusal, EnvelopeRefusal, OrderRefusal, Reason
from viewkeeper.protocol.orders import (
    CHAINED,
    DOMAINS,
    MAX_ORDER_MESSAGE_BYTES,
    Command,
    Grant,
    KeyEntry,
    Keyset,
    Order,
    OrderHeader,
    keyset_hash,
    payload_hash,
)
from viewkeeper.protocol.vocabulary import ClockTrust, OrderKind, Role

MAX_JUMP = 2**20
ROLE_OF_KIND = {
    OrderKind.CONFIG: Role.CONFIGURATION,
    OrderKind.LIFECYCLE: Role.LIFECYCLE,
    OrderKind.KEYSET: Role.ROOT,
    OrderKind.COMMAND: Role.CONFIGURATION,
}
ROLE_OF_COMMAND = {"new_nonce": Role.ACCESS}
"""Commands that are not the configuration officer's."""


@dataclass(frozen=True, slots=True)
class Verified:
    """An order this device may obey as far as keys, rows and time go.

    Attributes:
        order: header and body.
        payload_hash: SHA-256 of what was signed.
        message_hash: SHA-256 of the message with its envelope.
        signers: whose signatures held; empty on a redelivery, where none were needed.
        already_applied: the last accepted order come again; nothing is to be done.
        clock: what the decision about time rests on.
        next_state: to keep once the order is obeyed.
    """

    order: Order
    payload_hash: bytes
    message_hash: bytes
    signers: tuple[KeyEntry, ...]
    already_applied: bool
    clock: ClockTrust
    next_state: TrustState


def verify_order(
    message: bytes, kind: OrderKind, *, device: str, state: TrustState, now: Now
) -> Verified:
    """Verify ``message`` as an order of ``kind`` to ``device``.

    Raises:
        RefusalError: with the reason of the first step that fails.
    """
    row = state.row(kind)
    message_hash = hashlib.sha256(message).digest()
    if message_hash == row.message_hash:
        payload = cose.unverified_payload(message, max_bytes=MAX_ORDER_MESSAGE_BYTES)
        return _redelivered(Order.decode(payload, kind), payload, message_hash, state, now)
    opened = _open(message, kind, state.keyset)
    order = Order.decode(opened.payload, kind)
    header = order.header
    _check_audience(header, device)
    _check_epoch(header, state.keyset)
    signers = _check_signers(order, opened.signers, state.keyset)
    digest = payload_hash(opened.payload)
    if kind is not OrderKind.KEYSET and header.sequence == row.sequence:
        if digest == row.payload_hash:
            return _redelivered(order, opened.payload, message_hash, state, now)
        raise OrderRefusal(
            Reason.FORKED, f"another order of sequence {header.sequence} was obeyed before"
        )
    _check_row(order, row, digest, state)
    floor_s = None if _opens_epoch(order, state) else state.clock_floor_s
    check_window(header, now, floor_s)
    keysets.check_validity(signers, issued_at=header.issued_at, now=now, floor_s=floor_s)
    return Verified(
        order=order,
        payload_hash=digest,
        message_hash=message_hash,
        signers=signers,
        already_applied=False,
        clock=now.clock,
        next_state=_advance(order, row, digest, message_hash, state),
    )


def _redelivered(
    order: Order, payload: bytes, message_hash: bytes, state: TrustState, now: Now
) -> Verified:
    return Verified(order, payload_hash(payload), message_hash, (), True, now.clock, state)


def _open(message: bytes, kind: OrderKind, keyset: Keyset) -> cose.Opened:
    domain, cap = DOMAINS[kind], MAX_ORDER_MESSAGE_BYTES
    if not cose.is_signed(message):
        raise EnvelopeRefusal(Reason.UNSIGNED, "no signed envelope: nothing unsigned is obeyed")
    if kind is OrderKind.KEYSET:
        # The new keys sign too, and only the payload says which they are. It is read
        # before it is verified; nothing of it is used unless all signatures hold.
        order = Order.decode(cose.unverified_payload(message, max_bytes=cap), kind)
        assert isinstance(order.body, Keyset)
        keysets.check_keyset(order.body)
        return cose.open_sign(message, keysets.lookup(keyset, order.body), domain, max_bytes=cap)
    if kind is OrderKind.GRANT or cose.is_multi_signed(message):
        return cose.open_sign(message, keysets.lookup(keyset), domain, max_bytes=cap)
    return cose.open_sign1(message, keysets.lookup(keyset), domain, max_bytes=cap)


def _check_audience(header: OrderHeader, device: str) -> None:
    # Exactly one device: no prefix, no wildcard, no case folding.
    if header.audience != device:
        raise OrderRefusal(Reason.OTHER_DEVICE, f"the order is for {header.audience}")


def _check_epoch(header: OrderHeader, keyset: Keyset) -> None:
    if header.epoch < keyset.epoch:
        raise OrderRefusal(Reason.OLD_EPOCH, f"epoch {header.epoch}, the keyset's {keyset.epoch}")
    if header.epoch > keyset.epoch:
        raise OrderRefusal(
            Reason.UNKNOWN_EPOCH, f"epoch {header.epoch} has not begun: keyset first"
        )


def _check_signers(
    order: Order, signers: tuple[cose.VerifyKey, ...], keyset: Keyset
) -> tuple[KeyEntry, ...]:
    """Who signed, as the keysets know them: enough of them and in their role."""
    entries = keysets.entries_of(signers, keyset)
    if isinstance(order.body, Grant):
        grants.check_grant_signers(order.body, entries, keyset)
        return entries
    if isinstance(order.body, Keyset):
        # TUF 5.3.4: the thresholds of the old and of the new keyset, each by its own keys.
        successors = keysets.entries_of(signers, order.body)
        for each, rows in ((keyset, entries), (order.body, successors)):
            keysets.check_signers(rows, Role.ROOT, keysets.persons_needed(each, Role.ROOT))
        return (*entries, *(entry for entry in successors if entry not in entries))
    role = ROLE_OF_KIND[order.kind]
    if isinstance(order.body, Command):
        role = ROLE_OF_COMMAND.get(order.body.name, role)
    keysets.check_signers(entries, role, keysets.persons_needed(keyset, role))
    return entries


def _check_row(order: Order, row: Row, digest: bytes, state: TrustState) -> None:
    header = order.header
    if isinstance(order.body, Keyset):
        _check_keyset_row(order.body, header, state.keyset)
    elif header.sequence < row.sequence:
        if row.knows(digest):
            raise OrderRefusal(
                Reason.REPLAYED, f"order {header.sequence} was obeyed once and has been followed"
            )
        raise OrderRefusal(
            Reason.ROLLED_BACK, f"sequence {header.sequence} after {row.sequence} was obeyed"
        )
    elif header.sequence - row.sequence > MAX_JUMP:
        raise OrderRefusal(
            Reason.SEQUENCE_JUMP, f"sequence {header.sequence} leaps from {row.sequence}"
        )
    if order.kind not in CHAINED:
        if header.previous is not None:
            raise ContentRefusal(Reason.FIELD_UNKNOWN, "grants and commands follow no other order")
    elif header.previous != row.payload_hash:
        raise OrderRefusal(Reason.FORKED, "the order does not follow the last one obeyed here")


def _check_keyset_row(successor: Keyset, header: OrderHeader, present: Keyset) -> None:
    # TUF 5.3.5: exactly N+1, so that no rotation can be skipped.
    if successor.version != present.version + 1 or header.sequence != successor.version:
        raise OrderRefusal(
            Reason.KEYSET_VERSION,
            f"keyset {successor.version} after {present.version}: one by one, sequence alike",
        )
    if successor.epoch < present.epoch:
        raise OrderRefusal(Reason.OLD_EPOCH, "a keyset may not go back to an older epoch")
    if successor.epoch > present.epoch + 1:
        raise OrderRefusal(Reason.UNKNOWN_EPOCH, "epochs follow one by one")


def _opens_epoch(order: Order, state: TrustState) -> bool:
    return isinstance(order.body, Keyset) and order.body.epoch == state.keyset.epoch + 1


def _advance(
    order: Order, row: Row, digest: bytes, message_hash: bytes, state: TrustState
) -> TrustState:
    header = order.header
    floor_s = max(state.clock_floor_s, header.issued_at)
    if not isinstance(order.body, Keyset):
        advanced = state.with_row(row.after(header.sequence, digest, message_hash))
        return dataclasses.replace(advanced, clock_floor_s=floor_s)
    successor = dataclasses.replace(
        row.after(header.sequence, digest, message_hash), payload_hash=keyset_hash(order.body)
    )
    if not _opens_epoch(order, state):
        advanced = state.with_row(successor)
        return dataclasses.replace(advanced, keyset=order.body, clock_floor_s=floor_s)
    # A new epoch starts every row anew; what was retained before stays recognisable.
    rows = [
        Row(kind=each.kind, sequence=0, message_hash=each.message_hash, recent=())
        for each in state.rows
        if each.kind is not OrderKind.KEYSET
    ]
    fresh = TrustState(keyset=order.body, rows=tuple(rows), clock_floor_s=header.issued_at)
    return fresh.with_row(successor)
