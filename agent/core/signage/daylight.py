"""When a sign's lamp must burn: always, or only once it is dark.

A lamp behind a photocell is out by day, and that is no fault. Dark is what the camera's own light
meter says, else what the sun does at the sign's place; both with so much to spare that any
photocell has switched. Where neither is known the lamp is asked for always.

Rule: readings in, a yes or no out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

DARK_LUX = 10.0
"""[P] photocells of street lamps switch at 10 to 70 lux."""
DARK_SUN_DEG = -6.0
"""End of civil twilight."""
_EPOCH_DAYS = 2440587.5 - 2451545.0
"""From 1970 to J2000, in days."""


@dataclass(frozen=True, slots=True)
class LampDuty:
    """When the lamp is due.

    Attributes:
        always: by day, too.
        place: latitude and longitude in degrees, north and east positive, where known.
    """

    always: bool = True
    place: tuple[float, float] | None = None

    def due(self, *, lux: float | None, utc_s: float | None) -> bool:
        """Whether it must burn now.

        Args:
            lux: as the camera's sensor meters it; ``None`` where it does not.
            utc_s: Unix seconds; ``None`` while no clock is trusted.
        """
        if self.always:
            return True
        if lux is not None:
            return lux < DARK_LUX
        if self.place is None or utc_s is None:
            return True
        return sun_elevation_deg(utc_s, *self.place) < DARK_SUN_DEG


def sun_elevation_deg(utc_s: float, latitude_deg: float, longitude_deg: float) -> float:
    """Height of the sun over the horizon, degrees, without refraction.

    The Astronomical Almanac's low-precision formulae: within 0.05° from 1950 to 2050.
    """
    days = utc_s / 86_400 + _EPOCH_DAYS
    anomaly = math.radians(357.528 + 0.9856003 * days)
    longitude = math.radians(
        280.460 + 0.9856474 * days + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly)
    )
    tilt = math.radians(23.439 - 4e-7 * days)
    ascension = math.atan2(math.cos(tilt) * math.sin(longitude), math.cos(longitude))
    declination = math.asin(math.sin(tilt) * math.sin(longitude))
    sidereal_deg = 15 * (18.697374558 + 24.06570982441908 * days) + longitude_deg
    hour_angle = math.radians(sidereal_deg) - ascension
    latitude = math.radians(latitude_deg)
    height = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(
        declination
    ) * math.cos(hour_angle)
    return math.degrees(math.asin(max(-1.0, min(1.0, height))))
