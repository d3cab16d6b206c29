"""House fronts: walls, windows, shops, as flat textures.

Rule: one call draws one house front of so many metres; where it stands is the street's business.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from viewkeeper.sim.scene.drawing import PX_PER_M, Colour, mix
from viewkeeper.sim.scene.shopfront import GROUND_FLOOR_M, draw_ground_floor
from viewkeeper.sim.scene.texture import Texture, fractal_noise, from_picture

_FLOOR_M = 3.1

_WALLS: tuple[Colour, ...] = (
    (196, 180, 152),
    (171, 96, 74),
    (206, 200, 188),
    (158, 150, 138),
    (188, 148, 110),
    (142, 116, 100),
    (214, 190, 160),
    (126, 138, 142),
    (178, 118, 88),
)


@dataclass(frozen=True, slots=True)
class Front:
    """A drawn house front and where its parts are, metres from its upper left corner."""

    texture: Texture
    width_m: float
    height_m: float
    shop_edges_m: tuple[float, ...]
    """Left edges of its shops, then the right edge of the last."""
    gable: Texture
    """Of the blank walls at its ends."""
    window_sills_m: tuple[tuple[float, float], ...]
    """(x, y) of the lower left corner of some windows, for boxes hung below them."""

    def stretched(self, width_m: float, height_m: float) -> Front:
        """The same drawing on a house of another size."""
        sx, sy = width_m / self.width_m, height_m / self.height_m
        return Front(
            self.texture,
            width_m,
            height_m,
            tuple(x * sx for x in self.shop_edges_m),
            self.gable,
            tuple((x * sx, y * sy) for x, y in self.window_sills_m),
        )


def draw_front(rng: np.random.Generator, width_m: float, height_m: float, shops: bool) -> Front:
    """Draw one front; ``shops`` or a plain ground floor with doors."""
    px = PX_PER_M
    w, h = round(width_m * px), round(height_m * px)
    wall = _WALLS[int(rng.integers(len(_WALLS)))]
    picture = PillowImage.new("RGB", (w, h), wall)
    glow = PillowImage.new("RGB", (w, h), (0, 0, 0))
    draw, shine = ImageDraw.Draw(picture), ImageDraw.Draw(glow)
    _courses(draw, rng, w, h, wall)
    sills: list[tuple[float, float]] = []
    floors = max(1, int((height_m - GROUND_FLOOR_M - 0.7) / _FLOOR_M))
    bay_m = float(rng.uniform(2.3, 3.2))
    bays = max(2, round(width_m / bay_m))
    kind = int(rng.integers(3))
    for floor in range(floors):
        y_m = height_m - GROUND_FLOOR_M - (floor + 1) * _FLOOR_M
        if kind != 1 or floor == floors - 1:
            y = round((y_m + _FLOOR_M) * px)
            draw.rectangle([0, y - 5, w, y + 2], fill=mix(wall, 1.16))
            draw.line([0, y + 3, w, y + 3], fill=mix(wall, 0.6), width=2)
        for bay in range(bays):
            x_m = (bay + 0.5) * width_m / bays
            size = _window(draw, shine, rng, x_m, y_m, width_m / bays, wall, kind)
            if rng.random() < 0.3:
                sills.append((x_m - size / 2, y_m + 2.45))
    _roof_edge(draw, rng, w, wall)
    edges = draw_ground_floor(draw, shine, rng, w, h, wall, shops)
    grime = _grime(rng, w, h)
    front = from_picture(picture, glow, grime)
    return Front(front, width_m, height_m, edges, _gable(rng, wall), tuple(sills))


def _gable(rng: np.random.Generator, wall: Colour) -> Texture:
    """A blank wall 9 m wide, patched and stained, with a coping."""
    w, h = 90, 128
    picture = PillowImage.new("RGB", (w, h), mix(wall, float(rng.uniform(0.75, 1.0))))
    draw = ImageDraw.Draw(picture)
    draw.rectangle([0, 0, w, 3], fill=mix(wall, 1.15))
    for _ in range(5):
        x, y = rng.uniform(0, w), rng.uniform(8, h)
        tone = mix(wall, float(rng.uniform(0.6, 1.1)))
        draw.rectangle([x, y, x + rng.uniform(6, 24), y + rng.uniform(6, 30)], fill=tone)
    if rng.random() < 0.4:
        x = float(rng.uniform(20, 60))
        draw.rectangle([x, 20, x + 9, 36], fill=(58, 66, 76))
    return from_picture(picture, None, 1 + 0.1 * fractal_noise(rng, (w, h), 30, 4))


def _courses(
    draw: ImageDraw.ImageDraw, rng: np.random.Generator, w: int, h: int, wall: Colour
) -> None:
    """Brick courses, or joints of tiles and panels."""
    kind = int(rng.integers(3))
    if kind == 0:
        step, length = 8, 22
        for row, y in enumerate(range(0, h, step)):
            for x in range(-(row % 2) * length // 2, w, length):
                tone = mix(wall, float(rng.normal(1.0, 0.09)))
                draw.rectangle([x, y, x + length - 2, y + step - 2], fill=tone)
    elif kind == 1:
        for y in range(0, h, 22):
            draw.line([0, y, w, y], fill=mix(wall, 0.84))
        for x in range(0, w, 44):
            draw.line([x, 0, x, h], fill=mix(wall, 0.84))
    else:
        for x in range(0, w, round(w / max(2, w // 110))):
            draw.rectangle([x - 6, 0, x + 6, h], fill=mix(wall, 1.1))
            draw.line([x + 7, 0, x + 7, h], fill=mix(wall, 0.72), width=2)


def _window(
    draw: ImageDraw.ImageDraw,
    shine: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    x_m: float,
    y_m: float,
    bay_m: float,
    wall: Colour,
    kind: int,
) -> float:
    """One window of an upper floor; returns its width in metres."""
    px = PX_PER_M
    width_m = min(bay_m * 0.68, (1.25, 1.9, 1.05)[kind])
    x0, x1 = round((x_m - width_m / 2) * px), round((x_m + width_m / 2) * px)
    y0, y1 = round((y_m + 0.75) * px), round((y_m + 2.4) * px)
    frame = ((226, 222, 212), (70, 66, 62), (120, 80, 56))[kind]
    draw.rectangle([x0 - 7, y0 - 7, x1 + 7, y1 + 4], fill=mix(wall, 1.13 if kind else 0.8))
    draw.rectangle([x0 - 2, y0 - 2, x1 + 2, y1 + 2], fill=frame)
    glass = mix((62, 76, 92), float(rng.uniform(0.55, 1.25)))
    draw.rectangle([x0 + 1, y0 + 1, x1 - 1, y1 - 1], fill=glass)
    sky = mix(glass, 1.75)
    slope = (x1 - x0) * 0.5
    draw.polygon(
        [(x0 + 2, y0 + 2), (x0 + 2 + slope, y0 + 2), (x0 + 2, y0 + 2 + slope * 1.5)], fill=sky
    )
    if rng.random() < 0.55:  # curtains or a blind
        cloth = ((206, 196, 176), (150, 92, 76), (176, 186, 190), (92, 108, 126))[rng.integers(4)]
        if rng.random() < 0.4:
            draw.rectangle(
                [x0 + 2, y0 + 2, x1 - 2, y0 + (y1 - y0) * rng.uniform(0.2, 0.7)], fill=cloth
            )
        else:
            part = (x1 - x0) * float(rng.uniform(0.15, 0.4))
            draw.rectangle([x0 + 2, y0 + 2, x0 + part, y1 - 2], fill=cloth)
            draw.rectangle([x1 - part, y0 + 2, x1 - 2, y1 - 2], fill=mix(cloth, 0.86))
    draw.line([(x0 + x1) // 2, y0, (x0 + x1) // 2, y1], fill=frame, width=3)
    if kind != 1:
        draw.line([x0, y0 + (y1 - y0) // 3, x1, y0 + (y1 - y0) // 3], fill=frame, width=3)
    draw.line([x0 - 2, y0 - 3, x1 + 2, y0 - 3], fill=mix(wall, 0.5), width=3)  # lintel's shade
    draw.rectangle([x0 - 10, y1 + 3, x1 + 10, y1 + 8], fill=mix(wall, 1.22))
    draw.rectangle([x0 - 9, y1 + 9, x1 + 9, y1 + 12], fill=mix(wall, 0.58))
    if rng.random() < 0.3:
        warm = mix((255, 206, 128), float(rng.uniform(0.35, 0.85)))
        shine.rectangle([x0 + 2, y0 + 2, x1 - 2, y1 - 2], fill=warm)
        shine.line([(x0 + x1) // 2, y0, (x0 + x1) // 2, y1], fill=(0, 0, 0), width=3)
    if kind == 1 and rng.random() < 0.5:  # a balcony rail
        top = y1 - round(0.75 * px)
        for x in range(x0 - 12, x1 + 12, 6):
            draw.line([x, top, x, y1 + 8], fill=(48, 48, 50), width=2)
        draw.line([x0 - 14, top, x1 + 14, top], fill=(48, 48, 50), width=4)
    return width_m


def _roof_edge(draw: ImageDraw.ImageDraw, rng: np.random.Generator, w: int, wall: Colour) -> None:
    depth = int(rng.integers(14, 26))
    draw.rectangle([0, 0, w, depth], fill=mix(wall, 1.2))
    draw.rectangle([0, depth, w, depth + 6], fill=mix(wall, 0.55))
    if rng.random() < 0.6:
        for x in range(0, w, 18):
            draw.rectangle([x, depth + 4, x + 8, depth + 12], fill=mix(wall, 1.12))


def _grime(rng: np.random.Generator, w: int, h: int) -> np.ndarray:
    """Dirt, rain streaks, and darkness near the ground, as a factor (h, w)."""
    blotch = fractal_noise(rng, (w, h), 90, 5) * np.float32(0.055)
    streak = fractal_noise(rng, (w, max(2, h // 24)), 8, 3)
    streak = np.repeat(streak, 24, axis=0)[:h]
    streak = np.pad(streak, ((0, h - streak.shape[0]), (0, 0)), mode="edge") * np.float32(0.04)
    foot = 1 - 0.22 * np.exp(-(h - np.arange(h)) / (0.55 * PX_PER_M))
    grain = rng.standard_normal((h, w), dtype=np.float32) * np.float32(0.03)
    return np.clip((1 + blotch + streak + grain) * foot[:, None].astype(np.float32), 0.3, 1.4)
