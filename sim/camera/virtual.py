"""The virtual camera: stands in a panorama, gives frames with the exact truth beside them.

Rule: `frame(t_s)` depends on nothing but what was set on the camera and ``t_s``; noise is drawn
from a generator seeded by (seed, frame time), so a frame can be made again alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.frame import Frame
from viewkeeper.sim.camera import light, pinhole
from viewkeeper.sim.camera.conditions import Conditions, develop
from viewkeeper.sim.camera.panorama import Panorama
from viewkeeper.sim.camera.pinhole import LensLike, Pose
from viewkeeper.sim.signage import SignState

Image = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Truth:
    """What really was so when a frame was taken."""

    t_s: float
    pose: Pose
    registered: Pose
    move: Pose
    """Of the present pose relative to the registered one, as the agent ought to report it."""
    conditions: Conditions
    sign: SignState | None
    """``None``: the panorama has no sign."""
    occluded_share: float
    """Of the frame's pixels hidden by people, vehicles and covers, 0..1."""


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
        self._view_key: tuple[Pose, SignState] | None = None
        self._view: Image | None = None

    def knock(self, pan_deg: float = 0, tilt_deg: float = 0, roll_deg: float = 0, zoom: float = 1):
        """Move by so much from where it looks now (in its own frame)."""
        self.pose = self.pose.moved(pan_deg, tilt_deg, roll_deg, zoom)

    def linear(self) -> Image:
        """The undisturbed scene at the present pose, exposed: float32 (h, w, 3), 1 = white."""
        key = (self.pose, self.sign)
        if self._view is None or self._view_key != key:
            pixels = self.panorama.pixels_with(self.sign)
            s = pinhole.fitting_supersample(
                pixels.shape[1], self.lens, self.size[0], self.pose.zoom
            )
            self._view = pinhole.render(pixels, self.pose, self.lens, self.size, s)
            self._view *= np.float32(self.panorama.gain)
            self._view_key = key
        return self._view

    def picture(self, t_s: float = 0.0) -> tuple[NDArray[np.uint8], Truth]:
        """An sRGB picture, uint8 (h, w, 3), and its truth."""
        rng = np.random.default_rng((self.seed, int(t_s * 1000) & 0xFFFFFFFF))
        rgb = develop(self.linear().copy(), self.conditions, rng)
        truth = Truth(
            t_s,
            self.pose,
            self.registered,
            self.pose.relative_to(self.registered),
            self.conditions,
            self.sign if self.panorama.sign else None,
            0.0,
        )
        return rgb, truth

    def frame(self, t_s: float = 0.0) -> tuple[Frame, Truth]:
        """A frame as the agent takes it, and its truth. ``t_s``: monotonic seconds."""
        rgb, truth = self.picture(t_s)
        luma, chroma = light.luma_chroma(rgb)
        return Frame(luma, t_s, chroma=chroma), truth
