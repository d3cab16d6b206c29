"""What must outlast a power cut before it is with whom it is for: a ring of small files on flash.

Each file is at most one erase block long and holds frames

    length of the rest (2 bytes), CRC-32 of the rest (4), boot (8), sequence (8), signed record

A file goes when all of it is done, so nothing is written to remember how far that is: after a
power cut the files that are left are said again, and receivers drop doubles by (boot, sequence).
When there are too many files the oldest goes, and what was in it is counted before it goes.
"""

from binascii import crc32

from device.core import cbor
from device.core.errors import Refusal

SEGMENT_BYTES = 4096
LEAST_SEGMENTS, MAX_BYTES = 2, 32_768
ENDING, LOST_FILE = ".spool", "lost"
MAX_BOOTS = 16  # told apart in what is lost
_HEAD, _OF_RECORD = 6, 16
_BITS = 12  # of a key, for the offset in its file: one number is a quarter of a pair in RAM


class Spool:
    """A bounded row of records on flash, oldest first.

    Args:
        files: of the storage.
        boot: 8 bytes, of the records that will be added.
        max_bytes: how much flash it may take.
        receipts: what was said is not done before somebody confirms it; where it gives way until
            then it is a loss to tell. Without: what was said and is not done is in RAM, too.

    ``append`` and ``forget_losses`` raise OSError where the storage does not take it.
    """

    def __init__(self, files, boot, max_bytes=MAX_BYTES, receipts=False):
        self._files, self._boot, self._receipts = files, boot, receipts
        self._most = max(LEAST_SEGMENTS, max_bytes // SEGMENT_BYTES)
        self._through, self._lost = self._read_lost()
        self._passed, self._done = set(), set()  # keys
        self._fill, self._torn = None, True
        self._numbers, self._left = [], {}  # of frames not done, by file
        for number in sorted(int(name[:8], 16) for name in files.names(ENDING)):
            if number <= self._through:
                files.remove(_name(number))  # counted before the power went
            else:
                self._numbers.append(number)
                self._left[number] = self._count(number)[0]
        self._last = self._numbers[-1] if self._numbers else self._through
        self._at = (self._numbers[0], 0) if self._numbers else (0, 0)
        self._mend()
        self._tidy()

    @property
    def is_empty(self):
        return not self._numbers

    @property
    def is_said(self):
        """Whether ``next`` has come to the end."""
        return not self._numbers or self._at >= (self._last, self._fill or 0)

    def append(self, records, passed):
        """Keep records: [(sequence, bytes)]; their keys.

        Args:
            passed: for each, whether it was said or is being said: ``next`` passes it over.
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
        self._passed.update(key for key, is_passed in zip(keys, passed) if is_passed)
        return keys

    def next(self):
        """The next one to say, as (key, record); ``None``: all is said or being said."""
        while not self.is_said:
            number, offset = self._at
            found = self._frame_at(number, offset)
            if found is None:
                index = self._numbers.index(number)
                if index + 1 == len(self._numbers):
                    break
                self._at = (self._numbers[index + 1], 0)
                continue
            self._at = (number, offset + _HEAD + _OF_RECORD + len(found[2]))
            key = number << _BITS | offset
            if key in self._passed:
                self._passed.remove(key)
            elif key not in self._done:
                return key, found[2]
        return None

    def rewind(self, passed):
        """Begin anew with the oldest that is not done, without those that are being said now."""
        self._at = (self._numbers[0], 0) if self._numbers else (0, 0)
        self._passed = set(passed)

    def done(self, key):
        """One is where it is for."""
        self._mark(key)
        self._tidy()

    def confirm(self, places):
        """So are those of these places, a set of (boot, sequence); whether any was here."""
        before = len(self._done)
        for number in self._numbers:
            offset = 0
            found = self._frame_at(number, offset) if places else None
            while found is not None:
                boot, sequence, record = found
                if (boot, sequence) in places:
                    places.remove((boot, sequence))
                    self._mark(number << _BITS | offset)
                offset += _HEAD + _OF_RECORD + len(record)
                found = self._frame_at(number, offset) if places else None
        known = len(self._done) > before
        self._tidy()
        return known

    @property
    def losses(self):
        """[(boot, first, last sequence, how many nobody has, how many a broker had)]."""
        return [tuple(row) for row in self._lost]

    def forget_losses(self):
        """They were said."""
        self._files.remove(LOST_FILE)
        self._through, self._lost = 0, []

    def _append(self, records, keys):
        self._mend()
        data, number, count = b"", self._last, 0
        for sequence, record in records:
            frame = _frame(self._boot, sequence, record)
            full = self._fill + len(data)
            if not self._numbers or (full and full + len(frame) > SEGMENT_BYTES):
                self._put(number, data, count)
                number, data, count = self._begin(), b"", 0
            keys.append(number << _BITS | self._fill + len(data))
            data += frame
            count += 1
        self._put(number, data, count)

    def _begin(self):
        """A new file; the oldest gives way where there are too many."""
        while len(self._numbers) >= self._most:
            self._drop()
        self._last += 1
        if not self._numbers:
            self._at = (self._last, 0)
        self._numbers.append(self._last)
        self._left[self._last] = self._fill = 0
        return self._last

    def _put(self, number, data, count):
        if data:
            self._torn = True  # until the storage says it has it
            self._files.append(_name(number), data)
            self._torn = False
            self._fill += len(data)
            self._left[number] += count

    def _drop(self):
        """The oldest file goes: first its loss is kept, then it is removed."""
        number, offset = self._numbers[0], 0
        lost = [list(row) for row in self._lost]
        found = self._frame_at(number, offset)
        while found is not None:
            boot, sequence, record = found
            key = number << _BITS | offset
            was_said = (number, offset) < self._at or key in self._passed
            if key not in self._done and (self._receipts or not was_said):
                _tell(lost, boot, sequence, was_said)
            offset += _HEAD + _OF_RECORD + len(record)
            found = self._frame_at(number, offset)
        if lost != self._lost:
            self._files.write(LOST_FILE, cbor.encode([number, lost]))
            self._through, self._lost = number, lost
        self._forget(number)

    def _mark(self, key):
        number = key >> _BITS
        if key not in self._done and number in self._left:
            self._done.add(key)
            self._left[number] -= 1

    def _tidy(self):
        """Remove the files that are done; the one that is being filled only where it is alone."""
        for number in list(self._numbers):
            if not self._left[number] and (number != self._last or len(self._numbers) == 1):
                self._forget(number)

    def _forget(self, number):
        self._files.remove(_name(number))
        self._numbers.remove(number)
        del self._left[number]
        for keys in (self._passed, self._done):
            for key in [key for key in keys if key >> _BITS == number]:
                keys.remove(key)
        if self._at[0] == number:
            later = [each for each in self._numbers if each > number]
            self._at = (later[0] if later else number, 0)

    def _mend(self):
        """Cut what a power cut or a full storage left half written."""
        if not self._numbers:
            self._fill = 0
        elif self._torn:
            name = _name(self._last)
            if self._fill is None:
                self._fill = self._count(self._last)[1]
            if self._fill < (self._files.size(name) or 0):
                self._files.cut(name, self._fill)
        self._torn = False

    def _count(self, number):
        """(how many whole frames a file has, where they end)."""
        count, end, found = 0, 0, self._frame_at(number, 0)
        while found is not None:
            count += 1
            end += _HEAD + _OF_RECORD + len(found[2])
            found = self._frame_at(number, end)
        return count, end

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
        return through, [list(row) + [0] * (5 - len(row)) for row in lost]


def _name(number):
    return "%08x" % number + ENDING


def _frame(boot, sequence, record):
    rest = boot + sequence.to_bytes(8, "big") + record
    return len(rest).to_bytes(2, "big") + crc32(rest).to_bytes(4, "big") + rest


def _tell(lost, boot, sequence, was_said):
    """Add one to the row of its boot; of more boots than are told apart, to the last row."""
    at = 4 if was_said else 3
    for row in lost:
        if row[0] == boot:
            row[1], row[2] = min(row[1], sequence), max(row[2], sequence)
            row[at] += 1
            return
    if len(lost) < MAX_BOOTS:
        lost.append([boot, sequence, sequence, 0, 0])
    lost[-1][at] += 1
