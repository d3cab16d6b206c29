"""Chosen points of the registered view: what a frame is compared with, tile by tile.

Everything that depends on the registered view alone is computed here, once: values, rays and
derivatives (inverse compositional, Baker and Matthews 2004).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.field import Field
from viewkeeper.agent.core.view.geometry import Camera, Floats

TILES_X, TILES_Y = 12, 9
TILES = TILES_X * TILES_Y
_MARGIN_PX = 3

Singles = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Points:
    """Chosen points of the registered view at one level, tile by tile (T tiles of Q points).

    Attributes:
        rays: float32, (3, T * Q).
        values: float32, (T, 2 Q), registered field, real and imaginary parts interleaved.
        lengths2: float32, (T, Q), squared length of the values; 0 for filler.
        across: float32, (4, T * 2 Q): change of the values by rotation vector and log-zoom.
        normal: float32, (T, 16): J Jᵀ of each tile.
        present: float32, (T, Q): 1, or 0 for filler.
        counts: float32, (T,): points of each tile that are no filler.
        even: float32, (Q,): one over Q.
        centres: (3, T), rays of the tiles' centres.
        pixel_rad: angle of one pixel of this level.
        pixels: pixels of the picture that are averaged into one of this level.
    """

    rays: Singles
    values: Singles
    lengths2: Singles
    across: Singles
    normal: Singles
    present: Singles
    counts: Singles
    even: Singles
    centres: Floats
    pixel_rad: float
    pixels: int

    @property
    def per_tile(self) -> int:
        """Q."""
        return self.present.shape[1]


@lru_cache(maxsize=8)
def tile_boxes(shape: tuple[int, int]) -> NDArray[np.int64]:
    """(T, 4): x0, y0, x1, y1, end excluded, of every tile of an (h, w) grid, row by row."""
    height, width = shape
    xs = np.linspace(0, width, TILES_X + 1).round().astype(np.int64)
    ys = np.linspace(0, height, TILES_Y + 1).round().astype(np.int64)
    y, x = np.divmod(np.arange(TILES), TILES_X)
    boxes = np.stack([xs[x], ys[y], xs[x + 1], ys[y + 1]], axis=1)
    boxes.flags.writeable = False  # it is shared
    return boxes


def choose_points(field: Field, camera: Camera, per_tile: int, pixels: int) -> Points:
    """The ``per_tile`` points of each tile whose field changes most.

    ``pixels``: of the picture in one of the field.
    """
    width = field.shape[1]
    fx, fy = _derivatives(field)
    salience = np.abs(fx) ** 2 + np.abs(fy) ** 2
    salience[:_MARGIN_PX], salience[-_MARGIN_PX:] = 0.0, 0.0
    salience[:, :_MARGIN_PX], salience[:, -_MARGIN_PX:] = 0.0, 0.0
    boxes = tile_boxes((field.shape[0], width))
    chosen = np.zeros((TILES, per_tile), np.int64)
    present = np.zeros((TILES, per_tile), np.float32)
    centres = np.zeros((2, TILES))
    for tile, (x0, y0, x1, y1) in enumerate(boxes):
        rows, columns = np.mgrid[y0:y1, x0:x1]
        index = (rows * width + columns).ravel()
        order = np.argsort(-salience.ravel()[index], kind="stable")[:per_tile]
        chosen[tile, : len(order)] = index[order]
        present[tile, : len(order)] = salience.ravel()[index[order]] > 0.0
        centres[:, tile] = (x0 + x1 - 1) / 2.0, (y0 + y1 - 1) / 2.0
    flat = chosen.ravel()
    x, y = (flat % width).astype(np.float64), (flat // width).astype(np.float64)
    rays = camera.rays(x, y)
    jacobian = _jacobian(camera, rays, fx.ravel()[flat], fy.ravel()[flat])
    jacobian = jacobian.reshape(4, TILES, per_tile, 2).transpose(1, 0, 2, 3)
    jacobian = (jacobian * present[:, None, :, None]).reshape(TILES, 4, 2 * per_tile)
    values = field.ravel()[flat].reshape(TILES, per_tile) * present
    # Filler looks where no frame is.
    rays[:2] = np.where(present.ravel() > 0.0, rays[:2], 1e3)
    return Points(
        rays.astype(np.float32),
        np.stack([values.real, values.imag], axis=2).reshape(TILES, -1).astype(np.float32),
        np.square(np.abs(values)).astype(np.float32),
        np.ascontiguousarray(jacobian.transpose(1, 0, 2).reshape(4, -1), dtype=np.float32),
        (jacobian @ jacobian.transpose(0, 2, 1)).reshape(TILES, 16).astype(np.float32),
        present,
        present.sum(axis=1),
        np.full(per_tile, 1.0 / per_tile, np.float32),
        camera.rays(centres[0], centres[1]),
        1.0 / camera.focal_px,
        pixels,
    )


def _derivatives(field: Field) -> tuple[Field, Field]:
    fx, fy = np.zeros_like(field), np.zeros_like(field)
    half = np.float32(0.5)
    fx[:, 1:-1] = (field[:, 2:] - field[:, :-2]) * half
    fy[1:-1] = (field[2:] - field[:-2]) * half
    return fx, fy


def _jacobian(camera: Camera, rays: Floats, fx: Field, fy: Field) -> Floats:
    """(4, N, 2): derivative of the field's two parts, by the chain rule over the ray."""
    step = 1e-4
    base = np.stack(camera.project(rays))
    columns: list[Floats] = []
    for axis in range(3):
        moved = rays.copy()
        moved[axis] += step
        columns.append((np.stack(camera.project(moved)) - base) / step)
    by_ray = np.stack(columns)  # (3 of ray, 2 of pixel, N)
    parts: list[Floats] = []
    for gx, gy in ((fx.real, fy.real), (fx.imag, fy.imag)):
        pull = gx * by_ray[:, 0] + gy * by_ray[:, 1]
        turn = np.stack(
            [
                rays[1] * pull[2] - rays[2] * pull[1],
                rays[2] * pull[0] - rays[0] * pull[2],
                rays[0] * pull[1] - rays[1] * pull[0],
                # Zooming about the registered axis; about the turned one it differs in second
                # order only, and the residual, which decides, is exact.
                pull[2] * rays[2],
            ]
        )
        parts.append(turn)
    return np.stack(parts, axis=2)
