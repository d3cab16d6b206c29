"""What each step of the lifecycle asks for, written down a second time on purpose."""

import datetime as dt

import pytest

from viewkeeper.agent.core.policy.configuration import findings
from viewkeeper.agent.core.policy.lifecycle import Standing, check_step, duty, shown_state
from viewkeeper.protocol.errors import OrderRefusal, Reason
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import LifecycleState as S
from viewkeeper.protocol.vocabulary import Regime

DAY = "2026-11-18"
# from, to: a configuration, a registered view in it, a passed acceptance.
ASKED = {
    (S.MANUFACTURED, S.REGISTERED): (True, False, False),
    (S.REGISTERED, S.ACCEPTED): (True, True, True),
    (S.REGISTERED, S.REGISTERED): (True, False, False),
    (S.ACCEPTED, S.REGISTERED): (True, False, False),
    (S.ACCEPTED, S.IN_USE): (True, True, False),
    (S.IN_USE, S.FILED): (True, False, False),
    (S.FILED, S.CHANGE_DUE): (False, False, False),
    (S.CHANGE_DUE, S.FILED): (True, False, False),
    (S.REGISTERED, S.WITHDRAWN): (False, False, False),
    (S.ACCEPTED, S.WITHDRAWN): (False, False, False),
    (S.IN_USE, S.WITHDRAWN): (False, False, False),
    (S.FILED, S.WITHDRAWN): (False, False, False),
    (S.CHANGE_DUE, S.WITHDRAWN): (False, False, False),
    (S.WITHDRAWN, S.REGISTERED): (True, False, False),
}
PAIRS = [(source, target) for source in S for target in S]


def taken(source, target, *, config, view, passed):
    """Whether a step is taken with just these at hand."""
    at_hand = w.config(view_hash=w.VIEW if view else None) if config else None
    step = w.step(target, DAY, passed=True if passed else None)
    try:
        check_step(step, Standing(state=source, since=DAY), at_hand, None)
    except OrderRefusal as refusal:
        return refusal.reason not in (Reason.LIFECYCLE_STEP, Reason.NOT_ACCEPTED_FOR_USE)
    return True


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_step_is_taken_with_what_it_asks_for_and_without_none_of_it(source, target):
    if (source, target) not in ASKED:
        result = target in (S.ACCEPTED, S.REGISTERED)
        assert not taken(source, target, config=True, view=True, passed=result)
        return
    config, view, passed = ASKED[source, target]
    assert taken(source, target, config=config, view=view, passed=passed)
    if config:
        assert not taken(source, target, config=False, view=False, passed=passed)
    if view:
        assert not taken(source, target, config=True, view=False, passed=passed)
    if passed:
        assert not taken(source, target, config=config, view=view, passed=False)


def test_a_step_on_the_day_of_the_last_is_taken_and_one_before_it_is_not():
    standing = Standing(state=S.FILED, since=DAY)
    check_step(w.step(S.CHANGE_DUE, DAY), standing, None, None)
    with pytest.raises(OrderRefusal):
        check_step(w.step(S.CHANGE_DUE, "2026-11-17"), standing, None, None)


@pytest.mark.parametrize("source", [S.IN_USE, S.FILED, S.CHANGE_DUE, S.WITHDRAWN])
def test_only_before_acceptance_is_acceptance_what_is_lacking(source):
    with pytest.raises(OrderRefusal) as caught:
        check_step(w.step(S.IN_USE, DAY), Standing(state=source), w.config(), None)
    assert caught.value.reason is Reason.LIFECYCLE_STEP


@pytest.mark.parametrize("target", [S.CHANGE_DUE, S.WITHDRAWN])
def test_what_was_filed_stays_on_file_when_a_camera_goes_on(target):
    filed = Standing(state=S.FILED, since=DAY, filed_on="2026-11-01", filed_facts=bytes(32))
    after = check_step(w.step(target, DAY), filed, w.config(), None)
    assert (after.filed_on, after.filed_facts) == ("2026-11-01", bytes(32))


def test_without_a_day_nothing_can_be_due():
    day = dt.date(2026, 11, 18)
    assert duty(Standing(state=S.IN_USE), Regime.ART7, day) is None
    assert duty(Standing(state=S.CHANGE_DUE), Regime.ART7, day) is None


def test_a_change_is_reminded_of_on_its_last_day_not_the_day_before():
    standing = Standing(state=S.CHANGE_DUE, since="2026-11-01")
    found = [duty(standing, Regime.ART7, dt.date(2026, 11, day)) for day in (15, 16)]
    assert [(each.days_left, each.remind) for each in found if each] == [(1, False), (0, True)]


@pytest.mark.parametrize("state", sorted(set(S) - {S.IN_USE, S.FILING_DUE}))
def test_only_in_use_is_shown_as_a_filing_that_is_due(state):
    assert shown_state(Standing(state=state), Regime.ART7) is state
    assert shown_state(Standing(state=S.IN_USE), Regime.ART7) is S.FILING_DUE
    assert shown_state(Standing(state=S.IN_USE), Regime.NONPUBLIC) is S.IN_USE
    assert shown_state(Standing(state=S.IN_USE), None) is S.IN_USE


def test_a_place_of_article_9_need_not_be_one_of_article_7():
    def regimes(regime, codes):
        found = findings(w.config(regime=regime, codes=codes))
        return [each.rule.id for each in found if "regime" in each.rule.id]

    assert regimes(Regime.ART9, ("M10",)) == []
    assert regimes(Regime.ART7, ("M10",)) != []
