"""That an older ledger is the beginning of this one: the proof of RFC 6962 §2.1.2, and its root.

Read from the files in one pass, with O(log n) hashes in memory. ``protocol/merkle.py`` has the same
in lists.
"""

from hashlib import sha256

from device.core.ledger import NAME, beginning_of, frames, read_first


def consistency(ledger, files, old_size):
    """The proof, a list of hashes; ``None`` where the leaves it takes are no longer here."""
    size = ledger.size
    if not 0 < old_size <= size:
        return None
    ranges = []
    _subproof(old_size, 0, size, True, ranges)
    start = _file_before(ledger, files, old_size)
    if start is None:
        return None
    names, index, peaks = start
    stacks = [[] for _ in ranges]
    _put_peaks(ranges, stacks, index, peaks)
    for name in names:
        for _, record in frames(files, name):
            if index < size:
                _put(ranges, stacks, index, 1, sha256(b"\x00" + record).digest())
                index += 1
    return [_folded(stack) for stack in stacks]


def root_at(ledger, files, size):
    """The root of the first ``size`` entries; ``None`` where it can no longer be told."""
    start = _file_before(ledger, files, size) if 0 < size <= ledger.size else None
    if start is None:
        return None
    names, index, peaks = start
    ranges, stack = ((0, size),), [[]]
    _put_peaks(ranges, stack, index, peaks)
    for name in names:
        for _, record in frames(files, name):
            _put(ranges, stack, index, 1, sha256(b"\x00" + record).digest())
            index += 1
            if index >= size:
                return _folded(stack[0])
    return _folded(stack[0]) if index == size else None


def _subproof(old_size, low, high, complete, ranges):
    """Which subtrees the proof is made of, in its order."""
    if old_size == high - low:
        if not complete:
            ranges.append((low, high))
        return
    split = 1
    while 2 * split < high - low:
        split *= 2
    if old_size <= split:
        _subproof(old_size, low, low + split, complete, ranges)
        ranges.append((low + split, high))
    else:
        _subproof(old_size - split, low + split, high, False, ranges)
        ranges.append((low, low + split))


def _file_before(ledger, files, old_size):
    """(files to read, index, peaks) of the newest file that begins no later than ``old_size``."""
    names = [NAME]
    for name in [NAME] + ledger.closed[::-1]:
        if name != NAME:
            names.insert(0, name)
        beginning = beginning_of(read_first(files, name))
        if beginning is not None and beginning[0] <= old_size:
            return names, beginning[0], beginning[2]
    return None


def _put_peaks(ranges, stacks, index, peaks):
    low = 0
    for peak in peaks:  # the largest first, one for each bit of the index
        width = 1
        while 2 * width <= index - low:
            width *= 2
        _put(ranges, stacks, low, width, peak)
        low += width


def _put(ranges, stacks, low, width, node):
    """Add a subtree where it belongs; two of a width are one of twice that."""
    for (first, end), stack in zip(ranges, stacks):
        if first <= low < end:
            while stack and stack[-1][0] == width:
                node = sha256(b"\x01" + stack.pop()[1] + node).digest()
                width *= 2
            stack.append((width, node))
            return


def _folded(stack):
    node = stack[-1][1]
    for _, left in stack[-2::-1]:
        node = sha256(b"\x01" + left + node).digest()
    return node
