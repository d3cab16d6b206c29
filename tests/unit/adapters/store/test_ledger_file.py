"""The ledger on disk."""

import pytest

from tests.support.power import FailingDisk, PowerCutError
from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.core.ledger.entries import Entry, EntryKind
from viewkeeper.agent.core.ledger.frames import peek
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.merkle import leaf_hash, root_of


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


def grow_old(path, files=4, entries=5, disk=None):
    ledger = LedgerFile(path, disk)
    for number in range(files):
        fill(ledger, entries)
        ledger.close_file({"n": number}, utc_ms=number * 1000, clock_trusted=True)
    fill(ledger, 2)
    return ledger


def test_a_ledger_in_many_files_is_still_one_chain_and_one_tree(tmp_path):
    ledger = grow_old(tmp_path / "ledger")
    again = LedgerFile(tmp_path / "ledger")
    assert (again.size, again.head, again.root) == (ledger.size, ledger.head, ledger.root)
    assert len(again.files()) == 5
    assert again.first_index == 23
    plain = LedgerFile(tmp_path / "copy")
    data = b"".join(file.read_bytes() for file in again.files())
    (tmp_path / "copy").write_bytes(data)
    plain = LedgerFile(tmp_path / "copy")
    assert (plain.size, plain.head, plain.root) == (ledger.size, ledger.head, ledger.root)


def first_kinds(ledger):
    return [Entry.decode(peek(path.read_bytes())).kind for path in ledger.files()]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_power_cut_while_a_file_is_closed_leaves_none_without_a_beginning(tmp_path, share, after):
    disk = FailingDisk()
    ledger = LedgerFile(tmp_path / "ledger", disk)
    fill(ledger, 3)
    before = disk.count
    ledger.close_file({}, utc_ms=0, clock_trusted=True)
    unbegun = 0
    for cut in range(before, disk.count):
        home = tmp_path / f"{cut}"
        home.mkdir()
        broken = LedgerFile(home / "ledger", FailingDisk(cut, share=share, after=after))
        fill(broken, 3)
        with pytest.raises(PowerCutError):
            broken.close_file({}, utc_ms=0, clock_trusted=True)
        again = LedgerFile(home / "ledger")
        assert 3 <= again.size <= 4
        if again.unbegun:
            unbegun += 1
            with pytest.raises(OSError, match="said first"):
                fill(again, 1)
            again.begin_with({}, clock_trusted=False)
        for number in range(3):
            fill(again, 2)
            again.close_file({}, utc_ms=number, clock_trusted=True)
        assert set(first_kinds(again)[1:]) == {EntryKind.SEGMENT}
        assert LedgerFile(home / "ledger").root == again.root
        many = len(again.older_files())
        assert again.prune(before_utc_ms=10**15, utc_ms=9) == many - 1
        assert LedgerFile(home / "ledger").root == again.root
    assert unbegun, "no cut fell between closing and beginning"


def test_a_disk_full_while_a_file_is_closed_begins_the_next_once_there_is_room(tmp_path):
    disk = FailingDisk()
    ledger = LedgerFile(tmp_path / "count", disk)
    fill(ledger, 3)
    before = disk.count
    ledger.close_file({}, utc_ms=0, clock_trusted=True)
    after = disk.count
    for full in range(before, after):
        disk = FailingDisk(full, share=0.5, full=True)
        ledger = LedgerFile(tmp_path / f"{full}", disk)
        fill(ledger, 3)
        with pytest.raises(OSError, match="No space"):
            ledger.close_file({}, utc_ms=0, clock_trusted=True)
        disk.fail_at = None
        fill(ledger, 2)
        assert first_kinds(ledger)[1:] in ([], [EntryKind.SEGMENT])
        assert LedgerFile(tmp_path / f"{full}").root == ledger.root


def test_a_closed_file_that_was_changed_or_taken_out_is_named(tmp_path):
    grow_old(tmp_path / "ledger")
    ledger = LedgerFile(tmp_path / "ledger")
    middle = ledger.older_files()[1]
    good = middle.read_bytes()
    middle.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(SetupError) as caught:
        LedgerFile(tmp_path / "ledger")
    assert caught.value.reason is Reason.LEDGER_TAMPERED
    middle.unlink()
    with pytest.raises(SetupError):
        LedgerFile(tmp_path / "ledger")


def test_old_files_go_and_what_is_left_stands_alone(tmp_path):
    ledger = grow_old(tmp_path / "ledger")
    root, size = ledger.root, ledger.size
    assert ledger.prune(before_utc_ms=0, utc_ms=9) == 0
    assert ledger.prune(before_utc_ms=1001, utc_ms=9) == 2
    again = LedgerFile(tmp_path / "ledger")
    assert again.size == size + 2
    assert again.root != root
    pruned = [entry.details for entry in again.entries() if entry.kind is EntryKind.PRUNED]
    assert [(row["first"], row["last"]) for row in pruned] == [(0, 4), (5, 10)]
    assert again.prune(before_utc_ms=10**15, utc_ms=9) == 1
    assert len(again.older_files()) == 1, "the newest closed file stays"
    LedgerFile(tmp_path / "ledger")
