"""The outbox: nothing acknowledged is sent again for long, nothing else is lost unseen."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.unit.adapters.link.sealed import sealed
from viewkeeper.agent.adapters.link import outbox_file
from viewkeeper.agent.adapters.link.messages import Lost
from viewkeeper.agent.adapters.link.outbox import Outbox


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
def opened(path: Path, clock: Clock) -> Iterator[list[Outbox]]:
    made: list[Outbox] = []
    yield made
    for outbox in made:
        outbox.close()


def make(path: Path | None, clock: Clock, **bounds: int) -> Outbox:
    limits = {"most_rows": 1000, "most_bytes": 10**6, **bounds}
    return Outbox(path, linger_s=2.0, clock=clock, **limits)


def payloads(outbox: Outbox) -> list[bytes]:
    return [row.payload for row in outbox.rows_after(0, 10_000)]


def test_rows_come_back_in_order_from_memory_and_card(path: Path, clock: Clock):
    outbox = make(path, clock)
    for number in range(10):
        outbox.add("t", bytes([number]))
        if number == 5:
            outbox.flush()
    assert payloads(outbox) == [bytes([number]) for number in range(10)]
    outbox.close()
    again = make(path, clock)
    assert payloads(again) == [bytes([number]) for number in range(10)]
    assert [row.number for row in again.rows_after(4, 2)] == [5, 6]
    again.close()


def test_a_row_that_is_done_before_it_was_written_never_touches_the_card(path: Path, clock: Clock):
    outbox = make(path, clock)
    number = outbox.add("t", b"quick")
    outbox.done(number)
    clock.now_s += 10
    assert outbox.flush() == 0
    assert outbox.counts.written_bytes == 0
    outbox.close()


def test_a_row_may_go_out_when_it_is_on_the_card(path: Path, clock: Clock):
    outbox = make(path, clock)
    first = outbox.add("t", b"first")
    assert outbox.due_in_s() == 0.0
    assert not outbox.may_go(first)
    assert outbox.flush() == len(b"first")
    assert outbox.may_go(first)
    outbox.close()


def test_rows_that_come_together_are_written_together(path: Path, clock: Clock):
    outbox = make(path, clock)
    outbox.add("t", b"first")
    outbox.flush()
    outbox.add("t", b"second")
    outbox.add("t", b"third")
    due_s = outbox.due_in_s()
    assert due_s is not None
    assert 0.0 < due_s < 1.0
    clock.now_s += due_s
    assert outbox.due_in_s() == pytest.approx(0.0)
    assert outbox.flush() == len(b"secondthird")
    outbox.close()


def test_a_card_that_fails_holds_no_row_back_for_long(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    outbox = make(path, clock)

    def full(*args: object) -> None:
        raise outbox_file.FileFailed("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(outbox_file.OutboxFile, "write", full)
        number = outbox.add("t", b"row")
        outbox.flush()
        assert not outbox.may_go(number)
        assert outbox.due_in_s() == 2.0  # tried again, but not in a hot loop
        clock.now_s += 2.0
        assert outbox.may_go(number)
    outbox.close()


def test_without_a_card_rows_go_at_once(clock: Clock):
    outbox = make(None, clock)
    assert outbox.may_go(outbox.add("t", b"row"))


def test_rows_that_are_done_leave_the_card_a_little_later(path: Path, clock: Clock):
    outbox = make(path, clock)
    number = outbox.add("t", b"row")
    outbox.flush()
    outbox.done(number)
    due_s = outbox.due_in_s()
    assert due_s is not None
    assert due_s > 2.0
    clock.now_s += due_s
    assert outbox.due_in_s() == 0.0
    outbox.flush()
    assert outbox.due_in_s() is None
    outbox.close()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM row").fetchone() == (0,)
    database.close()


def test_an_overflow_drops_the_oldest_and_says_exactly_which(path: Path, clock: Clock):
    outbox = make(path, clock, most_rows=3)
    for sequence in (11, 12, 13, 14, 15):
        outbox.add("t", sealed(sequence))
    assert payloads(outbox) == [sealed(13), sealed(14), sealed(15)]
    assert outbox.take_losses() == (Lost(b"bootboot", 11, 12, 2),)
    assert outbox.take_losses() == ()
    assert outbox.counts.lost == 2
    outbox.close()


def test_rows_dropped_from_the_card_are_named_as_well(path: Path, clock: Clock):
    outbox = make(path, clock, most_rows=2)
    outbox.add("t", sealed(1))
    outbox.add("t", sealed(2))
    outbox.flush()
    outbox.add("t", sealed(3))
    assert outbox.take_losses() == (Lost(b"bootboot", 1, 1, 1),)
    outbox.close()


def test_a_loss_nobody_told_yet_survives_a_restart(path: Path, clock: Clock):
    outbox = make(path, clock, most_rows=1)
    outbox.add("t", sealed(1))
    outbox.add("t", sealed(2))
    outbox.close()
    again = make(path, clock, most_rows=1)
    assert again.take_losses() == (Lost(b"bootboot", 1, 1, 1),)
    again.close()
    third = make(path, clock, most_rows=1)
    assert third.take_losses() == ()
    third.close()


def test_the_bound_on_bytes_holds_and_one_large_row_still_passes(clock: Clock):
    outbox = make(None, clock, most_bytes=100)
    for _ in range(5):
        outbox.add("t", bytes(40))
    assert len(payloads(outbox)) == 2
    outbox.add("t", bytes(1000))
    assert [len(payload) for payload in payloads(outbox)] == [1000]


def test_word_of_a_loss_drops_nothing(clock: Clock):
    outbox = make(None, clock, most_rows=1)
    outbox.add("t", b"one")
    outbox.add("history", b"gap", unbounded=True)
    assert payloads(outbox) == [b"one", b"gap"]


def test_what_stands_is_remembered_until_it_is_forgotten(path: Path, clock: Clock):
    outbox = make(path, clock)
    outbox.keep("alarm/a", b"alarm")
    outbox.keep("alarm/b", b"")
    outbox.close()
    again = make(path, clock)
    assert again.kept == {"alarm/a": b"alarm", "alarm/b": b""}
    again.keep("alarm/a", None)
    again.close()
    third = make(path, clock)
    assert third.kept == {"alarm/b": b""}
    third.close()


@pytest.mark.parametrize("damage", [b"not a database at all" * 100, b""])
def test_a_damaged_file_is_set_aside_and_work_goes_on(path: Path, clock: Clock, damage: bytes):
    outbox = make(path, clock)
    outbox.add("t", b"lost with the file")
    outbox.close()
    path.write_bytes(damage)
    again = make(path, clock)
    again.add("t", b"new")
    again.close()
    third = make(path, clock)
    assert payloads(third) == [b"new"]
    third.close()


def test_a_file_torn_in_the_middle_is_set_aside(path: Path, clock: Clock):
    outbox = make(path, clock)
    for number in range(200):
        outbox.add("t", bytes([number]) * 300)
    outbox.close()
    data = bytearray(path.read_bytes())
    data[2000:40_000] = os.urandom(38_000)
    path.write_bytes(data)
    again = make(path, clock)
    again.add("t", b"new")
    again.rows_after(0, 1000)
    again.flush()
    assert again.rows_after(0, 1000)[-1].payload == b"new"
    again.close()
    assert path.with_name("outbox.db.damaged").exists()


def test_a_full_card_keeps_rows_in_memory_and_writes_them_later(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    outbox = make(path, clock)
    outbox.add("t", b"row")

    def full(*args: object) -> None:
        raise outbox_file.FileFailed("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(outbox_file.OutboxFile, "write", full)
        outbox.flush()
    assert outbox.counts.write_failures == 1
    assert payloads(outbox) == [b"row"]
    assert outbox.flush() == 3
    outbox.close()


def test_a_card_that_is_really_full_loses_nothing(path: Path, clock: Clock):
    outbox = make(path, clock)
    file = outbox._file
    assert file is not None
    database = file._connected()
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count={pages + 2}")
    for number in range(50):
        outbox.add("t", bytes([number]) * 500)
    outbox.flush()
    assert outbox.counts.write_failures == 1
    database.execute("PRAGMA max_page_count=100000")
    outbox.close()
    again = make(path, clock)
    assert payloads(again) == [bytes([number]) * 500 for number in range(50)]
    again.close()


def test_a_folder_that_cannot_be_made_leaves_an_outbox_in_memory(tmp_path: Path, clock: Clock):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    outbox = make(blocked / "outbox.db", clock)
    outbox.add("t", b"row")
    outbox.flush()
    assert payloads(outbox) == [b"row"]
    outbox.close()


def test_rows_of_many_threads_are_all_there(path: Path, clock: Clock):
    outbox = make(path, clock)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            outbox.flush()

    def add(name: int) -> None:
        for number in range(100):
            key = outbox.add("t", bytes([name, number]))
            if number % 3 == 0:
                outbox.done(key)

    writer = threading.Thread(target=write)
    writer.start()
    threads = [threading.Thread(target=add, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    writer.join()
    expected = {bytes([n, m]) for n in range(4) for m in range(100) if m % 3}
    outbox.close()
    again = make(path, clock)
    assert set(payloads(again)) == expected
    assert len(payloads(again)) == len(expected)
    again.close()


_VICTIM = """
import sys
from pathlib import Path
from viewkeeper.agent.adapters.link.outbox import Outbox
bounds = {"most_rows": 10**6, "most_bytes": 10**9}
outbox = Outbox(Path(sys.argv[1]), linger_s=0.0, clock=lambda: 0.0, **bounds)
number = outbox.last_number
while True:
    number += 1
    outbox.add("t", number.to_bytes(4, "big") * 60)
    if number % 7 == 0:
        outbox.flush()
        print(number, flush=True)
"""


def test_a_power_cut_at_any_moment_loses_nothing_that_was_written(path: Path, clock: Clock):
    """Each round kills the writer in the middle of its work and reads what is there."""
    promised = 0
    for round_number in range(6):
        victim = subprocess.Popen(
            [sys.executable, "-c", _VICTIM, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert victim.stdout is not None
        for _ in range(3 + 11 * round_number):
            promised = int(victim.stdout.readline())
        victim.send_signal(signal.SIGKILL)
        rest = victim.stdout.read().split("\n")
        promised = max([promised, *(int(text) for text in rest[:-1])])
        victim.stdout.close()
        victim.wait()
        outbox = make(path, clock, most_rows=10**6, most_bytes=10**9)
        found = [row.payload for row in outbox.rows_after(0, 10**6)]
        assert len(found) >= promised
        assert found == [n.to_bytes(4, "big") * 60 for n in range(1, len(found) + 1)]
        promised = len(found)
        outbox.close()


def test_a_log_torn_at_any_byte_leaves_whole_transactions(path: Path, clock: Clock):
    """What a card keeps of the write-ahead log when the current goes: some beginning of it."""
    outbox = make(path, clock)
    for number in range(24):
        outbox.add("t", bytes([number]) * 50)
        if number % 4 == 3:
            outbox.flush()
    file, log = path.read_bytes(), path.with_name("outbox.db-wal").read_bytes()
    outbox.close()
    seen: set[int] = set()
    for cut in (*range(0, len(log), 97), len(log)):
        torn = path.with_name(f"torn-{cut}.db")
        torn.write_bytes(file)
        torn.with_name(f"{torn.name}-wal").write_bytes(log[:cut])
        again = make(torn, clock)
        rows = payloads(again)
        assert rows == [bytes([number]) * 50 for number in range(len(rows))]
        assert len(rows) % 4 == 0
        seen.add(len(rows))
        again.close()
    assert seen == {0, 4, 8, 12, 16, 20, 24}


class OutboxAgainstModel(RuleBasedStateMachine):
    """Any order of adding, acknowledging, writing and restarting, against a plain list."""

    @initialize(rows=st.integers(1, 6))
    def begin(self, rows: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "outbox.db"
        self.clock = Clock()
        self.rows = rows
        self.model: list[tuple[int, bytes]] = []
        self.count = 0
        self.lost = 0
        self.outbox = make(self.path, self.clock, most_rows=rows)

    @rule()
    def add(self) -> None:
        self.count += 1
        payload = self.count.to_bytes(2, "big")
        self.model.append((self.outbox.add("t", payload), payload))
        while len(self.model) > self.rows:
            self.model.pop(0)
            self.lost += 1

    @rule(place=st.integers(0, 5))
    def acknowledge(self, place: int) -> None:
        if place < len(self.model):
            number, _ = self.model.pop(place)
            self.outbox.done(number)

    @rule(later_s=st.sampled_from([0.0, 1.0, 3.0, 30.0, 900.0]))
    def flush(self, later_s: float) -> None:
        self.clock.now_s += later_s
        self.outbox.flush()

    @rule()
    def restart(self) -> None:
        self.outbox.close()
        self.outbox = make(self.path, self.clock, most_rows=self.rows)
        numbers = [row.number for row in self.outbox.rows_after(0, 100)]
        self.model = [(n, payload) for n, (_, payload) in zip(numbers, self.model, strict=True)]

    @invariant()
    def same_rows_in_the_same_order(self) -> None:
        if hasattr(self, "outbox"):
            found = [(row.number, row.payload) for row in self.outbox.rows_after(0, 100)]
            assert found == self.model
            assert self.outbox.waiting == len(self.model)

    def teardown(self) -> None:
        if hasattr(self, "outbox"):
            told = sum(lost.count for lost in self.outbox.take_losses())
            assert told == self.lost
            self.outbox.close()
            self.folder.cleanup()


TestOutboxAgainstModel = OutboxAgainstModel.TestCase
TestOutboxAgainstModel.settings = settings(max_examples=40, stateful_step_count=30)
