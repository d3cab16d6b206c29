"""A countersignature tells a camera that its card was put back from an old copy."""

import dataclasses

import pytest

from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.adapters.store.witness_file import KEPT, WitnessStore
from viewkeeper.agent.core.ledger.entries import EntryKind
from viewkeeper.agent.witnessing import Witnessing
from viewkeeper.protocol.checkpoints import Checkpoint
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import Role
from viewkeeper.protocol.witnessing import countersign, follows

RECORDER = w.Person("recorder", "recorder hefei", (Role.WITNESS,))
KEYSET = w.keyset(entries=[*(person.entry() for person in w.STAFF), RECORDER.entry()])


@pytest.fixture
def ledger(tmp_path):
    made = LedgerFile(tmp_path / "ledger")
    grow(made, 5)
    return made


def grow(ledger, count):
    for number in range(count):
        ledger.append(EntryKind.NOTE, {"n": number}, utc_ms=number)


def checkpoint(ledger):
    return Checkpoint(device=w.DEVICE, size=ledger.size, root=ledger.root, utc_ms=1)


def desk(ledger, tmp_path):
    store = WitnessStore(tmp_path / "witness")
    return Witnessing(w.DEVICE, ledger, store, lambda: KEYSET)


def signed(stated, signer=RECORDER.signer):
    return countersign(stated, signer, seen_ms=2, proven=False)


def test_a_countersignature_is_kept_and_the_next_checkpoint_proves_that_it_follows(
    ledger, tmp_path
):
    witnessing, first = desk(ledger, tmp_path), checkpoint(ledger)
    assert witnessing.receive(signed(first)) is not None
    assert witnessing.proven(first) == first
    grow(ledger, 4)
    proven = witnessing.proven(checkpoint(ledger))
    assert proven.since == 5
    assert follows(proven, first.size, first.root) is True
    again = desk(ledger, tmp_path)
    assert again.last is not None
    assert (again.last.size, again.fault) == (5, None)


def test_a_card_put_back_from_an_old_copy_is_noticed_at_start(ledger, tmp_path):
    ahead = dataclasses.replace(checkpoint(ledger), size=9, root=bytes(32))
    witnessing = desk(ledger, tmp_path)
    witnessing.receive(signed(ahead))
    assert witnessing.fault is not None
    assert "9 entries" in witnessing.fault
    assert witnessing.last is None


def test_another_ledger_of_the_same_size_is_noticed(ledger, tmp_path):
    witnessing = desk(ledger, tmp_path)
    witnessing.receive(signed(dataclasses.replace(checkpoint(ledger), root=bytes(32))))
    assert witnessing.fault is not None
    assert witnessing.proven(checkpoint(ledger)).since is None


def test_only_a_witness_of_the_keyset_is_believed(ledger, tmp_path):
    witnessing, stated = desk(ledger, tmp_path), checkpoint(ledger)
    ahead = dataclasses.replace(stated, size=99)
    assert witnessing.receive(signed(ahead, w.CONFIG_LI.signer)) is None
    assert witnessing.refused is Reason.UNKNOWN_KEY
    assert witnessing.receive(signed(dataclasses.replace(ahead, device="cam-18"))) is None
    assert witnessing.refused is Reason.OTHER_DEVICE
    assert witnessing.receive(b"") is None
    assert (witnessing.fault, witnessing.last) == (None, None)


def test_a_file_that_grew_old_takes_the_proofs_with_it_but_not_the_camera(ledger, tmp_path):
    witnessing = desk(ledger, tmp_path)
    witnessing.receive(signed(checkpoint(ledger)))
    grow(ledger, 3)
    ledger.close_file({"state": b"x"}, utc_ms=9, clock_trusted=True)
    assert witnessing.proven(checkpoint(ledger)).since is None
    witnessing.receive(signed(checkpoint(ledger)))
    grow(ledger, 3)
    proven = witnessing.proven(checkpoint(ledger))
    assert proven.since == 9
    assert witnessing.last is not None
    assert follows(proven, 9, witnessing.last.root) is True


def test_the_store_keeps_the_newest(tmp_path):
    store = WitnessStore(tmp_path / "witness")
    for size in range(1, KEPT + 4):
        store.add(size, str(size).encode())
    assert store.all() == [str(size).encode() for size in range(4, KEPT + 4)]
