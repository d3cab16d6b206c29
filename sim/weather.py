"""A year before one camera: for any hour, the conditions of that hour.

Rule: only what happens to an honest camera in honest weather. No cover, no blow, no fault, no
move comes from here, so whatever alarm a run through a year raises is a false one. Every hour is
a pure function of (seed, hour).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from viewkeeper.sim.camera.conditions import Conditions

HOURS_A_YEAR = 8760.0
_PEOPLE_BY_HOUR = (1, 0, 0, 0, 0, 1, 3, 8, 10, 7, 7, 9, 11, 9, 7, 7, 9, 12, 12, 9, 8, 6, 4, 2)
_LORRY_CHANCE_BY_DAY = 0.035


@dataclass(frozen=True, slots=True)
class Weather:
    """The year at one place.

    Attributes:
        seed: another seed, another year.
        latitude_deg: north positive; decides how long the nights are. Hefei by default.
        rainy_share: of all hours with rain, about.
        foggy_mornings: share of all mornings with fog, about.
    """

    seed: int = 1
    latitude_deg: float = 31.8
    rainy_share: float = 0.09
    foggy_mornings: float = 0.12

    def __post_init__(self) -> None:
        if not -66 <= self.latitude_deg <= 66:
            raise ValueError("latitude_deg must be -66 .. 66, where each day has a night")
        if not (0 <= self.rainy_share <= 0.6 and 0 <= self.foggy_mornings <= 1):
            raise ValueError("rainy_share must be 0 .. 0.6 and foggy_mornings 0 .. 1")

    def at(self, hour: float) -> Conditions:
        """Conditions ``hour`` hours (local solar time) after the year began; the year repeats."""
        hour %= HOURS_A_YEAR
        elevation = self.sun_elevation_deg(hour)
        night = float(np.clip(0.5 - elevation / 12.0, 0.0, 1.0))
        cloud, rain, fog = self._cloud(hour), self._rain(hour), self._fog(hour)
        clear = 1 - cloud
        time_of_day = hour % 24
        # the house's shadow goes round once a day and is there only while the sun is
        shadow = 0.0 if rain or elevation < 4 else max(0.0, 0.82 * clear - 0.1)
        drift = 0.45 * self._wave(hour, 0.7, 5) - 0.35 * cloud
        warm = max(0.0, 1 - abs(elevation - 4) / 8) * clear
        return Conditions(
            night=night,
            fog=fog,
            rain=rain,
            shadow=min(0.9, shadow),
            shadow_position=float(np.clip((time_of_day - 6.0) / 12.0, 0, 1)),
            people=self._people(hour, rain),
            occluder=self._lorry(hour),
            sway_deg=self._sway(hour),
            # by night gain and shutter are at their stops, and drift little
            exposure_ev=float(np.clip(drift, -1.5, 1)) * (1 - 0.8 * night),
            noise=0.004 + 0.006 * cloud,
            warmth=float(np.clip(0.5 * warm - 0.15 * cloud, -1, 1)),
            jpeg_quality=75,
        )

    def year(self, step_h: float = 1.0) -> Iterator[tuple[float, Conditions]]:
        """(hour, conditions) through the whole year."""
        for index in range(math.ceil(HOURS_A_YEAR / step_h)):
            yield index * step_h, self.at(index * step_h)

    def sample(self, count: int) -> Iterator[tuple[float, Conditions]]:
        """``count`` hours spread over year and day, one drawn from each equal piece of the year."""
        rng = np.random.default_rng((self.seed, 400))
        for index in range(count):
            hour = (index + float(rng.random())) * HOURS_A_YEAR / count
            yield hour, self.at(hour)

    def sun_elevation_deg(self, hour: float) -> float:
        """Height of the sun over the horizon (Cooper 1969 for the declination)."""
        day = hour / 24
        declination = math.radians(23.45) * math.sin(2 * math.pi * (284 + day) / 365)
        latitude = math.radians(self.latitude_deg)
        angle = math.radians(15 * (hour % 24 - 12))
        sine = math.sin(latitude) * math.sin(declination)
        sine += math.cos(latitude) * math.cos(declination) * math.cos(angle)
        return math.degrees(math.asin(max(-1.0, min(1.0, sine))))

    def _cloud(self, hour: float) -> float:
        """0 clear .. 1 overcast; changes over half a day."""
        return float(np.clip(0.5 + 0.42 * self._wave(hour, 14, 1), 0, 1))

    def _rain(self, hour: float) -> float:
        """Showers and wet days: the top share of a slow wave, patterned by a quick one."""
        if self.rainy_share <= 0:
            return 0.0
        wet = self._wave(hour, 9, 2) + 0.5 * self._wave(hour, 14, 1)
        excess = wet - _threshold(self.rainy_share) * math.hypot(1, 0.5)
        if excess <= 0:
            return 0.0
        return float(np.clip(0.15 + 0.7 * excess + 0.2 * self._wave(hour, 0.5, 3), 0.05, 1))

    def _fog(self, hour: float) -> float:
        """On some mornings, thickest at six; none while it rains."""
        day, time_of_day = divmod(hour, 24)
        rng = self._rng(6, int(day))
        if rng.random() >= self.foggy_mornings or self._rain(hour) > 0:
            return 0.0
        densest, length_h = float(rng.uniform(0.35, 0.85)), float(rng.uniform(1.5, 3.5))
        density = densest * math.exp(-(((time_of_day - 6.2) / length_h) ** 2))
        return density if density > 0.05 else 0.0

    def _people(self, hour: float, rain: float) -> int:
        rng = self._rng(7, int(hour * 6))
        usual = _PEOPLE_BY_HOUR[int(hour % 24)] * (1 - 0.6 * rain)
        return int(min(40, rng.poisson(usual)))

    def _lorry(self, hour: float) -> float:
        """Parked for up to an hour, by day."""
        rng = self._rng(8, int(hour))
        if not 7 <= hour % 24 < 20 or rng.random() >= _LORRY_CHANCE_BY_DAY:
            return 0.0
        share = float(rng.uniform(0.06, 0.35))
        begins, lasts = float(rng.uniform(0, 0.5)), float(rng.uniform(0.1, 0.5))
        return share if begins <= hour % 1 < begins + lasts else 0.0

    def _sway(self, hour: float) -> float:
        """Wind at the pole: mostly nothing, now and then a tenth of a degree."""
        return float(np.clip(0.05 * self._wave(hour, 7, 4) - 0.02, 0, 0.15))

    def _wave(self, hour: float, period_h: float, salt: int) -> float:
        """Smooth noise of deviation about 1: a knot each ``period_h``, cosine between."""
        at = hour / period_h
        knot = math.floor(at)
        share = 0.5 - 0.5 * math.cos(math.pi * (at - knot))
        a, b = _knot(self.seed, salt, knot), _knot(self.seed, salt, knot + 1)
        return a * (1 - share) + b * share

    def _rng(self, salt: int, index: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, 300 + salt, index))


@lru_cache(maxsize=4096)
def _knot(seed: int, salt: int, index: int) -> float:
    """One value of a wave; kept, since the hours between two knots all ask for both."""
    return float(np.random.default_rng((seed, 300 + salt, index)).standard_normal())


def _threshold(share: float) -> float:
    """What a cosine-interpolated normal wave (deviation 0.8 on average) exceeds that often."""
    # inverse normal by bisection: no table, no SciPy
    low, high = -4.0, 4.0
    for _ in range(40):
        middle = (low + high) / 2
        above = 0.5 * math.erfc(middle / math.sqrt(2))
        low, high = (middle, high) if above > share else (low, middle)
    return 0.8 * low
