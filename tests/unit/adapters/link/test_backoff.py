import random

import pytest

from viewkeeper.agent.adapters.link.backoff import Backoff, spread_for


def highest(low: float, high: float) -> float:
    return high


def test_the_ceiling_doubles_up_to_the_most():
    backoff, seen = Backoff(1.0, 300.0), []
    for _ in range(11):
        seen.append(backoff.wait_s(highest))
        backoff = backoff.failed()
    assert seen == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_a_connection_that_lasted_begins_anew():
    assert Backoff(1.0, 300.0, failures=9).lasted().ceiling_s == 1.0


def test_ten_thousand_failures_are_no_overflow():
    assert Backoff(1.0, 300.0, failures=10_000).ceiling_s == 300.0


def test_a_fleet_spreads_over_the_whole_wait():
    chance = random.Random(7)
    waits = sorted(Backoff(1.0, 300.0, failures=9).wait_s(chance.uniform) for _ in range(3000))
    for tenth in range(10):
        share = sum(30 * tenth <= wait < 30 * (tenth + 1) for wait in waits) / len(waits)
        assert 0.07 < share < 0.13


@pytest.mark.parametrize(("cameras", "rate"), [(50, 30), (5_000, 200), (800_000, 2_000)])
def test_a_fleet_without_a_broker_never_tries_more_often_than_stated(cameras: int, rate: int):
    spread_s = spread_for(cameras, rate)
    few = min(cameras, 20_000)  # as many a second, in a fleet that a test can hold
    spread_s *= few / cameras
    chance, attempts = random.Random(7), []
    for _ in range(few):
        backoff, at_s = Backoff.over(spread_s, 1.0, 300.0), chance.uniform(0.0, spread_s)
        while at_s < 12 * spread_s:
            attempts.append(at_s)
            backoff = backoff.failed()
            at_s += backoff.wait_s(chance.uniform)
    attempts.sort()
    first, most = 0, 0
    for last, at_s in enumerate(attempts):
        while attempts[first] <= at_s - 1.0:
            first += 1
        most = max(most, last - first + 1)
    assert most <= rate


def test_a_small_site_keeps_its_own_ceilings():
    assert Backoff.over(0.0, 1.0, 300.0) == Backoff(1.0, 300.0)


def test_a_rate_too_small_to_be_held_by_chance_is_refused():
    with pytest.raises(ValueError, match="30"):
        spread_for(100, 10)
