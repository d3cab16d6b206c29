"""The ledger on disk."""

import pytest

from tests.support.power import FailingDisk, PowerCutError
from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.core.ledger.entries import EntryKind
from viewkeeper.agent.core.ledger.merkle import leaf_hash, root_of
from viewkeeper.protocol.errors import Reason, SetupError


def fill(ledger, count, text="x"):
    for number in range(count):
        ledger.append(EntryKind.NOTE, {"text": text, "n": number}, utc_ms=number)


def test_entries_come_back_in_order(tmp_path):
    path = tmp_path / "ledger"
    ledger = LedgerFile(path)
    fill(ledger, 5)
    again = LedgerFile(path)
    assert [entry.details["n"] for entry in again.entries()] == [0, 1, 2, 3, 4]
    assert (again.size, again.head, again.root) == (5, ledger.head, ledger.root)
    assert again.root == root_of([leaf_hash(record) for record in again.records()])
    assert again.torn_bytes == 0


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99, 1.0])
def test_a_power_cut_loses_at_most_what_was_not_acknowledged(tmp_path, share):
    for cut in range(12):
        path = tmp_path / f"{cut}"
        acknowledged = 0
        ledger = LedgerFile(path, FailingDisk(cut, share=share))
        try:
            for number in range(5):
                ledger.append(EntryKind.NOTE, {"n": number}, utc_ms=0)
                acknowledged += 1
        except PowerCutError:
            pass
        again = LedgerFile(path)
        assert acknowledged <= again.size <= acknowledged + 1
        fill(again, 2)
        assert LedgerFile(path).size == again.size


def test_a_full_disk_raises_and_the_next_append_mends_the_tail(tmp_path):
    path = tmp_path / "ledger"
    disk = FailingDisk()
    ledger = LedgerFile(path, disk)
    fill(ledger, 2)
    disk.fail_at, disk.full, disk.share = disk.count, True, 0.5
    for _ in range(3):
        with pytest.raises(OSError, match="No space"):
            fill(ledger, 1)
    assert ledger.size == 2
    disk.fail_at = None
    fill(ledger, 1, "after")
    again = LedgerFile(path)
    assert (again.size, again.torn_bytes) == (3, 0)


def test_a_ledger_changed_by_hand_is_not_opened(tmp_path):
    path = tmp_path / "ledger"
    fill(LedgerFile(path), 3)
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    with pytest.raises(SetupError) as caught:
        LedgerFile(path)
    assert caught.value.reason is Reason.LEDGER_TAMPERED


def test_the_ledger_is_for_its_owner_alone(tmp_path):
    path = tmp_path / "ledger"
    ledger = LedgerFile(path)
    fill(ledger, 1)
    ledger.close()
    ledger.close()
    assert path.stat().st_mode & 0o077 == 0
