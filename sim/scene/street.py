"""The built-in street: composes sky, ground, houses, trees, cars and the sign into a panorama.

Rule: where things stand and how the sun falls; what they look like is in the modules beside this.
The camera is on a pole on the left pavement, looking along the street and across it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from viewkeeper.sim.camera.equirect import Layers, Panorama, metered_gain
from viewkeeper.sim.camera.pose import Pose
from viewkeeper.sim.scene import furniture, greenery, houses, poles, sign_place, sky, vehicles
from viewkeeper.sim.scene.canvas import Canvas
from viewkeeper.sim.scene.ground import Layout, draw_ground
from viewkeeper.sim.scene.skyline import paint_skyline
from viewkeeper.sim.scene.sunlight import SKY, SUN, TO_SUN, House, ground_light

CAMERA_HEIGHT_M = 4.8
HOME = Pose(pan_deg=14.0, tilt_deg=-10.0)
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
    stock = houses.draw_stock(np.random.default_rng((seed, 11)))
    paint_skyline(canvas, np.random.default_rng((seed, 3)), g)
    left = houses.row_of_houses(np.random.default_rng((seed, 4)), stock, -52, 104, ())
    gap = (layout.crossing_near, layout.crossing_far)
    right = houses.row_of_houses(np.random.default_rng((seed, 5)), stock, -52, 104, (gap,))
    _paint_ground(canvas, rng, layout, left)
    things: list[_Thing] = []
    houses.paint_closing_houses(canvas, np.random.default_rng((seed, 7)), stock, layout, g)

    def paint_row(row: list[House], side_x: float) -> None:
        def add(z: float, paint: Callable[[], None]) -> None:
            things.append(_thing(side_x, z, paint))

        for house in sorted(row, key=lambda h: -abs(h.middle)):
            own = np.random.default_rng((seed, 8, round(house.z0 * 10) + 9999))
            houses.paint_house(canvas, house, side_x, g, own, add)

    paint_row(left, layout.left_houses)
    beyond = [house for house in right if house.z0 >= layout.crossing_far]
    paint_row(beyond, layout.right_houses)
    # its first front stands before the houses beyond
    houses.paint_side_street(canvas, np.random.default_rng((seed, 6)), stock, layout, g)
    paint_row([house for house in right if house not in beyond], layout.right_houses)
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
    at = (sign_place.SIGN_X, sign_place.SIGN_Z)
    things.append(_thing(at[0], at[1] + 0.02, lambda: poles.sign_post(canvas, *at, g)))
    for thing in sorted(things, key=lambda t: -t.distance_m):
        thing.paint()
    poles.wires(canvas, layout, g)
    _haze(canvas)
    _street_lamps(canvas, layout)
    sign = sign_place.paint_sign(canvas, g)
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
    for x, y, z in poles.lamp_heads(layout, CAMERA_HEIGHT_M):
        d2 = np.square(points - np.array([x, y, z], dtype=np.float32)).sum(axis=-1)
        falling += np.float32(9.0) / (d2 + np.float32(6.0))
    falling[distance > 300] = 0
    fine = np.repeat(np.repeat(falling, step, axis=0), step, axis=1)
    height = rows.stop - rows.start
    fine = fine[:height, : canvas.width]
    warm = np.array([0.30, 0.21, 0.11], dtype=np.float32)
    canvas.glow[rows] += canvas.surfaces[rows] * fine[..., None] * warm
