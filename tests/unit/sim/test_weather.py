"""A year of weather: the same again from the same seed, plausible, and without a single fault."""

from __future__ import annotations

import numpy as np
import pytest

from viewkeeper.sim.weather import HOURS_A_YEAR, Weather

JUNE_21, DECEMBER_21 = 171 * 24.0, 354 * 24.0


@pytest.fixture(scope="module")
def year() -> list:
    return list(Weather(seed=3).year(step_h=2.1))


def test_the_same_seed_gives_the_same_year_and_another_another():
    assert Weather(seed=3).at(4000.25) == Weather(seed=3).at(4000.25)
    assert [c for _, c in Weather(seed=3).sample(20)] != [c for _, c in Weather(seed=4).sample(20)]
    assert Weather(seed=3).at(12.0) == Weather(seed=3).at(12.0 + HOURS_A_YEAR)


def test_noon_is_day_and_midnight_is_night_all_year():
    weather = Weather()
    for day in range(0, 365, 13):
        assert weather.at(day * 24 + 12).night == 0.0
        assert weather.at(day * 24).night == 1.0


def test_winter_nights_are_longer_than_summer_s():
    weather = Weather()
    summer = sum(weather.at(JUNE_21 + h).night for h in np.arange(0, 24, 0.25))
    winter = sum(weather.at(DECEMBER_21 + h).night for h in np.arange(0, 24, 0.25))
    assert winter > summer + 4


def test_south_of_the_equator_june_is_winter():
    north, south = Weather(), Weather(latitude_deg=-31.8)
    assert south.sun_elevation_deg(JUNE_21 + 12) < north.sun_elevation_deg(JUNE_21 + 12) - 30


def test_the_sun_stands_where_the_almanac_says():
    # at the solstice noon height is 90 - latitude + 23.45
    assert Weather().sun_elevation_deg(JUNE_21 + 12) == pytest.approx(81.65, abs=0.3)


def test_rain_and_fog_are_about_as_frequent_as_asked(year):
    rainy = np.mean([c.rain > 0 for _, c in year])
    assert 0.04 < rainy < 0.16
    foggy_days = {int(h // 24) for h, c in year if c.fog > 0}
    assert 0.06 < len(foggy_days) / 365 < 0.18
    assert not any(c.fog and c.rain for _, c in year)


def test_a_dry_place_has_no_rain():
    assert not any(c.rain for _, c in Weather(rainy_share=0, foggy_mornings=0).year(24.7))


def test_nothing_in_the_weather_is_a_fault_or_a_move(year):
    for _, conditions in year:
        assert conditions.covered == 0
        assert conditions.defocus_px == 0
        assert not conditions.frozen
        assert conditions.sway_deg <= 0.15
        assert conditions.occluder <= 0.35


def test_every_kind_of_hour_turns_up(year):
    for name in ("night", "fog", "rain", "shadow", "people", "occluder", "sway_deg"):
        assert any(getattr(c, name) for _, c in year), name


def test_the_sample_covers_every_month_and_hour():
    hours = [hour for hour, _ in Weather().sample(365)]
    assert len({int(h // 730) for h in hours}) == 12
    assert len({int(h % 24) for h in hours}) == 24


@pytest.mark.parametrize(
    "wrong", [{"latitude_deg": 80}, {"rainy_share": 2}, {"foggy_mornings": -1}]
)
def test_an_impossible_place_is_refused(wrong):
    with pytest.raises(ValueError):
        Weather(**wrong)
