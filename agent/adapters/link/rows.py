"""What an outbox row is, and whose record it holds. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from viewkeeper.agent.adapters.link.messages import Lost
from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import RefusalError
from viewkeeper.protocol.records import MAX_RECORD_BYTES

_SIGN1_TAG = 0xD2  # RFC 8949 §3.4: tag 18 in one byte, COSE_Sign1


@dataclass(frozen=True, slots=True)
class Row:
    """One record on its way.

    Attributes:
        number: place in the row of all rows.
        topic: where it goes while the connection it was made in lives.
        retain: whether it stands there.
    """

    number: int
    topic: str
    payload: bytes
    retain: bool


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """What the outbox did since it was opened."""

    lost: int = 0
    written_bytes: int = 0
    write_failures: int = 0

    def plus(
        self, *, lost: int = 0, written_bytes: int = 0, write_failures: int = 0
    ) -> OutboxCounts:
        """With so much more."""
        return OutboxCounts(
            self.lost + lost,
            self.written_bytes + written_bytes,
            self.write_failures + write_failures,
        )


def identity_of(payload: bytes) -> tuple[bytes, int] | None:
    """(boot, sequence) of one of our own sealed records; ``None`` where it is not one."""
    if not payload or payload[0] != _SIGN1_TAG:
        return None
    try:
        body = cbor.decode(payload[1:], max_bytes=MAX_RECORD_BYTES)
        inner = body[2] if isinstance(body, list) and len(body) == 4 else None
        record = (
            cbor.decode(inner, max_bytes=MAX_RECORD_BYTES) if isinstance(inner, bytes) else None
        )
    except RefusalError:
        return None
    if not isinstance(record, dict):
        return None
    boot, sequence = record.get(3), record.get(4)  # keys of records.Header
    if isinstance(boot, bytes) and isinstance(sequence, int):
        return boot, sequence
    return None


def add_loss(losses: dict[bytes, Lost], identity: tuple[bytes, int] | None) -> None:
    """Count one more lost record, a boot at a time."""
    if identity is None:
        before = losses.get(b"")
        losses[b""] = Lost(b"", 0, 0, 1 + (before.count if before else 0))
        return
    boot, sequence = identity
    before = losses.get(boot, Lost(boot, sequence, sequence, 0))
    losses[boot] = Lost(
        boot,
        min(before.first_sequence, sequence),
        max(before.last_sequence, sequence),
        before.count + 1,
    )
