"""What must outlast a power cut before the broker has it: a ring of small files on flash.

Each file is at most one erase block long and holds frames

    length of the rest (2 bytes), CRC-32 of the rest (4), boot (8), sequence (8), signed record

A file goes when the broker has all of it, so nothing is written to remember how far that is: after
a power cut at most one file is said again, and receivers drop doubles by (boot, sequence). When
there are too many files the oldest goes, and what was in it is counted before it goes.
"""

from binascii import crc32

from device.core import cbor
from device.core.errors import Refusal

SEGMENT_BYTES = 4096
LEAST_SEGMENTS, MAX_BYTES = 2, 32_768
ENDING, LOST_FILE = ".spool", "lost"
MAX_BOOTS = 16  # told apart in what is lost
_HEAD, _OF_RECORD = 6, 16


class Spool:
    """A bounded row of records on flash, oldest first.

    Args:
        files: of the storage.
        boot: 8 bytes, of the records that will be added.
        max_bytes: how much flash it may take.

    ``append`` and ``forget_losses`` raise OSError where the storage does not take it.
    """

    def __init__(self, files, boot, max_bytes=MAX_BYTES):
        self._files, self._boot = files, boot
        self._most = max(LEAST_SEGMENTS, max_bytes // SEGMENT_BYTES)
        self._through, self._lost = self._read_lost()
        self._held, self._fill, self._torn = set(), None, True
        self._numbers = []
        for number in sorted(int(name[:8], 16) for name in files.names(ENDING)):
            if number <= self._through:
                files.remove(_name(number))  # counted before the power went
            else:
                self._numbers.append(number)
        self._last = self._numbers[-1] if self._numbers else self._through
        self._at = (self._numbers[0], 0) if self._numbers else (0, 0)
        self._mend()

    @property
    def is_empty(self):
        return not self._numbers

    def append(self, records, held):
        """Keep records: [(sequence, bytes)]; their keys.

        Args:
            held: for each, whether it is on its way already: ``next`` passes it over.
        """
        keys = []
        try:
            self._append(records, keys)
        except OSError:
            try:
                self._mend()
            except OSError:
                pass  # the next one to add cuts it first
            raise
        self._held.update(key for key, is_held in zip(keys, held) if is_held)
        return keys

    def next(self):
        """The next one to say, as (key, record); ``None``: all is said or on its way."""
        while self._numbers:
            number, offset = self._at
            found = self._frame_at(number, offset)
            if found is None:
                index = self._numbers.index(number)
                if index + 1 == len(self._numbers):
                    break
                self._at = (self._numbers[index + 1], 0)
                self._tidy()
                continue
            self._at = (number, offset + _HEAD + _OF_RECORD + len(found[2]))
            if (number, offset) not in self._held:
                self._held.add((number, offset))
                return (number, offset), found[2]
        return None

    def done(self, key):
        """The broker has it."""
        self._held.discard(key)
        self._tidy()

    @property
    def losses(self):
        """[(boot, first sequence, last sequence, how many)] of what gave way."""
        return [tuple(row) for row in self._lost]

    def forget_losses(self):
        """They were said."""
        self._files.remove(LOST_FILE)
        self._through, self._lost = 0, []

    def _append(self, records, keys):
        self._mend()
        data, number = b"", self._last
        for sequence, record in records:
            frame = _frame(self._boot, sequence, record)
            full = self._fill + len(data)
            if not self._numbers or (full and full + len(frame) > SEGMENT_BYTES):
                self._put(number, data)
                number, data = self._begin(), b""
            keys.append((number, self._fill + len(data)))
            data += frame
        self._put(number, data)

    def _begin(self):
        """A new file; the oldest gives way where there are too many."""
        while len(self._numbers) >= self._most:
            self._drop()
        self._last += 1
        if not self._numbers:
            self._at = (self._last, 0)
        self._numbers.append(self._last)
        self._fill = 0
        return self._last

    def _put(self, number, data):
        if data:
            self._torn = True  # until the storage says it has it
            self._files.append(_name(number), data)
            self._torn = False
            self._fill += len(data)

    def _drop(self):
        """The oldest file goes: first its loss is kept, then it is removed."""
        number, offset = self._numbers[0], 0
        lost = [list(row) for row in self._lost]
        if self._at[0] == number:
            offset = self._at[1]
        elif self._at[0] > number:
            offset = SEGMENT_BYTES  # all of it is on its way, and in memory
        found = self._frame_at(number, offset)
        while found is not None:
            boot, sequence, record = found
            if (number, offset) not in self._held:
                _count(lost, boot, sequence)
            offset += _HEAD + _OF_RECORD + len(record)
            found = self._frame_at(number, offset)
        if lost != self._lost:
            self._files.write(LOST_FILE, cbor.encode([number, lost]))
            self._through, self._lost = number, lost
        self._files.remove(_name(number))
        self._held = {key for key in self._held if key[0] != number}
        self._numbers.pop(0)
        if self._at[0] <= number:
            self._at = (self._numbers[0], 0) if self._numbers else (0, 0)

    def _tidy(self):
        """Remove the files that the broker has whole."""
        while self._numbers:
            number = self._numbers[0]
            is_last = number == self._last
            read = self._at[0] > number or (is_last and self._at[1] >= self._fill)
            if not read or any(key[0] == number for key in self._held):
                return
            self._files.remove(_name(number))
            self._numbers.pop(0)

    def _mend(self):
        """Cut what a power cut or a full storage left half written."""
        if not self._numbers:
            self._fill = 0
        elif self._torn:
            name = _name(self._last)
            if self._fill is None:
                self._fill = self._whole(self._last)
            if self._fill < (self._files.size(name) or 0):
                self._files.cut(name, self._fill)
        self._torn = False

    def _whole(self, number):
        """How many bytes of a file are whole frames."""
        end, found = 0, self._frame_at(number, 0)
        while found is not None:
            end += _HEAD + _OF_RECORD + len(found[2])
            found = self._frame_at(number, end)
        return end

    def _frame_at(self, number, offset):
        """(boot, sequence, record); ``None`` where there is none that is whole."""
        head = self._files.read(_name(number), offset, _HEAD)
        if not head or len(head) < _HEAD:
            return None
        size = int.from_bytes(head[:2], "big")
        rest = self._files.read(_name(number), offset + _HEAD, size)
        if size < _OF_RECORD or len(rest) < size:
            return None
        if crc32(rest) != int.from_bytes(head[2:], "big"):
            return None
        return rest[:8], int.from_bytes(rest[8:16], "big"), rest[16:]

    def _read_lost(self):
        kept = self._files.read(LOST_FILE)
        try:
            through, lost = cbor.decode(kept) if kept else (0, [])
        except Refusal:
            return 0, []  # a flash that spoilt it: better no count than no device
        return through, [list(row) for row in lost]


def _name(number):
    return "%08x" % number + ENDING


def _frame(boot, sequence, record):
    rest = boot + sequence.to_bytes(8, "big") + record
    return len(rest).to_bytes(2, "big") + crc32(rest).to_bytes(4, "big") + rest


def _count(lost, boot, sequence):
    """Add one to the row of its boot; of more boots than are told apart, to the last row."""
    for row in lost:
        if row[0] == boot:
            row[1], row[2] = min(row[1], sequence), max(row[2], sequence)
            row[3] += 1
            return
    if len(lost) < MAX_BOOTS:
        lost.append([boot, sequence, sequence, 1])
    else:
        lost[-1][3] += 1
