"""A source that fails is asked again, at a pace that costs the loop little."""

from hypothesis import given
from hypothesis import strategies as st

from tests.support.loop_hand import Clock, Hand, picture
from viewkeeper.agent.steady_source import REOPEN_S, SteadySource

FRAME = picture()


def steady(hand):
    return SteadySource(hand, Clock(hand), timeout_s=5.0)


def test_a_source_that_cannot_be_opened_is_tried_every_five_seconds():
    hand = Hand(cable=False)
    tries = []
    hand.open, opened = lambda: (tries.append(hand.now_s), opened()), hand.open
    source = steady(hand)
    for _ in range(21):
        assert source.read() is None
        hand.now_s += 1.0
    assert [later - tries[0] for later in tries] == [0.0, REOPEN_S, 10.0, 15.0, 20.0]


def test_one_that_gave_frames_is_opened_again_at_once_when_the_wait_is_over():
    hand = Hand()
    source = steady(hand)
    assert source.read() is not None
    hand.cable = False
    hand.now_s += 60.0
    assert source.read() is None
    hand.cable = True
    hand.now_s += 1.0
    assert source.read() is not None
    assert hand.opened == 2


def test_one_that_hangs_is_left_alone_between_its_turns():
    hand = Hand(hangs=True)
    source = steady(hand)
    assert source.read() is None
    asked_s = hand.now_s
    assert source.read() is None
    assert hand.now_s == asked_s, "the second turn did not wait for a frame"


@given(period_s=st.floats(0.2, 8.0), count=st.integers(2, 40))
def test_an_even_pace_is_the_rate(period_s, count):
    hand = Hand()
    hand.read = lambda timeout_s: FRAME
    source = steady(hand)
    for _ in range(count):
        source.read()
        hand.now_s += period_s
    assert abs(source.rate_hz(hand.now_s - period_s) * period_s - 1) < 1e-6


def test_no_frames_for_a_minute_is_no_rate():
    hand = Hand()
    source = steady(hand)
    source.read()
    source.read()
    assert source.rate_hz(hand.now_s + 61.0) == 0.0
