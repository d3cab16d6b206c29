"""The recorder countersigns what continues the ledger it knows, and nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.unit.dashboard.recorder.conftest import Opener
from tests.unit.dashboard.recorder.voice import NAME, SIGNER, TOPICS
from viewkeeper.dashboard.recorder import key
from viewkeeper.dashboard.recorder.intake import Witnessed
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.recorder.tables import COUNTERSIGNED
from viewkeeper.dashboard.recorder.witness import Witness
from viewkeeper.protocol import cose, merkle
from viewkeeper.protocol.checkpoints import Checkpoint, seal_checkpoint
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.witnessing import Countersignature, read_countersignature

DESK = cose.SoftwareSigner.from_seed(bytes([9]) * 32)
LEAVES = [merkle.leaf_hash(bytes([n])) for n in range(20)]
OTHER = [merkle.leaf_hash(bytes([n, 1])) for n in range(20)]
NOW = 5_000_000


def seen(size: int, leaves: list[bytes] = LEAVES, since: int | None = None) -> Witnessed:
    proof = None
    if since is not None:
        proof = tuple(merkle.consistency_proof(since, leaves[:size]))
    checkpoint = Checkpoint(
        device="cam-07",
        size=size,
        root=merkle.root_of(leaves[:size]),
        utc_ms=NOW + size,
        since=since,
        proof=proof,
    )
    return Witnessed(NAME, checkpoint, seal_checkpoint(checkpoint, SIGNER))


@pytest.fixture
def witness(recording: Recording) -> Witness:
    return Witness(DESK, recording)


def read(said: tuple[str, bytes] | None) -> Countersignature:
    assert said is not None
    topic, message = said
    assert topic == TOPICS.witness
    return read_countersignature(message, cose.lookup_in([DESK.verify_key]))


def test_the_first_checkpoint_is_countersigned_as_seen(witness: Witness) -> None:
    said = read(witness.statement(seen(5), NOW))
    assert (said.size, said.root, said.seen_ms) == (5, merkle.root_of(LEAVES[:5]), NOW)
    assert not said.proven


def test_one_that_proves_to_continue_is_countersigned_as_proven(witness: Witness) -> None:
    witness.statement(seen(5), NOW)
    assert read(witness.statement(seen(12, since=5), NOW)).proven


def test_one_that_brings_no_proof_is_countersigned_as_unproven(witness: Witness) -> None:
    witness.statement(seen(5), NOW)
    assert not read(witness.statement(seen(12), NOW)).proven


def test_the_same_seen_again_is_said_again_in_the_same_bytes(witness: Witness) -> None:
    assert witness.statement(seen(5), NOW) == witness.statement(seen(5), NOW + 1000)


def test_an_older_one_is_left_alone(witness: Witness, recording: Recording) -> None:
    witness.statement(seen(12), NOW)
    assert witness.statement(seen(5), NOW) is None
    assert recording.faults(NAME) == []


def test_another_ledger_is_not_countersigned_and_stands_as_a_fault(
    witness: Witness, recording: Recording
) -> None:
    witness.statement(seen(5), NOW)
    assert witness.statement(seen(12, OTHER, since=5), NOW) is None
    (fault,) = recording.faults(NAME)
    assert fault[1:] == ("ledger_forked", "12 entries do not continue 5")
    # The witness stays with what it knows: the true ledger is still countersigned.
    assert read(witness.statement(seen(12, since=5), NOW)).proven


def test_a_witness_remembers_over_a_restart(open_recording: Opener) -> None:
    first = open_recording()
    before = Witness(DESK, first).statement(seen(5), NOW)
    first.close()
    again = open_recording()
    assert Witness(DESK, again).statement(seen(5), NOW) == before
    assert Witness(DESK, again).statement(seen(8, OTHER, since=5), NOW) is None


def test_of_two_witnesses_that_saw_different_ledgers_at_once_one_speaks(
    open_recording: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = open_recording(), open_recording()
    assert Witness(DESK, first).statement(seen(5), NOW) is not None
    late = Witness(DESK, second)
    known = second.countersigned(NAME)
    assert Witness(DESK, first).statement(seen(9, since=5), NOW) is not None
    monkeypatch.setattr(second, "countersigned", lambda camera: known)  # it asked just before
    assert late.statement(seen(12, since=5), NOW) is None
    monkeypatch.undo()
    assert late.statement(seen(12, OTHER, since=9), NOW) is None
    assert read(late.statement(seen(12, since=9), NOW)).proven


def test_a_recording_of_the_version_before_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    Recording(path).close()
    table = COUNTERSIGNED.split()[2]
    assert table == "countersigned"
    with sqlite3.connect(path) as db:
        db.execute(f"DROP TABLE {table}")
        db.execute("PRAGMA user_version = 1")
    db.close()
    taken = Recording(path)
    assert read(Witness(DESK, taken).statement(seen(5), NOW)).size == 5
    taken.close()


def test_the_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    path = tmp_path / "recorder.key"
    with pytest.raises(SetupError, match="viewkeeper-dashboard key"):
        key.load(path)
    first = key.load(path, create=True)
    assert key.load(path, create=True).verify_key == first.verify_key
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(SetupError, match="chmod 600"):
        key.load(path)
    path.chmod(0o600)
    path.write_text("no key")
    with pytest.raises(SetupError, match="not an Ed25519 key"):
        key.load(path)
