"""Parked cars: a profile drawn from the side and carried across their width.

Rule: a car is placed by its middle on the ground and faces along the street.
"""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFilter

from viewkeeper.sim.scene.canvas import Canvas
from viewkeeper.sim.scene.texture import Texture, from_picture, from_pixels

_PX = 72
Colour = tuple[int, int, int]
PAINTS: tuple[Colour, ...] = (
    (196, 198, 200),
    (40, 42, 46),
    (150, 24, 26),
    (32, 58, 112),
    (222, 220, 212),
    (92, 98, 104),
    (24, 84, 74),
    (190, 140, 44),
)

# outline from the rear, up and over to the front: (metres from the rear, metres high)
_SALOON = (
    (0.0, 0.42),
    (0.03, 0.92),
    (0.62, 0.98),
    (1.18, 1.43),
    (2.45, 1.45),
    (3.22, 0.98),
    (4.2, 0.84),
    (4.34, 0.42),
)
_ESTATE = (
    (0.0, 0.42),
    (0.05, 1.0),
    (0.32, 1.5),
    (2.5, 1.56),
    (3.2, 1.04),
    (4.1, 0.9),
    (4.25, 0.42),
)
_VAN = ((0.0, 0.45), (0.04, 1.9), (0.2, 1.98), (3.5, 1.98), (4.3, 1.15), (4.85, 0.98), (4.95, 0.45))
PROFILES = (_SALOON, _ESTATE, _VAN, _SALOON)
WIDTH_M = 1.76


@lru_cache(maxsize=64)
def _side(kind: int, paint: Colour) -> Texture:
    profile = PROFILES[kind]
    length, height = profile[-1][0], max(p[1] for p in profile) + 0.02
    scale = 2
    s = _PX * scale
    w, h = round(length * s), round(height * s)
    picture = PillowImage.new("RGBA", (w, h), (*paint, 0))
    draw = ImageDraw.Draw(picture)

    def at(x: float, y: float) -> tuple[float, float]:
        return x * s, h - y * s

    body = [at(0.0, 0.22), *(at(*p) for p in profile), at(length, 0.22)]
    draw.polygon(body, fill=(*paint, 255))
    dark = tuple(int(c * 0.62) for c in paint)
    light = tuple(min(255, int(c * 1.18 + 12)) for c in paint)
    draw.polygon([at(0, 0.22), at(0, 0.45), at(length, 0.45), at(length, 0.22)], fill=(*dark, 255))
    draw.line([at(0.02, 0.72), at(length - 0.05, 0.68)], fill=(*light, 255), width=5)
    top = max(p[1] for p in profile)
    sill = 0.98 if kind != 2 else 1.2
    upper = [p for p in profile if p[1] > sill + 0.02]
    low_x = [p for p in profile if p[1] <= sill + 0.02 and p[0] > 1]
    glass = [at(max(0.25, upper[0][0] - 0.32 if kind != 2 else 2.2), sill)]
    glass += [
        at(max(x + 0.06, 0.3 if kind != 2 else 2.2), y - 0.09)
        for x, y in upper
        if kind != 2 or x > 3
    ]
    if kind == 2:
        glass.insert(1, at(2.2, top - 0.2))
    glass.append(at(low_x[0][0] - 0.2, sill))
    draw.polygon(glass, fill=(30, 36, 42, 255))
    draw.polygon([glass[0], glass[1], at(1.9, sill)], fill=(66, 78, 90, 255))
    for x in (1.55, 2.45) if kind != 2 else (2.9,):
        draw.line([at(x, sill), at(x, top)], fill=(*paint, 255), width=12)
    for x in (0.95, 1.98, 3.02):
        draw.line([at(x, 0.34), at(x, sill)], fill=(*dark, 255), width=3)
    for x in (1.78, 2.82):
        draw.line([at(x, 0.84), at(x + 0.16, 0.84)], fill=(*dark, 255), width=6)
    for x in (0.82, length - 0.86):
        cx, cy = at(x, 0.31)
        r = 0.36 * s
        draw.ellipse([cx - r, cy - r, cx + r, cy + r], fill=(14, 14, 14, 255))
        r = 0.31 * s
        draw.ellipse([cx - r, cy - r, cx + r, cy + r], fill=(26, 26, 27, 255))
        r = 0.19 * s
        draw.ellipse([cx - r, cy - r, cx + r, cy + r], fill=(150, 152, 154, 255))
        for k in range(5):
            a = k * 2 * np.pi / 5
            draw.line(
                [cx, cy, cx + r * np.cos(a), cy + r * np.sin(a)], fill=(60, 60, 62, 255), width=10
            )
    draw.rectangle([*at(0.0, 0.9), *at(0.13, 0.74)], fill=(150, 26, 22, 255))
    draw.rectangle([*at(length - 0.2, 0.8), *at(length - 0.03, 0.68)], fill=(232, 228, 210, 255))
    small = picture.resize((w // scale, h // scale), PillowImage.Resampling.BOX)
    return from_picture(small)


@lru_cache(maxsize=64)
def _end(paint: Colour, front: bool, height_m: float) -> Texture:
    w, h = round(WIDTH_M * _PX), round(height_m * _PX)
    picture = PillowImage.new("RGB", (w, h), paint)
    draw = ImageDraw.Draw(picture)
    dark = tuple(int(c * 0.55) for c in paint)
    lamp = (236, 232, 216) if front else (168, 24, 20)
    for x in (0.02, 0.78):
        draw.rectangle([w * x, h * 0.12, w * (x + 0.2), h * 0.34], fill=lamp)
    if front:
        draw.rectangle([w * 0.25, h * 0.2, w * 0.75, h * 0.5], fill=(24, 24, 26))
        for k in range(4):
            y = h * (0.24 + 0.07 * k)
            draw.line([w * 0.25, y, w * 0.75, y], fill=(120, 122, 124), width=1)
    draw.rectangle([0, h * 0.62, w, h], fill=dark)
    draw.rectangle([w * 0.33, h * 0.55, w * 0.67, h * 0.74], fill=(24, 62, 150))
    draw.rectangle([w * 0.36, h * 0.6, w * 0.64, h * 0.69], fill=(214, 220, 232))
    return from_picture(picture)


@lru_cache(maxsize=1)
def _shadow() -> Texture:
    """The dark under a car."""
    picture = PillowImage.new("RGBA", (48, 96), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rounded_rectangle([9, 9, 38, 86], radius=8, fill=(0, 0, 0, 225))
    return from_picture(picture.filter(ImageFilter.GaussianBlur(5)))


@lru_cache(maxsize=2)
def _windscreen(up_first: bool) -> Texture:
    """Glass with the sky in its upper half; a mirror and two seats behind it."""
    picture = PillowImage.new("RGB", (96, 48), (24, 29, 34))
    draw = ImageDraw.Draw(picture)
    for y in range(48):
        tone = 1 + 1.9 * max(0.0, 1 - y / 30)
        draw.line([0, y, 96, y], fill=(int(26 * tone), int(33 * tone), int(40 * tone)))
    for x in (18, 58):
        draw.rounded_rectangle([x, 16, x + 20, 47], radius=6, fill=(14, 15, 17))
    draw.rectangle([42, 3, 54, 8], fill=(12, 12, 13))
    draw.rectangle([0, 0, 95, 47], outline=(16, 17, 18), width=2)
    return from_picture(
        picture.transpose(PillowImage.Transpose.FLIP_TOP_BOTTOM) if up_first else picture
    )


@lru_cache(maxsize=32)
def _glossy(colour: tuple[float, ...]) -> Texture:
    """Painted sheet with a soft streak of sky along the middle."""
    across = np.linspace(-1, 1, 32)
    sheen = 0.06 * np.exp(-np.square((across + 0.25) / 0.35)) + 0.01
    pixels = np.ones((16, 32, 4), dtype=np.float32)
    pixels[..., :3] = np.asarray(colour) * (0.9 + 0.1 * np.cos(across * 2.6))[None, :, None]
    pixels[..., :3] += sheen[None, :, None]
    return from_pixels(pixels)


def park(
    canvas: Canvas,
    kind: int,
    paint: Colour,
    x: float,
    z: float,
    ground_y: float,
    sun: np.ndarray,
    to_sun: np.ndarray,
    sky: np.ndarray,
    away: bool,
) -> None:
    """Paint a car whose middle stands at (x, z); ``away``: its front points to +Z."""
    profile = PROFILES[kind]
    length = profile[-1][0]
    sign = 1.0 if away else -1.0

    def world(along: float, up: float, across: float) -> np.ndarray:
        return np.array([x + across * WIDTH_M / 2, ground_y - up, z + sign * (along - length / 2)])

    pieces: list[tuple[float, np.ndarray, np.ndarray, np.ndarray, Texture]] = []

    def add(
        o: np.ndarray, a: np.ndarray, b: np.ndarray, texture: Texture, outward: np.ndarray
    ) -> None:
        centre = o + a / 2 + b / 2
        if centre @ outward < 0:  # faces the camera
            pieces.append((float(np.linalg.norm(centre)), o, a, b, texture))

    colour = tuple(float(c) for c in np.power(np.array(paint) / 255, 2.2))
    shadow = _shadow()
    canvas.paint(
        (x - WIDTH_M * 0.72, ground_y - 0.01, z + length * 0.58),
        (WIDTH_M * 1.44, 0, 0),
        (0, 0, -length * 1.16),
        shadow,
        (1.0, 1.0, 1.0),
    )
    for (a0, h0), (a1, h1) in itertools.pairwise(profile):
        o = world(a0, h0, -1)
        along = world(a1, h1, -1) - o
        outward = np.cross([1.0, 0, 0], along) * sign
        if outward[1] > 0.3 * np.linalg.norm(outward):
            outward = -outward
        steep = abs(h1 - h0) > 0.3
        ends = a0 < 0.02 or a1 > length - 0.2
        window = steep and not ends
        if ends and steep:
            low, high = (h0, h1) if h0 < h1 else (h1, h0)
            upper = world(a1 if h1 > h0 else a0, high, -1)
            down = world(a0 if h1 > h0 else a1, low - 0.2, -1) - upper
            facing = np.array([0, 0, sign if a1 > length - 0.2 else -sign])
            add(upper, np.array([WIDTH_M, 0, 0]), down, _end(paint, a1 > length - 0.2, 0.7), facing)
        else:
            texture = _windscreen(h1 > h0) if window else _glossy(colour)
            # a little wider than the sides, so that no seam shows between
            add(o - [0.02, 0, 0], np.array([WIDTH_M + 0.04, 0, 0]), along, texture, outward)
    height = max(p[1] for p in profile) + 0.02
    for across in (-1, 1):
        o = world(0, height, across)
        add(
            o,
            world(length, height, across) - o,
            np.array([0, height, 0]),
            _side(kind, paint),
            np.array([across, 0, 0]),
        )
    for _, o, a, b, texture in sorted(pieces, key=lambda p: -p[0]):
        normal = np.cross(a, b)
        normal /= np.linalg.norm(normal)
        if (o + a / 2 + b / 2) @ normal > 0:
            normal = -normal
        falling = sky * (0.75 - 0.35 * normal[1]) + sun * max(0.0, float(normal @ to_sun))
        canvas.paint(tuple(o), tuple(a), tuple(b), texture, tuple(falling))
