"""What hangs on house fronts: awnings, blade signs, air conditioners, drain pipes.

Rule: placed by what the front says of its shops and sills.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from viewkeeper.sim.scene.canvas import Canvas
from viewkeeper.sim.scene.drawing import font
from viewkeeper.sim.scene.standing import HALF_SUN, SHADE, Painter, rod
from viewkeeper.sim.scene.sunlight import House
from viewkeeper.sim.scene.texture import Texture, from_picture, plain


def hang_on(
    canvas: Canvas,
    house: House,
    side_x: float,
    ground_y: float,
    rng: np.random.Generator,
    add: Callable[[float, Painter], None],
) -> None:
    """Awnings over shops, blade signs, air conditioners, drain pipes on one front."""
    right = side_x > 0
    out = -1.0 if right else 1.0  # from the wall towards the street
    light = HALF_SUN if right else SHADE
    edges = house.front.shop_edges_m

    def along(metres: float) -> float:
        return house.z1 - metres if right else house.z0 + metres

    def awning(a: float, b: float, texture: Texture) -> None:
        z0, z1 = along(a), along(b)
        canvas.paint(
            (side_x, ground_y - 3.05, z0), (0, 0, z1 - z0), (out * 1.1, 0.62, 0), texture, light
        )
        canvas.paint(
            (side_x + out * 1.1, ground_y - 2.43, z0), (0, 0, z1 - z0), (0, 0.2, 0), texture, light
        )

    for a, b in itertools.pairwise(edges):
        if rng.random() < 0.5:
            texture = _stripes(int(rng.integers(5)))
            add((along(a) + along(b)) / 2, lambda a=a, b=b, t=texture: awning(a + 0.3, b - 0.3, t))
        if rng.random() < 0.45:
            z, lift = along(b - 0.2), float(rng.uniform(4.3, 5.2))
            texture = _blade(int(rng.integers(6)))
            inner = side_x + out * (0.95 if right else 0.1)
            # read from where the camera stands: mirrored ends for those behind it
            start, step = (inner, 0.85) if z > 0 else (inner + 0.85, -0.85)
            corner = (start, ground_y - lift - 1.5, z)
            add(
                z,
                lambda c=corner, d=step, t=texture: canvas.paint(
                    c, (d, 0, 0), (0, 1.5, 0), t, light
                ),
            )
    for x_m, y_m in house.front.window_sills_m:
        z = along(x_m + 0.4)
        lift = house.height - y_m - 0.1
        add(
            z,
            lambda z=z, lift=lift: _air_conditioner(canvas, side_x, out, z, ground_y - lift, light),
        )
    pipe = along(0.15)
    canvas.paint(
        (side_x + out * 0.08, ground_y - house.height + 0.6, pipe),
        (0, 0, -0.11 if right else 0.11),
        (0, house.height - 0.6, 0),
        rod(120, 118, 112),
        light,
    )


def _air_conditioner(
    canvas: Canvas, side_x: float, out: float, z: float, y: float, light: Sequence[float]
) -> None:
    front_x = side_x + out * 0.42
    case = _fan()
    canvas.paint(
        (front_x, y, z + (0.4 if out < 0 else -0.4)), (0, 0, 0.8 * out), (0, 0.6, 0), case, light
    )
    near = z - 0.4 if z > 0 else z + 0.4
    canvas.paint(
        (min(side_x, front_x), y, near), (0.42, 0, 0), (0, 0.6, 0), plain((0.5, 0.5, 0.48)), light
    )


@lru_cache(maxsize=1)
def _fan() -> Texture:
    picture = PillowImage.new("RGB", (64, 48), (206, 204, 196))
    draw = ImageDraw.Draw(picture)
    draw.ellipse([6, 5, 44, 43], fill=(86, 88, 90))
    for r in (5, 10, 15):
        draw.ellipse([25 - r, 24 - r, 25 + r, 24 + r], outline=(168, 168, 164), width=1)
    for y in range(8, 42, 5):
        draw.line([50, y, 60, y], fill=(120, 120, 116), width=2)
    return from_picture(picture)


@lru_cache(maxsize=8)
def _stripes(look: int) -> Texture:
    a, b = (
        ((176, 42, 36), (236, 226, 206)),
        ((30, 92, 66), (232, 228, 212)),
        ((36, 66, 130), (228, 230, 234)),
        ((214, 160, 52), (246, 236, 208)),
        ((92, 54, 40), (206, 178, 140)),
    )[look]
    picture = PillowImage.new("RGB", (240, 40), a)
    draw = ImageDraw.Draw(picture)
    for x in range(0, 240, 24):
        draw.rectangle([x, 0, x + 11, 40], fill=b)
    return from_picture(picture)


@lru_cache(maxsize=8)
def _blade(look: int) -> Texture:
    words = ("HOTEL", "TEA", "24H", "BANK", "CAFE", "KTV")
    colours = (
        (168, 30, 40),
        (36, 84, 52),
        (20, 70, 150),
        (184, 128, 30),
        (70, 44, 36),
        (108, 36, 116),
    )
    picture = PillowImage.new("RGB", (60, 106), colours[look])
    shine = PillowImage.new("RGB", (60, 106), tuple(c // 2 for c in colours[look]))
    for target in (picture, shine):
        draw = ImageDraw.Draw(target)
        letters = words[look]
        step = 92 / len(letters)
        for k, letter in enumerate(letters):
            draw.text(
                (30, 8 + step * (k + 0.5)),
                letter,
                font=font(int(min(34, step))),
                fill=(250, 244, 226),
                anchor="mm",
            )
    ImageDraw.Draw(picture).rectangle([0, 0, 59, 105], outline=(230, 226, 214), width=3)
    return from_picture(picture, shine)
