"""What a frame shows at the chosen points of the registered view, were the camera turned so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
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
    """(2, T * Q): column and row of each chosen point in the present frame; far outside if
    behind the camera."""
    focal = camera.focal_px * pose.zoom
    if camera.lens.straight:
        # K Rᵀ, written out: this is called a dozen times a frame.
        (a, b, c), (d, e, f), (g, h, i) = pose.rotation.T.tolist()
        x, y = camera.cx, camera.cy
        turned = (
            (focal * a + x * g, focal * b + x * h, focal * c + x * i),
            (focal * d + y * g, focal * e + y * h, focal * f + y * i),
            (g, h, i),
        )
        rows = np.array(turned, np.float32) @ points.rays
        places = rows[:2]
        places /= np.maximum(rows[2], np.float32(1e-3))
        return places
    moved = Camera(camera.lens, focal, camera.cx, camera.cy)
    places = np.stack(moved.project(pose.rotation.T @ points.rays))
    return np.clip(np.nan_to_num(places, nan=-9.0), -1e6, 1e6).astype(np.float32)


def sample(
    points: Points, field: Field, camera: Camera, pose: Pose, *, nearest: bool = False
) -> tuple[Singles, Singles]:
    """The frame's field at the chosen points, in the registered frame's directions.

    ``nearest``: read the nearest pixel, which is enough to come near.

    Returns: (T, 2 Q) interleaved like `Points.values`, zero where unseen; (T, Q) 1 where seen.
    """
    width = field.shape[1]
    places = _places(points, camera, pose)
    if nearest:
        places += np.float32(0.5)
    # What lies outside is moved to the border, where there is no field.
    furthest, inside = _frame(field.shape)
    np.maximum(places, np.float32(0.0), out=places)
    np.minimum(places, furthest, out=places)
    cells: NDArray[Any] = places.astype(np.intp)
    index: NDArray[Any] = cells[1] * width
    index += cells[0]
    flat: NDArray[Any] = field.reshape(-1)
    seen: NDArray[Any] = inside[nearest].take(index)
    top: NDArray[Any] = flat.take(index)
    if not nearest:
        places -= np.floor(places)
        x, y = places
        right = flat[1:].take(index)
        right -= top
        right *= x
        top += right
        lower = flat[width:]
        bottom, right = lower.take(index), lower[1:].take(index)
        right -= bottom
        right *= x
        bottom += right
        bottom -= top
        bottom *= y
        top += bottom
    top *= seen
    values: NDArray[Any] = top.reshape(points.present.shape)
    values *= tile_phase(points.centres, pose)[:, None]
    return values.view(np.float32), seen.reshape(values.shape)


@lru_cache(maxsize=8)
def _frame(shape: tuple[int, int]) -> tuple[Singles, tuple[Singles, Singles]]:
    """(2, 1): furthest column and row that has a neighbour; float32 (h * w,) twice: 1 where all
    four pixels that are read have a field, 1 where the one has."""
    height, width = shape
    furthest = np.array([[width - 1.01], [height - 1.01]], np.float32)
    four, one = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    four[_BORDER : -_BORDER - 1, _BORDER : -_BORDER - 1] = 1.0
    one[_BORDER:-_BORDER, _BORDER:-_BORDER] = 1.0
    for each in (furthest, four, one):
        each.flags.writeable = False  # they are shared
    return furthest, (four.reshape(-1), one.reshape(-1))


def tile_phase(centres: Floats, pose: Pose) -> NDArray[np.complex64]:
    """Doubled local rotation, as unit complex numbers (T,), from present to registered picture.

    With q = Rᵀ d and the picture coordinates x, y = q_x / q_z, q_y / q_z, the best similarity to
    their derivative by d_x and d_y turns by the angle of a - b (x - iy), all of it complex.
    """
    back = pose.rotation.T
    (a, b, _), (c, d, _), (e, f, _) = back.tolist()
    across = complex(e, -f)
    # Times q_z, which leaves the angle as it is: (-b, i b, a) q.
    turn = np.array((-across, 1j * across, complex(a + d, b - c))) @ back @ centres
    return (turn / (np.conj(turn) + 1e-12)).astype(np.complex64)
