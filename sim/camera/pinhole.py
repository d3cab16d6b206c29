"""The pinhole camera over an equirectangular panorama: rotation, rays, sampling.

Rule: geometry only. No light, no weather, no noise. The matrices are written out here a second
time on purpose, apart from those of `agent/core/view`: a simulator that borrowed the estimator's
own geometry could never show it wrong.

Conventions: pixels x right, y down, integer coordinates at pixel centres, principal point
((W-1)/2, (H-1)/2). Camera and world frames: X right, Y down, Z forward; world azimuth grows to the
right. d_world = R d_camera, R = Ry(pan) Rx(tilt) Rz(roll); tilt > 0 looks up; roll > 0 is a camera
turned clockwise as seen from behind it. Panorama: (H, W, 3), azimuth -180° at the left edge, 0 in
the middle, elevation +90° at the top.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from viewkeeper.sim.camera.light import Image
from viewkeeper.sim.camera.pose import Pose

Array = NDArray[np.float64]


class LensLike(Protocol):
    """What the renderer needs of a lens; the agent's own ``Lens`` fits, too."""

    @property
    def hfov_deg(self) -> float: ...
    @property
    def k1(self) -> float: ...
    @property
    def k2(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Lens:
    """Horizontal field of view in degrees (1..170) at zoom 1, and radial distortion.

    Distortion is Brown's: distorted = undistorted x (1 + k1 r² + k2 r⁴), r being the distance from
    the axis in units of the focal length; k1 < 0 is barrel, as wide lenses have it.
    """

    hfov_deg: float = 60.0
    k1: float = 0.0
    k2: float = 0.0

    def __post_init__(self) -> None:
        if not 1.0 <= self.hfov_deg <= 170.0:
            raise ValueError(f"hfov_deg must be 1..170, got {self.hfov_deg}")


def focal_px(lens: LensLike, width_px: int, zoom: float = 1.0) -> float:
    """f in pixels of a picture ``width_px`` wide."""
    return zoom * (width_px / 2) / math.tan(math.radians(lens.hfov_deg) / 2)


def calibration(lens: LensLike, size: tuple[int, int], zoom: float = 1.0) -> Array:
    """K (3, 3) for a picture of ``size`` (width, height)."""
    f = focal_px(lens, size[0], zoom)
    return np.array([[f, 0, (size[0] - 1) / 2], [0, f, (size[1] - 1) / 2], [0, 0, 1]])


def homography(registered: Pose, present: Pose, lens: LensLike, size: tuple[int, int]) -> Array:
    """K R K'^-1 (3, 3): present pixel -> registered pixel, both undistorted."""
    R = registered.rotation().T @ present.rotation()
    K = calibration(lens, size, registered.zoom)
    return K @ R @ np.linalg.inv(calibration(lens, size, present.zoom))


def project(directions: Array, pose: Pose, lens: LensLike, size: tuple[int, int]) -> Array:
    """World directions (..., 3) -> pixels (..., 2) as (x, y); NaN where the lens cannot see."""
    d = np.asarray(directions, dtype=np.float64) @ pose.rotation()
    z = np.where(d[..., 2] > 1e-9, d[..., 2], np.nan)
    x, y = d[..., 0] / z, d[..., 1] / z
    r2 = x * x + y * y
    factor = 1 + lens.k1 * r2 + lens.k2 * r2 * r2
    # past the fold of a strong barrel the polynomial comes back inwards; no lens does
    factor = np.where(1 + 3 * lens.k1 * r2 + 5 * lens.k2 * r2 * r2 > 0.05, factor, np.nan)
    f = focal_px(lens, size[0], pose.zoom)
    return np.stack(
        [x * factor * f + (size[0] - 1) / 2, y * factor * f + (size[1] - 1) / 2], axis=-1
    )


def camera_rays(
    lens: LensLike, size: tuple[int, int], zoom: float = 1.0, supersample: int = 1
) -> Image:
    """Directions through (sub)pixels in the camera frame, float32 (H*s, W*s, 3), Z = 1."""
    width, height = size
    s = supersample
    f = focal_px(lens, width, zoom)
    # sub-sample centres of pixel 0 spread over [-0.5, 0.5)
    x = (np.arange(width * s) + 0.5) / s - 0.5
    y = (np.arange(height * s) + 0.5) / s - 0.5
    xn = (x - (width - 1) / 2)[None, :] / f
    yn = (y - (height - 1) / 2)[:, None] / f
    if lens.k1 or lens.k2:
        across, down = np.broadcast_arrays(xn, yn)
        xn, yn = _undistort(across, down, lens.k1, lens.k2)
    rays = np.ones((height * s, width * s, 3), dtype=np.float32)
    rays[..., 0] = xn
    rays[..., 1] = yn
    return rays


def _undistort(xd: Array, yd: Array, k1: float, k2: float) -> tuple[Array, Array]:
    """Newton on the radius: r_u (1 + k1 r_u² + k2 r_u⁴) = r_d."""
    rd = np.hypot(xd, yd)
    ru = rd.copy()
    for _ in range(8):
        r2 = ru * ru
        slope = 1 + 3 * k1 * r2 + 5 * k2 * r2 * r2
        # past the fold of a strong barrel no ray exists; hold still there
        step = np.where(slope > 0.05, (ru * (1 + k1 * r2 + k2 * r2 * r2) - rd) / slope, 0.0)
        ru = np.clip(ru - step, 0.0, 20.0)
    scale = np.divide(ru, rd, out=np.ones_like(rd), where=rd > 1e-12)
    return xd * scale, yd * scale


def world_rays(pose: Pose, lens: LensLike, size: tuple[int, int], supersample: int = 1) -> Image:
    """Directions in the world, float32 (H*s, W*s, 3); not of unit length."""
    rays = camera_rays(lens, size, pose.zoom, supersample)
    return rays @ pose.rotation().T.astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """Pixels (h, w, 3) laid over a panorama, upper left corner at (row, column); no copy of it."""

    row: int
    column: int
    pixels: Image


@dataclass(frozen=True, slots=True)
class SamplingMap:
    """Where each (sub)pixel of a view falls in a panorama; reusable while the pose stands still."""

    indices: tuple[NDArray[np.intp], ...]
    """Four flat indices each (N,): upper left, upper right, lower left, lower right."""
    right: Image
    """Weight of the right-hand neighbours, (N, 1), 0..1."""
    lower: Image
    """Weight of the lower neighbours, (N, 1), 0..1."""
    size: tuple[int, int]
    supersample: int

    def sample(self, pixels: Image, overlay: Overlay | None = None) -> Image:
        """Bilinear view of ``pixels`` (H, W, 3), averaged over the sub-samples: (h, w, 3)."""
        upper_left, upper_right, lower_left, lower_right = (
            _pick(pixels, i, overlay) for i in self.indices
        )
        upper_right -= upper_left
        upper_right *= self.right
        upper_right += upper_left
        lower_right -= lower_left
        lower_right *= self.right
        lower_right += lower_left
        lower_right -= upper_right
        lower_right *= self.lower
        lower_right += upper_right
        width, height = self.size
        s = self.supersample
        if s == 1:
            return lower_right.reshape(height, width, 3)
        return np.ascontiguousarray(
            lower_right.reshape(height, s, width, s, 3).mean(axis=(1, 3), dtype=np.float32)
        )


def _pick(pixels: Image, indices: NDArray[np.intp], overlay: Overlay | None) -> Image:
    """Pixels (N, 3) at flat indices, those under the overlay taken from it."""
    picked = np.take(pixels.reshape(-1, 3), indices, axis=0)
    if overlay is None:
        return picked
    height, width = overlay.pixels.shape[:2]
    rows, columns = np.divmod(indices, pixels.shape[1])
    rows -= overlay.row
    columns -= overlay.column
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    picked[inside] = overlay.pixels[rows[inside], columns[inside]]
    return picked


def panorama_coordinates(directions: Image, size: tuple[int, int]) -> tuple[Image, Image]:
    """Directions (..., 3) -> panorama (column, row), continuous, in a panorama of (W, H)."""
    width, height = size
    x, y, z = directions[..., 0], directions[..., 1], directions[..., 2]
    azimuth: Image = np.arctan2(x, z)
    elevation: Image = np.arctan2(-y, np.hypot(x, z))
    column = azimuth * np.float32(width / (2 * math.pi)) + np.float32(width / 2 - 0.5)
    row = elevation * np.float32(-height / math.pi) + np.float32(height / 2 - 0.5)
    return column, row


def sampling_map(
    panorama_size: tuple[int, int],
    pose: Pose,
    lens: LensLike,
    size: tuple[int, int],
    supersample: int = 1,
) -> SamplingMap:
    """The map for one pose. Sizes are (width, height); the panorama wraps left to right."""
    pano_w, pano_h = panorama_size
    rays = world_rays(pose, lens, size, supersample).reshape(-1, 3)
    column, row = panorama_coordinates(rays, panorama_size)
    row = np.clip(row, 0.0, pano_h - 1.001)
    left = np.floor(column)
    top = np.floor(row)
    right = (column - left).astype(np.float32)[:, None]
    lower = (row - top).astype(np.float32)[:, None]
    x0 = left.astype(np.intp) % pano_w
    x1 = (x0 + 1) % pano_w
    y0 = top.astype(np.intp) * pano_w
    y1 = y0 + pano_w
    return SamplingMap((y0 + x0, y0 + x1, y1 + x0, y1 + x1), right, lower, size, supersample)


def render(
    pixels: Image,
    pose: Pose,
    lens: LensLike,
    size: tuple[int, int],
    supersample: int = 1,
) -> Image:
    """One linear view, float32 (height, width, 3), of a linear panorama (H, W, 3).

    Args:
        size: (width, height) in pixels.
        supersample: rays per pixel and axis; 1 samples the panorama once per pixel.
    """
    panorama_size = (pixels.shape[1], pixels.shape[0])
    return sampling_map(panorama_size, pose, lens, size, supersample).sample(pixels)


def fitting_supersample(panorama_width_px: int, lens: LensLike, width_px: int, zoom: float) -> int:
    """Rays per pixel that keep a fine panorama from aliasing in a coarse view, 1..4."""
    panorama_px_per_rad = panorama_width_px / (2 * math.pi)
    view_px_per_rad = focal_px(lens, width_px, zoom)
    return max(1, min(4, math.ceil(panorama_px_per_rad / view_px_per_rad - 0.25)))
