"""The ledger on disk: appended, synced, repaired where a write was cut short.

An append returns once the disk has the record. A torn tail is cut at start and the
repair is itself an entry; tampering is not repaired but named, and the file is kept as
evidence while a new chain is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from viewkeeper.agent.adapters.store.disk import Disk
from viewkeeper.agent.core.ledger.entries import GENESIS, Entry, EntryKind, record_hash
from viewkeeper.agent.core.ledger.frames import Damage, frame, scan
from viewkeeper.agent.core.ledger.merkle import Frontier, leaf_hash
from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import Reason, SetupError


class LedgerFile:
    """An append-only file of chained entries.

    Args:
        path: the file; made where it is not.

    Raises:
        SetupError: ``ledger_tampered``, saying where.
        OSError: as the disk says.
    """

    def __init__(self, path: Path, disk: Disk | None = None) -> None:
        self._path = path
        self._disk = disk if disk is not None else Disk()
        self._descriptor: int | None = None
        data = path.read_bytes() if path.exists() else b""
        found = scan(data)
        if found.damage is Damage.TAMPERED:
            raise SetupError(Reason.LEDGER_TAMPERED, f"{path}: {found.detail}")
        self._bytes = found.good_bytes
        self._size = len(found.records)
        self._head = record_hash(found.records[-1]) if found.records else GENESIS
        self._frontier = Frontier()
        for record in found.records:
            self._frontier = self._frontier.grown(leaf_hash(record))
        self._ragged = found.damage is Damage.TORN_TAIL
        self.torn_bytes = len(data) - found.good_bytes
        """How much of a broken write was found at start; 0 for none."""

    @property
    def size(self) -> int:
        """Number of entries."""
        return self._size

    @property
    def head(self) -> bytes:
        """Hash of the last record; 32 zero bytes of an empty ledger."""
        return self._head

    @property
    def root(self) -> bytes:
        """Merkle tree hash over all entries (RFC 6962 §2.1)."""
        return self._frontier.root

    def append(self, kind: EntryKind, details: Mapping[str, cbor.Value], *, utc_ms: int) -> Entry:
        """Add an entry; on return the disk has it.

        Raises:
            OSError: it has not, and the next append will first cut what was half written.
        """
        entry = Entry(self._size, utc_ms, kind, details, self._head)
        record = entry.encode()
        data = frame(record)
        descriptor = self._open()
        if self._ragged:
            self._disk.truncate(descriptor, self._bytes)
            self._disk.sync_data(descriptor)
        self._ragged = True
        self._disk.write(descriptor, data)
        self._disk.sync_data(descriptor)
        self._ragged = False
        self._bytes += len(data)
        self._size += 1
        self._head = record_hash(record)
        self._frontier = self._frontier.grown(leaf_hash(record))
        return entry

    def records(self) -> Iterator[bytes]:
        """Every record, read anew from the disk."""
        data = self._path.read_bytes()[: self._bytes] if self._path.exists() else b""
        yield from scan(data).records

    def entries(self) -> Iterator[Entry]:
        """Every entry, read anew from the disk."""
        return (Entry.decode(record) for record in self.records())

    def close(self) -> None:
        """Let go of the file. Safe to call twice."""
        if self._descriptor is not None:
            self._disk.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        if self._descriptor is None:
            is_new = not self._path.exists()
            self._descriptor = self._disk.open_append(self._path)
            if is_new:
                self._disk.sync_directory(self._path.parent)
        return self._descriptor
