"""From factory to withdrawal, and the days that run."""

import datetime as dt

import pytest

from viewkeeper.agent.core.policy.lifecycle import (
    STEPS,
    Standing,
    after_config,
    check_step,
    due_on,
    duty,
    filed_facts,
    shown_state,
)
from viewkeeper.protocol.errors import ContentRefusal, OrderRefusal, Reason
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import LifecycleState as S
from viewkeeper.protocol.vocabulary import Regime

READY = w.config(view_hash=w.VIEW)
TODAY = dt.date(2026, 12, 31)
JOURNEY = [
    (S.REGISTERED, "2026-10-01", None),
    (S.ACCEPTED, "2026-10-20", True),
    (S.IN_USE, "2026-11-01", None),
    (S.FILED, "2026-11-20", None),
    (S.CHANGE_DUE, "2026-11-25", None),
    (S.FILED, "2026-11-28", None),
    (S.WITHDRAWN, "2026-12-01", None),
    (S.REGISTERED, "2026-12-02", None),
]


def travelled(until):
    standing = Standing(state=S.MANUFACTURED)
    for to, day, passed in JOURNEY[:until]:
        standing = check_step(w.step(to, day, passed=passed), standing, READY, TODAY)
    return standing


def refusal(step, standing, config=READY, today=TODAY):
    with pytest.raises(OrderRefusal) as caught:
        check_step(step, standing, config, today)
    return caught.value.reason


def test_the_whole_journey_is_possible():
    standing = travelled(len(JOURNEY))
    assert (standing.state, standing.since) == (S.REGISTERED, "2026-12-02")
    assert standing.accepted_on is None


def test_each_step_keeps_its_day():
    standing = travelled(4)
    assert (standing.accepted_on, standing.in_use_on) == ("2026-10-20", "2026-11-01")
    assert standing.filed_on == "2026-11-20"


@pytest.mark.parametrize("source", list(S))
@pytest.mark.parametrize("target", list(S))
def test_no_step_but_those_of_the_table(source, target):
    standing = Standing(state=source)
    step = w.step(target, "2026-12-01", passed=True if target is S.ACCEPTED else None)
    if (source, target) in {(row.source, row.target) for row in STEPS}:
        assert check_step(step, standing, READY, TODAY).state is target
    else:
        assert refusal(step, standing) in (Reason.LIFECYCLE_STEP, Reason.NOT_ACCEPTED_FOR_USE)


def test_no_use_without_acceptance():
    assert refusal(w.step(S.IN_USE, "2026-12-01"), travelled(1)) is Reason.NOT_ACCEPTED_FOR_USE
    for passed in (False, None):
        step = w.step(S.ACCEPTED, "2026-12-01", passed=passed)
        assert refusal(step, travelled(1)) is Reason.NOT_ACCEPTED_FOR_USE


def test_no_registration_without_a_configuration():
    step = w.step(S.REGISTERED, "2026-12-01")
    assert refusal(step, Standing(state=S.MANUFACTURED), config=None) is Reason.LIFECYCLE_STEP


def test_no_acceptance_without_a_registered_view():
    step = w.step(S.ACCEPTED, "2026-12-01", passed=True)
    assert refusal(step, travelled(1), config=w.config()) is Reason.LIFECYCLE_STEP


def test_days_rise_and_are_not_yet_to_come():
    assert refusal(w.step(S.ACCEPTED, "2026-09-30", passed=True), travelled(1)) is (
        Reason.LIFECYCLE_STEP
    )
    assert refusal(w.step(S.ACCEPTED, "2027-01-01", passed=True), travelled(1)) is (
        Reason.LIFECYCLE_STEP
    )
    check_step(w.step(S.ACCEPTED, "2027-01-01", passed=True), travelled(1), READY, None)


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "0000-01-01"])
def test_a_day_that_does_not_exist_is_refused(day):
    with pytest.raises(ContentRefusal):
        check_step(w.step(S.REGISTERED, day), Standing(state=S.MANUFACTURED), READY, TODAY)


def test_only_an_acceptance_has_a_result():
    with pytest.raises(ContentRefusal):
        check_step(w.step(S.IN_USE, "2026-12-01", passed=True), travelled(2), READY, TODAY)


@pytest.mark.parametrize(
    ("day", "left", "overdue", "remind"),
    [
        ("2026-11-01", 30, False, False),
        ("2026-11-21", 10, False, True),
        ("2026-11-28", 3, False, True),
        ("2026-11-30", 1, False, True),
        ("2026-12-01", 0, False, True),
        ("2026-12-02", -1, True, True),
    ],
)
def test_filing_is_due_on_day_30_and_overdue_on_day_31(day, left, overdue, remind):
    owed = duty(travelled(3), Regime.ART7, dt.date.fromisoformat(day))
    assert (owed.days_left, owed.overdue, owed.remind) == (left, overdue, remind)
    assert owed.state is S.FILING_DUE


def test_the_last_day_for_a_filing_needs_no_clock():
    assert due_on(travelled(3), Regime.ART7) == dt.date(2026, 12, 1)
    assert due_on(travelled(3), Regime.NONPUBLIC) is None
    assert due_on(travelled(4), Regime.ART7) is None
    assert due_on(travelled(0), Regime.ART7) is None


def test_a_private_place_owes_no_filing():
    assert duty(travelled(3), Regime.NONPUBLIC, TODAY) is None
    assert shown_state(travelled(3), Regime.NONPUBLIC) is S.IN_USE
    assert shown_state(travelled(3), Regime.ART7) is S.FILING_DUE


def test_a_filed_camera_whose_filed_facts_change_owes_a_change():
    filed = travelled(4)
    assert filed.filed_facts == filed_facts(READY)
    assert after_config(filed, READY, TODAY) == filed
    same = after_config(filed, w.config(view_hash=w.VIEW, pan_mdeg=500), TODAY)
    assert same == filed, "tolerance is not filed"
    changed = after_config(filed, w.config(view_hash=w.VIEW, retention_days=60), TODAY)
    assert (changed.state, changed.since) == (S.CHANGE_DUE, "2026-12-31")
    owed = duty(changed, Regime.ART7, dt.date(2027, 1, 16))
    assert (owed.days_left, owed.overdue) == (-1, True)


def test_a_change_on_a_camera_without_a_clock_counts_from_the_filing():
    changed = after_config(travelled(4), w.config(retention_days=60), None)
    assert changed.since == "2026-11-20"


def test_nothing_is_owed_before_use_and_after_withdrawal():
    for until in (0, 1, 2, 4, 7):
        assert duty(travelled(until), Regime.ART7, TODAY) is None
