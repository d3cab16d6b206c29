"""The ledger on disk: appended, synced, repaired, and in files that can grow old.

An append returns once the disk has the record. A torn tail is cut at start and the
repair is itself an entry; tampering is not repaired but named, and nothing is appended
to it. ``ledger`` is the file being written, ``ledger.000000001234`` an older one, by the
index of its first entry.
"""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from viewkeeper.agent.adapters.store.disk import Disk
from viewkeeper.agent.core.ledger.entries import GENESIS, Entry, EntryKind, record_hash
from viewkeeper.agent.core.ledger.frames import Damage, frame, peek, scan
from viewkeeper.agent.core.ledger.segments import Beginning, beginning_of, segment_details
from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError
from viewkeeper.protocol.merkle import Tail, leaf_hash


class LedgerFile:
    """An append-only row of chained entries.

    Args:
        path: the file being written; made where it is not.

    Raises:
        SetupError: ``ledger_tampered``, saying where.
        OSError: as the disk says.
    """

    def __init__(self, path: Path, disk: Disk | None = None) -> None:
        self._path = path
        self._disk = disk if disk is not None else Disk()
        self._descriptor: int | None = None
        older = self.older_files()
        data = path.read_bytes() if path.exists() else b""
        # A power cut between closing a file and beginning the next leaves only the closed.
        last = older.pop() if older and not self._begins(data) else None
        closed = b"" if last is None else last.read_bytes()
        self._unbegun = hashlib.sha256(closed).digest() if closed and peek(data) is None else None
        self._told: dict[str, cbor.Value] | None = None
        self._check_older([*older, *([last] if last else [])], data)
        self._beginning = self._beginning_of(closed or data)
        self._read(closed, data)

    def _read(self, closed: bytes, data: bytes) -> None:
        begin = self._beginning
        self._size, self._head, self._frontier = begin.index, begin.previous, begin.frontier
        self._records: list[bytes] = []
        for part, is_last in ((closed, False), (data, True)):
            found = scan(part, first_index=self._size, previous=self._head)
            torn = found.damage is Damage.TORN_TAIL
            if found.damage is Damage.TAMPERED or (torn and not is_last):
                raise SetupError(Reason.LEDGER_TAMPERED, f"{self._path}: {found.detail}")
            for record in found.records:
                self._grow(record)
            self._bytes = found.good_bytes
        self._torn_bytes = len(data) - self._bytes
        self._ragged = self._torn_bytes > 0

    @property
    def path(self) -> Path:
        """The file being written."""
        return self._path

    @property
    def size(self) -> int:
        """Number of entries, those in files long deleted included."""
        return self._size

    @property
    def first_index(self) -> int:
        """Index of the first entry that ``records`` gives."""
        return self._beginning.index

    @property
    def head(self) -> bytes:
        """Hash of the last record; 32 zero bytes of an empty ledger."""
        return self._head

    @property
    def root(self) -> bytes:
        """Merkle tree hash over all entries (RFC 6962 §2.1)."""
        return self._frontier.root

    @property
    def tail(self) -> Tail:
        """The tree as far as this file knows its leaves: for proofs and older roots."""
        return Tail(self._beginning.frontier, [leaf_hash(record) for record in self._records])

    @property
    def file_bytes(self) -> int:
        """Length of the file being written."""
        return self._bytes

    @property
    def torn_bytes(self) -> int:
        """How much of a write cut short is still to be mended."""
        return self._torn_bytes

    @property
    def unbegun(self) -> bool:
        """Whether a file was closed and the next has no beginning yet: ``begin_with`` is due."""
        return self._unbegun is not None

    def append(self, kind: EntryKind, details: Mapping[str, cbor.Value], *, utc_ms: int) -> Entry:
        """Add an entry; on return the disk has it.

        Raises:
            OSError: it has not, and the next append will first cut what was half written.
        """
        self.mend(utc_ms=utc_ms)
        entry = Entry(self._size, utc_ms, kind, details, self._head)
        self._write(entry.encode())
        return entry

    def mend(self, *, utc_ms: int) -> None:
        """Write a beginning that is due, then cut a tail torn by a power cut and enter that it was;
        nothing where there is neither."""
        if self._unbegun is not None:
            self._begin(self._unbegun, utc_ms)
        if self._torn_bytes:
            details: dict[str, cbor.Value] = {"bytes": self._torn_bytes}
            repair = Entry(self._size, utc_ms, EntryKind.REPAIRED, details, self._head)
            self._write(repair.encode())
            self._torn_bytes = 0

    def close_file(
        self, details: Mapping[str, cbor.Value], *, utc_ms: int, clock_trusted: bool
    ) -> None:
        """Close the file being written and begin the next.

        Args:
            details: what whoever reads on from here must know: the camera's state.
            utc_ms, clock_trusted: only a close by a trusted clock lets a file grow old.

        Raises:
            OSError: not begun yet; the next append will first write the beginning.
        """
        self.mend(utc_ms=utc_ms)
        if self._ragged:
            self._cut(self._open())
        self.close()
        data = self._path.read_bytes()
        self._disk.rename(self._path, self._older_path(self._first_entry(data).index))
        self._unbegun = hashlib.sha256(data).digest()
        self._beginning = Beginning(self._size, self._head, self._frontier, self._unbegun)
        self._records, self._bytes = [], 0
        self.begin_with(details, clock_trusted=clock_trusted)
        self._disk.sync_directory(self._path.parent)
        self._begin(self._unbegun, utc_ms)

    def begin_with(self, details: Mapping[str, cbor.Value], *, clock_trusted: bool) -> None:
        """Say what a beginning that is due shall tell; it is written before the next entry.

        Args:
            details, clock_trusted: as for ``close_file``; one who starts after a power cut
                does not know by which clock the file before was closed.
        """
        self._told = {**details, "clock_trusted": clock_trusted}

    def _begin(self, file_before: bytes, utc_ms: int) -> None:
        if self._told is None:
            raise OSError(errno.EIO, "what stands before this file is to be said first")
        details = segment_details(self._frontier, file_before, self._told)
        self._write(Entry(self._size, utc_ms, EntryKind.SEGMENT, details, self._head).encode())
        self._unbegun = self._told = None

    def prune(self, *, before_utc_ms: int, utc_ms: int) -> int:
        """Delete files closed before a moment; returns how many went.

        When a file was closed is what the first later file says that was begun under a
        trusted clock: entries stamped 1970 do not make a file old. The newest closed file
        stays, and so does one whose successor could not stand alone.
        """
        older = self.older_files()
        begun = [self._first_entry(path.read_bytes()) for path in older]
        gone = 0
        for place, path in enumerate(older[:-1]):
            closed = [
                entry.utc_ms
                for entry in begun[place + 1 :]
                if entry.kind is EntryKind.SEGMENT and entry.details.get("clock_trusted") is True
            ]
            if not closed or closed[0] >= before_utc_ms:
                break
            if begun[place + 1].kind is not EntryKind.SEGMENT:
                break
            details: dict[str, cbor.Value] = {
                "first": begun[place].index,
                "last": begun[place + 1].index - 1,
                "file": hashlib.sha256(path.read_bytes()).digest(),
            }
            self.append(EntryKind.PRUNED, details, utc_ms=utc_ms)
            self._disk.remove(path)
            self._disk.sync_directory(path.parent)
            gone += 1
        return gone

    def records(self) -> Iterator[bytes]:
        """The records since ``first_index``: enough to go on from."""
        return iter(tuple(self._records))

    def entries(self) -> Iterator[Entry]:
        """The same, decoded."""
        return (Entry.decode(record) for record in self.records())

    def files(self) -> list[Path]:
        """Every file there is, oldest first."""
        return [*self.older_files(), *([self._path] if self._path.exists() else [])]

    def older_files(self) -> list[Path]:
        """The closed ones, oldest first."""
        pattern = re.compile(re.escape(self._path.name) + r"\.[0-9]{12}")
        folder = self._path.parent
        found = folder.iterdir() if folder.is_dir() else iter(())
        return sorted(path for path in found if pattern.fullmatch(path.name))

    def close(self) -> None:
        """Let go of the file. Safe to call twice."""
        if self._descriptor is not None:
            self._disk.close(self._descriptor)
            self._descriptor = None

    def _grow(self, record: bytes) -> None:
        self._records.append(record)
        self._size += 1
        self._head = record_hash(record)
        self._frontier = self._frontier.grown(leaf_hash(record))

    def _write(self, record: bytes) -> None:
        data = frame(record)
        descriptor = self._open()
        if self._ragged:
            self._cut(descriptor)
        self._ragged = True
        self._disk.write(descriptor, data)
        self._disk.sync_data(descriptor)
        self._ragged = False
        self._bytes += len(data)
        self._grow(record)

    def _cut(self, descriptor: int) -> None:
        self._disk.truncate(descriptor, self._bytes)
        self._disk.sync_data(descriptor)

    def _open(self) -> int:
        if self._descriptor is None:
            is_new = not self._path.exists()
            self._descriptor = self._disk.open_append(self._path)
            if is_new:
                self._disk.sync_directory(self._path.parent)
        return self._descriptor

    def _older_path(self, first_index: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{first_index:012d}")

    def _begins(self, data: bytes) -> bool:
        """Whether a file can be read without the one before it."""
        record = peek(data)
        if record is None:
            return False
        try:
            beginning_of(Entry.decode(record))
        except RefusalError:
            return False
        return True

    def _beginning_of(self, data: bytes) -> Beginning:
        record = peek(data)
        if record is None:
            return Beginning(0, GENESIS)
        try:
            return beginning_of(Entry.decode(record))
        except RefusalError as error:
            raise SetupError(Reason.LEDGER_TAMPERED, f"{self._path}: {error.hint}") from error

    def _first_entry(self, data: bytes) -> Entry:
        record = peek(data)
        if record is None:
            raise SetupError(Reason.LEDGER_TAMPERED, f"{self._path}: a closed file does not read")
        return Entry.decode(record)

    def _check_older(self, older: list[Path], data: bytes) -> None:
        """Each closed file is, byte for byte, the one its successor says was before it.

        Hashing is fast enough for every start; the entries inside are read by the audit.
        """
        contents = [path.read_bytes() for path in older] + ([data] if self._begins(data) else [])
        for path, before, after in zip(older, contents, contents[1:], strict=False):
            first = self._first_entry(after)
            named = first.details.get("file_before")
            if first.kind is EntryKind.SEGMENT and named != hashlib.sha256(before).digest():
                raise SetupError(
                    Reason.LEDGER_TAMPERED, f"{path} is not the file its successor follows"
                )
