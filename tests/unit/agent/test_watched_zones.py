"""Zones in the loop: what is flagged, kept, suspended."""

from dataclasses import replace

import pytest

from tests.support.loop_hand import CONFIG
from viewkeeper.agent.adapters.store.flag_file import FlagFile
from viewkeeper.agent.zone_watch import PERIOD_S
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.records import Event
from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    EventKind,
    ViewVerdict,
    WatchState,
    ZoneKind,
)
from viewkeeper.protocol.zones import Zone

YARD = Zone(
    name="yard",
    kind=ZoneKind.AREA,
    points=((500, 2000), (9500, 2000), (9500, 9900), (500, 9900)),
    watch=(EventKind.INTRUSION,),
)


def walk(runtime, hand, seconds=6.0, from_px=20, px_per_s=40):
    """Turns at the zones' pace while somebody crosses the picture."""
    began_s = hand.now_s
    while hand.now_s < began_s + seconds:
        hand.walker_px = from_px + int(px_per_s * (hand.now_s - began_s))
        assert runtime.turn()
        hand.now_s += PERIOD_S
    hand.walker_px = None


def idle(runtime, hand, seconds):
    for _ in range(round(seconds / PERIOD_S)):
        assert runtime.turn()
        hand.now_s += PERIOD_S


@pytest.fixture
def guarded(runtime, hand):
    hand.config = replace(CONFIG, zones=(YARD,))
    idle(runtime, hand, 12)
    assert hand.report.events.state is WatchState.WATCHING
    return runtime


def test_an_intrusion_goes_out_with_all_that_is_known_and_waits_to_be_reported(guarded, hand):
    walk(guarded, hand)
    idle(guarded, hand, 10)
    begin, end = hand.bodies(Event)
    assert begin.event is EventKind.INTRUSION
    assert (begin.zone, begin.alarm_method, begin.alarm_type) == ("yard", 5, 6)
    assert begin.article == "Anhui Order 270 Art. 17"
    assert begin.event_id == end.event_id
    assert begin.ended_ms is None
    assert end.ended_ms > end.started_ms
    assert end.track.hits > 5
    assert hand.report.events.unreported == 1
    alarm = hand.alarms[AlarmKind.EVENT_UNREPORTED.value]
    assert alarm.since_ms == begin.started_ms
    assert hand.mirror["events"]["unreported"] == 1


def test_the_clock_runs_over_a_restart_until_it_is_closed(guarded, hand, tmp_path):
    walk(guarded, hand)
    idle(guarded, hand, 2)
    event_id = hand.bodies(Event)[0].event_id
    again = FlagFile(tmp_path / "open-flags.json")
    assert [flag.event_id for flag in again.flags.all] == [event_id]
    with pytest.raises(SetupError, match="no flag"):
        again.close(bytes(8))
    again.close(event_id)
    assert FlagFile(tmp_path / "open-flags.json").flags.all == ()


def test_the_view_is_checked_at_its_own_pace_while_zones_are_watched(guarded, hand):
    before, start_s = guarded._watch.checks, hand.now_s
    idle(guarded, hand, 10)
    assert hand.now_s - start_s == pytest.approx(10)
    assert guarded._watch.checks - before == pytest.approx(10, abs=1)


def test_turning_the_camera_flags_nobody_and_suspends_the_zones(guarded, hand):
    hand.pan_px = 16
    idle(guarded, hand, 12)
    assert hand.report.view.verdict is ViewVerdict.MOVED
    assert hand.report.events.state is WatchState.SUSPENDED
    walk(guarded, hand)
    kinds = {event.event for event in hand.bodies(Event)}
    assert kinds <= {EventKind.CAMERA_STRUCK, EventKind.CAMERA_MOVED}
