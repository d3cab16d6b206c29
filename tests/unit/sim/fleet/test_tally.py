from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.sim.fleet.tally import most_within


def test_moments_on_two_sides_of_a_full_second_are_one_second():
    assert most_within([0.1, 0.9, 1.05, 1.2, 5.0]) == 3


def test_nothing_is_nothing():
    assert most_within([]) == 0


@given(st.lists(st.integers(0, 40), max_size=30))
def test_the_worst_window_is_that_of_trying_them_all(quarters: list[int]):
    moments = [quarter / 4 for quarter in quarters]
    worst = max((sum(a - 1 < b <= a for b in moments) for a in moments), default=0)
    assert most_within(moments) == worst
