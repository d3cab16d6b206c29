"""The loop with a clock, a source and an outlet in hand: what is said, and when."""

import itertools
from dataclasses import replace

import pytest

from tests.support.loop_hand import CONFIG, VIEW, turn
from viewkeeper.agent.runtime import PULSE_S, tolerance_of
from viewkeeper.protocol.records import ClockFix, Event, Report
from viewkeeper.protocol.signage import SignRegion
from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    ClockTrust,
    Corroboration,
    EventKind,
    LifecycleState,
    LitState,
    SignageSource,
    SignageState,
    ViewCause,
    ViewVerdict,
)


def test_it_comes_to_say_same_with_numbers(runtime, hand):
    turn(runtime, hand, 12)
    view = hand.report.view
    assert view.verdict is ViewVerdict.SAME
    assert abs(view.move.pan_mdeg) < 50
    assert hand.report.signage.lit is LitState.LIT
    assert hand.report.signage.state is SignageState.PRESENT
    assert hand.alarms == {}
    assert hand.mirror["view"]["verdict"] == "same"
    assert hand.mirror["health"]["frame_rate_hz"] == pytest.approx(1.0, abs=0.3)


def test_a_watchdog_hears_the_loop_through_a_long_signed_period(hand, runtime):
    hand.config = replace(CONFIG, check_period_ms=3_600_000)
    heard = []
    runtime._pulse = lambda: heard.append(hand.now_s)
    hand.frames_left = 2
    runtime.run()
    gaps = [later - earlier for earlier, later in itertools.pairwise(heard)]
    assert len(heard) > 200
    assert max(gaps) <= PULSE_S


def test_the_service_is_up_before_the_camera_gives_its_first_frame(hand, runtime, monkeypatch):
    told = []
    runtime._pulse = lambda: told.append("pulse")
    read = hand.read
    monkeypatch.setattr(hand, "read", lambda timeout_s: told.append("read") or read(timeout_s))
    hand.frames_left = 1
    runtime.run()
    assert told[:3] == ["pulse", "read", "pulse"]


def test_a_quiet_camera_speaks_once_a_period(runtime, hand):
    turn(runtime, hand, 12)
    before = len(hand.bodies(Report))
    turn(runtime, hand, 120)
    assert len(hand.bodies(Report)) - before == 2


def test_a_knock_is_told_at_once_as_events_and_as_an_alarm_that_ends(runtime, hand):
    turn(runtime, hand, 12)
    hand.pan_px = 16  # content moves left: turned to the right by 3.3 degrees at 60 across
    turn(runtime, hand, 8)
    view = hand.report.view
    assert view.verdict is ViewVerdict.MOVED
    assert view.latched
    assert view.move.pan_mdeg == pytest.approx(3300, abs=150)
    assert hand.alarms[AlarmKind.VIEW_MOVED.value].detail.startswith("pan +3.")
    assert hand.report.alarms == (AlarmKind.VIEW_MOVED,)
    assert hand.mirror["alarms"] == ["view_moved"]
    since_ms = hand.alarms[AlarmKind.VIEW_MOVED.value].since_ms
    kinds = {event.event for event in hand.bodies(Event)}
    assert kinds == {EventKind.CAMERA_STRUCK, EventKind.CAMERA_MOVED}
    hand.pan_px = 0
    turn(runtime, hand, 12)
    assert hand.report.view.verdict is ViewVerdict.SAME
    assert hand.alarms == {}
    (end,) = hand.ended
    assert (end.body.alarm, end.body.since_ms) == (AlarmKind.VIEW_MOVED, since_ms)
    assert end.body.ended_ms > since_ms
    assert hand.report.alarms == ()
    assert hand.mirror["alarms"] == []


def test_a_dead_source_never_stops_reporting_and_is_opened_again(runtime, hand):
    turn(runtime, hand, 12)
    hand.cable = False
    turn(runtime, hand, 90)
    assert hand.report.view.verdict is ViewVerdict.CANNOT_TELL
    assert hand.report.view.cause is ViewCause.SIGNAL_LOST
    assert AlarmKind.VIEW_UNKNOWN.value in hand.alarms
    reports = len(hand.bodies(Report))
    turn(runtime, hand, 60)
    assert len(hand.bodies(Report)) > reports
    hand.cable = True
    turn(runtime, hand, 20)
    assert hand.opened == 2
    assert hand.report.view.verdict is ViewVerdict.SAME


def test_a_source_that_hangs_is_said_to_be_lost_within_half_a_minute(runtime, hand):
    turn(runtime, hand, 12)
    hand.hangs, since_s = True, hand.now_s
    while hand.report.view.verdict is ViewVerdict.SAME:
        turn(runtime, hand)
    assert hand.report.view.cause is ViewCause.SIGNAL_LOST
    assert hand.now_s - since_s < 30


def test_a_withdrawn_camera_takes_its_introduction_back_once(runtime, hand):
    turn(runtime, hand, 3)
    assert hand.withdrawals == 0
    hand.lifecycle = LifecycleState.WITHDRAWN
    turn(runtime, hand, 5)
    assert hand.withdrawals == 1


def test_before_registration_it_says_so(runtime, hand):
    hand.config = None
    turn(runtime, hand, 5)
    assert hand.report.view.verdict is ViewVerdict.CANNOT_TELL
    assert hand.report.view.cause is ViewCause.NOT_REGISTERED
    assert hand.report.view.move is None
    assert hand.alarms == {}


@pytest.mark.parametrize("disk", [True, False])
def test_a_lesson_is_handed_to_the_desk_and_counted_in_the_report(runtime, hand, disk):
    hand.learns, hand.disk = True, disk
    turn(runtime, hand, 8)
    hand.dusk = 0.45  # strange enough to be learned, and still sure
    turn(runtime, hand, 34)
    assert hand.report.view.verdict is ViewVerdict.SAME
    assert [made.accepted for made in hand.lessons][:1] == [VIEW.digest]
    assert hand.report.view.learned == (1 if disk else None)
    assert hand.mirror["view"]["learned"] == int(disk)


def test_a_night_only_a_learned_reference_knows_is_told_and_the_report_names_it(runtime, hand):
    hand.learns = True
    turn(runtime, hand, 8)
    hand.dusk = 0.45  # strange enough to be learned, and still sure
    turn(runtime, hand, 34)
    hand.dusk = 0.8
    turn(runtime, hand, 12)
    hand.now_s += 60.0
    turn(runtime, hand)
    view = hand.report.view
    assert (view.verdict, view.by) == (ViewVerdict.SAME, hand.lessons[0].digest[:8])
    hand.pan_px = 20
    turn(runtime, hand, 10)
    assert hand.report.view.verdict is ViewVerdict.MOVED
    assert hand.report.view.by == hand.lessons[0].digest[:8]


def test_the_camera_is_told_of_when_its_own_gravity_contradicts_its_picture(runtime, hand):
    hand.gravity = (0.0, 1.0, 0.0)
    turn(runtime, hand, 10)
    assert hand.report.view.corroboration is None
    hand.gravity = (0.1, 1.0, 0.0)
    turn(runtime, hand, 18)
    assert hand.report.view.verdict is ViewVerdict.SAME
    assert hand.report.view.corroboration == (Corroboration.TILTED_PICTURE_SAME,)
    assert hand.mirror["view"]["corroboration"] == ["tilted_picture_same"]


def test_a_new_view_starts_the_evidence_anew(runtime, hand):
    turn(runtime, hand, 12)
    hand.config = None
    turn(runtime, hand, 3)
    assert hand.report.view.cause is ViewCause.NOT_REGISTERED
    hand.config = CONFIG
    turn(runtime, hand, 12)
    assert hand.report.view.verdict is ViewVerdict.SAME


def test_a_dark_sign_is_an_alarm_and_so_is_a_driver_that_is_silent_for_a_minute(runtime, hand):
    turn(runtime, hand, 3)
    hand.current_ma = 0.0
    turn(runtime, hand, 3)
    assert hand.report.signage.lit is LitState.UNLIT
    assert AlarmKind.SIGN_FAULT.value in hand.alarms
    hand.current_ma = None
    turn(runtime, hand, 3)
    assert hand.report.signage.lit is LitState.UNKNOWN
    assert AlarmKind.SIGN_FAULT.value not in hand.alarms
    turn(runtime, hand, 60)
    assert "no reading: no answer" in hand.alarms[AlarmKind.SIGN_FAULT.value].detail
    hand.current_ma = 300.0
    turn(runtime, hand)
    assert AlarmKind.SIGN_FAULT.value not in hand.alarms


def test_a_set_clock_is_told_through_history(runtime, hand):
    turn(runtime, hand, 3)
    hand.step_s = -3600.0
    turn(runtime, hand, 2)
    steps = [fix.step_ms for fix in hand.bodies(ClockFix)]
    assert len(steps) == 1
    assert steps[0] == pytest.approx(-3_600_000, abs=100)


def test_an_unsynchronised_clock_is_an_alarm_of_its_own(runtime, hand):
    hand.trust = ClockTrust.FLOOR
    turn(runtime, hand, 2)
    assert AlarmKind.CLOCK_FAULT.value in hand.alarms


def test_a_checkpoint_goes_out_when_the_ledger_has_grown_and_only_then(runtime, hand):
    turn(runtime, hand, 70)
    sizes = [item.size for item in hand.said if hasattr(item, "root")]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == hand.ledger_size


def test_records_are_numbered_in_the_order_they_are_said(runtime, hand):
    turn(runtime, hand, 12)
    hand.pan_px = 16
    turn(runtime, hand, 70)
    numbers = [item.header.sequence for item in hand.said if hasattr(item, "header")]
    assert numbers == sorted(numbers)


def test_a_recording_that_ends_ends_the_loop(runtime, hand):
    hand.frames_left = 5
    runtime.run()
    assert hand.bodies(Report)


def test_the_signed_tolerance_is_the_one_that_counts():
    tolerance = tolerance_of(CONFIG)
    assert (tolerance.pan_deg, tolerance.zoom) == (1.0, 0.02)
    assert tolerance_of(None).pan_deg > 0


def test_a_board_in_the_view_is_judged_and_a_wrong_template_is_not_trusted(runtime, hand):
    region = SignRegion(left=4000, top=4000, right=6000, bottom=6500)
    hand.config = replace(CONFIG, sign_region=region)
    turn(runtime, hand, 12)
    assert hand.report.signage.state is SignageState.PRESENT
    assert hand.report.signage.source is SignageSource.VIEW
    hand.config = replace(CONFIG, sign_region=replace(region, template_hash=bytes(32)))
    turn(runtime, hand, 3)
    assert hand.report.signage.source is SignageSource.SENSOR
