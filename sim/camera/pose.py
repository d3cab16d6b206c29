"""Where a camera looks, as angles and as a rotation; the axes are those of `pinhole`.

Rule: angles in degrees at the door, never a matrix without its direction in words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a camera looks: degrees in the world, zoom relative to its lens at 1.

    Also used for the move of one pose relative to another (`relative_to`).
    """

    pan_deg: float = 0.0
    tilt_deg: float = 0.0
    roll_deg: float = 0.0
    zoom: float = 1.0

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.pan_deg, self.tilt_deg, self.roll_deg, self.zoom))):
            raise ValueError("a pose is made of finite numbers")
        if not 0.05 <= self.zoom <= 50.0:
            raise ValueError(f"zoom must be 0.05..50, got {self.zoom}")

    def rotation(self) -> Array:
        """(3, 3): d_world = R d_camera."""
        return rotation(self.pan_deg, self.tilt_deg, self.roll_deg)

    def moved(
        self,
        pan_deg: float = 0.0,
        tilt_deg: float = 0.0,
        roll_deg: float = 0.0,
        zoom: float = 1.0,
    ) -> Pose:
        """The pose after a move expressed in this pose's own camera frame: R_now = R R_move."""
        move = rotation(pan_deg, tilt_deg, roll_deg)
        return _pose_from(self.rotation() @ move, self.zoom * zoom)

    def relative_to(self, registered: Pose) -> Pose:
        """The move from ``registered`` to this pose: R_registered^T R_now, and the zoom ratio."""
        return _pose_from(registered.rotation().T @ self.rotation(), self.zoom / registered.zoom)


def rotation(pan_deg: float, tilt_deg: float, roll_deg: float) -> Array:
    """R = Ry(pan) Rx(tilt) Rz(roll), (3, 3)."""
    p, t, r = (math.radians(a) for a in (pan_deg, tilt_deg, roll_deg))
    cp, sp, ct, st, cr, sr = (
        math.cos(p),
        math.sin(p),
        math.cos(t),
        math.sin(t),
        math.cos(r),
        math.sin(r),
    )
    Ry = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    Rx = np.array([[1, 0, 0], [0, ct, -st], [0, st, ct]])
    Rz = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return Ry @ Rx @ Rz


def _pose_from(R: Array, zoom: float) -> Pose:
    """Undo `rotation`; pan and roll share one freedom at tilt ±90°, where roll is set to 0."""
    sin_tilt = max(-1.0, min(1.0, -float(R[1, 2])))
    tilt = math.asin(sin_tilt)
    if abs(sin_tilt) > 1 - 1e-12:
        pan, roll = math.atan2(-R[2, 0], R[0, 0]), 0.0
    else:
        pan = math.atan2(R[0, 2], R[2, 2])
        roll = math.atan2(R[1, 0], R[1, 1])
    # nine places: 3.0 stays 3.0 in a truth file; + 0.0 makes -0.0 plain zero
    pan_deg, tilt_deg, roll_deg = (round(math.degrees(a), 9) + 0.0 for a in (pan, tilt, roll))
    return Pose(pan_deg, tilt_deg, roll_deg, zoom)
