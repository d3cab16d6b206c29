"""What a frame shows at the chosen points of the registered view, were the camera turned so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.field import Field
from viewkeeper.agent.core.view.geometry import Camera, Floats
from viewkeeper.agent.core.view.points import Points, Singles

_BORDER = 2
"""Pixels along the frame's edge that have no field."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Rotation (3, 3), d_registered = R d_present, and zoom."""

    rotation: Floats
    zoom: float


def _places(points: Points, camera: Camera, pose: Pose) -> Singles:
    """(2, T * Q): column and row of each chosen point in the present frame, counted from pixel
    (`_BORDER`, `_BORDER`); far outside if behind the camera."""
    corner_x, corner_y = camera.cx - _BORDER, camera.cy - _BORDER
    if camera.lens.straight:
        focal = camera.focal_px * pose.zoom
        calibration = np.array([[focal, 0.0, corner_x], [0.0, focal, corner_y], [0.0, 0.0, 1.0]])
        rows = (calibration @ pose.rotation.T).astype(np.float32) @ points.rays
        places = rows[:2]
        places /= np.maximum(rows[2], np.float32(1e-3))
        return places
    moved = Camera(camera.lens, camera.focal_px * pose.zoom, corner_x, corner_y)
    places = np.stack(moved.project(pose.rotation.T @ points.rays))
    return np.clip(np.nan_to_num(places, nan=-9.0), -1e6, 1e6).astype(np.float32)


def sample(points: Points, field: Field, camera: Camera, pose: Pose) -> tuple[Singles, Singles]:
    """The frame's field at the chosen points, in the registered frame's directions.

    Returns: (T, 2 Q) interleaved like `Points.values`, zero where unseen; (T, Q) 1 where seen.
    """
    height, width = field.shape
    places = _places(points, camera, pose)
    cells = np.floor(places)
    places -= cells
    x, y = places
    # Below zero counts as very far once the sign is dropped.
    column, row = cells.astype(np.int32)
    inside = column.view(np.uint32) < max(width - 2 * _BORDER - 1, 0)
    inside &= row.view(np.uint32) < max(height - 2 * _BORDER - 1, 0)
    row *= width
    row += column
    row *= inside
    flat: NDArray[Any] = field.ravel()[_BORDER * (width + 1) :]
    top, right = flat.take(row), flat[1:].take(row)
    right -= top
    right *= x
    top += right
    lower = flat[width:]
    bottom, right = lower.take(row), lower[1:].take(row)
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
