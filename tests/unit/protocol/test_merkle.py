"""RFC 6962 trees against the RFC's own definition and Certificate Transparency's vectors."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.protocol.merkle import (
    EMPTY_ROOT,
    Frontier,
    Tail,
    consistency_proof,
    holds_consistency,
    holds_inclusion,
    inclusion_proof,
    leaf_hash,
    root_of,
)

# Test data of the certificate-transparency project (merkletree tests), as transcribed data.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def rfc_root(records):
    """MTH of RFC 6962 §2.1, word for word."""
    if not records:
        return hashlib.sha256(b"").digest()
    if len(records) == 1:
        return hashlib.sha256(b"\x00" + records[0]).digest()
    k = 1
    while k * 2 < len(records):
        k *= 2
    left, right = rfc_root(records[:k]), rfc_root(records[k:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size):
    assert root_of([leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing():
    assert Frontier().root == EMPTY_ROOT == rfc_root([])


@given(st.integers(0, 70))
def test_a_frontier_grows_to_the_rfcs_root(size):
    records = [bytes([n]) for n in range(size)]
    frontier = Frontier()
    for record in records:
        frontier = frontier.grown(leaf_hash(record))
    assert frontier.root == rfc_root(records)
    assert len(frontier.peaks) == size.bit_count()


@given(st.integers(1, 70), st.data())
def test_every_leaf_proves_its_place_and_no_other(size, data):
    index = data.draw(st.integers(0, size - 1))
    leaves = [leaf_hash(bytes([n])) for n in range(size)]
    root, proof = root_of(leaves), inclusion_proof(index, leaves)
    assert holds_inclusion(index, leaves[index], size, root, proof)
    assert not holds_inclusion(index, leaf_hash(b"other"), size, root, proof)
    assert not holds_inclusion(index, leaves[index], size, bytes(32), proof)
    assert not holds_inclusion(index, leaves[index], size, root, [*proof, bytes(32)])
    if proof:
        assert not holds_inclusion(index, leaves[index], size, root, proof[:-1])
    other = (index + 1) % size
    if other != index:
        assert not holds_inclusion(other, leaves[index], size, root, proof)


@given(st.integers(1, 70), st.data())
def test_every_tree_proves_its_beginnings(size, data):
    old = data.draw(st.integers(1, size))
    leaves = [leaf_hash(bytes([n])) for n in range(size)]
    new_root, old_root = root_of(leaves), root_of(leaves[:old])
    proof = consistency_proof(old, leaves)
    assert holds_consistency(old, size, old_root, new_root, proof)
    assert not holds_consistency(old, size, bytes(32), new_root, proof)
    if old != size:
        assert not holds_consistency(old, size, old_root, bytes(32), proof)
        assert not holds_consistency(old, size, old_root, new_root, proof[:-1])
        assert not holds_consistency(old, size, old_root, new_root, [*proof, bytes(32)])


@given(st.integers(2, 70), st.data())
def test_a_rewritten_past_cannot_be_proven(size, data):
    old = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old - 1))
    leaves = [leaf_hash(bytes([n])) for n in range(size)]
    old_root = root_of(leaves[:old])
    leaves[changed] = leaf_hash(b"rewritten")
    proof = consistency_proof(old, leaves)
    assert not holds_consistency(old, size, old_root, root_of(leaves), proof)


def test_proofs_of_what_is_not_there_are_refused():
    leaves = [leaf_hash(b"a")]
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(1, leaves)
    for size in (0, 2):
        with pytest.raises(ValueError, match="no tree"):
            consistency_proof(size, leaves)
    assert not holds_inclusion(1, leaves[0], 1, leaves[0], [])
    assert not holds_consistency(0, 1, EMPTY_ROOT, leaves[0], [])
    assert not holds_consistency(2, 1, EMPTY_ROOT, leaves[0], [])
    assert not holds_consistency(2, 3, EMPTY_ROOT, leaves[0], [])


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 80))
def test_a_tree_without_its_first_leaves_proves_as_the_whole_one_does(
    gone: int, more: int, old: int
) -> None:
    leaves = [leaf_hash(number.to_bytes(2, "big")) for number in range(gone + more)]
    beginning = Frontier()
    for leaf in leaves[:gone]:
        beginning = beginning.grown(leaf)
    tail = Tail(beginning, leaves[gone:])
    known = max(1, gone) <= old <= len(leaves)
    assert tail.consistency_proof(old) == (consistency_proof(old, leaves) if known else None)
    told = gone <= old <= len(leaves)
    assert tail.root_at(old) == (root_of(leaves[:old]) if told else None)
