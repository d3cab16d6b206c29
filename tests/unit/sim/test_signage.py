"""The lamp: what is broken shows alike in the picture and on the wires."""

from __future__ import annotations

import pytest

from viewkeeper.agent.core.signage.lamp import LampLimits, judge_lamp
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.vocabulary import LitState, SignageState
from viewkeeper.sim.signage import Board, LampFault, SignConditions, SignState, SimulatedLamp


def judged(conditions: SignConditions):
    reading = SimulatedLamp(conditions, monotonic=lambda: 5.0).read()
    assert reading.read_at_mono_s == 5.0
    return judge_lamp(
        commanded=reading.lamp_commanded,
        current_ma=reading.current_ma,
        light_level=reading.light_level,
        present=reading.present,
        limits=LampLimits(),
    )


@pytest.mark.parametrize(
    ("fault", "lit", "seen"),
    [
        (LampFault.NONE, LitState.LIT, SignState.LIT),
        (LampFault.DARK, LitState.UNLIT, SignState.UNLIT),
        (LampFault.DIM, LitState.FAILING, SignState.LIT),
        (LampFault.SHORT, LitState.FAILING, SignState.UNLIT),
        (LampFault.BLIND, LitState.FAILING, SignState.UNLIT),
        (LampFault.SENSE_STUCK, LitState.FAILING, SignState.LIT),
        (LampFault.SENSE_BROKEN, LitState.UNKNOWN, SignState.LIT),
    ],
)
def test_the_agent_judges_each_fault_for_what_it_is(fault, lit, seen):
    conditions = SignConditions(fault=fault)
    assert judged(conditions).lit is lit
    assert conditions.appearance is seen


def test_a_lamp_switched_off_is_unlit_and_no_fault():
    status = judged(SignConditions(lamp_on=False))
    assert (status.state, status.lit) == (SignageState.PRESENT, LitState.UNLIT)


def test_a_stolen_board_is_missing_to_the_eye_and_to_the_contact():
    conditions = SignConditions(board=Board.MISSING)
    assert judged(conditions).state is SignageState.MISSING
    assert conditions.appearance is SignState.MISSING


def test_a_silent_peripheral_is_an_error_and_not_a_reading():
    with pytest.raises(SetupError):
        SimulatedLamp(SignConditions(fault=LampFault.NO_ANSWER)).read()


def test_the_lamp_can_be_led_while_it_is_read():
    now = [SignConditions()]
    lamp = SimulatedLamp(lambda: now[0])
    before = lamp.read().current_ma
    now[0] = SignConditions(fault=LampFault.DARK)
    after = lamp.read().current_ma
    assert before > 300
    assert after < 5
