"""A seed is a plan."""

from __future__ import annotations

from collections import Counter

from viewkeeper.sim.faults.plan import RECORDER, WEIGHTS, Kind, faults


def test_a_seed_gives_the_same_plan_each_time_and_another_seed_another():
    assert list(faults(3, 50, 4)) == list(faults(3, 50, 4))
    assert list(faults(3, 50, 4)) != list(faults(4, 50, 4))


def test_a_longer_plan_begins_as_the_shorter_one():
    assert list(faults(3, 80, 4))[:50] == list(faults(3, 50, 4))


def test_every_kind_strikes_and_every_victim_is_one_that_is_there():
    plan = list(faults(1, 1000, 4))
    assert set(Counter(fault.kind for fault in plan)) == set(WEIGHTS) == set(Kind)
    assert {fault.victim for fault in plan} == {RECORDER, 0, 1, 2, 3}
    for fault in plan:
        if fault.kind in (Kind.RECORDER_KILL, Kind.RECORDER_DISK_FULL):
            assert fault.victim == RECORDER
        if fault.kind in (Kind.AGENT_KILL, Kind.AGENT_DISK_FULL, Kind.CLOCK_JUMP):
            assert fault.victim != RECORDER
