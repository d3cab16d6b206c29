"""The ledger in the agent's own format: framed, chained, with the peaks of its Merkle tree.

It is read once at start, a record at a time, and keeps O(log n) hashes (RFC 6962 §2.1). A
torn tail is cut and entered as a repair; any other damage is ``ledger_tampered``.
"""

from binascii import crc32
from hashlib import sha256

from device.core import cbor
from device.core.errors import Refusal

NAME = "ledger"
MAX_RECORD_BYTES = 32768


class Ledger:
    """An append-only row of chained entries over a storage port."""

    def __init__(self, files, visit=None):
        """``visit(index, record)`` is called for each record that is there."""
        self._files = files
        self.size, self.head, self._peaks, self._bytes = 0, bytes(32), [], 0
        total = files.size(NAME) or 0
        while self._bytes < total:
            record = self._record_at(self._bytes, total)
            if record is None:
                break
            self._check(record)
            if visit is not None:
                visit(self.size, record)
            self._grow(record)
        self._torn = total - self._bytes
        if self._torn:
            self._check_tail(total)

    @property
    def root(self):
        """Merkle tree hash over all entries."""
        if not self._peaks:
            return sha256(b"").digest()
        root = self._peaks[-1]
        for peak in self._peaks[-2::-1]:
            root = sha256(b"\x01" + peak + root).digest()
        return root

    def append(self, kind, details, utc_ms):
        """Add an entry and return its index; on return the storage has it."""
        if self._torn:
            self._files.cut(NAME, self._bytes)
            torn, self._torn = self._torn, 0
            self._write("repaired", {"bytes": torn}, utc_ms)
        return self._write(kind, details, utc_ms)

    def records(self, first_index=0):
        """The records from an index on, one at a time."""
        position, index = 0, 0
        while position < self._bytes:
            record = self._record_at(position, self._bytes)
            if index >= first_index:
                yield index, record
            position += 8 + len(record)
            index += 1

    def _write(self, kind, details, utc_ms):
        entry = {1: self.size, 2: utc_ms, 3: kind, 4: details, 5: self.head}
        record = cbor.encode(entry)
        length = len(record).to_bytes(4, "big")
        crc = crc32(record, crc32(length)).to_bytes(4, "big")
        self._torn = len(record) + 8  # until the storage says it has it
        self._files.append(NAME, length + crc + record)
        self._torn = 0
        self._grow(record)
        return self.size - 1

    def _grow(self, record):
        self._bytes += 8 + len(record)
        self.head = sha256(record).digest()
        leaf = sha256(b"\x00" + record).digest()
        size = self.size
        while size & 1:
            leaf = sha256(b"\x01" + self._peaks.pop() + leaf).digest()
            size >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def _record_at(self, position, total):
        head = self._files.read(NAME, position, 8)
        length = int.from_bytes(head[:4], "big")
        if len(head) < 8 or not 0 < length <= min(MAX_RECORD_BYTES, total - position - 8):
            return None
        record = self._files.read(NAME, position + 8, length)
        if crc32(record, crc32(head[:4])) != int.from_bytes(head[4:], "big"):
            return None
        return record

    def _check(self, record):
        entry = cbor.decode(record, MAX_RECORD_BYTES)
        if not isinstance(entry, dict) or entry.get(1) != self.size or entry.get(5) != self.head:
            raise Refusal("ledger_tampered", "entry %d does not follow" % self.size)

    def _check_tail(self, total):
        if self._torn > 8 + MAX_RECORD_BYTES:
            raise Refusal("ledger_tampered", "more than one write does not read")
        for position in range(self._bytes + 1, total - 8):
            if self._record_at(position, total) is not None:
                raise Refusal("ledger_tampered", "entries after a damaged one do read")
