"""Tall blocks beyond the roofs.

Rule: far away, so flat cut-outs that face the camera.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from viewkeeper.sim.scene.canvas import Canvas
from viewkeeper.sim.scene.sunlight import SKY, SUN
from viewkeeper.sim.scene.texture import Texture, from_picture


def paint_skyline(canvas: Canvas, rng: np.random.Generator, ground_y: float) -> None:
    """Tall blocks beyond the roofs."""
    blocks = [(float(rng.uniform(170, 360)), float(rng.uniform(-180, 180))) for _ in range(46)]
    for distance, azimuth in sorted(blocks, reverse=True):
        a = math.radians(azimuth)
        width, height = float(rng.uniform(16, 34)), float(rng.uniform(30, 95))
        x, z = distance * math.sin(a), distance * math.cos(a)
        ax, az = math.cos(a) * width, -math.sin(a) * width
        canvas.paint(
            (x - ax / 2, ground_y - height, z - az / 2),
            (ax, 0, az),
            (0, height, 0),
            _tower(int(rng.integers(4))),
            tuple(np.asarray(SKY) + np.asarray(SUN) * float(rng.uniform(0.1, 0.6))),
        )


@lru_cache(maxsize=4)
def _tower(look: int) -> Texture:
    """A far block of flats or offices, 20 m wide and 60 m high or so."""
    base = ((168, 164, 160), (136, 148, 160), (184, 170, 150), (120, 130, 138))[look]
    picture = PillowImage.new("RGB", (100, 300), base)
    shine = PillowImage.new("RGB", (100, 300), (0, 0, 0))
    draw, glow = ImageDraw.Draw(picture), ImageDraw.Draw(shine)
    rng = np.random.default_rng((look, 71))
    for y in range(6, 296, 9):
        for x in range(5, 95, 10 if look % 2 else 15):
            tone = rng.uniform(0.4, 0.75)
            window = [x, y, x + (6 if look % 2 else 10), y + 5]
            draw.rectangle(window, fill=tuple(int(c * tone) for c in (96, 112, 130)))
            if rng.random() < 0.22:
                glow.rectangle(window, fill=(150, 116, 70))
    return from_picture(picture, shine)
