from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.agent.core.quality.health import Finding, ImageHealth, Kind
from viewkeeper.agent.core.view.estimate import Estimate, MoveError, nothing_found
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.core.view.guard import FRAME_CAP, GuardState, evidence, start, step
from viewkeeper.agent.core.view.verdict import Tolerance, judge
from viewkeeper.protocol.vocabulary import ViewCause, ViewVerdict

TOLERANCE = Tolerance()
WELL = ImageHealth()


def seen(move: Move, confidence: float = 0.99) -> Estimate:
    return Estimate(move, MoveError(0.01, 0.01, 0.02, 0.0003), confidence, 0.9, (), True)


def run(
    state: GuardState,
    estimates: list[Estimate],
    health: ImageHealth = WELL,
    from_s: float = 0.0,
) -> list[GuardState]:
    states = []
    for index, estimate in enumerate(estimates):
        judgement = judge(estimate, health, TOLERANCE)
        state = step(state, judgement, health, from_s + index, TOLERANCE)
        states.append(state)
    return states


def settled() -> GuardState:
    return run(start(0.0), [seen(Move())] * 10)[-1]


def test_it_starts_without_a_verdict_and_says_same_after_a_few_frames():
    states = run(start(0.0), [seen(Move())] * 4)
    assert (start(0.0).verdict, start(0.0).cause) == (ViewVerdict.CANNOT_TELL, ViewCause.STARTING)
    assert states[0].verdict is ViewVerdict.CANNOT_TELL
    assert (states[-1].verdict, states[-1].cause) == (ViewVerdict.SAME, None)
    assert states[-1].since_s == 2.0


def test_a_move_of_half_a_degree_is_reported_within_ten_frames():
    states = run(settled(), [seen(Move(pan_deg=0.5))] * 10)
    assert states[0].verdict is ViewVerdict.SAME
    assert (states[-1].verdict, states[-1].latched) == (ViewVerdict.MOVED, True)
    assert abs(states[-1].move.pan_deg - 0.5) < 1e-6


def test_three_deceived_frames_in_a_row_are_not_a_move():
    assert run(settled(), [seen(Move(pan_deg=4.0))] * 3)[-1].verdict is ViewVerdict.SAME


def test_a_deceived_frame_now_and_then_never_adds_up():
    pattern = [seen(Move(pan_deg=4.0)), seen(Move()), seen(Move())]
    assert all(state.verdict is ViewVerdict.SAME for state in run(settled(), pattern * 50))


def test_a_camera_that_sways_beyond_tolerance_is_reported():
    sway = [seen(Move(pan_deg=2.0 * (-1) ** index)) for index in range(40)]
    assert run(settled(), sway)[-1].verdict is ViewVerdict.MOVED


def test_a_whole_night_may_be_off_by_its_own_error_and_is_no_move():
    error = MoveError(0.06, 0.01, 0.02, 0.0003)
    night = replace(seen(Move(pan_deg=TOLERANCE.pan_deg + 0.05)), stderr=error)
    assert run(settled(), [night] * 300)[-1].verdict is not ViewVerdict.MOVED
    knocked = replace(night, move=Move(pan_deg=0.5))
    assert run(settled(), [knocked] * 10)[-1].verdict is ViewVerdict.MOVED


@given(st.floats(0.0, 5.0), st.floats(0.0, 1.0), st.floats(0.5, 1.0))
def test_evidence_is_capped_grows_with_the_move_and_changes_sign_at_the_bar(
    excess: float, uncertainty: float, bar: float
):
    nats = evidence(excess, uncertainty, bar=bar)
    assert abs(nats) <= FRAME_CAP
    assert evidence(excess + 0.1, uncertainty, bar=bar) >= nats
    assert (nats <= 0.0) or excess > bar
    assert (nats >= 0.0) or excess < bar


def test_a_move_stays_latched_while_the_camera_is_blind():
    moved = run(settled(), [seen(Move(pan_deg=3.0))] * 10)[-1]
    dark = ImageHealth((Finding(Kind.DARK, 5.0, 34.0),))
    after = run(moved, [nothing_found()] * 500, dark)[-1]
    assert (after.verdict, after.latched, after.cause) == (ViewVerdict.MOVED, True, ViewCause.DARK)
    assert abs(after.move.pan_deg - 3.0) < 1e-6


def test_a_latched_move_is_over_when_the_view_is_back():
    moved = run(settled(), [seen(Move(pan_deg=3.0))] * 10)[-1]
    back = run(moved, [seen(Move(pan_deg=0.05))] * 15, from_s=100.0)
    assert back[1].verdict is ViewVerdict.MOVED
    assert (back[-1].verdict, back[-1].latched) == (ViewVerdict.SAME, False)
    assert back[-1].since_s >= 102.0


def test_a_latched_move_is_not_over_when_the_view_is_only_just_within_tolerance():
    moved = run(settled(), [seen(Move(pan_deg=3.0))] * 10)[-1]
    assert run(moved, [seen(Move(pan_deg=0.34))] * 50)[-1].verdict is ViewVerdict.MOVED


def test_same_is_no_longer_claimed_by_a_blind_camera():
    states = run(settled(), [nothing_found()] * 12)
    assert states[5].verdict is ViewVerdict.SAME
    assert (states[-1].verdict, states[-1].cause) == (ViewVerdict.CANNOT_TELL, ViewCause.NO_MATCH)


def test_stepping_is_pure():
    state = settled()
    judgement = judge(seen(Move(pan_deg=1.0)), WELL, TOLERANCE)
    assert step(state, judgement, WELL, 5.0) == step(state, judgement, WELL, 5.0)
    assert state == settled()


def test_the_reported_error_covers_a_mean_that_lags_behind():
    swinging_out = [2.9, 2.97, 3.0, 3.0, 3.0]
    states = run(settled(), [seen(Move(pan_deg=pan)) for pan in swinging_out])
    for state in states[2:]:
        assert 0.0 < 3.0 - state.move.pan_deg <= 3 * state.stderr.pan_deg
    assert states[2].stderr.pan_deg > states[4].stderr.pan_deg > 0.01
