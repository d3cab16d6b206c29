"""An intruder and a covered sign, from the virtual camera over the real broker to a backend."""

import pytest

from viewkeeper.protocol.orders import Command
from viewkeeper.protocol.vocabulary import EventKind, WatchState
from viewkeeper.sim.demo import guarding

pytestmark = pytest.mark.e2e


def test_an_intruder_is_flagged_with_zone_and_code_and_the_operator_closes_the_clock(play):
    told = guarding.intruder(play)
    assert told == "intrusion in forecourt, GB/T 28181 5/6; reported"
    assert play.sees(lambda seen: seen.report.events.unreported == 0)
    unknown = play.world.order(play.camera, Command(name="reported", argument=f"{'0' * 16} x"))
    assert "no flag" in unknown.verdict.detail


def test_a_covered_sign_is_seen_by_the_camera_itself(play):
    guarding.watch(play)
    assert guarding.hidden_sign(play) == "obscured with an alarm, then present"


def test_zones_are_suspended_while_the_camera_is_turned_and_watched_again_after(play):
    guarding.watch(play)
    before = len(play.world.observer.seen(play.camera.name).events)
    play.camera.stage.knock(pan_deg=4.0)
    assert play.sees(lambda seen: seen.report.events.state is WatchState.SUSPENDED)
    play.camera.stage.straighten()
    assert play.sees(lambda seen: seen.report.events.state is WatchState.WATCHING)
    kinds = {e.event for e in play.world.observer.seen(play.camera.name).events[before:]}
    assert kinds <= {EventKind.CAMERA_STRUCK, EventKind.CAMERA_MOVED}
