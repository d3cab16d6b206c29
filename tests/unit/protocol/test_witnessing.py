"""A witness that remembers notices a ledger that was cut, forked or replaced."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.protocol import cose
from viewkeeper.protocol.checkpoints import Checkpoint, seal_checkpoint, unseal_checkpoint
from viewkeeper.protocol.errors import RefusalError
from viewkeeper.protocol.merkle import consistency_proof, leaf_hash, root_of
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.witnessing import countersign, follows, read_countersignature

RECORDER = w.signer("recorder")
LEAVES = [leaf_hash(bytes([number])) for number in range(40)]


def checkpoint(size: int, *, since: int | None = None, leaves: list[bytes] = LEAVES) -> Checkpoint:
    proof = None if since is None else tuple(consistency_proof(since, leaves[:size]))
    return Checkpoint(
        device=w.DEVICE,
        size=size,
        root=root_of(leaves[:size]),
        utc_ms=1000,
        since=since,
        proof=proof,
    )


@given(st.integers(1, 39), st.integers(1, 39))
def test_a_ledger_that_grew_is_shown_to_follow(first: int, second: int) -> None:
    old, new = sorted((first, second))
    assert follows(checkpoint(new, since=old), old, root_of(LEAVES[:old])) is True


@given(st.integers(2, 39), st.integers(0, 38))
def test_a_ledger_with_one_entry_changed_is_another(size: int, place: int) -> None:
    old = max(1, size - 1)
    forged = list(LEAVES)
    forged[place % old] = leaf_hash(b"forged")
    assert follows(checkpoint(size, since=old, leaves=forged), old, root_of(LEAVES[:old])) is False


def test_a_shorter_ledger_is_another() -> None:
    assert follows(checkpoint(5), 6, root_of(LEAVES[:6])) is False


def test_the_same_size_with_another_root_is_a_fork() -> None:
    assert follows(checkpoint(5), 5, root_of(LEAVES[:5])) is True
    assert follows(checkpoint(5), 5, bytes(32)) is False


def test_without_a_proof_from_what_is_known_nothing_can_be_told() -> None:
    assert follows(checkpoint(9), 5, root_of(LEAVES[:5])) is None
    assert follows(checkpoint(9, since=4), 5, root_of(LEAVES[:5])) is None
    assert follows(checkpoint(9), 0, bytes(32)) is True


def test_a_checkpoint_with_a_proof_survives_the_wire() -> None:
    stated = checkpoint(37, since=11)
    message = seal_checkpoint(stated, w.DEVICE_SIGNER)
    assert unseal_checkpoint(message, cose.lookup_in([w.DEVICE_SIGNER.verify_key])) == stated


def test_a_countersignature_says_what_was_seen_and_holds_for_nothing_else() -> None:
    message = countersign(checkpoint(7), RECORDER, seen_ms=2000, proven=True)
    lookup = cose.lookup_in([RECORDER.verify_key])
    said = read_countersignature(message, lookup)
    assert (said.device, said.size, said.root) == (w.DEVICE, 7, root_of(LEAVES[:7]))
    assert (said.stated_ms, said.seen_ms, said.proven) == (1000, 2000, True)
    with pytest.raises(RefusalError):
        unseal_checkpoint(message, lookup)
    with pytest.raises(RefusalError):
        read_countersignature(message, cose.lookup_in([w.DEVICE_SIGNER.verify_key]))
    with pytest.raises(RefusalError):
        read_countersignature(seal_checkpoint(checkpoint(7), RECORDER), lookup)
