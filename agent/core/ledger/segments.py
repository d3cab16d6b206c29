"""Where one file of the ledger ends and the next begins.

The first entry of every file but the very first says what stands before it: the peaks of
the Merkle tree, the hash of the file before, and the state of the camera. So old files
can go when the law no longer asks for them, and what is left still chains, still proves,
still replays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from viewkeeper.agent.core.ledger.entries import GENESIS, Entry, EntryKind
from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import ContentRefusal, Reason
from viewkeeper.protocol.merkle import Frontier

SEGMENT_BYTES = 1 << 20
"""A file is closed once it is longer than this."""
RETENTION_DAYS = 184
"""Six calendar months at their longest (Cybersecurity Law as amended, Art. 23(3) [2])."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What stands before a file.

    Attributes:
        index: of its first entry.
        previous: hash of the last record before it; ``GENESIS`` for the very first.
        frontier: the Merkle tree over everything before it.
        file_hash: SHA-256 of the file before it; ``None`` for the very first.
    """

    index: int = 0
    previous: bytes = GENESIS
    frontier: Frontier = Frontier()
    file_hash: bytes | None = None


def segment_details(
    frontier: Frontier, file_hash: bytes, more: dict[str, cbor.Value]
) -> dict[str, cbor.Value]:
    """Details of the entry that begins a file."""
    return {
        **more,
        "peaks": cast("list[cbor.Value]", list(frontier.peaks)),
        "size": frontier.size,
        "file_before": file_hash,
    }


def beginning_of(first: Entry) -> Beginning:
    """What a file's first entry says stands before it.

    Raises:
        ContentRefusal: it is neither the very first entry nor one that begins a file.
    """
    if first.index == 0:
        return Beginning()
    peaks, size = first.details.get("peaks"), first.details.get("size")
    file_hash = first.details.get("file_before")
    if (
        first.kind is not EntryKind.SEGMENT
        or size != first.index
        or not isinstance(file_hash, bytes)
        or not isinstance(peaks, list)
        or len(peaks) != first.index.bit_count()
        or not all(isinstance(peak, bytes) and len(peak) == 32 for peak in peaks)
    ):
        raise ContentRefusal(
            Reason.FIELD_MISSING, f"entry {first.index} does not say what stands before it"
        )
    hashes = cast("list[bytes]", peaks)
    return Beginning(first.index, first.previous, Frontier(first.index, tuple(hashes)), file_hash)
