"""A frame as the core sees it: grey pixels, when they were taken, what the sensor said.

Rule: no camera library's type passes this door; adapters translate into it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PtzPosition:
    """Where a pan-tilt-zoom mount says it stands, in its own units.

    ONVIF's generic spaces run from -1 to 1 (zoom 0 to 1); what they mean in degrees the camera
    does not tell. A change is what counts here.
    """

    pan: float
    tilt: float
    zoom: float
    moving: bool


@dataclass(frozen=True, slots=True)
class SensorState:
    """What the sensor reported beside the pixels; ``None`` where it reports nothing."""

    exposure_us: float | None = None
    analogue_gain: float | None = None
    lux: float | None = None
    lens_position_dioptre: float | None = None
    crop_share: float | None = None
    """Linear share of the sensor in use, 0..1; digital zoom is its reciprocal."""
    temperature_c: float | None = None
    gravity: tuple[float, float, float] | None = None
    """Which way is down in the camera's frame (x right, y down, z forward), any unit; a level
    camera reads (0, 1, 0)."""
    focus_figure: float | None = None
    """The camera's own figure of merit of its focus; larger is sharper, units are its own."""
    ptz: PtzPosition | None = None
    tampered: bool | None = None
    """The camera's own tamper detector; corroboration only."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture.

    Attributes:
        luma: uint8, (H, W), row 0 at the top. H and W at least 16.
        captured_mono_s: monotonic seconds of the capture; never goes back in a live feed.
        captured_utc_s: Unix seconds the source itself stamped on it, if it does.
        chroma: uint8, (h, w, 2), Cb and Cr, any resolution; ``None`` on a grey camera.
        sensor: what the sensor reported.
        recorded: the source says itself that it shows a recording in a ring.
    """

    luma: NDArray[np.uint8]
    captured_mono_s: float
    captured_utc_s: float | None = None
    chroma: NDArray[np.uint8] | None = None
    sensor: SensorState = field(default_factory=SensorState)
    recorded: bool = False

    def __post_init__(self) -> None:
        if self.luma.ndim != 2 or self.luma.dtype != np.uint8:
            raise ValueError(f"luma must be uint8 (H, W), got {self.luma.dtype} {self.luma.shape}")
        if min(self.luma.shape) < 16:
            raise ValueError(f"a frame is at least 16 × 16 pixels, got {self.luma.shape}")
