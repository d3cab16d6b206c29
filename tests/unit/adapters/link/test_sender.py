"""What goes out next: rows before what stands, the newest of a topic, history in its time."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.unit.adapters.link.sealed import sealed
from viewkeeper.agent.adapters.link.messages import Lost, dress
from viewkeeper.agent.adapters.link.outbox import Outbox
from viewkeeper.agent.adapters.link.sender import Job, Sender
from viewkeeper.protocol.topics import Topics

MINE = Topics("s1", "c1")


class Bench:
    """A sender with a clock of its own and a broker that answers when told to."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.outbox = Outbox(
            None, most_rows=100, most_bytes=10**6, linger_s=1.0, clock=lambda: self.now_s
        )
        self.sender = Sender(
            self.outbox,
            MINE.history,
            dress(MINE, 60, 600),
            history_rate_hz=10.0,
            clock=lambda: self.now_s,
        )
        self._packet_id = 0

    def send_all(self) -> list[tuple[int, Job]]:
        """Everything that may go now, unanswered."""
        out: list[tuple[int, Job]] = []
        while (job := self.sender.next()) is not None:
            self._packet_id += 1
            self.sender.sent(self._packet_id, job)
            out.append((self._packet_id, job))
        return out

    def answer(self, sent: list[tuple[int, Job]], *, refused: bool = False) -> None:
        for packet_id, _ in sent:
            self.sender.acknowledged(packet_id, refused=refused)


def told(sent: list[tuple[int, Job]]) -> list[tuple[str, bytes]]:
    base = MINE.status.removesuffix("status")
    return [(job.message.topic.removeprefix(base), job.message.payload) for _, job in sent]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_only_the_newest_report_goes_out(bench: Bench):
    for payload in (b"1", b"2", b"3"):
        bench.sender.stand(MINE.report, payload)
    assert told(bench.send_all()) == [("report", b"3")]


def test_a_report_waits_while_the_last_one_is_not_acknowledged(bench: Bench):
    bench.sender.stand(MINE.report, b"1")
    first = bench.send_all()
    bench.sender.stand(MINE.report, b"2")
    bench.sender.stand(MINE.report, b"3")
    assert told(bench.send_all()) == []
    bench.answer(first)
    assert told(bench.send_all()) == [("report", b"3")]


def test_what_stands_goes_out_again_on_a_new_connection(bench: Bench):
    bench.sender.stand(MINE.report, b"1")
    bench.answer(bench.send_all())
    assert told(bench.send_all()) == []
    bench.sender.begin()
    assert told(bench.send_all()) == [("report", b"1")]


def test_rows_of_this_connection_go_to_their_own_topic(bench: Bench):
    bench.sender.begin()
    bench.sender.post(MINE.event("camera_covered"), b"e")
    assert told(bench.send_all()) == [("event/camera_covered", b"e")]


def test_unanswered_rows_come_by_history_on_the_next_connection_in_order(bench: Bench):
    bench.sender.begin()
    for payload in (b"1", b"2", b"3"):
        bench.sender.post(MINE.event("camera_covered"), payload)
    sent = bench.send_all()
    bench.answer(sent[1:2])
    bench.sender.begin()
    heard: list[tuple[str, bytes]] = []
    for _ in range(5):
        heard += told(bench.send_all())
        bench.now_s += 0.1
    assert heard == [("history", b"1"), ("history", b"3")]


def test_history_keeps_to_its_rate_and_new_rows_do_not_wait_for_it(bench: Bench):
    for number in range(5):
        bench.sender.post(MINE.event("camera_covered"), bytes([number]))
    bench.sender.begin()
    assert told(bench.send_all()) == [("history", b"\0")]
    assert bench.sender.history_in_s() == pytest.approx(0.1)
    bench.sender.post(MINE.event("camera_struck"), b"new")
    assert told(bench.send_all()) == [("event/camera_struck", b"new")]
    bench.now_s += 0.1
    assert told(bench.send_all()) == [("history", b"\1")]
    bench.now_s += 1.0
    assert told(bench.send_all()) == [("history", b"\2")]


def test_no_history_left_is_said_so(bench: Bench):
    bench.sender.post(MINE.event("camera_covered"), b"e")
    bench.sender.begin()
    assert bench.sender.history_in_s() == 0.0
    sent = bench.send_all()
    assert bench.sender.history_in_s() is None
    bench.answer(sent)
    assert bench.outbox.waiting == 0


def test_an_alarm_is_one_publication_while_connected(bench: Bench):
    bench.sender.begin()
    bench.sender.post(MINE.alarm("a"), b"alarm", stands=True)
    sent = bench.send_all()
    assert told(sent) == [("alarm/a", b"alarm")]
    assert sent[0][1].message.retain
    bench.answer(sent)
    assert told(bench.send_all()) == []


def test_an_alarm_from_offline_stands_and_is_history(bench: Bench):
    bench.sender.post(MINE.alarm("a"), b"alarm", stands=True)
    bench.sender.begin()
    assert told(bench.send_all()) == [("alarm/a", b"alarm"), ("history", b"alarm")]


def test_raised_cleared_and_raised_again_ends_raised(bench: Bench):
    bench.sender.begin()
    bench.sender.post(MINE.alarm("a"), b"1", stands=True)
    bench.sender.clear(MINE.alarm("a"))
    bench.sender.post(MINE.alarm("a"), b"2", stands=True)
    heard: list[tuple[str, bytes]] = []
    for _ in range(4):
        sent = bench.send_all()
        heard += told(sent)
        bench.answer(sent)
    assert heard[-1] == ("alarm/a", b"2")
    assert ("alarm/a", b"1") in heard


def test_a_clearing_goes_out_after_what_it_clears(bench: Bench):
    bench.sender.begin()
    bench.sender.post(MINE.alarm("a"), b"1", stands=True)
    bench.sender.clear(MINE.alarm("a"))
    heard: list[tuple[str, bytes]] = []
    for _ in range(3):
        sent = bench.send_all()
        heard += told(sent)
        bench.answer(sent)
    assert heard == [("alarm/a", b"1"), ("alarm/a", b"")]
    assert bench.outbox.kept == {}


def test_a_clearing_that_was_not_acknowledged_goes_out_again(bench: Bench):
    bench.sender.begin()
    bench.sender.clear(MINE.alarm("a"))
    bench.send_all()
    bench.sender.begin()
    again = bench.send_all()
    assert told(again) == [("alarm/a", b"")]
    bench.answer(again)
    bench.sender.begin()
    assert told(bench.send_all()) == []


def test_a_refused_row_waits_for_another_connection_and_does_not_loop(bench: Bench):
    bench.sender.begin()
    bench.sender.post(MINE.event("camera_covered"), b"e")
    bench.answer(bench.send_all(), refused=True)
    assert told(bench.send_all()) == []
    assert bench.outbox.waiting == 1
    bench.sender.begin()
    assert told(bench.send_all()) == [("history", b"e")]


def test_a_refused_report_is_not_repeated_but_the_next_one_is_tried(bench: Bench):
    bench.sender.stand(MINE.report, b"1")
    bench.answer(bench.send_all(), refused=True)
    assert told(bench.send_all()) == []
    bench.sender.stand(MINE.report, b"2")
    assert told(bench.send_all()) == [("report", b"2")]


def test_a_correlation_mark_travels_once_with_its_verdict(bench: Bench):
    bench.sender.begin()
    bench.sender.post(MINE.reply, b"v", correlation=b"mark")
    bench.sender.post(MINE.reply, b"w")
    marks = [job.message.correlation_data for _, job in bench.send_all()]
    assert marks == [b"mark", None]


def test_the_oldest_unanswered_publication_has_an_age(bench: Bench):
    assert bench.sender.oldest_age_s() == 0.0
    bench.sender.stand(MINE.report, b"1")
    sent = bench.send_all()
    bench.now_s = 7.0
    assert bench.sender.oldest_age_s() == 7.0
    bench.answer(sent)
    assert bench.sender.oldest_age_s() == 0.0


def test_an_answer_to_nothing_is_ignored(bench: Bench):
    assert bench.sender.acknowledged(99, refused=False) is None


def test_the_signed_end_of_an_alarm_goes_out_before_its_topic_is_cleared(bench: Bench):
    bench.sender.begin()
    bench.sender.post(MINE.alarm("a"), b"raised", stands=True)
    bench.answer(bench.send_all())
    bench.sender.post(MINE.alarm("a"), b"ended")
    bench.sender.clear(MINE.alarm("a"))
    sent = bench.send_all()
    assert told(sent) == [("alarm/a", b"ended"), ("alarm/a", b"")]
    assert [job.message.retain for _, job in sent] == [False, True]


def test_the_signed_end_of_an_alarm_survives_an_outage(bench: Bench):
    bench.sender.begin()
    bench.sender.post(MINE.alarm("a"), b"ended")
    bench.sender.clear(MINE.alarm("a"))
    bench.sender.begin()
    assert told(bench.send_all()) == [("alarm/a", b""), ("history", b"ended")]


def test_every_number_of_a_report_replaced_while_offline_is_accounted_for(bench: Bench):
    bench.sender.begin()
    bench.sender.stand(MINE.report, sealed(1), numbered=True)
    bench.answer(bench.send_all())
    bench.sender.begin()  # renewed, replaced before it went out again: it did arrive
    for sequence in (2, 3, 4):
        bench.sender.stand(MINE.report, sealed(sequence), numbered=True)
    assert bench.sender.take_superseded() == (Lost(b"bootboot", 2, 3, 0, superseded=2),)
    assert bench.sender.take_superseded() == ()
    bench.answer(bench.send_all())
    bench.sender.stand(MINE.report, sealed(5), numbered=True)
    assert bench.sender.take_superseded() == ()


def test_a_plain_mirror_that_is_replaced_has_no_number_to_account_for(bench: Bench):
    for payload in (b"{}", b"[]"):
        bench.sender.stand(MINE.state, payload, numbered=True)
    assert bench.sender.take_superseded() == ()


def holding_bench(*, hold_s: float = 1000.0, tells: bool = True) -> Bench:
    bench = Bench()
    bench.sender = Sender(
        bench.outbox,
        MINE.history,
        dress(MINE, 60, 600),
        history_rate_hz=1000.0,
        clock=lambda: bench.now_s,
        hold_s=hold_s,
        resend_s=10.0,
        tells=tells,
    )
    bench.sender.begin()
    return bench


def test_what_was_acknowledged_before_a_cut_goes_again_until_a_receipt_names_it():
    bench = holding_bench()
    for number in (1, 2):
        bench.sender.post(MINE.event("x"), sealed(number))
    bench.answer(bench.send_all())
    assert bench.sender.unacknowledged() == 0
    bench.sender.confirmed((b"bootboot", 1))
    assert bench.outbox.waiting == bench.sender.unconfirmed() == 1
    bench.sender.begin()
    again = bench.send_all()
    assert told(again) == [("history", sealed(2))]
    bench.answer(again)
    bench.sender.confirmed((b"bootboot", 2))
    assert bench.outbox.waiting == 0
    bench.sender.begin()
    bench.now_s += 1000.0
    assert told(bench.send_all()) == []


def test_a_receipt_may_come_before_the_brokers_acknowledgement():
    bench = holding_bench()
    bench.sender.post(MINE.event("x"), sealed(1))
    sent = bench.send_all()
    bench.sender.confirmed((b"bootboot", 1))
    bench.answer(sent)
    assert bench.outbox.waiting == bench.sender.unconfirmed() == 0


def test_without_a_receipt_a_row_goes_again_while_the_connection_lives_ever_more_rarely():
    bench = holding_bench()
    bench.sender.post(MINE.event("x"), sealed(1))
    bench.answer(bench.send_all())
    times: list[float] = []
    for _ in range(8):
        due_s = bench.sender.history_in_s()
        assert due_s is not None
        bench.now_s += due_s
        times.append(bench.now_s)
        sent = bench.send_all()
        assert told(sent) == [("history", sealed(1))]
        assert bench.sender.history_in_s() is None  # not a second time while it is on its way
        bench.answer(sent)
    gaps = [later - before for before, later in pairwise(times)]
    assert gaps == pytest.approx([20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 1280.0])


def test_where_no_connection_lasts_a_row_does_not_go_with_each():
    bench = holding_bench()
    bench.sender.post(MINE.event("x"), sealed(1))
    heard = 0
    for _ in range(100):
        sent = bench.send_all()
        heard += len(sent)
        bench.answer(sent)
        bench.now_s += 1.0
        bench.sender.begin()
    assert 4 <= heard <= 6  # twice at once, then after 20, 40 and 80 seconds


def test_a_row_without_a_receipt_is_let_go_in_the_end_and_told():
    bench = holding_bench(hold_s=100.0)
    for number in (1, 2):
        bench.sender.post(MINE.event("x"), sealed(number))
        bench.answer(bench.send_all())
        bench.now_s += 60.0
    assert bench.sender.let_go() == (Lost(b"bootboot", 1, 1, 0, unconfirmed=1),)
    assert bench.sender.let_go() == ()
    assert bench.outbox.waiting == bench.sender.unconfirmed() == 1


def test_where_no_recorder_gives_receipts_nothing_is_told_of_it():
    bench = holding_bench(hold_s=5.0, tells=False)
    bench.sender.post(MINE.event("x"), sealed(1))
    bench.answer(bench.send_all())
    bench.now_s += 5.0
    assert bench.sender.let_go() == ()
    assert bench.outbox.waiting == 0


def test_a_row_that_was_dropped_for_want_of_room_is_not_waited_for():
    bench = holding_bench()
    for number in range(1, 102):
        bench.sender.post(MINE.event("x"), sealed(number))
        bench.answer(bench.send_all())
    assert bench.outbox.waiting == 100
    bench.now_s += 10.0
    heard: list[tuple[str, bytes]] = []
    while bench.sender.history_in_s() == 0.0:
        heard += told(bench.send_all())
        bench.now_s += 0.001
    assert heard == [("history", sealed(number)) for number in range(2, 102)]


def test_a_row_waits_for_the_card(tmp_path: Path):
    bench = Bench()
    bench.outbox = Outbox(
        tmp_path / "outbox.db",
        most_rows=100,
        most_bytes=10**6,
        linger_s=1.0,
        clock=lambda: bench.now_s,
    )
    bench.sender = Sender(
        bench.outbox,
        MINE.history,
        dress(MINE, 60, 600),
        history_rate_hz=1000.0,
        clock=lambda: bench.now_s,
    )
    bench.sender.post(MINE.event("x"), sealed(1))
    bench.sender.begin()
    bench.sender.post(MINE.event("x"), sealed(2))
    assert told(bench.send_all()) == []
    bench.outbox.flush()
    bench.now_s += 0.1
    assert told(bench.send_all()) == [("event/x", sealed(2)), ("history", sealed(1))]
    bench.outbox.close()
