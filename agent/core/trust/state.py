"""What the trust room remembers: the keyset, where each row of orders stands, the floor."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from viewkeeper.protocol.common import HASH
from viewkeeper.protocol.fields import Bytes, Int, ListOf, Nested, NumberOf, at
from viewkeeper.protocol.orders import UNIX_S, Keyset, keyset_hash
from viewkeeper.protocol.vocabulary import OrderKind

RECENT = 16
_SHORT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Where the row of orders of one kind stands."""

    kind: OrderKind = at(1, NumberOf(OrderKind))
    sequence: int = at(2, Int())
    """Of the last accepted order; 0 before the first."""
    payload_hash: bytes | None = at(3, HASH, optional=True)
    message_hash: bytes | None = at(4, HASH, optional=True)
    """Of the last accepted message with its envelope: a redelivery is known by it."""
    recent: tuple[bytes, ...] = at(5, ListOf(Bytes(_SHORT, _SHORT), 0, RECENT))
    """First bytes of the last accepted payload hashes: tells a replay from a rollback."""

    def knows(self, payload_hash: bytes) -> bool:
        """Whether an order with this payload is among the last that were accepted."""
        return payload_hash[:_SHORT] in self.recent

    def after(self, sequence: int, payload_hash: bytes, message_hash: bytes) -> Row:
        """The row once this order is accepted."""
        recent = (*self.recent, payload_hash[:_SHORT])[-RECENT:]
        return Row(
            kind=self.kind,
            sequence=sequence,
            payload_hash=payload_hash,
            message_hash=message_hash,
            recent=recent,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustState:
    """Everything ``verify_order`` needs to know of the past."""

    keyset: Keyset = at(1, Nested(Keyset))
    rows: tuple[Row, ...] = at(2, ListOf(Nested(Row), 0, len(OrderKind)))
    clock_floor_s: int = at(3, UNIX_S)

    @classmethod
    def anchored(cls, keyset: Keyset, floor_s: int) -> TrustState:
        """The state of a device just enrolled: its trust anchor and nothing obeyed yet."""
        root = Row(
            kind=OrderKind.KEYSET,
            sequence=keyset.version,
            payload_hash=keyset_hash(keyset),
            recent=(),
        )
        return cls(keyset=keyset, rows=(root,), clock_floor_s=floor_s)

    def row(self, kind: OrderKind) -> Row:
        """The row of one kind; an empty one before its first order."""
        for row in self.rows:
            if row.kind == kind:
                return row
        return Row(kind=kind, sequence=0, recent=())

    def with_row(self, row: Row) -> TrustState:
        """The same state with one row replaced."""
        others = [other for other in self.rows if other.kind != row.kind]
        rows = tuple(sorted((*others, row), key=lambda each: each.kind))
        return dataclasses.replace(self, rows=rows)
