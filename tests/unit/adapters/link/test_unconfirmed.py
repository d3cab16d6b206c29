"""Held rows: each goes again until it is confirmed, none twice at a time, none for ever."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from viewkeeper.agent.adapters.link.unconfirmed import LONGEST_RESEND_S, Unconfirmed
from viewkeeper.protocol.receipts import Place

HOLD_S, RESEND_S = 10_000.0, 60.0


def place(number: int) -> Place:
    return (b"bootboot", number)


class HeldAgainstModel(RuleBasedStateMachine):
    """Any order of sending, acknowledging, confirming and connecting, against plain sets."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s, self.last = 0.0, 0
        self.held = Unconfirmed(HOLD_S, RESEND_S)
        self.on_their_way: set[int] = set()
        self.acknowledged: dict[int, float] = {}

    @rule()
    def send_new(self) -> None:
        self.last += 1
        self.held.expect(self.last, place(self.last))
        self.on_their_way.add(self.last)

    @rule()
    def send_again(self) -> None:
        due = self.held.next_due()
        if due is not None and due[0] <= self.now_s:
            assert due[1] in self.acknowledged
            assert due[1] not in self.on_their_way
            self.held.expect(due[1], place(due[1]))
            self.on_their_way.add(due[1])

    @rule(which=st.integers(0, 5))
    def acknowledge(self, which: int) -> None:
        for number in sorted(self.on_their_way)[which : which + 1]:
            assert self.held.acknowledged(number, place(number), self.now_s)
            self.on_their_way.discard(number)
            self.acknowledged.setdefault(number, self.now_s)

    @rule(which=st.integers(0, 5))
    def confirm(self, which: int) -> None:
        for number in sorted({*self.acknowledged, *self.on_their_way})[which : which + 1]:
            assert self.held.confirmed(place(number), self.now_s) == number
            assert self.held.confirmed(place(number), self.now_s) is None
            self.on_their_way.discard(number)
            self.acknowledged.pop(number, None)

    @rule()
    def connect(self) -> None:
        self.on_their_way.clear()
        self.held.begin(self.now_s)

    @rule(later_s=st.sampled_from([0.1, 59.0, 61.0, 5000.0]))
    def wait(self, later_s: float) -> None:
        self.now_s += later_s
        gone = {number for number, _ in self.held.expired(self.now_s)}
        assert gone == {n for n, at_s in self.acknowledged.items() if at_s + HOLD_S <= self.now_s}
        for number in gone:
            self.acknowledged.pop(number)
            self.on_their_way.discard(number)

    @invariant()
    def nothing_is_forgotten(self) -> None:
        assert len(self.held) == len(self.acknowledged)
        due = self.held.next_due()
        idle = set(self.acknowledged) - self.on_their_way
        assert (due is not None) == bool(idle)
        assert due is None or due[0] <= self.now_s + LONGEST_RESEND_S


TestHeldAgainstModel = HeldAgainstModel.TestCase
TestHeldAgainstModel.settings = settings(max_examples=60, stateful_step_count=40)


def test_nothing_is_held_where_nothing_shall_be():
    held = Unconfirmed(0.0, RESEND_S)
    held.expect(1, place(1))
    assert not held.acknowledged(1, place(1), 0.0)
    assert held.confirmed(place(1), 0.0) is None
    assert len(held) == 0


def test_a_row_that_a_later_one_overtook_goes_again_when_its_receipt_had_its_time():
    held = Unconfirmed(HOLD_S, RESEND_S)
    for number in (1, 2, 3):
        held.expect(number, place(number))
        held.acknowledged(number, place(number), float(number))
    held.acknowledged(1, place(1), 4.0)  # once more: its next turn is far away
    assert held.confirmed(place(3), 5.0) == 3
    assert held.next_due() == (2.0 + RESEND_S, 2)  # overtaken; 1 went out after 3, it was not
    assert held.confirmed(place(2), 6.0) == 2
    assert held.next_due() == (4.0 + 2 * RESEND_S, 1)
    held.expect(4, place(4))
    held.acknowledged(4, place(4), 100.0)
    assert held.confirmed(place(4), 101.0) == 4
    assert held.next_due() == (101.0, 1)
