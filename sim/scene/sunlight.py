"""The sun over the street, and the shadows it throws on the ground.

Rule: light only; the houses are known by outline, the trees by place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewkeeper.sim.camera import blur
from viewkeeper.sim.scene.facade import Front
from viewkeeper.sim.scene.ground import Layout
from viewkeeper.sim.scene.texture import fractal_noise

_raw = np.array([-0.52, -0.70, -0.34])
TO_SUN: NDArray[np.float64] = _raw / np.linalg.norm(_raw)
"""Unit vector towards the sun: left of the street, high, a little behind the camera."""
SUN = (2.75, 2.55, 2.2)
SKY = (0.52, 0.60, 0.74)

_PX_PER_M = 10


@dataclass(frozen=True, slots=True)
class House:
    """A house along the street from z0 to z1 (metres), so high, with its front."""

    z0: float
    z1: float
    height: float
    front: Front

    @property
    def middle(self) -> float:
        """Along the street."""
        return (self.z0 + self.z1) / 2


def ground_light(
    rng: np.random.Generator,
    x_range: tuple[float, float],
    z_range: tuple[float, float],
    layout: Layout,
    left: list[House],
    trees: tuple[tuple[float, float, int, float], ...],
) -> NDArray[np.float32]:
    """Light falling on the strip, (h, w, 3), its upper row the far end."""
    w = round((x_range[1] - x_range[0]) * _PX_PER_M)
    h = round((z_range[1] - z_range[0]) * _PX_PER_M)
    x = x_range[0] + (np.arange(w) + 0.5)[None, :] / _PX_PER_M
    z = z_range[1] - (np.arange(h) + 0.5)[:, None] / _PX_PER_M
    # follow the sun's ray back to the plane of the left-hand fronts
    steps = (x - layout.left_houses) / -TO_SUN[0]
    up = steps * -TO_SUN[1]
    along = z + steps * TO_SUN[2]
    roof = np.zeros((h, w))
    for house in left:
        roof = np.where((along >= house.z0) & (along < house.z1), house.height, roof)
    sunny = (up > roof).astype(np.float32)
    leaf = fractal_noise(rng, (w, h), 0.7 * _PX_PER_M, 3)
    for tx, tz, _, size in trees:
        crown = 4.9 * size / -TO_SUN[1]
        cx, cz = tx - TO_SUN[0] * crown, tz - TO_SUN[2] * crown
        r = np.hypot((x - cx) / 2.5, (z - cz) / 2.1) / size
        sunny *= np.clip((r - 0.85) * 4 + leaf * 0.55 + 0.25, 0.08, 1)
        trunk = np.abs((x - tx) * TO_SUN[2] - (z - tz) * TO_SUN[0]) < 0.11
        sunny = np.where(trunk & (x > tx) & (x < cx) & (r > 0.6), 0.15, sunny)
    sunny = blur.box(sunny.astype(np.float32), 1, 1)
    # corners see less sky
    near_wall = np.minimum(x - layout.left_houses, layout.right_houses - x)
    open_sky = (0.62 + 0.38 * np.clip(near_wall / 3, 0, 1)).astype(np.float32)
    for kerb, side in ((layout.left_kerb, 1), (layout.right_kerb, -1)):
        parked = np.exp(-np.square((x - (kerb + side * 1.1)) / 0.9)).astype(np.float32)
        open_sky = open_sky * (1 - 0.28 * parked)
    light = sunny[..., None] * np.array(SUN) * -TO_SUN[1] + open_sky[..., None] * np.array(SKY)
    return light.astype(np.float32)
