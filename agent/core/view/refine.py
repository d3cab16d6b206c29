"""Local refinement: Gauss-Newton on pan, tilt, roll and zoom over tiles of the registered view.

Inverse compositional (Baker and Matthews 2004): the derivatives belong to the registered field
and are computed once. Unknown: a small rotation vector in the registered camera's frame and a
small log-zoom about the present optical axis. Tiles that do not agree lose their weight, so
a lorry costs the tiles it hides and nothing else; the spread of the tiles' own wishes gives
the standard error (a cluster-robust "sandwich", Liang and Zeger 1986), because pixels of one
tile are far from independent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.field import Field, Pyramid
from viewkeeper.agent.core.view.geometry import Camera, Floats, rotation_from_vector

TILES_X, TILES_Y = 12, 9
_POINTS_A_TILE = (36, 36, 24)
_MARGIN_PX = 3
LEVELS_USED = 3

Singles = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Points:
    """Chosen points of the registered view at one level, in tile order.

    Attributes:
        rays: float32, (3, T * Q).
        values: complex64, (T * Q,), registered field.
        pull: float32, (2, 3, T * Q): change of the field's two parts when the ray moves, a
            3-vector each.
        turn: float32, (2, 3, T * Q): the same for the three components of a rotation vector.
        weights: float32, (T * Q,), 0 for filler.
        per_tile: Q.
        centres: rays (3, T) of the tiles' centres.
    """

    rays: Singles
    values: Field
    pull: Singles
    turn: Singles
    weights: Singles
    per_tile: int
    centres: Floats


@dataclass(frozen=True, slots=True)
class Pose:
    """Rotation (3, 3), d_registered = R d_present, and zoom."""

    rotation: Floats
    zoom: float


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a pose explains a frame.

    Attributes:
        pose: the pose.
        agreement: (T,), correlation of the two fields in each tile, -1..1; 0 where unseen.
        energy: (T,), registered field's energy in each tile.
        seen: (T,), share of each tile's points that the frame shows, 0..1.
        covariance: (4, 4), of rotation vector (radians, registered frame) and log-zoom.
        support: equivalent number of agreeing tiles.
    """

    pose: Pose
    agreement: Floats
    energy: Floats
    seen: Floats
    covariance: Floats
    support: float


def tile_boxes(shape: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """(x0, y0, x1, y1), end excluded, of every tile of an (h, w) grid, row by row."""
    height, width = shape
    xs = np.linspace(0, width, TILES_X + 1).round().astype(int)
    ys = np.linspace(0, height, TILES_Y + 1).round().astype(int)
    return [
        (int(xs[i]), int(ys[j]), int(xs[i + 1]), int(ys[j + 1]))
        for j in range(TILES_Y)
        for i in range(TILES_X)
    ]


def choose_points(reference: Pyramid, level: int) -> Points:
    """The points of each tile whose field changes most, at one level of the pyramid."""
    field, camera = reference.fields[level], reference.cameras[level]
    width = field.shape[1]
    fx, fy = _derivatives(field)
    salience = np.abs(fx) ** 2 + np.abs(fy) ** 2
    salience[:_MARGIN_PX], salience[-_MARGIN_PX:] = 0.0, 0.0
    salience[:, :_MARGIN_PX], salience[:, -_MARGIN_PX:] = 0.0, 0.0
    per_tile = _POINTS_A_TILE[level]
    boxes = tile_boxes(field.shape)
    chosen = np.zeros((len(boxes), per_tile), np.int64)
    weights = np.zeros((len(boxes), per_tile), np.float32)
    centres = np.zeros((2, len(boxes)))
    for tile, (x0, y0, x1, y1) in enumerate(boxes):
        rows, columns = np.mgrid[y0:y1, x0:x1]
        index = (rows * width + columns).ravel()
        order = np.argsort(-salience.ravel()[index], kind="stable")[:per_tile]
        chosen[tile, : len(order)] = index[order]
        weights[tile, : len(order)] = salience.ravel()[index[order]] > 0.0
        centres[:, tile] = (x0 + x1 - 1) / 2.0, (y0 + y1 - 1) / 2.0
    flat = chosen.ravel()
    x, y = (flat % width).astype(np.float64), (flat // width).astype(np.float64)
    rays = camera.rays(x, y)
    pull = _pull(camera, rays, fx.ravel()[flat], fy.ravel()[flat])
    turn = np.stack([_cross(rays, part) for part in pull])
    return Points(
        rays.astype(np.float32),
        field.ravel()[flat],
        pull.astype(np.float32),
        turn.astype(np.float32),
        weights.ravel(),
        per_tile,
        camera.rays(centres[0], centres[1]),
    )


def _cross(a: Floats, b: Floats) -> Floats:
    """Cross products of columns, (3, N)."""
    return np.stack(
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    )


def _derivatives(field: Field) -> tuple[Field, Field]:
    fx, fy = np.zeros_like(field), np.zeros_like(field)
    half = np.float32(0.5)
    fx[:, 1:-1] = (field[:, 2:] - field[:, :-2]) * half
    fy[1:-1] = (field[2:] - field[:-2]) * half
    return fx, fy


def _pull(
    camera: Camera, rays: Floats, fx: NDArray[np.complex64], fy: NDArray[np.complex64]
) -> Floats:
    """(2, 3, N): derivative of the field's two parts to the ray, by the chain rule."""
    step = 1e-4
    columns: list[Floats] = []
    base = np.stack(camera.project(rays))
    for axis in range(3):
        moved = rays.copy()
        moved[axis] += step
        columns.append((np.stack(camera.project(moved)) - base) / step)
    jacobian = np.stack(columns)  # (3 of ray, 2 of pixel, N)
    parts: list[Floats] = [fx.real * jacobian[:, 0] + fy.real * jacobian[:, 1]]
    parts.append(fx.imag * jacobian[:, 0] + fy.imag * jacobian[:, 1])
    return np.stack(parts)


@dataclass(frozen=True, slots=True)
class _Sample:
    values: Field
    inside: Singles


def _sample(points: Points, field: Field, camera: Camera, pose: Pose) -> _Sample:
    """The frame's field where each chosen point should be, turned into the registered frame."""
    height, width = field.shape
    present = camera.zoomed(pose.zoom)
    back = pose.rotation.T.astype(np.float32)
    rays = back @ points.rays
    depth = np.maximum(rays[2], np.float32(1e-3))
    x, y = rays[0] / depth, rays[1] / depth
    if not camera.lens.straight:
        dx, dy = camera.lens.distort(x.astype(np.float64), y.astype(np.float64))
        x, y = dx.astype(np.float32), dy.astype(np.float32)
    x = x * np.float32(present.focal_px) + np.float32(present.cx)
    y = y * np.float32(present.focal_px) + np.float32(present.cy)
    inside = (x >= 2.0) & (x < width - 3) & (y >= 2.0) & (y < height - 3) & (rays[2] > 1e-3)
    x = np.where(inside, x, np.float32(2.0))
    y = np.where(inside, y, np.float32(2.0))
    column, row = x.astype(np.int32), y.astype(np.int32)
    ax, ay = x - column, y - row
    index = row * width + column
    flat = field.ravel()
    left, below = flat[index], index + width
    top = left + ax * (flat[index + 1] - left)
    left = flat[below]
    bottom = left + ax * (flat[below + 1] - left)
    phase = np.repeat(_tile_phase(points.centres, pose), points.per_tile)
    values = (top + ay * (bottom - top)) * phase
    return _Sample(values, inside.astype(np.float32) * points.weights)


def _tile_phase(centres: Floats, pose: Pose) -> NDArray[np.complex64]:
    """Doubled local rotation, as a unit complex number, from present to registered picture."""
    step = 1e-3
    back = pose.rotation.T

    def plane(rays: Floats) -> Floats:
        turned = back @ rays
        return turned[:2] / np.maximum(turned[2], 1e-3)

    base = plane(centres)
    along_x = plane(centres + np.array([[step], [0.0], [0.0]])) - base
    along_y = plane(centres + np.array([[0.0], [step], [0.0]])) - base
    # Best similarity of the 2 × 2 derivative: its rotation, registered to present.
    turn = np.arctan2(along_x[1] - along_y[0], along_x[0] + along_y[1])
    return np.exp(-2j * turn).astype(np.complex64)


def refine(
    points: Points, field: Field, camera: Camera, pose: Pose, steps: int, *, floor: float = 0.15
) -> Fit:
    """Improve a pose by ``steps`` Gauss-Newton steps at one level."""
    tiles = len(points.centres[0])
    shape = (tiles, points.per_tile)
    fit: Fit | None = None
    for step in range(steps + 1):
        sample = _sample(points, field, camera, pose)
        weight = sample.inside
        registered, present = points.values, sample.values
        w2 = weight.reshape(shape)
        cross = (registered.real * present.real + registered.imag * present.imag) * weight
        own = (registered.real**2 + registered.imag**2) * weight
        other = (present.real**2 + present.imag**2) * weight
        cross_t = cross.reshape(shape).sum(axis=1)
        own_t = own.reshape(shape).sum(axis=1)
        other_t = other.reshape(shape).sum(axis=1)
        agreement = cross_t / np.sqrt(own_t * other_t + np.float32(1e-9))
        trust = np.clip((agreement - floor) / 0.5, 0.0, 1.0) ** 1.5
        # Gain: fog and noise shrink the frame's field; compare shapes, not lengths.
        gain = np.clip(cross_t / (other_t + np.float32(1e-6)), 0.2, 3.0)
        residual = present.reshape(shape) * gain[:, None] - registered.reshape(shape)
        size2 = residual.real**2 + residual.imag**2
        robust = w2 / (1.0 + size2 / np.float32(0.35))
        axis = pose.rotation[:, 2].astype(np.float32)
        reach = axis @ points.rays
        jacobian = np.empty((4, 2, *shape), np.float32)
        for part in (0, 1):
            jacobian[:3, part] = points.turn[part].reshape(3, *shape)
            jacobian[3, part] = ((axis @ points.pull[part]) * reach).reshape(shape)
        weighted = jacobian * robust
        j_t = jacobian.transpose(2, 0, 1, 3).reshape(tiles, 4, -1)
        w_t = weighted.transpose(2, 0, 1, 3).reshape(tiles, 4, -1)
        normal_t = w_t @ j_t.transpose(0, 2, 1)
        r_t = np.stack([residual.real, residual.imag], axis=1).reshape(tiles, -1, 1)
        slope_t = (w_t @ r_t)[:, :, 0]
        normal = np.einsum("t,tij->ij", trust, normal_t).astype(np.float64)
        slope = (trust @ slope_t).astype(np.float64)
        damped = normal + np.diag(np.diag(normal)) * 1e-3 + np.eye(4) * 1e-6
        inverse = _inverse(damped)
        change = inverse @ slope
        if step == steps:
            scores = (trust[:, None] * (slope_t - normal_t @ change.astype(np.float32))).astype(
                np.float64
            )
            support = float(trust.sum() ** 2 / (np.sum(trust**2) + 1e-9))
            dof = max(support - 4.0, 0.5) / max(support, 1.0)
            covariance = inverse @ (scores.T @ scores) @ inverse / dof
            total = points.weights.reshape(shape).sum(axis=1)
            fit = Fit(
                pose,
                agreement.astype(np.float64),
                own_t.astype(np.float64),
                (w2.sum(axis=1) / np.maximum(total, 1.0)).astype(np.float64),
                covariance,
                support,
            )
            break
        pose = _moved(pose, change)
    assert fit is not None
    return fit


def _inverse(matrix: Floats) -> Floats:
    return np.linalg.inv(matrix)


def _moved(pose: Pose, change: Floats) -> Pose:
    limited = np.clip(change, -0.08, 0.08)
    zoom = min(4.0, max(0.25, pose.zoom * math.exp(float(limited[3]))))
    return Pose(rotation_from_vector(limited[:3]) @ pose.rotation, zoom)
