"""The built-in street: composes sky, ground, houses, trees, cars and the sign into a panorama.

Rule: where things stand and how the sun falls; what they look like is in the modules beside this.
The camera is on a pole on the left pavement, looking along the street and across it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewkeeper.sim.camera.equirect import (
    Layers,
    Panorama,
    Patch,
    SceneSign,
    metered_gain,
)
from viewkeeper.sim.camera.pose import Pose
from viewkeeper.sim.scene import furniture, greenery, signboard, sky, vehicles
from viewkeeper.sim.scene.canvas import Canvas
from viewkeeper.sim.scene.facade import Front, draw_front
from viewkeeper.sim.scene.ground import Layout, draw_ground
from viewkeeper.sim.scene.sunlight import SKY, SUN, TO_SUN, House, ground_light
from viewkeeper.sim.scene.texture import plain
from viewkeeper.sim.signage import SignState

CAMERA_HEIGHT_M = 4.8
_NEAR_M = 42.0
HOME = Pose(pan_deg=14.0, tilt_deg=-10.0)
_SIGN_X, _SIGN_Z, _SIGN_CENTRE_M = -0.35, 6.3, 2.85
_AIR = np.array([0.62, 0.70, 0.80], dtype=np.float32)


# x, z in metres, which of the drawn ones, size
_TREES = (
    (10.3, 14.5, 0, 1.0),
    (10.4, 40.0, 1, 1.05),
    (10.2, 51.0, 2, 0.95),
    (10.3, 63.0, 3, 1.1),
    (10.3, -9.0, 1, 1.0),
    (-1.2, 19.0, 2, 0.9),
    (-1.1, 30.0, 0, 1.0),
    (-1.2, 43.0, 3, 1.05),
    (-1.2, -12.0, 2, 1.0),
)


@dataclass(frozen=True, slots=True)
class _Thing:
    """Something on the street: how far, and how to paint it."""

    distance_m: float
    paint: Callable[[], None]


def draw_street(seed: int, width_px: int) -> Panorama:
    """Draw the whole street; the same arguments give the same pixels."""
    rng = np.random.default_rng((seed, 1))
    canvas, layout = Canvas(width_px), Layout()
    g = CAMERA_HEIGHT_M
    sky.paint_sky(canvas, np.random.default_rng((seed, 2)), TO_SUN)
    stock = _stock(np.random.default_rng((seed, 11)))
    _skyline(canvas, np.random.default_rng((seed, 3)))
    left = _row_of_houses(np.random.default_rng((seed, 4)), stock, -52, 104, ())
    gap = (layout.crossing_near, layout.crossing_far)
    right = _row_of_houses(np.random.default_rng((seed, 5)), stock, -52, 104, (gap,))
    _paint_ground(canvas, rng, layout, left)
    things: list[_Thing] = []
    _closing_houses(canvas, np.random.default_rng((seed, 7)), stock, layout)

    def row(houses: list[House], side_x: float) -> None:
        for house in sorted(houses, key=lambda h: -abs(h.middle)):
            own = np.random.default_rng((seed, 8, round(house.z0 * 10) + 9999))
            _house(canvas, house, side_x, things, own)

    row(left, layout.left_houses)
    beyond = [house for house in right if house.z0 >= layout.crossing_far]
    row(beyond, layout.right_houses)
    # its first front stands before the houses beyond
    _side_street(canvas, np.random.default_rng((seed, 6)), stock, layout)
    row([house for house in right if house not in beyond], layout.right_houses)
    sun, air = np.array(SUN), np.array(SKY)
    for x, z, look, size in _TREES:
        things.append(_thing(x, z, lambda x=x, z=z, k=look, s=size: _tree(canvas, x, z, k, s)))
    car_rng = np.random.default_rng((seed, 9))
    for x, z in _parking(layout, car_rng):
        kind, paint = int(car_rng.integers(4)), vehicles.PAINTS[int(car_rng.integers(8))]
        args = (kind, paint, x, z, g, sun, TO_SUN, air, x > layout.centre)
        things.append(_thing(x, z, lambda a=args: vehicles.park(canvas, *a)))
    for distance, paint in furniture.everything(
        canvas, layout, g, np.random.default_rng((seed, 10))
    ):
        things.append(_Thing(distance, paint))
    things.append(
        _thing(_SIGN_X, _SIGN_Z + 0.02, lambda: furniture.sign_post(canvas, _SIGN_X, _SIGN_Z, g))
    )
    for thing in sorted(things, key=lambda t: -t.distance_m):
        thing.paint()
    furniture.wires(canvas, layout, g)
    _haze(canvas)
    _street_lamps(canvas, layout)
    sign = _sign(canvas)
    base = Layers(canvas.daylight, canvas.surfaces, canvas.glow)
    walkways = (
        (10.2, -10.0, 10.6, 70.0),
        (12.2, -6.0, 12.6, 60.0),
        (-2.6, 4.0, -2.2, 70.0),
        (-0.5, 21.6, 11.5, 21.9),
        (-0.5, 22.6, 11.5, 22.4),
        (10.2, 8.0, 12.8, 22.0),
    )
    return Panorama(
        base,
        f"street-{seed}",
        HOME,
        metered_gain(canvas.daylight, HOME),
        CAMERA_HEIGHT_M,
        canvas.distance_m,
        sign,
        walkways,
    )


def _thing(x: float, z: float, paint: Callable[[], None]) -> _Thing:
    return _Thing(math.hypot(x, z), paint)


def _stock(rng: np.random.Generator) -> list[Front]:
    """Fronts for houses too far away to need their own."""
    heights = (11.0, 13.8, 14.3, 16.9, 12.4, 15.2)
    return [draw_front(rng, 10.5, height, shops=k != 2) for k, height in enumerate(heights)]


def _row_of_houses(
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


def _house(
    canvas: Canvas, house: House, side_x: float, things: list[_Thing], rng: np.random.Generator
) -> None:
    """A front along the street, facing it, and what is hung on it."""
    g, right = CAMERA_HEIGHT_M, side_x > 0
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
    furniture.hang_on(
        canvas, house, side_x, g, rng, lambda z, p: things.append(_thing(side_x, z, p))
    )


def _closing_houses(
    canvas: Canvas, rng: np.random.Generator, stock: list[Front], layout: Layout
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
                (left_x, CAMERA_HEIGHT_M - height, z),
                (width * towards, 0.0, 0.0),
                (0.0, height, 0.0),
                front.texture,
                tuple(falling),
                soft=False,
            )
            x += width


def _side_street(
    canvas: Canvas, rng: np.random.Generator, stock: list[Front], layout: Layout
) -> None:
    """What one sees down the side street: its ground, far wall and houses on its far side."""
    g = CAMERA_HEIGHT_M
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


def _paint_ground(
    canvas: Canvas,
    rng: np.random.Generator,
    layout: Layout,
    left: list[House],
) -> None:
    g = CAMERA_HEIGHT_M
    x0, x1 = layout.left_houses, layout.right_houses
    spans = (((17.0, 104.0), 14), ((-52.0, -6.0), 12), ((-6.0, 17.0), 44))
    for (z0, z1), px_per_m in spans:
        texture = draw_ground(rng, layout, (x0, x1), (z0, z1), px_per_m)
        falling = ground_light(rng, (x0, x1), (z0, z1), layout, left, _TREES)
        canvas.paint((x0, g, z1), (x1 - x0, 0, 0), (0, 0, z0 - z1), texture, falling, soft=False)


def _skyline(canvas: Canvas, rng: np.random.Generator) -> None:
    """Tall blocks beyond the roofs."""
    blocks = [(float(rng.uniform(170, 360)), float(rng.uniform(-180, 180))) for _ in range(46)]
    for distance, azimuth in sorted(blocks, reverse=True):
        a = math.radians(azimuth)
        width, height = float(rng.uniform(16, 34)), float(rng.uniform(30, 95))
        x, z = distance * math.sin(a), distance * math.cos(a)
        ax, az = math.cos(a) * width, -math.sin(a) * width
        canvas.paint(
            (x - ax / 2, CAMERA_HEIGHT_M - height, z - az / 2),
            (ax, 0, az),
            (0, height, 0),
            furniture.tower(int(rng.integers(4))),
            tuple(np.asarray(SKY) + np.asarray(SUN) * float(rng.uniform(0.1, 0.6))),
        )


def _tree(canvas: Canvas, x: float, z: float, look: int, size: float) -> None:
    width, height = 5.0 * size, 7.0 * size
    distance = math.hypot(x, z)
    ax, az = z / distance * width, -x / distance * width
    falling = tuple(np.asarray(SKY) + np.asarray(SUN) * 0.55)
    canvas.paint(
        (x - ax / 2, CAMERA_HEIGHT_M - height, z - az / 2),
        (ax, 0, az),
        (0, height, 0),
        greenery.tree(look),
        falling,
    )


def _parking(layout: Layout, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Middles of parked cars, a few bays left free."""
    places = []
    for x in (layout.left_kerb + 1.1, layout.right_kerb - 1.1):
        for z in np.arange(-40.2, 96, 5.6):
            in_crossing = layout.zebra - 5 < z < layout.crossing_far + 4
            too_near = -6 < z < 12 and x < layout.centre
            if not in_crossing and not too_near and rng.random() < 0.72:
                places.append((x, float(z + rng.normal(0, 0.2))))
    return places


def _haze(canvas: Canvas) -> None:
    """Air between the camera and far things."""
    through = np.exp(canvas.distance_m * np.float32(-1 / 420.0))
    through[canvas.distance_m > 900] = 1  # the sky has its own haze
    canvas.daylight *= through[..., None]
    canvas.daylight += _AIR * (1 - through)[..., None]


def _street_lamps(canvas: Canvas, layout: Layout) -> None:
    """Night light of the street lamps on everything near them."""
    rows = slice(canvas.height // 3, canvas.height)
    step = 4
    columns = np.arange(0, canvas.width, step)
    rays = canvas.rays(rows, columns)[::step]
    distance = canvas.distance_m[rows, ::step][::step]
    points = rays * distance[..., None]
    falling = np.zeros(points.shape[:2], dtype=np.float32)
    for x, y, z in furniture.lamp_heads(layout, CAMERA_HEIGHT_M):
        d2 = np.square(points - np.array([x, y, z], dtype=np.float32)).sum(axis=-1)
        falling += np.float32(9.0) / (d2 + np.float32(6.0))
    falling[distance > 300] = 0
    fine = np.repeat(np.repeat(falling, step, axis=0), step, axis=1)
    height = rows.stop - rows.start
    fine = fine[:height, : canvas.width]
    warm = np.array([0.30, 0.21, 0.11], dtype=np.float32)
    canvas.glow[rows] += canvas.surfaces[rows] * fine[..., None] * warm


def _sign(canvas: Canvas) -> SceneSign:
    """Paint the lit sign into the canvas; give the other states as patches."""
    centre = np.array([_SIGN_X, CAMERA_HEIGHT_M - _SIGN_CENTRE_M, _SIGN_Z])
    distance = math.hypot(_SIGN_X, _SIGN_Z)
    # it faces people coming towards it, nearly at the camera
    angle = math.atan2(_SIGN_X, _SIGN_Z) + math.radians(8)
    along = np.array([math.cos(angle), 0.0, -math.sin(angle)]) * signboard.WIDTH_M
    corner = centre - along / 2 - np.array([0.0, signboard.HEIGHT_M / 2, 0.0])
    at = canvas.columns_rows(
        np.array([corner, corner + along, corner + along + [0, signboard.HEIGHT_M, 0]])
    )
    margin = 6
    rows = slice(int(at[:, 1].min()) - margin, int(at[:, 1].max()) + margin)
    columns = slice(int(at[:, 0].min()) - margin, int(at[:, 0].max()) + margin)
    layers = (canvas.daylight, canvas.surfaces, canvas.glow)
    bare = [layer[rows, columns].copy() for layer in layers]
    falling = tuple(np.asarray(SKY) * 0.95 + np.asarray(SUN) * 0.10)
    patches = {SignState.MISSING: Patch(rows.start, columns.start, Layers(*bare))}
    for state in (SignState.UNLIT, SignState.OBSCURED, SignState.LIT):
        for layer, under in zip(layers, bare, strict=True):
            layer[rows, columns] = under
        canvas.paint(
            tuple(corner),
            tuple(along),
            (0.0, signboard.HEIGHT_M, 0.0),
            signboard.board(state),
            falling,
            shines=0.30,
        )
        if state is not SignState.LIT:  # the lit one stays as the base
            piece = Layers(*(layer[rows, columns].copy() for layer in layers))
            patches[state] = Patch(rows.start, columns.start, piece)
    elevation = math.atan2(-float(centre[1]), distance)
    return SceneSign(
        math.degrees(math.atan2(_SIGN_X, _SIGN_Z)),
        math.degrees(elevation),
        math.degrees(signboard.WIDTH_M / float(np.linalg.norm(centre))),
        math.degrees(signboard.HEIGHT_M / float(np.linalg.norm(centre)) * math.cos(elevation)),
        patches,
    )


Pixels = NDArray[np.float32]
