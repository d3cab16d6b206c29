"""The conditions a picture is taken under, as one frozen value.

Rule: names, units, ranges and nothing else; what each does to light is in `atmosphere`, `objects`
and `sensor`. Every field is a plain number or bool, so a stage file can carry it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from viewkeeper.sim.errors import StageError


@dataclass(frozen=True, slots=True)
class Conditions:
    """Everything that is not pose. The default is a clear day and a healthy camera."""

    # light and weather
    night: float = 0.0
    """0 day .. 1 night: no sun, an infrared lamp at the camera, grey and noisy."""
    fog: float = 0.0
    """0 none .. 1 one sees 12 m; visibility falls geometrically from 800 m."""
    rain: float = 0.0
    """0 none .. 1 cloudburst: streaks, haze, drops on the glass."""
    shadow: float = 0.0
    """Depth of a hard shadow band across the view, 0..0.95 of the light taken."""
    shadow_position: float = 0.5
    """Where the band lies, 0 left edge of the registered view .. 1 right edge."""
    # what stands or walks before the lens
    people: int = 0
    """Walkers in the scene, 0..60."""
    occluder: float = 0.0
    """Share of the registered view that a parked lorry hides, 0..0.8."""
    # the mount
    sway_deg: float = 0.0
    """Slow swaying of the pole in wind, standard deviation in degrees, 0..2."""
    # the lens
    covered: float = 0.0
    """Opacity of something right on the lens, 0..1; a bag or a hand is about 0.97."""
    defocus_px: float = 0.0
    """Radius of the disc a point becomes, pixels, 0..40."""
    # the sensor and what follows it
    exposure_ev: float = 0.0
    """Stops brighter (+) or darker (-) than metered, -10..10."""
    noise: float = 0.004
    """Standard deviation of read noise, linear light where 1 is white, 0..0.3."""
    saturation: float = 1.0
    """Colour, 0 grey .. 2 gaudy."""
    warmth: float = 0.0
    """White balance off by so much, -1 blue .. 1 orange."""
    downscale: int = 1
    """Real resolution is so many times lower than the size of the picture, 1..16."""
    jpeg_quality: int = 0
    """0: no compression; else 1..100 as JPEG counts it."""
    frozen: bool = False
    """The feed repeats its last picture."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            low, high, kind = _RANGE[field.name]
            if kind is bool:
                right = isinstance(value, bool)
            else:
                right = (
                    isinstance(value, int if kind is int else (int, float))
                    and not isinstance(value, bool)
                    and math.isfinite(value)
                    and low <= value <= high
                )
            if not right:
                allowed = "true or false" if kind is bool else f"{low:g} .. {high:g}"
                raise StageError("condition_range", f"{field.name} must be {allowed}: {value!r}")

    def but(self, **changes: float | bool) -> Conditions:
        """A copy with these fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, float | bool]:
        """Only the fields that differ from a clear day."""
        clear = asdict(Conditions())
        return {k: v for k, v in asdict(self).items() if v != clear[k]}

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Conditions:
        """The reverse of `to_dict`; unknown names and bad values raise ``StageError``."""
        for name in values:
            if name not in _RANGE:
                known = ", ".join(_RANGE)
                raise StageError("condition_unknown", f"no condition {name!r}; known: {known}")
        return Conditions(**values)

    @staticmethod
    def names() -> tuple[str, ...]:
        """All fields, in order."""
        return tuple(_RANGE)


_RANGE: dict[str, tuple[float, float, type]] = {
    "night": (0, 1, float),
    "fog": (0, 1, float),
    "rain": (0, 1, float),
    "shadow": (0, 0.95, float),
    "shadow_position": (0, 1, float),
    "people": (0, 60, int),
    "occluder": (0, 0.8, float),
    "sway_deg": (0, 2, float),
    "covered": (0, 1, float),
    "defocus_px": (0, 40, float),
    "exposure_ev": (-10, 10, float),
    "noise": (0, 0.3, float),
    "saturation": (0, 2, float),
    "warmth": (-1, 1, float),
    "downscale": (1, 16, int),
    "jpeg_quality": (0, 100, int),
    "frozen": (0, 1, bool),
}
