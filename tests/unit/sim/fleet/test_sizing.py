import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.sim.fleet.sizing import DAY_S, TCP_IP_BYTES, Costs, need

COSTS = Costs(
    report_bytes=400,
    mirror_bytes=800,
    event_bytes=300,
    cycle_up_bytes=1600.0,
    cycle_down_bytes=60.0,
    connect_up_bytes=2500.0,
    connect_down_bytes=3500.0,
    broker_base_kib=6000.0,
    broker_camera_kib=40.0,
    broker_cpu_ms=0.2,
    recorder_cpu_ms=0.5,
    recorder_bytes=900.0,
)


def test_the_sums_of_a_thousand_cameras_are_those_of_a_pencil():
    told = need(COSTS, 1000, 10.0, 100.0)
    assert told.messages_in == 200.0
    assert told.broker_mib == pytest.approx((6000 + 40_000) / 1024)
    assert told.broker_cores == pytest.approx(0.02)
    assert told.recorder_cores == pytest.approx(0.05)
    cycles = DAY_S / 10
    assert told.camera_day_up_bytes == pytest.approx(cycles * (1600 + 4 * TCP_IP_BYTES))
    assert told.recording_day_mib == pytest.approx(100 * DAY_S * 900 / 2**20)


def test_without_the_mirror_its_payload_and_half_of_the_rest_is_spared():
    told = need(COSTS, 1000, 10.0, 100.0, mirror=False)
    assert told.messages_in == 100.0
    assert told.camera_day_up_bytes == pytest.approx(DAY_S / 10 * (400 + 200 + 2 * TCP_IP_BYTES))


@given(st.integers(1, 10**6), st.floats(1, 600), st.floats(30, 5000), st.booleans())
def test_more_cameras_never_need_less(cameras: int, period_s: float, rate: float, mirror: bool):
    few = need(COSTS, cameras, period_s, rate, mirror=mirror)
    many = need(COSTS, 2 * cameras, period_s, rate, mirror=mirror)
    for field in dataclasses.fields(few):
        assert getattr(many, field.name) >= getattr(few, field.name) * 0.999999
    assert few.worst_attempts <= rate
