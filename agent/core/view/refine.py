"""Local refinement: Gauss-Newton on pan, tilt, roll and zoom over tiles of the registered view.

Inverse compositional (Baker and Matthews 2004): the derivatives belong to the registered field
and are computed once. Unknown: a small rotation vector in the registered camera's frame and a
small log-zoom. Tiles that do not agree lose their weight, so a lorry costs the tiles it hides
and nothing else; the spread of the tiles' own wishes gives the standard error (a cluster-robust
"sandwich", Liang and Zeger 1986), because pixels of one tile are far from independent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.field import Field
from viewkeeper.agent.core.view.geometry import Camera, Floats, rotation_from_vector

TILES_X, TILES_Y = 12, 9
TILES = TILES_X * TILES_Y
_MARGIN_PX = 3
_ROBUST = 0.35
"""Squared field difference at which a point's weight is halved."""

_INFLATION, _INFLATION_POWER = 1.2, 1.8
"""What the sandwich misses, as a factor on the variance: neighbouring tiles are not quite
independent, nor is the model quite linear, and the less so the fainter the agreement a:
1.2 a^-1.8. Fitted on pictures that the benchmark does not use, see docs/view-check.md."""
_FLOOR_PX = 0.006
"""Interpolation's own error, pixels of the level; roll and zoom are felt at the edge."""
_UNKNOWN = 10.0
_LEAST_SHRINK, _MOST_SHRINK = 0.1, 0.8

Singles = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Points:
    """Chosen points of the registered view at one level, tile by tile (T tiles of Q points).

    Attributes:
        rays: float32, (3, T * Q).
        values: float32, (T, 2 Q), registered field, real and imaginary parts interleaved.
        lengths2: float32, (T, Q), squared length of the values; 0 for filler.
        jacobian: float32, (T, 4, 2 Q): change of the values by rotation vector and log-zoom.
        normal: float64, (T, 16): J Jᵀ of each tile.
        present: float32, (T, Q): 1, or 0 for filler.
        centres: (3, T), rays of the tiles' centres.
        pixel_rad: angle of one pixel of this level.
    """

    rays: Singles
    values: Singles
    lengths2: Singles
    jacobian: Singles
    normal: Floats
    present: Singles
    centres: Floats
    pixel_rad: float

    @property
    def per_tile(self) -> int:
        """Q."""
        return self.present.shape[1]


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
        seen: (T,), share of each tile's points that the frame shows, 0..1.
        energy: (T,), the registered field's squared length at the points that are seen.
        covariance: (4, 4), of rotation vector (radians, registered frame) and log-zoom.
        support: equivalent number of agreeing tiles.
        spread_px: how far the tiles disagree about pan or tilt: standard error, pixels.
    """

    pose: Pose
    agreement: Floats
    seen: Floats
    energy: Floats
    covariance: Floats
    support: float
    spread_px: float


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


def choose_points(field: Field, camera: Camera, per_tile: int) -> Points:
    """The ``per_tile`` points of each tile whose field changes most."""
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
    return Points(
        rays.astype(np.float32),
        np.stack([values.real, values.imag], axis=2).reshape(TILES, -1).astype(np.float32),
        np.square(np.abs(values)).astype(np.float32),
        np.ascontiguousarray(jacobian, dtype=np.float32),
        (jacobian @ jacobian.transpose(0, 2, 1)).reshape(TILES, 16),
        present,
        camera.rays(centres[0], centres[1]),
        1.0 / camera.focal_px,
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


def _homogeneous(camera: Camera, pose: Pose) -> Singles:
    """(3, 3): ray of the registered camera to homogeneous pixel of the present frame."""
    focal = camera.focal_px * pose.zoom
    calibration = np.array([[focal, 0.0, camera.cx], [0.0, focal, camera.cy], [0.0, 0.0, 1.0]])
    return (calibration @ pose.rotation.T).astype(np.float32)


def _pixels(points: Points, camera: Camera, pose: Pose) -> tuple[Singles, Singles]:
    """Where each chosen point should be in the present frame; far outside if behind it."""
    if camera.lens.straight:
        x, y, depth = _homogeneous(camera, pose) @ points.rays
        np.maximum(depth, np.float32(1e-3), out=depth)
        np.reciprocal(depth, out=depth)
        x *= depth
        y *= depth
        return x, y
    x, y = camera.zoomed(pose.zoom).project(pose.rotation.T @ points.rays)
    return (
        np.nan_to_num(x, nan=-9.0).astype(np.float32),
        np.nan_to_num(y, nan=-9.0).astype(np.float32),
    )


def _sample(points: Points, field: Field, camera: Camera, pose: Pose) -> tuple[Singles, Singles]:
    """The frame's field at the chosen points, in the registered frame's directions.

    Returns: (T, 2 Q) interleaved like `Points.values`, zero where unseen; (T, Q) 1 where seen.
    """
    height, width = field.shape
    x, y = _pixels(points, camera, pose)
    # Counted from pixel (2, 2).
    x -= np.float32(2.0)
    y -= np.float32(2.0)
    column, row = np.floor(x), np.floor(y)
    x -= column
    y -= row
    inside = (column >= 0.0) & (column < width - 5) & (row >= 0.0) & (row < height - 5)
    row *= np.float32(width)
    row += column
    row += np.float32(2 * width + 2)
    row *= inside  # a point outside reads the field's corner, which is zero
    index = row.astype(np.intp)
    flat: NDArray[Any] = field.ravel()
    top, right = flat[index], flat[index + 1]
    right -= top
    right *= x
    top += right
    index += width
    bottom, right = flat[index], flat[index + 1]
    right -= bottom
    right *= x
    bottom += right
    bottom -= top
    bottom *= y
    top += bottom
    values = top.reshape(points.present.shape)
    values *= tile_phase(points.centres, pose)[:, None]
    seen = inside.reshape(points.present.shape) * points.present
    values *= seen
    return values.view(np.float32), seen


def tile_phase(centres: Floats, pose: Pose) -> NDArray[np.complex64]:
    """Doubled local rotation, as unit complex numbers (T,), from present to registered picture.

    With q = Rᵀ d and the picture coordinates x, y = q_x / q_z, q_y / q_z, the best similarity to
    their derivative by d_x and d_y turns by the angle of a - b (x - iy), all of it complex.
    """
    back = pose.rotation.T
    q = back @ centres
    place = (q[0] - 1j * q[1]) / np.maximum(q[2], 1e-3)
    place *= -complex(back[2, 0], back[2, 1])
    place += complex(back[0, 0] + back[1, 1], back[0, 1] - back[1, 0])
    return (place / (np.conj(place) + 1e-12)).astype(np.complex64)


@dataclass(frozen=True, slots=True)
class _State:
    """Tile sums at one pose."""

    agreement: Floats
    seen: Singles
    own: Singles
    trust: Floats
    slope: Floats
    normal: Floats
    stiff_normal: Floats


def _evaluate(points: Points, field: Field, camera: Camera, pose: Pose, floor: float) -> _State:
    values, seen = _sample(points, field, camera, pose)
    registered = points.values
    cross = np.einsum("tq,tq->t", registered, values)
    own = np.einsum("tq,tq->t", points.lengths2, seen)
    other = np.einsum("tq,tq->t", values, values)
    other += np.float32(1e-6)
    agreement = cross / np.sqrt(own * other + np.float32(1e-6))
    trust = np.minimum(np.maximum((agreement - np.float32(floor)) * np.float32(2.0), 0.0), 1.0)
    trust *= np.sqrt(trust)
    # Fog and noise shrink the frame's field: compare shapes, not lengths.
    gain = np.minimum(np.maximum(cross / other, np.float32(0.2)), np.float32(3.0))
    values *= gain[:, None]
    values -= registered
    squares = values * values
    robust = squares[:, 0::2] + squares[:, 1::2]
    robust *= np.float32(1.0 / _ROBUST)
    robust += np.float32(1.0)
    np.divide(seen, robust, out=robust)
    weighted = values.view(np.complex64)
    weighted *= robust
    slope = np.matmul(points.jacobian, values[:, :, None])[:, :, 0].astype(np.float64)
    # Noise in the frame attenuates how the residual answers to a move by the tile's reliability,
    # the squared correlation. Far from the goal a low correlation means distance, not noise, so
    # steps are taken as if it were better.
    share = robust.sum(axis=1)
    share *= trust
    share *= agreement
    share *= np.float32(1.0 / points.per_tile)
    normal = (np.stack([share * agreement, share]) @ points.normal).reshape(2, 4, 4)
    return _State(agreement, seen, own, trust, slope, normal[0], normal[1])


def refine(
    points: Points,
    field: Field,
    camera: Camera,
    pose: Pose,
    steps: int,
    *,
    floor: float = 0.15,
    settle_px: float = 0.02,
) -> Fit:
    """Improve a pose by at most ``steps`` Gauss-Newton steps at one level.

    Args:
        points: of the registered view at this level.
        field: of the frame at this level, complex64 (h, w).
        camera: of that field.
        pose: to start from.
        steps: 0 only evaluates.
        floor: agreement at and below which a tile has no say.
        settle_px: stop when a step moves the picture by less.
    """
    if min(field.shape) < 8:
        return _nothing(pose)
    state = _evaluate(points, field, camera, pose, floor)
    before: Floats | None = None
    for _ in range(steps):
        change = _inverse(state.stiff_normal) @ (state.trust @ state.slope)
        step = float(np.abs(change).max())
        if before is None:
            before = change
        else:
            # Steps that shrink evenly leave a geometric series to go: take it whole (Aitken).
            shrink = float(change @ before) / float(before @ before + 1e-30)
            if _LEAST_SHRINK < shrink < _MOST_SHRINK:
                change = change / (1.0 - shrink)
            before = None
        pose = _moved(pose, change)
        if step < settle_px * points.pixel_rad:
            break
        state = _evaluate(points, field, camera, pose, floor)
    return _fit(points, state, pose, _inverse(state.normal))


def _inverse(normal: Floats) -> Floats:
    """Of a slightly damped normal matrix, so that one without tiles has one too."""
    return np.linalg.inv(normal + np.diag(np.diag(normal) * 1e-3 + 1e-6))


def _fit(points: Points, state: _State, pose: Pose, inverse: Floats) -> Fit:
    scores = state.trust[:, None] * state.slope
    support = float(state.trust.sum() ** 2 / (np.sum(state.trust**2) + 1e-9))
    covariance = np.eye(4) * _UNKNOWN
    if support > 5.0:
        spread = inverse @ (scores.T @ scores) @ inverse
        weight = np.sqrt(state.own)
        mean = float((state.agreement * weight).sum() / (weight.sum() + 1e-9))
        inflation = _INFLATION * min(1.0, max(mean, 0.15)) ** -_INFLATION_POWER
        covariance = spread * (inflation * support / (support - 4.0))
        covariance += np.diag([1.0, 1.0, 2.0, 2.0]) * (_FLOOR_PX * points.pixel_rad) ** 2
    spread_px = math.sqrt(max(covariance[0, 0], covariance[1, 1])) / points.pixel_rad
    total = np.maximum(points.present.sum(axis=1), 1.0)
    return Fit(
        pose,
        state.agreement.astype(np.float64),
        (state.seen.sum(axis=1) / total).astype(np.float64),
        state.own.astype(np.float64),
        covariance,
        support,
        max(float(spread_px), _FLOOR_PX),
    )


def _nothing(pose: Pose) -> Fit:
    zero = np.zeros(TILES)
    return Fit(pose, zero, zero, zero, np.eye(4) * _UNKNOWN, 0.0, 1e3)


def _moved(pose: Pose, change: Floats) -> Pose:
    limited = np.clip(change, -0.08, 0.08)
    zoom = min(4.0, max(0.25, pose.zoom * math.exp(float(limited[3]))))
    return Pose(rotation_from_vector(limited[:3]) @ pose.rotation, zoom)
