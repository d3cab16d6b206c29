"""Rotation and zoom of a fixed camera, and its lens.

Rule: angles in degrees at the door (`pan_deg`), radians inside. Pixels have x to the right and
y down, integer coordinates at pixel centres; the camera frame has X right, Y down, Z forward.

A camera that turns about its centre maps pixels by a homography H = K R K'⁻¹ whatever the
scene's depth (Hartley and Zisserman, *Multiple View Geometry*, 2nd ed., §8.4.2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

_NEWTON_STEPS = 8


@dataclass(frozen=True, slots=True)
class Move:
    """Move of the present camera relative to the registered one.

    Attributes:
        pan_deg: positive: turned to the right.
        tilt_deg: positive: turned up.
        roll_deg: positive: rotated clockwise, seen from behind the camera.
        zoom: focal length now over focal length registered; above 1 the view is narrower.
    """

    pan_deg: float = 0.0
    tilt_deg: float = 0.0
    roll_deg: float = 0.0
    zoom: float = 1.0

    def __post_init__(self) -> None:
        values = (self.pan_deg, self.tilt_deg, self.roll_deg, self.zoom)
        if not all(math.isfinite(value) for value in values):
            raise ValueError(f"a move is made of finite numbers, got {values}")
        if self.zoom <= 0.0:
            raise ValueError(f"zoom is a positive ratio, got {self.zoom}")

    def rotation(self) -> Floats:
        """R, (3, 3), with d_registered = R d_present: Ry(pan) Rx(tilt) Rz(roll)."""
        return rotation_from_angles(
            math.radians(self.pan_deg), math.radians(self.tilt_deg), math.radians(self.roll_deg)
        )

    def inverse(self) -> Move:
        """The move that brings the camera back."""
        return move_from_rotation(self.rotation().T, 1.0 / self.zoom)

    def compose(self, after: Move) -> Move:
        """This move, then ``after``, which is measured from where this one ended."""
        return move_from_rotation(self.rotation() @ after.rotation(), self.zoom * after.zoom)

    def turn_deg(self) -> float:
        """Angle between the two optical axes, degrees, 0..180."""
        axis = self.rotation()[:, 2]
        return math.degrees(math.atan2(math.hypot(axis[0], axis[1]), axis[2]))


@dataclass(frozen=True, slots=True)
class Lens:
    """What the lens does to a ray.

    Attributes:
        hfov_deg: horizontal field of view of the whole picture were the lens straight, degrees.
        k1, k2: radial distortion, r_d = r (1 + k1 r² + k2 r⁴) with r = tan of the angle off
            axis (Brown 1971; the first two coefficients of OpenCV's model).
    """

    hfov_deg: float
    k1: float = 0.0
    k2: float = 0.0

    def __post_init__(self) -> None:
        if not 1.0 <= self.hfov_deg <= 150.0:
            raise ValueError(f"hfov_deg is between 1 and 150, got {self.hfov_deg}")
        if not (math.isfinite(self.k1) and math.isfinite(self.k2)):
            raise ValueError(f"k1 and k2 are finite, got {self.k1}, {self.k2}")

    @property
    def straight(self) -> bool:
        """True if the lens keeps straight lines straight."""
        return self.k1 == 0.0 and self.k2 == 0.0

    def focal_px(self, width: int) -> float:
        """Focal length in pixels of a picture ``width`` pixels wide."""
        return (width / 2.0) / math.tan(math.radians(self.hfov_deg) / 2.0)

    def distort(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Normalised coordinates of a straight lens to those of this one."""
        if self.straight:
            return x, y
        r2 = x * x + y * y
        scale = 1.0 + r2 * (self.k1 + r2 * self.k2)
        return x * scale, y * scale

    def undistort(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Inverse of `distort`, by Newton's method on the radius, as far as it has one."""
        if self.straight:
            return x, y
        bent = np.hypot(x, y)
        straight = bent
        for _ in range(_NEWTON_STEPS):
            r2 = straight * straight
            value = straight * (1.0 + r2 * (self.k1 + r2 * self.k2)) - bent
            slope = 1.0 + r2 * (3.0 * self.k1 + 5.0 * r2 * self.k2)
            straight = straight - value / np.maximum(slope, 0.1)
        scale = np.where(bent > 1e-12, straight / np.maximum(bent, 1e-12), 1.0)
        return x * scale, y * scale


@dataclass(frozen=True, slots=True)
class Camera:
    """A lens on a pixel grid: turns pixels into rays and back.

    ``focal_px``, ``cx``, ``cy`` belong to this grid, which may be a reduced picture.
    """

    lens: Lens
    focal_px: float
    cx: float
    cy: float

    @classmethod
    def of_picture(cls, lens: Lens, size: tuple[int, int]) -> Camera:
        """Camera of a whole picture of ``size`` (width, height), pixels."""
        width, height = size
        return cls(lens, lens.focal_px(width), (width - 1) / 2.0, (height - 1) / 2.0)

    def reduced(self, factor: int) -> Camera:
        """The same camera after averaging ``factor`` × ``factor`` pixels into one."""
        offset = (factor - 1) / 2.0
        return Camera(
            self.lens,
            self.focal_px / factor,
            (self.cx - offset) / factor,
            (self.cy - offset) / factor,
        )

    def zoomed(self, zoom: float) -> Camera:
        """The same camera with its focal length multiplied by ``zoom``."""
        return Camera(self.lens, self.focal_px * zoom, self.cx, self.cy)

    def rays(self, x_px: Floats, y_px: Floats) -> Floats:
        """Directions (3, N) with Z = 1 seen by pixels (N,)."""
        x, y = (x_px - self.cx) / self.focal_px, (y_px - self.cy) / self.focal_px
        x, y = self.lens.undistort(x, y)
        return np.stack([x, y, np.ones_like(x)])

    def project(self, rays: Floats) -> tuple[Floats, Floats]:
        """Pixels (N,) that see directions (3, N); not-a-number behind the camera."""
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = np.where(rays[2] > 1e-6, rays[2], np.nan)
            x, y = self.lens.distort(rays[0] / depth, rays[1] / depth)
        return x * self.focal_px + self.cx, y * self.focal_px + self.cy


def rotation_from_angles(pan_rad: float, tilt_rad: float, roll_rad: float) -> Floats:
    """Ry(pan) Rx(tilt) Rz(roll), (3, 3)."""
    cp, sp = math.cos(pan_rad), math.sin(pan_rad)
    ct, st = math.cos(tilt_rad), math.sin(tilt_rad)
    cr, sr = math.cos(roll_rad), math.sin(roll_rad)
    return np.array(
        (
            (cp * cr + sp * st * sr, sp * st * cr - cp * sr, sp * ct),
            (ct * sr, ct * cr, -st),
            (cp * st * sr - sp * cr, sp * sr + cp * st * cr, cp * ct),
        )
    )


def angles_from_rotation(rotation: Floats) -> tuple[float, float, float]:
    """(pan, tilt, roll) in radians of a rotation (3, 3); tilt within ±90°."""
    tilt = math.asin(min(1.0, max(-1.0, -float(rotation[1, 2]))))
    if abs(rotation[1, 2]) > 1.0 - 1e-12:  # looking straight up or down: roll is free, call it 0
        return math.atan2(-float(rotation[2, 0]), float(rotation[0, 0])), tilt, 0.0
    pan = math.atan2(float(rotation[0, 2]), float(rotation[2, 2]))
    roll = math.atan2(float(rotation[1, 0]), float(rotation[1, 1]))
    return pan, tilt, roll


def move_from_rotation(rotation: Floats, zoom: float) -> Move:
    """The move with this rotation (3, 3) and zoom."""
    pan, tilt, roll = angles_from_rotation(rotation)
    return Move(math.degrees(pan), math.degrees(tilt), math.degrees(roll), zoom)


def rotation_from_vector(vector_rad: Floats | tuple[float, float, float]) -> Floats:
    """exp of a rotation vector (3,), radians (Rodrigues), (3, 3)."""
    x, y, z = (float(component) for component in vector_rad)
    angle2 = x * x + y * y + z * z
    if angle2 < 1e-18:
        a, b = 1.0, 0.5
    else:
        angle = math.sqrt(angle2)
        a, b = math.sin(angle) / angle, (1.0 - math.cos(angle)) / angle2
    # I + a [v]x + b [v]x²
    return np.array(
        (
            (1.0 - b * (y * y + z * z), b * x * y - a * z, b * x * z + a * y),
            (b * x * y + a * z, 1.0 - b * (x * x + z * z), b * y * z - a * x),
            (b * x * z - a * y, b * y * z + a * x, 1.0 - b * (x * x + y * y)),
        )
    )


def homography(lens: Lens, size: tuple[int, int], move: Move) -> Floats:
    """H = K R K'⁻¹, (3, 3): present pixel to registered pixel, for a lens without distortion.

    ``size`` is (width, height) of both pictures, pixels.
    """
    camera = Camera.of_picture(lens, size)

    def calibration(view: Camera) -> Floats:
        return np.array(
            [[view.focal_px, 0.0, view.cx], [0.0, view.focal_px, view.cy], [0.0, 0.0, 1.0]]
        )

    present = calibration(camera.zoomed(move.zoom))
    return calibration(camera) @ move.rotation() @ np.linalg.inv(present)
