"""A lamp behind a photocell is asked for only once it is dark."""

import datetime as dt

import pytest

from viewkeeper.agent.core.signage.daylight import LampDuty, sun_elevation_deg

HEFEI = (31.82, 117.23)


def utc(*moment):
    return dt.datetime(*moment, tzinfo=dt.UTC).timestamp()


@pytest.mark.parametrize(
    ("at", "place", "deg"),
    [
        # The equator at the equinox: the equation of time, 7.4 min, is what lacks of 90°.
        (utc(2026, 3, 20, 12, 0), (0.0, 0.0), 88.1),
        # Midsummer noon: 90° less latitude and more the tilt of the earth.
        (utc(2026, 6, 21, 4, 13), HEFEI, 90 - 31.82 + 23.44),
        (utc(2026, 12, 21, 4, 9), HEFEI, 90 - 31.82 - 23.44),
        (utc(2026, 6, 21, 0, 0), (90.0, 0.0), 23.44),
        (utc(2026, 6, 21, 0, 0), (-90.0, 0.0), -23.44),
        # Sunset is at -0.83° with refraction: 19:20 there at midsummer.
        (utc(2026, 6, 21, 11, 18), HEFEI, -0.6),
    ],
)
def test_the_sun_stands_where_it_does(at, place, deg):
    assert sun_elevation_deg(at, *place) == pytest.approx(deg, abs=0.4)


def test_the_light_meter_comes_before_the_sun():
    duty = LampDuty(always=False, place=HEFEI)
    noon, midnight = utc(2026, 6, 21, 4, 0), utc(2026, 6, 21, 16, 0)
    assert duty.due(lux=3.0, utc_s=noon)
    assert not duty.due(lux=400.0, utc_s=midnight)
    assert not duty.due(lux=None, utc_s=noon)
    assert duty.due(lux=None, utc_s=midnight)


def test_what_is_not_known_asks_for_the_lamp():
    assert LampDuty().due(lux=9000.0, utc_s=utc(2026, 6, 21, 4, 0))
    assert LampDuty(always=False).due(lux=None, utc_s=0.0)
    assert LampDuty(always=False, place=HEFEI).due(lux=None, utc_s=None)
