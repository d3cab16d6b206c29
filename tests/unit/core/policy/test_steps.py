"""What each step of the lifecycle asks for, written down a second time on purpose."""

import pytest

from viewkeeper.agent.core.policy.lifecycle import Standing, check_step
from viewkeeper.protocol.errors import OrderRefusal, Reason
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import LifecycleState as S

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
