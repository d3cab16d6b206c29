"""What stands about on the pavement: bins, planters, bicycles, bollards.

Rule: small things made of rectangles; each painter says how far away it is so the street can
paint the far ones first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from viewkeeper.sim.scene.canvas import Canvas
from viewkeeper.sim.scene.ground import Layout
from viewkeeper.sim.scene.poles import LAMP_Z, POLE_Z, street_lamp, traffic_light, wire_pole
from viewkeeper.sim.scene.standing import HALF_SUN, SHADE, Painter, panel, upright
from viewkeeper.sim.scene.texture import Texture, from_picture


def everything(
    canvas: Canvas, layout: Layout, ground_y: float, rng: np.random.Generator
) -> Iterator[tuple[float, Painter]]:
    """(distance, painter) of all that stands about."""
    g = ground_y
    for z in LAMP_Z:
        x = layout.right_kerb + 0.5
        yield math.hypot(x, z), lambda x=x, z=z: street_lamp(canvas, x, z, g)
    for z in POLE_Z:
        x = layout.right_kerb + 0.75
        yield math.hypot(x, z), lambda x=x, z=z: wire_pole(canvas, x, z, g)
    for z in np.arange(-6.0, 18.5, 1.9):
        x = layout.right_kerb + 0.45
        yield (
            math.hypot(x, z),
            lambda x=x, z=z: upright(canvas, x, z, g, 0.9, 0.13, _bollard()),
        )
    for z in (4.6, 8.2, 10.1, 12.0, 13.9):
        x = layout.left_kerb - 0.45
        yield (
            math.hypot(x, z),
            lambda x=x, z=z: upright(canvas, x, z, g, 0.9, 0.13, _bollard(), SHADE),
        )
    for x, z in ((10.4, 10.0), (-2.9, 11.0), (12.9, 36.0)):
        yield (
            math.hypot(x, z),
            lambda x=x, z=z: _box(canvas, x, z, g, (0.55, 0.95, 0.5), (24, 92, 60)),
        )
    for x, z in ((12.6, 6.0), (12.7, 9.0), (12.9, 20.0), (-3.4, 15.0)):
        yield math.hypot(x, z), lambda x=x, z=z: _planter(canvas, x, z, g)
    for k, (x, z) in enumerate(
        ((11.4, 18.0), (11.5, 18.7), (11.4, 19.5), (11.9, 12.0), (-3.2, 9.0))
    ):
        yield (
            math.hypot(x, z),
            lambda x=x, z=z, k=k: upright(canvas, x, z, g, 1.1, 1.75, _bicycle(k)),
        )
    yield 10.9, lambda: traffic_light(canvas, layout.right_kerb + 0.4, layout.zebra - 0.6, g)
    yield 23.0, lambda: traffic_light(canvas, layout.left_kerb - 0.4, layout.zebra + 3.6, g)


@lru_cache(maxsize=1)
def _bollard() -> Texture:
    picture = PillowImage.new("RGB", (24, 96), (196, 60, 34))
    draw = ImageDraw.Draw(picture)
    for y in (14, 54):
        draw.rectangle([0, y, 24, y + 18], fill=(236, 232, 222))
    draw.rectangle([0, 84, 24, 96], fill=(60, 58, 56))
    across = np.clip(1.2 - np.abs(np.linspace(-1, 1, 24) + 0.3), 0.3, 1.1)[None, :]
    return from_picture(picture, None, np.repeat(across, 96, axis=0))


@lru_cache(maxsize=8)
def _bicycle(look: int) -> Texture:
    picture = PillowImage.new("RGBA", (350, 220), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    paint = ((30, 110, 180, 255), (236, 180, 30, 255), (40, 150, 90, 255), (190, 50, 40, 255))[
        look % 4
    ]
    for cx in (75, 272):
        draw.ellipse([cx - 66, 84, cx + 66, 216], outline=(22, 22, 22, 255), width=8)
        for k in range(8):
            a = k * math.pi / 8
            dx, dy = 60 * math.cos(a), 60 * math.sin(a)
            draw.line([cx - dx, 150 - dy, cx + dx, 150 + dy], fill=(120, 120, 122, 120), width=1)
    for line in (
        ((75, 150), (140, 66), (238, 66), (160, 150), (75, 150)),
        ((140, 66), (160, 150)),
        ((238, 66), (272, 150)),
        ((236, 66), (228, 30), (206, 26)),
    ):
        draw.line(line, fill=paint, width=9, joint="curve")
    draw.rounded_rectangle([112, 42, 166, 56], radius=6, fill=(20, 20, 20, 255))
    draw.line([(140, 66), (138, 50)], fill=(90, 90, 90, 255), width=6)
    return from_picture(picture)


def _box(
    canvas: Canvas,
    x: float,
    z: float,
    ground_y: float,
    size: tuple[float, float, float],
    colour: tuple[int, int, int],
) -> None:
    """A cabinet: top, the end towards the camera, and the side towards it."""
    w, h, d = size
    side = panel(colour)
    top_y = ground_y - h
    canvas.paint(
        (x - w / 2, top_y, z + d / 2),
        (w, 0, 0),
        (0, 0, -d),
        side,
        tuple(c * 1.3 for c in HALF_SUN),
    )
    near_z = z - d / 2 if z > 0 else z + d / 2
    canvas.paint((x - w / 2, top_y, near_z), (w, 0, 0), (0, h, 0), side, HALF_SUN)
    near_x = x - w / 2 if x > 0 else x + w / 2
    canvas.paint((near_x, top_y, z - d / 2), (0, 0, d), (0, h, 0), side, SHADE)


def _planter(canvas: Canvas, x: float, z: float, ground_y: float) -> None:
    upright(canvas, x, z + 0.2, ground_y, 0.85, 1.15, _bush(), HALF_SUN, lift=0.42)
    _box(canvas, x, z, ground_y, (1.0, 0.5, 0.7), (150, 112, 84))


@lru_cache(maxsize=1)
def _bush() -> Texture:
    picture = PillowImage.new("RGBA", (160, 120), (60, 90, 40, 0))
    draw = ImageDraw.Draw(picture)
    rng = np.random.default_rng(12)
    for k in range(620):
        x, y = 80 + rng.normal(0, 30), 74 + rng.normal(0, 22)
        tone = (0.6 + 0.7 * k / 620) * rng.uniform(0.8, 1.2)
        colour = (int(74 * tone), int(112 * tone), int(48 * tone), 255)
        if rng.random() < 0.05:
            colour = (int(210 * tone) % 256, 70, 90, 255)
        draw.ellipse([x - 4, y - 3, x + 4, y + 3], fill=colour)
    return from_picture(picture)
