"""What a panorama is: an equirectangular world of light around one camera.

Rule: values only; files are read in `panorama`, the street is drawn in `sim/scene`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewkeeper.sim.camera import light
from viewkeeper.sim.camera.light import Image
from viewkeeper.sim.camera.pinhole import Lens, render
from viewkeeper.sim.camera.pose import Pose
from viewkeeper.sim.errors import PanoramaError
from viewkeeper.sim.signage import SignState


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """The light of a panorama: float32 (H, W, 3) each.

    Attributes:
        daylight: linear light by day, any scale.
        surfaces: reflectance 0..1, or ``None`` where only the light is known.
        glow: light by night of what shines by itself, 1 = white; or ``None``.
    """

    daylight: Image
    surfaces: Image | None = None
    glow: Image | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A piece of panorama that replaces what is under it; ``row``, ``column`` its upper left."""

    row: int
    column: int
    layers: Layers


@dataclass(frozen=True, slots=True, eq=False)
class SceneSign:
    """The sign on its pole: where it is, and how the panorama looks in each of its states."""

    azimuth_deg: float
    elevation_deg: float
    width_deg: float
    height_deg: float
    patches: Mapping[SignState, Patch]
    """States other than the base's own, which is lit."""


@dataclass(frozen=True, slots=True, eq=False)
class Panorama:
    """An equirectangular world around one camera.

    Attributes:
        base: its light, (H, W), H = W/2; see `pinhole` for the axes.
        name: what to call it in logs and truth.
        home: the pose a camera is registered at unless told otherwise.
        gain: exposure that makes the home view look right (linear factor).
        camera_height_m: above the ground, for what walks on it.
        distance_m: float32 (H', W'), metres to what is seen; ``None`` when nobody knows.
        sign: the sign in the scene, if it has one.
        walkways: ground paths people take, (x, z, x, z) in metres from the camera's foot;
            empty: across the home view.
    """

    base: Layers
    name: str
    home: Pose
    gain: float
    camera_height_m: float = 1.7
    distance_m: Image | None = None
    sign: SceneSign | None = None
    walkways: tuple[tuple[float, float, float, float], ...] = ()

    @property
    def pixels(self) -> Image:
        """The daylight of the undisturbed world, (H, W, 3)."""
        return self.base.daylight

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def patch(self, sign: SignState) -> Patch | None:
        """What to lay over the base for that state of the sign; ``None``: the base shows it."""
        return None if self.sign is None else self.sign.patches.get(sign)


def from_pixels(pixels: Image, name: str, home: Pose | None = None) -> Panorama:
    """A panorama from linear light (H, W, 3); the exposure is metered at ``home``."""
    height, width = pixels.shape[:2]
    if width < 64 or abs(width / height - 2) > 0.02:
        raise PanoramaError(
            "not_equirectangular",
            f"a panorama is twice as wide as high and 64 pixels at least, not {width} × {height}",
        )
    pixels = np.ascontiguousarray(np.nan_to_num(pixels, posinf=6e4), dtype=np.float32)
    home = home or Pose()
    return Panorama(Layers(pixels), name, home, metered_gain(pixels, home))


def metered_gain(pixels: Image, home: Pose) -> float:
    """Exposure as a camera would meter it: the median at 0.18, unless a tenth would burn out."""
    view = light.luminance(render(pixels, home, Lens(70), (96, 72)))
    median, bright = np.percentile(view, [50, 92])
    gain = 0.18 / max(float(median), 1e-6)
    # a bright sky may burn, but not take the picture with it
    return min(gain, 1.6 / max(float(bright), 1e-6)) if bright > 0 else gain


def direction(azimuth_deg: float, elevation_deg: float) -> NDArray[np.float64]:
    """Unit vector (3,) in the world of an azimuth (+ right) and an elevation (+ up)."""
    a, e = math.radians(azimuth_deg), math.radians(elevation_deg)
    return np.array([math.sin(a) * math.cos(e), -math.sin(e), math.cos(a) * math.cos(e)])
