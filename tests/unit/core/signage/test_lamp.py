import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.agent.core.signage.lamp import LampLimits, SignageStatus, is_fault, judge_lamp
from viewkeeper.protocol.vocabulary import LitState, SignageState

LIMITS = LampLimits()


def judged(**changes):
    reading = {
        "commanded": True,
        "current_ma": 300.0,
        "light_level": None,
        "present": True,
        "limits": LIMITS,
        **changes,
    }
    return judge_lamp(**reading)


@pytest.mark.parametrize(
    ("changes", "lit"),
    [
        ({}, LitState.LIT),
        ({"current_ma": 0.0}, LitState.UNLIT),
        ({"current_ma": 80.0}, LitState.FAILING),
        ({"current_ma": 2000.0}, LitState.FAILING),
        ({"current_ma": None}, LitState.UNKNOWN),
        ({"current_ma": None, "light_level": 0.6}, LitState.LIT),
        ({"current_ma": None, "light_level": 0.1}, LitState.UNLIT),
        ({"light_level": 0.05}, LitState.FAILING),
        ({"light_level": 0.6}, LitState.LIT),
        ({"commanded": False, "current_ma": 0.0}, LitState.UNLIT),
        ({"commanded": False, "light_level": 0.9}, LitState.UNLIT),
        ({"commanded": False, "current_ma": None}, LitState.UNKNOWN),
    ],
)
def test_lamp_state_follows_from_current_and_light(changes, lit):
    assert judged(**changes).lit is lit


@pytest.mark.parametrize(
    ("present", "state"),
    [(True, SignageState.PRESENT), (False, SignageState.MISSING), (None, SignageState.UNKNOWN)],
)
def test_presence_is_an_axis_of_its_own(present, state):
    assert judged(present=present).state is state


@given(st.sampled_from(SignageState), st.sampled_from(LitState))
def test_an_unlit_sign_is_a_fault_only_where_it_must_be_lit(state, lit):
    status = SignageStatus(state, lit)
    gone = state not in (SignageState.PRESENT, SignageState.UNKNOWN)
    assert is_fault(status, lit_required=False) is gone
    assert is_fault(status, lit_required=True) is (
        gone or lit in (LitState.UNLIT, LitState.FAILING)
    )
