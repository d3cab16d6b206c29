"""The Merkle tree of RFC 6962 §2.1 (as in RFC 9162 §2.1): one hash for a whole ledger.

``Frontier`` grows leaf by leaf in O(log n) memory, for the camera. Proofs need the leaf
hashes: whoever has the entries has them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(record: bytes) -> bytes:
    """RFC 6962 §2.1: leaves and nodes have different prefixes, against second preimages."""
    return hashlib.sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The perfect subtrees of a growing tree, largest first.

    Attributes:
        size: number of leaves.
        peaks: one hash for each bit set in ``size``, highest bit first.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def grown(self, leaf: bytes) -> Frontier:
        """The frontier with one leaf hash more."""
        peaks, size = list(self.peaks), self.size
        while size & 1:
            leaf = node_hash(peaks.pop(), leaf)
            size >>= 1
        return Frontier(self.size + 1, (*peaks, leaf))

    @property
    def root(self) -> bytes:
        """The Merkle tree hash."""
        if not self.peaks:
            return EMPTY_ROOT
        *rest, root = self.peaks
        for peak in reversed(rest):
            root = node_hash(peak, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash of these leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.grown(leaf)
    return frontier.root


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The audit path of one leaf (RFC 6962 §2.1.1), from the leaf upwards."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"no leaf {index} among {len(leaves)}")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(index, leaves[:split]), root_of(leaves[split:])]
    return [*inclusion_proof(index - split, leaves[split:]), root_of(leaves[:split])]


def consistency_proof(old_size: int, leaves: Sequence[bytes]) -> list[bytes]:
    """That the first ``old_size`` leaves are the old tree (RFC 6962 §2.1.2)."""
    if not 0 < old_size <= len(leaves):
        raise ValueError(f"no tree of {old_size} within {len(leaves)}")
    return _subproof(old_size, leaves, True)


def _subproof(old_size: int, leaves: Sequence[bytes], complete: bool) -> list[bytes]:
    if old_size == len(leaves):
        return [] if complete else [root_of(leaves)]
    split = _split(len(leaves))
    if old_size <= split:
        return [*_subproof(old_size, leaves[:split], complete), root_of(leaves[split:])]
    return [*_subproof(old_size - split, leaves[split:], False), root_of(leaves[:split])]


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)


@dataclass(frozen=True, slots=True)
class Tail:
    """A tree of which the leaves before a moment are gone and only their peaks are left.

    Attributes:
        beginning: the frontier at that moment.
        leaves: the leaf hashes since.
    """

    beginning: Frontier
    leaves: Sequence[bytes]

    @property
    def size(self) -> int:
        return self.beginning.size + len(self.leaves)

    def root_at(self, size: int) -> bytes | None:
        """The root of the first ``size`` leaves; ``None`` before the beginning or after the end."""
        if not self.beginning.size <= size <= self.size:
            return None
        frontier = self.beginning
        for leaf in self.leaves[: size - self.beginning.size]:
            frontier = frontier.grown(leaf)
        return frontier.root

    def consistency_proof(self, old_size: int) -> list[bytes] | None:
        """That the first ``old_size`` leaves are the old tree; ``None`` where it cannot be told."""
        if not max(1, self.beginning.size) <= old_size <= self.size:
            return None
        return self._subproof(old_size, 0, self.size, True)

    def _subproof(self, old_size: int, low: int, high: int, complete: bool) -> list[bytes]:
        if old_size == high - low:
            return [] if complete else [self._node(low, high)]
        middle = low + _split(high - low)
        if old_size <= middle - low:
            return [*self._subproof(old_size, low, middle, complete), self._node(middle, high)]
        rest = self._subproof(old_size - (middle - low), middle, high, False)
        return [*rest, self._node(low, middle)]

    def _node(self, low: int, high: int) -> bytes:
        """The hash over leaves ``low`` to ``high``; before the beginning only peaks are known."""
        if low < self.beginning.size and (peak := self._peak(low, high)) is not None:
            return peak
        if high - low == 1:
            return self.leaves[low - self.beginning.size]
        middle = low + _split(high - low)
        return node_hash(self._node(low, middle), self._node(middle, high))

    def _peak(self, low: int, high: int) -> bytes | None:
        start = 0
        for peak in self.beginning.peaks:  # the largest first, one for each bit of the size
            width = 1 << ((self.beginning.size - start).bit_length() - 1)
            if (start, start + width) == (low, high):
                return peak
            start += width
        return None


def holds_inclusion(
    index: int, leaf: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether a proof shows ``leaf`` at ``index`` of a tree (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while not node & 1 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and value == root


def holds_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether a proof shows one tree to be the start of another (RFC 9162 §2.1.4.2)."""
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_value = new_value = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old_value = node_hash(sibling, old_value)
            new_value = node_hash(sibling, new_value)
            while not node & 1 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            new_value = node_hash(new_value, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old_value == old_root and new_value == new_root
