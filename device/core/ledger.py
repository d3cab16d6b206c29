"""The ledger in the agent's own format: framed, chained, with the peaks of its Merkle tree.

It is read once at start, a record at a time, and keeps O(log n) hashes (RFC 6962 §2.1). A
torn tail is cut and entered as a repair; any other damage is ``ledger_tampered``. ``ledger`` is the
file being written, ``ledger.000000001234`` a closed one by the index of its first entry; the first
entry of a file says what stands before it, so that old files can go (``segments``).
"""

from binascii import crc32
from hashlib import sha256

from device.core import cbor
from device.core.errors import Refusal

NAME = "ledger"
MAX_RECORD_BYTES = 32768
FROM_BEGINNING = (0, bytes(32), ())


class Ledger:
    """An append-only row of chained entries over a storage port.

    Attributes:
        size, head: entries ever made, and the hash of the last.
        first_index, first_peaks: of the first entry that is read here, and of the tree before it.
        closed: names of the closed files, oldest first.
        file_bytes, total_bytes: of the file being written; of all.
        unbegun: a closed file has no successor yet: ``begin`` one before anything is appended.
    """

    def __init__(self, files, visit=None):
        """``visit(index, record)`` is called for each record that is read."""
        self._files = files
        self.closed = sorted(name for name in files.names("") if _is_closed(name))
        first = read_first(files, NAME)
        beginning = beginning_of(first)
        self._parts = [NAME]
        if beginning is None and self.closed:
            # A power cut between closing a file and beginning the next leaves only the closed.
            self._parts = [self.closed[-1], NAME]
            beginning = beginning_of(read_first(files, self._parts[0]))
        if beginning is None:
            if first is not None or len(self._parts) == 2:
                raise Refusal("ledger_tampered", "a file does not say what stands before it")
            beginning = FROM_BEGINNING
        self._check_closed()
        self.first_index, self.head, self.first_peaks = beginning
        self.size, self._peaks = self.first_index, list(self.first_peaks)
        for name in self._parts:
            self._file_first = self.size
            torn = self._read(name, visit)
        self.unbegun = len(self._parts) == 2 and not self.file_bytes
        self.total_bytes = self.file_bytes + sum(files.size(name) for name in self.closed)
        self._torn = torn

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
        if self.unbegun:
            raise OSError(5)  # what stands before it has to be said first
        self._mend(utc_ms)
        return self._write(kind, details, utc_ms)

    def close_file(self, utc_ms):
        """Close the file being written; ``begin`` has to follow."""
        self._mend(utc_ms)
        name = "%s.%012d" % (NAME, self._file_first)
        self._files.rename(NAME, name)
        self.closed.append(name)
        self._parts, self._file_first, self.file_bytes = [name, NAME], self.size, 0
        self.unbegun = True

    def begin(self, details, utc_ms):
        """Begin the file after a closed one; ``details`` are what it takes to go on from here."""
        torn = 0
        if self._torn:
            self._files.remove(NAME)
            torn, self._torn = self._torn, 0
        details["peaks"], details["size"] = list(self._peaks), self.size
        details["file_before"] = self._files.digest(self.closed[-1])
        peaks, size = tuple(self._peaks), self.size
        self._write("segment", details, utc_ms)
        self.unbegun, self._parts = False, [NAME]
        self.first_index, self.first_peaks = size, peaks
        if torn:
            self._write("repaired", {"bytes": torn}, utc_ms)

    def drop(self, name):
        """Let the oldest closed file go."""
        self.total_bytes -= self._files.size(name) or 0
        self._files.remove(name)
        self.closed.remove(name)

    def records(self, first_index=0):
        """(index, record) from an index on, one at a time, as far as ``first_index`` reaches."""
        index = self.first_index
        for name in self._parts:
            for _, record in frames(self._files, name):
                if index >= self.size:
                    return
                if index >= first_index:
                    yield index, record
                index += 1

    def _mend(self, utc_ms):
        if self._torn:
            self._files.cut(NAME, self.file_bytes)
            torn, self._torn = self._torn, 0
            self._write("repaired", {"bytes": torn}, utc_ms)

    def _write(self, kind, details, utc_ms):
        entry = {1: self.size, 2: utc_ms, 3: kind, 4: details, 5: self.head}
        record = cbor.encode(entry)
        length = len(record).to_bytes(4, "big")
        crc = crc32(record, crc32(length)).to_bytes(4, "big")
        self._torn = len(record) + 8  # until the storage says it has it
        self._files.append(NAME, length + crc, record)  # in parts: no second copy in RAM
        self._torn = 0
        self.file_bytes += 8 + len(record)
        self.total_bytes += 8 + len(record)
        self._grow(record)
        return self.size - 1

    def _grow(self, record):
        self.head = sha256(record).digest()
        leaf = sha256(b"\x00")
        leaf.update(record)
        leaf = leaf.digest()
        size = self.size
        while size & 1:
            leaf = sha256(b"\x01" + self._peaks.pop() + leaf).digest()
            size >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def _read(self, name, visit):
        """Take a file in; how many bytes at its end are a write cut short."""
        total, self.file_bytes = self._files.size(name) or 0, 0
        for end, record in frames(self._files, name):
            self._check(record)
            if visit is not None:
                visit(self.size, record)
            self._grow(record)
            self.file_bytes = end
        torn = total - self.file_bytes
        if torn:
            if name != NAME:
                raise Refusal("ledger_tampered", "a closed file does not read")
            self._check_tail(total)
        return torn

    def _check(self, record):
        entry = opened(record)
        if not isinstance(entry, dict) or entry.get(1) != self.size or entry.get(5) != self.head:
            raise Refusal("ledger_tampered", "entry %d does not follow" % self.size)

    def _check_tail(self, total):
        if total - self.file_bytes > 8 + MAX_RECORD_BYTES:
            raise Refusal("ledger_tampered", "more than one write does not read")
        for position in range(self.file_bytes + 1, total - 8):
            if _record_at(self._files, NAME, position, total) is not None:
                raise Refusal("ledger_tampered", "entries after a damaged one do read")

    def _check_closed(self):
        """Each closed file is, byte for byte, the one its successor says was before it."""
        for name, after in zip(self.closed, self.closed[1:] + [NAME]):
            first = read_first(self._files, after)
            if first is not None and first[3] == "segment":
                if first[4].get("file_before") != self._files.digest(name):
                    raise Refusal("ledger_tampered", name + " is not what its successor follows")


def opened(record):
    """What a record says; its longer byte strings are lent."""
    return cbor.decode(memoryview(record), MAX_RECORD_BYTES, True)


def frames(files, name):
    """(where it ends, record) of each whole record of a file, up to the first that is not."""
    position, total = 0, files.size(name) or 0
    while position < total:
        record = _record_at(files, name, position, total)
        if record is None:
            return
        position += 8 + len(record)
        yield position, record


def read_first(files, name):
    """The first entry of a file as it was encoded; ``None`` where none reads."""
    for _, record in frames(files, name):
        entry = opened(record)
        return entry if isinstance(entry, dict) and 4 in entry else None
    return None


def beginning_of(first):
    """(index, hash before it, peaks of the tree before it) as a file's first entry says it.

    ``None``: the entry is none that can begin a file.
    """
    if first is None:
        return None
    index, details = first[1], first[4]
    if index == 0:
        return FROM_BEGINNING
    peaks = details.get("peaks")
    if first[3] != "segment" or details.get("size") != index or not isinstance(peaks, list):
        return None
    if len(peaks) != bin(index).count("1") or any(len(peak) != 32 for peak in peaks):
        return None
    return index, first[5], tuple(peaks)


def _is_closed(name):
    return name.startswith(NAME + ".") and len(name) == len(NAME) + 13 and name[-12:].isdigit()


def _record_at(files, name, position, total):
    head = files.read(name, position, 8)
    length = int.from_bytes(head[:4], "big")
    if len(head) < 8 or not 0 < length <= min(MAX_RECORD_BYTES, total - position - 8):
        return None
    record = files.read(name, position + 8, length)
    if crc32(record, crc32(head[:4])) != int.from_bytes(head[4:], "big"):
        return None
    return record
