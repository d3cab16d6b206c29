"""Poles of the street: lamps, wires, traffic lights, and the post of the sign.

Rule: thin things; where the lamps shine from is told to whoever lights the night.
"""

from __future__ import annotations

import itertools

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from viewkeeper.sim.scene.canvas import Canvas
from viewkeeper.sim.scene.ground import Layout
from viewkeeper.sim.scene.standing import HALF_SUN, panel, rod, upright
from viewkeeper.sim.scene.sunlight import SKY, SUN
from viewkeeper.sim.scene.texture import from_picture

LAMP_Z = (-14.0, 11.0, 37.0, 60.0, 84.0)
POLE_Z = (-18.0, 17.6, 45.0, 72.0)


def lamp_heads(layout: Layout, ground_y: float) -> list[tuple[float, float, float]]:
    """Where the street lamps shine from."""
    return [(layout.right_kerb - 1.1, ground_y - 7.1, z) for z in LAMP_Z]


def street_lamp(canvas: Canvas, x: float, z: float, ground_y: float) -> None:
    """A lamp on an arm over the road."""
    steel = rod(106, 110, 112)
    upright(canvas, x, z, ground_y, 7.2, 0.15, steel)
    upright(canvas, x, z, ground_y, 1.1, 0.22, steel)
    canvas.paint((x - 1.7, ground_y - 7.3, z), (1.75, 0, 0), (0, 0.1, 0), steel, HALF_SUN)
    head = PillowImage.new("RGB", (32, 8), (150, 152, 150))
    shine = PillowImage.new("RGB", (32, 8), (255, 236, 196))
    canvas.paint(
        (x - 1.95, ground_y - 7.3, z - 0.01),
        (0.75, 0, 0),
        (0, 0.17, 0),
        from_picture(head, shine),
        HALF_SUN,
    )


def wire_pole(canvas: Canvas, x: float, z: float, ground_y: float) -> None:
    """A pole with two cross-arms and a transformer."""
    upright(canvas, x, z, ground_y, 8.4, 0.26, rod(140, 134, 124))
    for lift in (7.4, 8.0):
        canvas.paint(
            (x - 0.8, ground_y - lift - 0.12, z - 0.02),
            (1.6, 0, 0),
            (0, 0.12, 0),
            rod(96, 84, 70),
            HALF_SUN,
        )
    canvas.paint(
        (x - 0.3, ground_y - 6.4, z - 0.03),
        (0.6, 0, 0),
        (0, 0.8, 0),
        panel((120, 126, 128)),
        HALF_SUN,
    )


def traffic_light(canvas: Canvas, x: float, z: float, ground_y: float) -> None:
    """Red."""
    upright(canvas, x, z, ground_y, 3.4, 0.13, rod(70, 72, 74))
    picture = PillowImage.new("RGB", (30, 84), (26, 26, 28))
    shine = PillowImage.new("RGB", (30, 84), (0, 0, 0))
    for k, colour in enumerate(((225, 40, 30), (70, 58, 20), (22, 60, 34))):
        box = [6, 6 + 26 * k, 24, 24 + 26 * k]
        ImageDraw.Draw(picture).ellipse(box, fill=colour)
        if k == 0:
            ImageDraw.Draw(shine).ellipse(box, fill=colour)
    upright(
        canvas, x, z - 0.1, ground_y, 0.95, 0.34, from_picture(picture, shine), HALF_SUN, lift=2.5
    )


def sign_post(canvas: Canvas, x: float, z: float, ground_y: float) -> None:
    """The pole the sign is fixed to; it stays when the sign is gone."""
    light = tuple(k + s * 0.1 for k, s in zip(SKY, SUN, strict=True))
    upright(canvas, x, z, ground_y, 3.62, 0.085, rod(168, 170, 172), light)
    upright(canvas, x, z, ground_y, 0.14, 0.24, rod(120, 122, 124), light)


def wires(canvas: Canvas, layout: Layout, ground_y: float) -> None:
    """Sagging wires from pole to pole and across to the houses."""
    x = layout.right_kerb + 0.75
    spans: list[tuple[np.ndarray, np.ndarray, float]] = []
    for z0, z1 in itertools.pairwise(POLE_Z):
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
