"""Rows of houses along both sides, across both ends, and down the side street.

Rule: decides who stands where and in which order they are painted; fronts are drawn in `facade`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from viewkeeper.sim.scene.canvas import Canvas
from viewkeeper.sim.scene.facade import Front, draw_front
from viewkeeper.sim.scene.fittings import hang_on
from viewkeeper.sim.scene.ground import Layout
from viewkeeper.sim.scene.standing import Painter
from viewkeeper.sim.scene.sunlight import SKY, SUN, TO_SUN, House
from viewkeeper.sim.scene.texture import plain

_NEAR_M = 42.0


def draw_stock(rng: np.random.Generator) -> list[Front]:
    """Fronts for houses too far away to need their own."""
    heights = (11.0, 13.8, 14.3, 16.9, 12.4, 15.2)
    return [draw_front(rng, 10.5, height, shops=k != 2) for k, height in enumerate(heights)]


def row_of_houses(
    rng: np.random.Generator,
    stock: list[Front],
    z0: float,
    z1: float,
    gaps: tuple[tuple[float, float], ...],
) -> list[House]:
    """House after house along one side, none in a gap; far ones come from the ``stock``."""
    houses, z = [], z0
    while z < z1 - 4:
        width = float(rng.uniform(8.0, 13.5))
        for near, far in gaps:
            if near - 4.5 < z + width and z < near:
                width = near - z
            elif near <= z < far:
                z = far
        end = min(z1, z + width)
        height = float(rng.choice([10.6, 11.2, 13.8, 14.3, 16.9]))
        if abs(z + end) / 2 < _NEAR_M:
            front = draw_front(rng, end - z, height, shops=bool(rng.random() < 0.8))
        else:
            front = stock[int(rng.integers(len(stock)))].stretched(end - z, height)
        houses.append(House(z, end, height, front))
        z = end
    return houses


def paint_house(
    canvas: Canvas,
    house: House,
    side_x: float,
    ground_y: float,
    rng: np.random.Generator,
    add: Callable[[float, Painter], None],
) -> None:
    """A front along the street, facing it; what hangs on it is handed to ``add`` with its z."""
    g, right = ground_y, side_x > 0
    top = g - house.height
    length = house.z1 - house.z0
    corner = (side_x, top, house.z1 if right else house.z0)
    along = (0.0, 0.0, -length if right else length)
    facing = max(0.0, -TO_SUN[0]) if right else 0.0
    up = np.linspace(1.0, 0.72, 24, dtype=np.float32)[:, None, None]
    falling = (
        np.asarray(SUN, dtype=np.float32) * facing + np.asarray(SKY, dtype=np.float32) * up * 0.8
    )
    if not right:  # lit by the sunny side across the street
        falling = falling + np.array([0.20, 0.18, 0.15], dtype=np.float32)
    near = house.z0 if house.middle > 0 else house.z1
    lit = max(0.0, -TO_SUN[2]) if house.middle > 0 else 0.0
    if near != Layout().crossing_far:  # there the side street's first front is its wall
        canvas.paint(
            (side_x if right else side_x - 9.0, top, near),
            (9.0, 0.0, 0.0),
            (0.0, house.height, 0.0),
            house.front.gable,
            tuple(np.asarray(SKY) * 0.9 + np.asarray(SUN) * lit * 0.8),
        )
    canvas.paint(corner, along, (0.0, house.height, 0.0), house.front.texture, falling, soft=False)
    hang_on(canvas, house, side_x, g, rng, add)


def paint_closing_houses(
    canvas: Canvas,
    rng: np.random.Generator,
    stock: list[Front],
    layout: Layout,
    ground_y: float,
) -> None:
    """Houses across both ends of the street."""
    for z, towards in ((104.0, 1.0), (-52.0, -1.0)):
        x = layout.left_houses - 2
        while x < layout.right_houses + 2:
            width = float(rng.uniform(7, 10))
            height = float(rng.choice([12.0, 15.2, 18.4]))
            front = stock[int(rng.integers(len(stock)))]
            left_x = x if towards > 0 else x + width
            falling = np.asarray(SKY) * 0.9 + np.asarray(SUN) * max(0.0, -TO_SUN[2] * towards) * 0.9
            canvas.paint(
                (left_x, ground_y - height, z),
                (width * towards, 0.0, 0.0),
                (0.0, height, 0.0),
                front.texture,
                tuple(falling),
                soft=False,
            )
            x += width


def paint_side_street(
    canvas: Canvas,
    rng: np.random.Generator,
    stock: list[Front],
    layout: Layout,
    ground_y: float,
) -> None:
    """What one sees down the side street: its ground, far wall and houses on its far side."""
    g = ground_y
    x0, x1 = layout.right_houses, 62.0
    falling = tuple(np.asarray(SKY) * 0.9 + np.asarray(SUN) * 0.5)
    canvas.paint(
        (x0, g, layout.crossing_far),
        (x1 - x0, 0, 0),
        (0, 0, layout.crossing_near - layout.crossing_far),
        plain((0.11, 0.11, 0.112)),
        falling,
        soft=False,
    )
    width = layout.crossing_far - layout.crossing_near
    end = stock[1]
    canvas.paint(
        (x1, g - 13, layout.crossing_far),
        (0, 0, -width),
        (0, 13, 0),
        end.texture,
        falling,
        soft=False,
    )
    x = x0
    fronts: list[tuple[float, float, Front]] = []
    while x < x1:
        w = float(rng.uniform(8, 12))
        w = x1 - x if x1 - x - w < 6 else w  # no sliver of a house at the end
        fronts.append((x, w, stock[int(rng.integers(len(stock)))]))
        x += w
    for x, w, front in reversed(fronts):
        canvas.paint(
            (x, g - front.height_m, layout.crossing_far),
            (w, 0, 0),
            (0, front.height_m, 0),
            front.texture,
            tuple(np.asarray(SKY) * 0.8 + np.asarray(SUN) * max(0.0, -TO_SUN[2])),
            soft=False,
        )
