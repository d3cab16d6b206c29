"""The sign in the street: painted lit, its other states kept as patches.

Rule: where it stands is said here once, for the picture and for the truth.
"""

from __future__ import annotations

import math

import numpy as np

from viewkeeper.sim.camera.equirect import Layers, Patch, SceneSign
from viewkeeper.sim.scene import signboard
from viewkeeper.sim.scene.canvas import Canvas
from viewkeeper.sim.scene.sunlight import SKY, SUN
from viewkeeper.sim.signage import SignState

SIGN_X, SIGN_Z = -0.35, 6.3
_CENTRE_M = 2.85


def paint_sign(canvas: Canvas, ground_y: float) -> SceneSign:
    """Paint the lit sign into the canvas; give the other states as patches."""
    centre = np.array([SIGN_X, ground_y - _CENTRE_M, SIGN_Z])
    distance = math.hypot(SIGN_X, SIGN_Z)
    # it faces people coming towards it, nearly at the camera
    angle = math.atan2(SIGN_X, SIGN_Z) + math.radians(8)
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
        math.degrees(math.atan2(SIGN_X, SIGN_Z)),
        math.degrees(elevation),
        math.degrees(signboard.WIDTH_M / float(np.linalg.norm(centre))),
        math.degrees(signboard.HEIGHT_M / float(np.linalg.norm(centre)) * math.cos(elevation)),
        patches,
    )
