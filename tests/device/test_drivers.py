"""The drivers against chips that behave as their datasheets say, register by register."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.core import lamp, tilt
from device.drivers import bmi270, ina219, lsm6dso
from device.hal import fake
from viewkeeper.agent.core.signage.lamp import LampLimits, is_fault, judge_lamp
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.protocol.vocabulary import LitState, SignageState

PROGRAM = bytes(index * 7 & 255 for index in range(8192))
UP = (0.0, -1.0, 0.0)  # what an accelerometer at rest measures, in the axes of a level camera


def no_pause(_ms):
    pass


def lsm6dso_on(world):
    chip = fake.Lsm6dso(world)
    return lsm6dso.Accelerometer(fake.Bus(world, {0x6A: chip}), no_pause), chip


def bmi270_on(world, data=PROGRAM):
    chip = fake.Bmi270(world, PROGRAM)
    return bmi270.Accelerometer(fake.Bus(world, {0x68: chip}), no_pause, data=data), chip


def told(**what):
    world = fake.World()
    world.told = what
    return world


@pytest.mark.parametrize("started", [lsm6dso_on, bmi270_on])
@pytest.mark.parametrize(("turned", "rolled"), [(0, 0), (-30, 5), (12.5, -170)])
def test_gravity_and_temperature_are_what_the_chip_feels(started, turned, rolled):
    sensor, _ = started(told(tilt_deg=turned, roll_deg=rolled, temperature_c=-17.25))
    assert tilt.attitude(sensor.acceleration_g()) == pytest.approx((turned, rolled), abs=0.02)
    assert math.hypot(*sensor.acceleration_g()) == pytest.approx(1.0, abs=0.001)
    assert sensor.temperature_c() == pytest.approx(-17.25, abs=0.01)


@pytest.mark.parametrize(("started", "address"), [(lsm6dso_on, 0x6A), (bmi270_on, 0x68)])
def test_a_silent_bus_is_an_error_at_the_start_and_later(started, address):
    world = told()
    sensor, _ = started(world)
    world.told["silent"] = [address]
    with pytest.raises(OSError, match="5"):
        sensor.acceleration_g()
    with pytest.raises(OSError, match="5"):
        started(world)


def test_another_chip_at_the_address_is_not_taken_for_the_right_one():
    world = told()
    bus = fake.Bus(world, {0x6A: fake.Bmi270(world, PROGRAM)})
    with pytest.raises(OSError, match="another chip at 0x6a"):
        lsm6dso.Accelerometer(bus, no_pause)


def test_a_knock_is_remembered_until_somebody_asks():
    world = told(strikes=3)
    sensor, _ = lsm6dso_on(world)
    assert not sensor.knocked()
    world.told["strikes"] = 4
    assert sensor.knocked()
    assert not sensor.knocked()


def test_a_chip_that_lost_power_measures_nothing_until_it_is_started_anew():
    world = told(tilt_deg=20.0)
    sensor, chip = lsm6dso_on(world)
    chip.reset()
    assert sensor.acceleration_g() == (0.0, 0.0, 0.0)
    # What rests on nothing is no mount: the core says so.
    samples = [sensor.acceleration_g()] * tilt.LEAST_SAMPLES
    assert tilt.Mount(0, 0, 25).compare(samples, 25, 0.0001).cause == "shake"


def test_the_bmi270_starts_with_its_whole_program_and_with_no_other():
    bmi270_on(told())
    with pytest.raises(OSError, match="0x21 never got ready"):
        bmi270_on(told(), PROGRAM[:-2] + b"\xff\xff")


def test_without_the_package_the_missing_program_is_named_with_its_cure():
    with pytest.raises(OSError, match="mpremote mip install bmi270"):
        bmi270.program()


@pytest.mark.parametrize(("flows", "shunt_mohm"), [(320, 100), (0, 100), (1800, 10), (-40, 100)])
def test_the_current_is_what_flows_through_the_shunt(flows, shunt_mohm):
    world = told(lamp_ma=flows)
    bus = fake.Bus(world, {0x40: fake.Ina219(world, shunt_mohm)})
    sense = ina219.CurrentSense(bus, shunt_mohm)
    assert sense.current_ma() == pytest.approx(flows, abs=10 / shunt_mohm)


def samples(up, noise=0.001):
    return [tuple(u + noise * (-1) ** (i + n) for i, u in enumerate(up)) for n in range(16)]


def up_of(tilt_deg, roll_deg):
    world = told(tilt_deg=tilt_deg, roll_deg=roll_deg)
    world.get("tilt_deg", 0)
    return world.up_g()


@given(st.floats(-80, 80), st.floats(-179, 179))
def test_gravity_has_the_signs_of_the_agents_geometry(tilt_deg, roll_deg):
    move = Move(tilt_deg=tilt_deg, roll_deg=roll_deg)
    up = move.rotation().T @ UP  # d_registered = R d_present
    assert up_of(tilt_deg, roll_deg) == pytest.approx(tuple(up), abs=1e-9)
    assert tilt.attitude(up) == pytest.approx((tilt_deg, roll_deg), abs=1e-6)


@given(st.floats(-40, 40), st.floats(-170, 170), st.floats(-3, 3), st.floats(-3, 3))
def test_a_turn_of_the_mount_is_measured_and_survives_its_bytes(tilt_deg, roll_deg, by, rolled):
    known = tilt.registered(samples(up_of(tilt_deg, roll_deg)), 20.0)
    known = tilt.Mount.from_bytes(known.to_bytes())
    felt = known.compare(samples(up_of(tilt_deg + by, roll_deg + rolled)), 20.0, 0.0001)
    assert felt.cause is None
    assert (felt.tilt, felt.roll) == pytest.approx((by, rolled), abs=0.01)


def test_doubt_grows_with_the_distance_from_the_temperature_of_the_registration():
    known = tilt.registered(samples(UP), 20.0)
    near, far = (known.compare(samples(UP), t, 0.00025).error for t in (21.0, -30.0))
    assert near < 0.1
    assert far == pytest.approx(50 * 0.00025 * 180 / math.pi, rel=0.05)
    tight = {"tilt_mdeg": 500, "roll_mdeg": 500}
    felt = known.compare(samples(UP), -30.0, 0.00025)
    assert tilt.judge(felt, tight) == ("cannot_tell", "imprecise")
    assert tilt.judge(felt, {"tilt_mdeg": 1000, "roll_mdeg": 1000}) == ("same", None)


def test_a_mount_that_shakes_tells_nothing_and_is_not_registered():
    known = tilt.registered(samples(UP), 20.0)
    assert known.compare(samples(UP, 0.05), 20.0, 0.0001).cause == "shake"
    assert known.compare(samples((0.0, -1.2, 0.0)), 20.0, 0.0001).cause == "shake"
    assert known.compare(samples(UP)[:4], 20.0, 0.0001).cause == "signal_lost"
    with pytest.raises(ValueError, match="hang still"):
        tilt.registered(samples(UP, 0.05), 20.0)


@pytest.mark.parametrize("data", [b"", b"VKT1", b"VKG1" + bytes(12), bytes(17)])
def test_bytes_that_are_no_mount_are_refused(data):
    with pytest.raises(ValueError, match="no registered mount"):
        tilt.Mount.from_bytes(data)


def test_a_board_may_hold_the_chip_any_way_round():
    assert tilt.in_camera_axes((1, 2, 3), "+x-z+y") == (1, -3, 2)


@given(
    st.booleans(),
    st.none() | st.floats(-5, 2000),
    st.none() | st.booleans(),
    st.booleans(),
)
def test_the_lamp_is_judged_as_the_agent_judges_it(commanded, current_ma, present, required):
    limits = LampLimits()
    there = judge_lamp(
        commanded=commanded, current_ma=current_ma, light_level=None, present=present, limits=limits
    )
    mine = (limits.lit_from_ma, limits.off_below_ma, limits.short_above_ma)
    here = lamp.judge_lamp(commanded, current_ma, present, mine)
    if current_ma is None and not commanded:
        # The agent says unknown, too: nothing is sensed.
        assert there.lit is LitState.UNKNOWN
    assert LitState(here["lit"]) is there.lit
    assert SignageState(here["state"]) is there.state
    assert lamp.is_fault(here, required) == is_fault(there, lit_required=required)
    assert mine == (lamp.LIT_FROM_MA, lamp.OFF_BELOW_MA, lamp.SHORT_ABOVE_MA)
