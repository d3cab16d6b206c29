"""How records lie in a file, and what a damaged file means.

    frame := length (4 bytes, big-endian) ‖ CRC-32 of length and record (4) ‖ record

Only one frame is ever being written, and the next is not begun before the disk has it.
So a power cut leaves at most one broken frame, at the very end: a *torn tail*, cut off
and noted. Any other damage is *tampering* and is named: a frame that still reads after
the damage, more broken bytes than one frame can hold, a chain that does not join.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, unique

from viewkeeper.agent.core.ledger.entries import (
    GENESIS,
    MAX_RECORD_BYTES,
    Entry,
    record_hash,
)
from viewkeeper.protocol.errors import RefusalError

_HEAD = 8


@unique
class Damage(StrEnum):
    """What is wrong with a ledger file."""

    NONE = "none"
    TORN_TAIL = "torn_tail"
    TAMPERED = "tampered"


@dataclass(frozen=True, slots=True)
class Scan:
    """A ledger file read from its beginning.

    Attributes:
        records: every record up to the damage, in order.
        good_bytes: how many bytes of the file they take.
        damage: what comes after them.
        detail: in words, for the operator.
    """

    records: tuple[bytes, ...]
    good_bytes: int
    damage: Damage
    detail: str

    def entries(self) -> Iterator[Entry]:
        """The records read."""
        return (Entry.decode(record) for record in self.records)


def frame(record: bytes) -> bytes:
    """A record as it lies in the file."""
    if not 0 < len(record) <= MAX_RECORD_BYTES:
        raise ValueError(f"a record is 1 to {MAX_RECORD_BYTES} bytes, not {len(record)}")
    length = len(record).to_bytes(4, "big")
    return length + zlib.crc32(length + record).to_bytes(4, "big") + record


def peek(data: bytes) -> bytes | None:
    """The first record of a file; ``None`` where there is none that reads."""
    return _frame_at(data, 0)


def scan(data: bytes, *, first_index: int = 0, previous: bytes = GENESIS) -> Scan:
    """Read a ledger file; never raises.

    Args:
        data: the file.
        first_index, previous: where the chain stands before it (a later segment).
    """
    records: list[bytes] = []
    position, index = 0, first_index
    while position < len(data):
        record = _frame_at(data, position)
        if record is None:
            return _broken(data, position, records)
        fault = _chain_fault(record, index, previous)
        if fault is not None:
            return Scan(tuple(records), position, Damage.TAMPERED, fault)
        records.append(record)
        position += _HEAD + len(record)
        index, previous = index + 1, record_hash(record)
    return Scan(tuple(records), position, Damage.NONE, f"{len(records)} entries")


def _frame_at(data: bytes, position: int) -> bytes | None:
    head = data[position : position + _HEAD]
    if len(head) < _HEAD:
        return None
    length = int.from_bytes(head[:4], "big")
    record = data[position + _HEAD : position + _HEAD + length]
    if not 0 < length <= MAX_RECORD_BYTES or len(record) < length:
        return None
    if zlib.crc32(head[:4] + record) != int.from_bytes(head[4:], "big"):
        return None
    return record


def _chain_fault(record: bytes, index: int, previous: bytes) -> str | None:
    try:
        entry = Entry.decode(record)
    except RefusalError as error:
        return f"entry {index} does not read: {error.hint}"
    if entry.index != index:
        return f"entry {entry.index} stands where {index} should"
    if entry.previous != previous:
        return f"entry {index} does not follow the one before it"
    return None


def _broken(data: bytes, position: int, records: list[bytes]) -> Scan:
    rest = len(data) - position
    if rest > _HEAD + MAX_RECORD_BYTES:
        detail = f"{rest} bytes after entry {len(records) - 1} do not read: more than one write"
        return Scan(tuple(records), position, Damage.TAMPERED, detail)
    # A frame that reads after the damage was written after it: no power cut does that.
    for later in range(position + 1, len(data) - _HEAD):
        record = _frame_at(data, later)
        if record is not None and _is_entry(record):
            detail = f"entry {len(records)} is damaged and entries after it are not"
            return Scan(tuple(records), position, Damage.TAMPERED, detail)
    return Scan(tuple(records), position, Damage.TORN_TAIL, f"{rest} bytes of a write cut short")


def _is_entry(record: bytes) -> bool:
    try:
        Entry.decode(record)
    except RefusalError:
        return False
    return True
