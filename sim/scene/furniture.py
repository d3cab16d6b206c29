"""Street furniture: lamps, poles, wires, bins, awnings, boxes on walls, far towers.

Rule: small things made of rectangles; each painter says how far away it is so the street can
paint the far ones first.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from viewkeeper.sim.scene.canvas import Canvas
from viewkeeper.sim.scene.facade import font
from viewkeeper.sim.scene.ground import Layout
from viewkeeper.sim.scene.sunlight import SKY, SUN, House
from viewkeeper.sim.scene.texture import Texture, from_picture, plain

Painter = Callable[[], None]

_SHADE = tuple(c * 0.9 for c in SKY)
_HALF_SUN = tuple(s * 0.55 + k for s, k in zip(SUN, SKY, strict=True))
_LAMP_Z = (-14.0, 11.0, 37.0, 60.0, 84.0)
_POLE_Z = (-18.0, 17.6, 45.0, 72.0)


def lamp_heads(layout: Layout, ground_y: float) -> list[tuple[float, float, float]]:
    """Where the street lamps shine from."""
    return [(layout.right_kerb - 1.1, ground_y - 7.1, z) for z in _LAMP_Z]


def upright(
    canvas: Canvas,
    x: float,
    z: float,
    ground_y: float,
    height: float,
    width: float,
    texture: Texture,
    light: Sequence[float] = _HALF_SUN,
    lift: float = 0.0,
) -> None:
    """A flat thing that stands facing the camera."""
    distance = math.hypot(x, z)
    ax, az = z / distance * width, -x / distance * width
    corner = (x - ax / 2, ground_y - height - lift, z - az / 2)
    canvas.paint(corner, (ax, 0, az), (0, height, 0), texture, light)


@lru_cache(maxsize=16)
def _rod(r: int, g: int, b: int) -> Texture:
    """A round rod: light along one side."""
    across = np.clip(1.25 - np.abs(np.linspace(-1, 1, 16) + 0.35), 0.25, 1.2)[None, :]
    picture = PillowImage.new("RGB", (16, 16), (r, g, b))
    return from_picture(picture, None, np.repeat(across, 16, axis=0))


def everything(
    canvas: Canvas, layout: Layout, ground_y: float, rng: np.random.Generator
) -> Iterator[tuple[float, Painter]]:
    """(distance, painter) of all that stands about."""
    g = ground_y
    for z in _LAMP_Z:
        x = layout.right_kerb + 0.5
        yield math.hypot(x, z), lambda x=x, z=z: _street_lamp(canvas, x, z, g)
    for z in _POLE_Z:
        x = layout.right_kerb + 0.75
        yield math.hypot(x, z), lambda x=x, z=z: _wire_pole(canvas, x, z, g)
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
            lambda x=x, z=z: upright(canvas, x, z, g, 0.9, 0.13, _bollard(), _SHADE),
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
    yield 10.9, lambda: _traffic_light(canvas, layout.right_kerb + 0.4, layout.zebra - 0.6, g)
    yield 23.0, lambda: _traffic_light(canvas, layout.left_kerb - 0.4, layout.zebra + 3.6, g)


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
    side = _panel(colour)
    top_y = ground_y - h
    canvas.paint(
        (x - w / 2, top_y, z + d / 2),
        (w, 0, 0),
        (0, 0, -d),
        side,
        tuple(c * 1.3 for c in _HALF_SUN),
    )
    near_z = z - d / 2 if z > 0 else z + d / 2
    canvas.paint((x - w / 2, top_y, near_z), (w, 0, 0), (0, h, 0), side, _HALF_SUN)
    near_x = x - w / 2 if x > 0 else x + w / 2
    canvas.paint((near_x, top_y, z - d / 2), (0, 0, d), (0, h, 0), side, _SHADE)


@lru_cache(maxsize=8)
def _panel(colour: tuple[int, int, int]) -> Texture:
    picture = PillowImage.new("RGB", (64, 96), colour)
    draw = ImageDraw.Draw(picture)
    dark = tuple(int(c * 0.55) for c in colour)
    draw.rectangle([2, 2, 61, 93], outline=dark, width=2)
    for y in range(16, 40, 5):
        draw.line([14, y, 50, y], fill=dark, width=2)
    draw.rectangle([24, 52, 40, 70], fill=tuple(min(255, int(c * 1.7 + 30)) for c in colour))
    return from_picture(picture)


def _planter(canvas: Canvas, x: float, z: float, ground_y: float) -> None:
    upright(canvas, x, z + 0.2, ground_y, 0.85, 1.15, _bush(), _HALF_SUN, lift=0.42)
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


def _street_lamp(canvas: Canvas, x: float, z: float, ground_y: float) -> None:
    steel = _rod(106, 110, 112)
    upright(canvas, x, z, ground_y, 7.2, 0.15, steel)
    upright(canvas, x, z, ground_y, 1.1, 0.22, steel)
    canvas.paint((x - 1.7, ground_y - 7.3, z), (1.75, 0, 0), (0, 0.1, 0), steel, _HALF_SUN)
    head = PillowImage.new("RGB", (32, 8), (150, 152, 150))
    shine = PillowImage.new("RGB", (32, 8), (255, 236, 196))
    canvas.paint(
        (x - 1.95, ground_y - 7.3, z - 0.01),
        (0.75, 0, 0),
        (0, 0.17, 0),
        from_picture(head, shine),
        _HALF_SUN,
    )


def _wire_pole(canvas: Canvas, x: float, z: float, ground_y: float) -> None:
    upright(canvas, x, z, ground_y, 8.4, 0.26, _rod(140, 134, 124))
    for lift in (7.4, 8.0):
        canvas.paint(
            (x - 0.8, ground_y - lift - 0.12, z - 0.02),
            (1.6, 0, 0),
            (0, 0.12, 0),
            _rod(96, 84, 70),
            _HALF_SUN,
        )
    canvas.paint(
        (x - 0.3, ground_y - 6.4, z - 0.03),
        (0.6, 0, 0),
        (0, 0.8, 0),
        _panel((120, 126, 128)),
        _HALF_SUN,
    )


def _traffic_light(canvas: Canvas, x: float, z: float, ground_y: float) -> None:
    upright(canvas, x, z, ground_y, 3.4, 0.13, _rod(70, 72, 74))
    picture = PillowImage.new("RGB", (30, 84), (26, 26, 28))
    shine = PillowImage.new("RGB", (30, 84), (0, 0, 0))
    for k, colour in enumerate(((225, 40, 30), (70, 58, 20), (22, 60, 34))):
        box = [6, 6 + 26 * k, 24, 24 + 26 * k]
        ImageDraw.Draw(picture).ellipse(box, fill=colour)
        if k == 0:
            ImageDraw.Draw(shine).ellipse(box, fill=colour)
    upright(
        canvas, x, z - 0.1, ground_y, 0.95, 0.34, from_picture(picture, shine), _HALF_SUN, lift=2.5
    )


def sign_post(canvas: Canvas, x: float, z: float, ground_y: float) -> None:
    """The pole the sign is fixed to; it stays when the sign is gone."""
    light = tuple(k + s * 0.1 for k, s in zip(SKY, SUN, strict=True))
    upright(canvas, x, z, ground_y, 3.62, 0.085, _rod(168, 170, 172), light)
    upright(canvas, x, z, ground_y, 0.14, 0.24, _rod(120, 122, 124), light)


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
    light = _HALF_SUN if right else _SHADE
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
        _rod(120, 118, 112),
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


@lru_cache(maxsize=4)
def tower(look: int) -> Texture:
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


def wires(canvas: Canvas, layout: Layout, ground_y: float) -> None:
    """Sagging wires from pole to pole and across to the houses."""
    x = layout.right_kerb + 0.75
    spans: list[tuple[np.ndarray, np.ndarray, float]] = []
    for z0, z1 in itertools.pairwise(_POLE_Z):
        for dx, lift in ((-0.7, 8.1), (0.0, 8.1), (0.7, 8.1), (-0.6, 7.5), (0.6, 7.5), (0.1, 6.6)):
            spans.append(
                (
                    np.array([x + dx, ground_y - lift, z0]),
                    np.array([x + dx, ground_y - lift, z1]),
                    0.8,
                )
            )
    for z, to_z, lift in (
        (17.6, 14.0, 7.4),
        (17.6, 23.0, 6.9),
        (45.0, 40.0, 7.4),
        (45.0, 52.0, 7.0),
    ):
        spans.append(
            (
                np.array([x, ground_y - 7.6, z]),
                np.array([layout.left_houses, ground_y - lift, to_z]),
                0.6,
            )
        )
        spans.append(
            (
                np.array([x, ground_y - 7.3, z]),
                np.array([layout.right_houses, ground_y - lift + 0.6, to_z + 3]),
                0.3,
            )
        )
    scale = 2
    rows = slice(0, canvas.height * 6 // 10)
    mask = PillowImage.new("L", (canvas.width * scale, (rows.stop - rows.start) * scale), 0)
    draw = ImageDraw.Draw(mask)
    steps = np.linspace(0, 1, 60)
    for start, end, sag in spans:
        points = start + steps[:, None] * (end - start)
        points[:, 1] += sag * 4 * steps * (1 - steps)
        at = canvas.columns_rows(points) * scale
        jump = np.nonzero(np.abs(np.diff(at[:, 0])) > canvas.width)[0]
        pieces = np.split(at, jump + 1)
        for piece in pieces:
            if len(piece) > 1:
                draw.line([tuple(p) for p in piece], fill=200, width=2)
    small = mask.resize((canvas.width, rows.stop - rows.start), PillowImage.Resampling.BOX)
    cover = np.asarray(small).astype(np.float32) / 255
    band = np.nonzero(cover.any(axis=1))[0]
    if band.size:
        first, last = int(band[0]), int(band[-1]) + 1
        canvas.veil(slice(first, last), cover[first:last], (0.03, 0.03, 0.032))
