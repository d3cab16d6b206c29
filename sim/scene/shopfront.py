"""Ground floors: shops with their boards and goods, or doors and barred windows.

Rule: draws into a front's picture, and into what of it shines at night; upper floors are `facade`.
"""

from __future__ import annotations

import itertools

import numpy as np
from PIL import ImageDraw

from viewkeeper.sim.scene.drawing import PX_PER_M, Colour, font, mix

GROUND_FLOOR_M = 3.9

_SHOPS: tuple[tuple[str, Colour, Colour], ...] = (
    ("NOODLES", (170, 34, 28), (250, 226, 150)),
    ("PHARMACY", (22, 110, 66), (240, 248, 240)),
    ("TEA HOUSE", (70, 48, 34), (226, 190, 120)),
    ("HARDWARE", (232, 182, 36), (34, 34, 34)),
    ("BOOKS", (30, 62, 116), (244, 240, 228)),
    ("BAKERY", (214, 128, 62), (255, 248, 232)),
    ("FRUIT & VEG", (54, 122, 44), (252, 240, 130)),
    ("MOBILE", (18, 96, 172), (255, 255, 255)),
    ("HOTPOT", (140, 22, 30), (255, 206, 96)),
    ("FLORIST", (152, 64, 110), (255, 238, 244)),
    ("OPTICIAN", (32, 36, 44), (120, 210, 224)),
    ("CLINIC", (232, 238, 240), (30, 112, 152)),
    ("TAILOR", (44, 40, 62), (222, 214, 190)),
    ("STATIONERY", (224, 92, 44), (255, 250, 240)),
)


def draw_ground_floor(
    draw: ImageDraw.ImageDraw,
    shine: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    w: int,
    h: int,
    wall: Colour,
    shops: bool,
) -> tuple[float, ...]:
    px = PX_PER_M
    top = h - round(GROUND_FLOOR_M * px)
    base = mix(wall, 0.72)
    draw.rectangle([0, top, w, h], fill=base)
    count = max(1, round(w / px / 5.2))
    edges = [round(i * w / count) for i in range(count + 1)]
    for left, right in itertools.pairwise(edges):
        if shops:
            _shop(draw, shine, rng, left + 9, right - 9, top, h)
        else:
            _doorway(draw, shine, rng, left, right, top, h, wall)
    draw.rectangle([0, h - 14, w, h], fill=mix(base, 0.62))
    return tuple(e / px for e in edges)


def _shop(
    draw: ImageDraw.ImageDraw,
    shine: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    x0: int,
    x1: int,
    top: int,
    h: int,
) -> None:
    px = PX_PER_M
    name, back, fore = _SHOPS[int(rng.integers(len(_SHOPS)))]
    board_top, board_bottom = top + 6, top + round(0.95 * px)
    draw.rectangle([x0, board_top, x1, board_bottom], fill=back)
    draw.rectangle([x0, board_top, x1, board_bottom], outline=mix(back, 0.6), width=3)
    letters = font(round(0.6 * px))
    middle = ((x0 + x1) / 2, (board_top + board_bottom) / 2)
    draw.text(middle, name, font=letters, fill=fore, anchor="mm")
    if rng.random() < 0.7:
        shine.rectangle([x0 + 3, board_top + 3, x1 - 3, board_bottom - 3], fill=mix(back, 0.5))
        shine.text(middle, name, font=letters, fill=fore, anchor="mm")
    y0, y1 = board_bottom + 6, h - 12
    if rng.random() < 0.2:  # closed for the day
        shutter = ((150, 152, 150), (112, 126, 138), (168, 160, 140))[rng.integers(3)]
        for y in range(y0, y1, 6):
            draw.rectangle([x0, y, x1, y + 3], fill=shutter)
            draw.rectangle([x0, y + 4, x1, y + 5], fill=mix(shutter, 0.7))
        return
    inside = mix((72, 66, 58), float(rng.uniform(0.6, 1.2)))
    draw.rectangle([x0, y0, x1, y1], fill=inside)
    lit = mix((255, 232, 190), float(rng.uniform(0.3, 0.65)))
    shine.rectangle([x0 + 2, y0 + 2, x1 - 2, y1 - 2], fill=lit)
    for shelf in range(3):  # goods behind the glass
        y = y0 + (y1 - y0) * (0.42 + 0.19 * shelf)
        x = float(x0 + 4)
        while x < x1 - 10:
            wide, tall = float(rng.uniform(5, 15)), float(rng.uniform(6, 20))
            draw.rectangle([x, y - tall, x + wide, y], fill=_goods(rng))
            shine.rectangle([x, y - tall, x + wide, y], fill=mix(lit, float(rng.uniform(0.3, 0.7))))
            x += wide + float(rng.uniform(1, 6))
        draw.line([x0, y + 1, x1, y + 1], fill=(96, 88, 76), width=3)
    frame = ((42, 42, 44), (150, 146, 138), (96, 60, 40))[rng.integers(3)]
    door = round(0.95 * px)
    door_x = x0 + (x1 - x0 - door) * int(rng.integers(2))
    draw.rectangle([door_x, y0 + 8, door_x + door, y1], fill=mix(inside, 0.6))
    draw.rectangle([door_x, y0 + 8, door_x + door, y1], outline=frame, width=4)
    draw.line(
        [door_x + door - 9, (y0 + y1) / 2, door_x + door - 9, (y0 + y1) / 2 + 14],
        fill=(210, 200, 170),
        width=3,
    )
    panes = max(2, (x1 - x0) // 46)
    for i in range(panes + 1):
        x = x0 + (x1 - x0) * i // panes
        draw.line([x, y0, x, y1], fill=frame, width=4)
    draw.rectangle([x0, y0, x1, y1], outline=frame, width=4)
    draw.line([x0, y0 + 22, x1, y0 + 22], fill=frame, width=3)
    if rng.random() < 0.6:  # bills stuck on the glass
        for _ in range(int(rng.integers(2, 6))):
            x, y = rng.uniform(x0 + 4, x1 - 20), rng.uniform(y0 + 26, y1 - 40)
            paper = mix(_goods(rng), 1.5)
            draw.rectangle([x, y, x + rng.uniform(8, 18), y + rng.uniform(10, 22)], fill=paper)


def _doorway(
    draw: ImageDraw.ImageDraw,
    shine: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    left: int,
    right: int,
    top: int,
    h: int,
    wall: Colour,
) -> None:
    px = PX_PER_M
    middle = (left + right) // 2
    half = round(0.62 * px)
    stone = mix(wall, 1.12)
    draw.rectangle([middle - half - 12, h - round(2.75 * px), middle + half + 12, h], fill=stone)
    wood = ((86, 44, 30), (34, 62, 52), (44, 52, 78), (104, 78, 50))[rng.integers(4)]
    draw.rectangle([middle - half, h - round(2.5 * px), middle + half, h - 5], fill=wood)
    for k in range(2):
        y = h - round((2.3 - 1.15 * k) * px)
        for side in (-1, 1):
            x = middle + side * half // 2
            draw.rectangle(
                [x - 12, y, x + 12, y + round(0.9 * px)], outline=mix(wood, 0.6), width=3
            )
    draw.line([middle, h - round(2.5 * px), middle, h], fill=mix(wood, 0.5), width=2)
    shine.ellipse([middle - 6, h - 114, middle + 6, h - 102], fill=(255, 220, 160))
    for side in (-1, 1):
        x = middle + side * (right - left) * 0.32
        draw.rectangle([x - 24, h - 100, x + 24, h - 38], fill=stone)
        draw.rectangle([x - 20, h - 96, x + 20, h - 42], fill=(50, 60, 70))
        for bar in range(-16, 20, 8):
            draw.line([x + bar, h - 96, x + bar, h - 42], fill=(26, 26, 28), width=2)
    draw.line([left, top + 4, right, top + 4], fill=mix(wall, 1.2), width=6)


def _goods(rng: np.random.Generator) -> Colour:
    """A packet on a shelf: mostly dull, now and then loud."""
    base = rng.uniform(35, 150)
    spread = 45 if rng.random() < 0.25 else 16
    r, g, b = np.clip(base + rng.normal(0, spread, 3) + np.array([12, 4, -8]), 12, 215)
    return int(r), int(g), int(b)
