"""What a camera at one pose has before it: light, surfaces, distances and rays, sampled once.

Rule: fixed as long as the pose is; everything that changes from frame to frame is done to copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from viewkeeper.sim.camera import light, pinhole
from viewkeeper.sim.camera.equirect import Panorama
from viewkeeper.sim.camera.light import Image
from viewkeeper.sim.camera.pinhole import LensLike, Overlay, Pose, SamplingMap
from viewkeeper.sim.signage import SignState

FAR_M = 400.0


@dataclass(frozen=True, eq=False)
class Scenery:
    """One view before weather and sensor. Arrays are float32, sampled when first asked for."""

    panorama: Panorama
    sign: SignState
    pose: Pose
    lens: LensLike
    size: tuple[int, int]
    """(width, height)."""

    @cached_property
    def _sampling(self) -> SamplingMap:
        finest = self.panorama.size[0]
        supersample = pinhole.fitting_supersample(finest, self.lens, self.size[0], self.pose.zoom)
        return pinhole.sampling_map(
            self.panorama.size, self.pose, self.lens, self.size, supersample
        )

    def _sample(self, layer: Literal["daylight", "surfaces", "glow"]) -> Image | None:
        """The view of one layer with the sign as it is; ``None`` where nobody knows the layer."""
        pixels: Image | None = getattr(self.panorama.base, layer)
        if pixels is None:
            return None
        patch = self.panorama.patch(self.sign)
        piece: Image | None = None if patch is None else getattr(patch.layers, layer)
        if patch is None or piece is None:
            return self._sampling.sample(pixels)
        return self._sampling.sample(pixels, Overlay(patch.row, patch.column, piece))

    @cached_property
    def daylight(self) -> Image:
        """(h, w, 3): exposed linear light by day, 1 = white."""
        view = self._sample("daylight")
        assert view is not None
        return view * np.float32(self.panorama.gain)

    @cached_property
    def surfaces(self) -> Image:
        """(h, w, 3): reflectance 0..1, for lamps at night."""
        known = self._sample("surfaces")
        return guessed_surfaces(self.daylight) if known is None else known

    @cached_property
    def glow(self) -> Image:
        """(h, w, 3): exposed linear light of what shines by itself at night."""
        known = self._sample("glow")
        return np.zeros_like(self.daylight) if known is None else known

    @cached_property
    def camera_rays(self) -> Image:
        """(h, w, 3): directions in the camera frame, Z = 1."""
        return pinhole.camera_rays(self.lens, self.size, self.pose.zoom)

    @cached_property
    def rays(self) -> Image:
        """(h, w, 3): unit directions in the world."""
        rays = self.camera_rays @ self.pose.rotation().T.astype(np.float32)
        rays /= np.sqrt(np.square(rays).sum(axis=-1, keepdims=True))
        return rays

    @cached_property
    def off_axis(self) -> Image:
        """(h, w): tangent of the angle to the optical axis."""
        return np.hypot(self.camera_rays[..., 0], self.camera_rays[..., 1])

    @cached_property
    def distance_m(self) -> Image:
        """(h, w): metres to what is seen, at most ``FAR_M``."""
        known = self.panorama.distance_m
        if known is None:
            return guessed_distance(self.rays, self.panorama.camera_height_m)
        height, width = known.shape
        column, row = pinhole.panorama_coordinates(self.rays, (width, height))
        rows = np.clip(np.rint(row).astype(np.intp), 0, height - 1)
        return np.minimum(known[rows, np.rint(column).astype(np.intp) % width], np.float32(FAR_M))


@dataclass(frozen=True, eq=False)
class LonePicture:
    """A picture without a world behind it: distances are guessed from the row."""

    daylight: Image
    """(h, w, 3): exposed linear light."""
    lens: LensLike

    @property
    def size(self) -> tuple[int, int]:
        return self.daylight.shape[1], self.daylight.shape[0]

    @cached_property
    def surfaces(self) -> Image:
        return guessed_surfaces(self.daylight)

    @cached_property
    def glow(self) -> Image:
        return np.zeros_like(self.daylight)

    @cached_property
    def rays(self) -> Image:
        rays = pinhole.camera_rays(self.lens, self.size)
        return rays / np.sqrt(np.square(rays).sum(axis=-1, keepdims=True))

    @cached_property
    def off_axis(self) -> Image:
        rays = pinhole.camera_rays(self.lens, self.size)
        return np.hypot(rays[..., 0], rays[..., 1])

    @cached_property
    def distance_m(self) -> Image:
        """Far above the middle, 60 m there, nearer row by row below."""
        down = np.maximum(self.rays[..., 1], np.float32(0.05))
        return np.minimum(np.float32(3.0) / down, np.float32(60.0))


Seen = Scenery | LonePicture


def guessed_distance(rays: Image, camera_height_m: float) -> Image:
    """Metres, were the world a flat ground and a wall 40 m away."""
    ground = camera_height_m / np.maximum(rays[..., 1], np.float32(1e-3))
    return np.minimum(ground, np.float32(40.0)).astype(np.float32)


def guessed_surfaces(daylight: Image) -> Image:
    """Reflectance, taking shadows for half as deep as the light says; at most 0.9."""
    bright = np.maximum(light.luminance(daylight)[..., None], np.float32(1e-5))
    return np.minimum(daylight * np.power(bright, np.float32(-0.45)) * np.float32(0.55), 0.9)
