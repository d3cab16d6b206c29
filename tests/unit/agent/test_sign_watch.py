"""The sign within the loop: what a lamp, sensor or display that says nothing becomes."""

import datetime as dt

import pytest

from viewkeeper.agent.core.signage.daylight import LampDuty
from viewkeeper.agent.core.signage.lamp import LampLimits, is_fault
from viewkeeper.agent.ports import ClockReading, SignageReading
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


@pytest.mark.parametrize(
    ("hour", "current_ma", "light", "lit", "fault"),
    [
        (4, 0.4, 0.9, LitState.UNLIT, False),  # noon at Hefei: the photocell keeps it off
        (4, 0.4, None, LitState.UNLIT, False),
        (4, 80.0, 0.9, LitState.FAILING, True),
        (4, None, 0.9, LitState.UNKNOWN, False),  # the day itself is before the photodiode
        (16, 0.4, 0.0, LitState.UNLIT, True),
        (16, 340.0, 0.7, LitState.LIT, False),
    ],
)
def test_a_lamp_behind_a_photocell_may_be_out_by_day(hour, current_ma, light, lit, fault):
    class Sensed:
        name = "sensed"

        def read(self):
            return SignageReading(True, current_ma, light, True, 0.0)

        def close(self):
            pass

    duty = LampDuty(always=False, place=(31.82, 117.23))
    midsummer = dt.datetime(2026, 6, 21, hour, tzinfo=dt.UTC).timestamp()
    now = ClockReading(midsummer, 0.0, ClockTrust.SYNCHRONISED)
    status = SignWatch(Sensed(), LampLimits(), duty).look(None, None, None, None, now)
    assert (status.lit, is_fault(status, lit_required=True)) == (lit, fault)
