"""The sign within the loop: what a lamp, sensor or display that says nothing becomes."""

import pytest

from viewkeeper.agent.core.signage.lamp import LampLimits
from viewkeeper.agent.ports import ClockReading
from viewkeeper.agent.sign_watch import SILENT_S, SignWatch
from viewkeeper.protocol.vocabulary import ClockTrust, LitState, SignageState
from viewkeeper.sim.signage import LampFault, SignConditions, SimulatedLamp


@pytest.fixture
def stage():
    return {"fault": LampFault.NONE}


@pytest.fixture
def watch(stage):
    lamp = SimulatedLamp(lambda: SignConditions(fault=stage["fault"]), lambda: 0.0)
    return SignWatch(lamp, LampLimits())


def at(mono_s):
    return ClockReading(1e9 + mono_s, mono_s, ClockTrust.SYNCHRONISED)


def test_hardware_that_says_nothing_for_a_minute_is_told_and_forgotten_when_it_speaks(
    stage, watch, caplog
):
    assert watch.look(None, None, None, None, at(0)).lit is LitState.LIT
    stage["fault"] = LampFault.NO_ANSWER
    found = [
        watch.look(None, None, None, None, at(10 + t)) for t in (0, 30, SILENT_S, 2 * SILENT_S)
    ]
    assert [status.silent is not None for status in found] == [False, False, True, True]
    assert {status.state for status in found} == {SignageState.UNKNOWN}
    assert len([line for line in caplog.messages if "no reading" in line]) == 1
    stage["fault"] = LampFault.NONE
    assert watch.look(None, None, None, None, at(200)).silent is None
    stage["fault"] = LampFault.NO_ANSWER
    assert watch.look(None, None, None, None, at(210)).silent is None
