"""One entry of the ledger and how it is chained to the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import cast

from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import ContentRefusal, Reason
from viewkeeper.protocol.fields import MAX_SAFE_INT

GENESIS = bytes(32)
"""What the first entry names as the one before it."""
MAX_RECORD_BYTES = 32_768
_INDEX, _UTC_MS, _KIND, _DETAILS, _PREVIOUS = 1, 2, 3, 4, 5


@unique
class EntryKind(StrEnum):
    """What an entry tells of."""

    ENROLLED = "enrolled"
    BOOT = "boot"
    INTENT = "intent"
    """An order is about to be obeyed: the whole signed message and what was known then."""
    APPLIED = "applied"
    ABANDONED = "abandoned"
    """An intent that was not carried out (power cut or a full disk in between)."""
    REFUSED = "refused"
    REFUSED_MANY = "refused_many"
    """A flood: how many refusals were counted without an entry each."""
    REPAIRED = "repaired"
    """A torn tail was cut at start."""
    SEGMENT = "segment"
    """A new file begins: what is needed to go on without the ones before it."""
    PRUNED = "pruned"
    """Files older than the law asks for were deleted: which entries, by what hash."""
    VIEW_REGISTERED = "view_registered"
    VIEW_LEARNED = "view_learned"
    """A second reference of the accepted view: its hash, what it was learned under, how far off."""
    VIEW_FORGOTTEN = "view_forgotten"
    """A learned reference was deleted, and why."""
    ALARM = "alarm"
    ACCESS = "access"
    """A look at footage that was declared."""
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the ledger.

    Attributes:
        index: 0 for the first; rises by one.
        utc_ms: the device's clock; not monotonic, the index is.
        kind: what it tells of.
        details: text keys; what they mean depends on the kind.
        previous: SHA-256 of the record before, ``GENESIS`` for the first.
    """

    index: int
    utc_ms: int
    kind: EntryKind
    details: Mapping[str, cbor.Value]
    previous: bytes

    def encode(self) -> bytes:
        """The record: what is chained, hashed and kept."""
        details: dict[int | str, cbor.Value] = {**self.details}
        fields: dict[int | str, cbor.Value] = {
            _INDEX: self.index,
            _UTC_MS: self.utc_ms,
            _KIND: self.kind.value,
            _DETAILS: details,
            _PREVIOUS: self.previous,
        }
        return cbor.encode(fields)

    @classmethod
    def decode(cls, record: bytes) -> Entry:
        """Read a record.

        Raises:
            EncodingRefusal, ContentRefusal: it is not one.
        """
        value = cbor.decode(record, max_bytes=MAX_RECORD_BYTES)
        if not isinstance(value, dict) or set(value) != {1, 2, 3, 4, 5}:
            raise ContentRefusal(Reason.FIELD_TYPE, "a ledger record is a map of five")
        index, utc_ms, kind = value[_INDEX], value[_UTC_MS], value[_KIND]
        details, previous = value[_DETAILS], value[_PREVIOUS]
        for name, number in (("index", index), ("utc_ms", utc_ms)):
            if isinstance(number, bool) or not isinstance(number, int):
                raise ContentRefusal(Reason.FIELD_TYPE, f"{name} must be an integer")
            if not 0 <= number <= MAX_SAFE_INT:
                raise ContentRefusal(Reason.FIELD_RANGE, f"{name} is out of range")
        if not isinstance(kind, str) or kind not in set(EntryKind):
            raise ContentRefusal(Reason.FIELD_RANGE, "a kind of entry that is not known")
        if not isinstance(details, dict) or not all(isinstance(key, str) for key in details):
            raise ContentRefusal(Reason.FIELD_TYPE, "details must be a map with text keys")
        if not isinstance(previous, bytes) or len(previous) != 32:
            raise ContentRefusal(Reason.FIELD_TYPE, "previous must be 32 bytes")
        return cls(
            cast("int", index),
            cast("int", utc_ms),
            EntryKind(kind),
            cast("Mapping[str, cbor.Value]", details),
            previous,
        )


def record_hash(record: bytes) -> bytes:
    """What the next entry names as ``previous``."""
    return hashlib.sha256(record).digest()
