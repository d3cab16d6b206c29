"""Flat things that stand up facing the camera, and the light they stand in.

Rule: the few shapes that furniture, poles and fittings share.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from viewkeeper.sim.scene.canvas import Canvas
from viewkeeper.sim.scene.sunlight import SKY, SUN
from viewkeeper.sim.scene.texture import Texture, from_picture

Painter = Callable[[], None]

SHADE = tuple(c * 0.9 for c in SKY)
HALF_SUN = tuple(s * 0.55 + k for s, k in zip(SUN, SKY, strict=True))


def upright(
    canvas: Canvas,
    x: float,
    z: float,
    ground_y: float,
    height: float,
    width: float,
    texture: Texture,
    light: Sequence[float] = HALF_SUN,
    lift: float = 0.0,
) -> None:
    """A flat thing that stands facing the camera."""
    distance = math.hypot(x, z)
    ax, az = z / distance * width, -x / distance * width
    corner = (x - ax / 2, ground_y - height - lift, z - az / 2)
    canvas.paint(corner, (ax, 0, az), (0, height, 0), texture, light)


@lru_cache(maxsize=16)
def rod(r: int, g: int, b: int) -> Texture:
    """A round rod: light along one side."""
    across = np.clip(1.25 - np.abs(np.linspace(-1, 1, 16) + 0.35), 0.25, 1.2)[None, :]
    picture = PillowImage.new("RGB", (16, 16), (r, g, b))
    return from_picture(picture, None, np.repeat(across, 16, axis=0))


@lru_cache(maxsize=8)
def panel(colour: tuple[int, int, int]) -> Texture:
    """A sheet-metal door with a vent and a plate."""
    picture = PillowImage.new("RGB", (64, 96), colour)
    draw = ImageDraw.Draw(picture)
    dark = tuple(int(c * 0.55) for c in colour)
    draw.rectangle([2, 2, 61, 93], outline=dark, width=2)
    for y in range(16, 40, 5):
        draw.line([14, y, 50, y], fill=dark, width=2)
    draw.rectangle([24, 52, 40, 70], fill=tuple(min(255, int(c * 1.7 + 30)) for c in colour))
    return from_picture(picture)
