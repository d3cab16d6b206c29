import random

from viewkeeper.agent.adapters.link.backoff import Backoff


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
