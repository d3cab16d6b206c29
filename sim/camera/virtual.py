"""The virtual camera: stands in a panorama, gives frames with the exact truth beside them.

Rule: a picture depends on nothing but what was set on the camera and the time asked for; its
noise is drawn from a generator seeded by (seed, time), so any one frame can be made again alone.
The single exception is a frozen feed, which by its nature repeats the picture before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.frame import Frame
from viewkeeper.sim.camera import atmosphere, light, objects, pinhole, sensor
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.equirect import Panorama
from viewkeeper.sim.camera.light import Image
from viewkeeper.sim.camera.pinhole import LensLike, Pose
from viewkeeper.sim.camera.scenery import Scenery
from viewkeeper.sim.signage import SignState

_EXPOSURE_S = 1 / 30
_STRIKE_HZ, _STRIKE_DECAY_S = 9.0, 0.45


@dataclass(frozen=True, slots=True)
class Truth:
    """What really was so when a frame was taken."""

    t_s: float
    pose: Pose
    """Where the camera looked in the middle of the exposure, sway and vibration included."""
    registered: Pose
    move: Pose
    """Of that pose relative to the registered one, as the agent ought to report it."""
    conditions: Conditions
    sign: SignState | None
    """``None``: the panorama has no sign."""
    occluded_share: float
    """Of the frame's pixels hidden by people, vehicles and covers, 0..1."""
    shaking: bool
    """Still ringing from a blow."""


class VirtualCamera:
    """A pan-tilt-zoom camera that can be pushed about.

    Args:
        panorama: the world.
        pose: where it looks now and is registered; the panorama's home by default.
        lens: at zoom 1; 60° wide without distortion by default.
        size: (width, height) in pixels.
        seed: of all that is random in its pictures.

    ``pose``, ``registered``, ``conditions`` and ``sign`` may be set at any time.
    """

    def __init__(
        self,
        panorama: Panorama,
        pose: Pose | None = None,
        lens: LensLike | None = None,
        size: tuple[int, int] = (320, 240),
        seed: int = 0,
    ) -> None:
        if min(size) < 16 or max(size) > 8192:
            raise ValueError(f"size must be 16..8192 pixels a side, got {size}")
        self.panorama = panorama
        self.pose = pose or panorama.home
        self.registered = self.pose
        self.lens: LensLike = lens or pinhole.Lens()
        self.size = size
        self.seed = seed
        self.conditions = Conditions()
        self.sign = SignState.LIT
        self._struck: tuple[float, float] | None = None
        self._scenery: Scenery | None = None
        self._last: NDArray[np.uint8] | None = None

    def knock(
        self,
        pan_deg: float = 0.0,
        tilt_deg: float = 0.0,
        roll_deg: float = 0.0,
        zoom: float = 1.0,
    ) -> None:
        """Move by so much from where it looks now (in its own frame), and stay there."""
        self.pose = self.pose.moved(pan_deg, tilt_deg, roll_deg, zoom)

    def strike(self, t_s: float, amplitude_deg: float = 1.2) -> None:
        """Hit the pole at ``t_s``: it rings for about a second and comes to rest where it was."""
        self._struck = (t_s, amplitude_deg)

    def pose_at(self, t_s: float) -> Pose:
        """The instantaneous pose: as set, plus sway in the wind and ringing from a blow."""
        pan, tilt, roll = self._sway(t_s)
        ring_pan, ring_tilt, ring_roll = self._ringing(t_s)
        offset = (pan + ring_pan, tilt + ring_tilt, roll + ring_roll)
        return self.pose.moved(*offset) if any(offset) else self.pose

    def linear(self, t_s: float = 0.0) -> Image:
        """The undisturbed daylight at the pose of ``t_s``: float32 (h, w, 3), 1 = white."""
        return self._look(self.pose_at(t_s)).daylight.copy()

    def picture(self, t_s: float = 0.0) -> tuple[NDArray[np.uint8], Truth]:
        """An sRGB picture, uint8 (h, w, 3), and its truth."""
        conditions = self.conditions
        pose = self.pose_at(t_s)
        shaking = self.is_shaking(t_s)
        hidden = np.zeros((self.size[1], self.size[0]), dtype=np.bool_)
        if conditions.frozen and self._last is not None:
            rgb = self._last
        else:
            rng = np.random.default_rng((self.seed, round(t_s * 1000) & 0xFFFFFFFFFFFF))
            if shaking:  # the picture smears over the time the shutter is open
                parts = [
                    self._light(self.pose_at(t_s + share * _EXPOSURE_S), t_s, hidden)
                    for share in (-0.5, -0.25, 0.0, 0.25, 0.5)
                ]
                linear = np.stack(parts).mean(axis=0, dtype=np.float32)
            else:
                linear = self._light(pose, t_s, hidden)
            linear = atmosphere.add_rain(linear, conditions, rng)
            linear = atmosphere.wet_glass(linear, conditions, self.seed)
            linear = sensor.defocus(linear, conditions)
            linear = sensor.cover(linear, conditions, self.seed)
            rgb = sensor.finish(sensor.expose(linear, conditions, rng), conditions)
            self._last = rgb
        occluded = 1 - (1 - float(hidden.mean())) * (1 - conditions.covered)
        truth = Truth(
            t_s,
            pose,
            self.registered,
            pose.relative_to(self.registered),
            conditions,
            self.sign if self.panorama.sign else None,
            occluded,
            shaking,
        )
        return rgb.copy(), truth

    def frame(self, t_s: float = 0.0) -> tuple[Frame, Truth]:
        """A frame as the agent takes it, and its truth. ``t_s``: monotonic seconds."""
        rgb, truth = self.picture(t_s)
        luma, chroma = light.luma_chroma(rgb)
        return Frame(luma, t_s, chroma=chroma), truth

    def is_shaking(self, t_s: float) -> bool:
        """Ringing by more than a twentieth of a degree."""
        if self._struck is None or t_s < self._struck[0]:
            return False
        start_s, amplitude_deg = self._struck
        return amplitude_deg * math.exp(-(t_s - start_s) / _STRIKE_DECAY_S) > 0.05

    def _look(self, pose: Pose) -> Scenery:
        seen = self._scenery
        key = (self.panorama, self.sign, pose, self.lens, self.size)
        if seen is None or (seen.panorama, seen.sign, seen.pose, seen.lens, seen.size) != key:
            seen = self._scenery = Scenery(*key)
        return seen

    def _light(self, pose: Pose, t_s: float, hidden: NDArray[np.bool_]) -> Image:
        """Exposed linear light before it meets the glass; marks what is ``hidden``."""
        scenery, conditions = self._look(pose), self.conditions
        linear = atmosphere.illuminate(scenery, conditions)
        linear = atmosphere.cast_shadow(linear, scenery, conditions, self.registered)
        linear = objects.add_people(linear, hidden, scenery, conditions.people, t_s, self.seed)
        linear = objects.add_lorry(
            linear, hidden, scenery, self.registered, conditions.occluder, self.seed
        )
        return atmosphere.add_fog(linear, scenery, conditions)

    def _sway(self, t_s: float) -> tuple[float, float, float]:
        """Three slow waves with seeded phases; their standard deviation is the stated one."""
        sigma = self.conditions.sway_deg
        if sigma <= 0:
            return 0.0, 0.0, 0.0
        phases = np.random.default_rng((self.seed, 43)).uniform(0, 2 * math.pi, 6)
        slow, fast = (2 * math.pi * f * t_s for f in (0.31, 0.83))
        waves = [
            0.8 * math.sin(slow * (1 + 0.1 * i) + phases[2 * i])
            + 0.6 * math.sin(fast * (1 + 0.1 * i) + phases[2 * i + 1])
            for i in range(3)
        ]
        unit = sigma * math.sqrt(2)
        return waves[0] * unit, waves[1] * unit, 0.3 * waves[2] * unit

    def _ringing(self, t_s: float) -> tuple[float, float, float]:
        """A damped vibration after a blow."""
        if not self.is_shaking(t_s) or self._struck is None:
            return 0.0, 0.0, 0.0
        start_s, amplitude_deg = self._struck
        age = t_s - start_s
        swing = amplitude_deg * math.exp(-age / _STRIKE_DECAY_S)
        angle = 2 * math.pi * _STRIKE_HZ * age
        return (
            swing * math.sin(angle),
            0.6 * swing * math.sin(angle * 1.3 + 0.7),
            0.4 * swing * math.sin(angle * 0.8 + 1.9),
        )
