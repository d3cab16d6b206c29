"""People who walk and lorries that park, placed in the world and seen from any pose.

Rule: positions are in the world, so a knocked camera sees them shift with everything else. Each
routine draws into the linear view it is given and into a mask of what is hidden.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from viewkeeper.sim.camera import pinhole, sprites
from viewkeeper.sim.camera.equirect import Panorama
from viewkeeper.sim.camera.light import Image
from viewkeeper.sim.camera.pinhole import Pose
from viewkeeper.sim.camera.scenery import Scenery, Seen

_HEIGHT_M, _WIDTH_M = 1.85, 0.925
_LORRY_DISTANCE_M = 6.0


def add_people(
    linear: Image, hidden: NDArray[np.bool_], scenery: Scenery, count: int, t_s: float, seed: int
) -> Image:
    """Draw ``count`` walkers as they are at ``t_s``, the farthest first."""
    walkers = [_walker(scenery.panorama, i, t_s, seed) for i in range(count)]
    walkers.sort(key=lambda w: -math.hypot(w[0], w[1]))
    brightness = ambient(linear)
    for x, z, right, phase, look, size in walkers:
        sprite = sprites.walker(phase, look)
        _billboard(
            linear, hidden, scenery, (x, z), size, sprite if right else sprite[:, ::-1], brightness
        )
    return linear


def _walker(
    panorama: Panorama, index: int, t_s: float, seed: int
) -> tuple[float, float, bool, int, int, float]:
    """(x, z) in metres, walks to the viewer's right?, phase, look, size."""
    rng = np.random.default_rng((seed, 41, index))
    ways = panorama.walkways or _across(panorama.home)
    x0, z0, x1, z1 = ways[int(rng.integers(len(ways)))]
    if rng.random() < 0.5:
        x0, z0, x1, z1 = x1, z1, x0, z0
    length = math.hypot(x1 - x0, z1 - z0)
    speed = float(rng.uniform(1.0, 1.6))
    along = (float(rng.uniform(0, length)) + speed * t_s) % length / length
    aside = float(rng.normal(0, 0.5))
    nx, nz = (z1 - z0) / length, -(x1 - x0) / length
    x = x0 + (x1 - x0) * along + nx * aside
    z = z0 + (z1 - z0) * along + nz * aside
    # to the right as seen from the camera: turning clockwise about it
    right = (x1 - x0) * z - (z1 - z0) * x > 0
    phase = int(speed * t_s * 1.35 * sprites.WALK_PHASES / 2 + index * 3) % sprites.WALK_PHASES
    return x, z, right, phase, int(rng.integers(1000)), float(rng.uniform(0.88, 1.06))


def _across(home: Pose) -> tuple[tuple[float, float, float, float], ...]:
    """Paths across the home view, at 5, 7.5 and 11 m."""
    s, c = math.sin(math.radians(home.pan_deg)), math.cos(math.radians(home.pan_deg))
    ways = []
    for ahead, half in ((5.0, 7.0), (7.5, 9.0), (11.0, 12.0)):
        ways.append(
            (ahead * s - half * c, ahead * c + half * s, ahead * s + half * c, ahead * c - half * s)
        )
    return tuple(ways)


def ambient(linear: Image) -> float:
    """How strongly the scene lights a body: about the view's own mean over grey's 0.18."""
    return min(1.6, float(linear.mean()) / 0.2)


def _billboard(
    linear: Image,
    hidden: NDArray[np.bool_],
    scenery: Scenery,
    foot: tuple[float, float],
    size: float,
    sprite: Image,
    brightness: float,
) -> None:
    """Stand a sprite upright on the ground at ``foot``, facing the camera."""
    x, z = foot
    distance = math.hypot(x, z)
    if distance < 0.8:
        return
    height_m, width_m = _HEIGHT_M * size, _WIDTH_M * size
    across = np.array([z, 0.0, -x]) / distance
    down = scenery.panorama.camera_height_m
    base = np.array([x, down, z])
    corners = np.array(
        [base + across * sx * width_m / 2 + [0, -up, 0] for sx in (-1, 1) for up in (0, height_m)]
    )
    box = _pixel_box(scenery, corners)
    if box is None:
        return
    rows, columns = box
    rays = scenery.rays[rows, columns]
    facing = rays[..., 0] * (x / distance) + rays[..., 2] * (z / distance)
    reach = distance / np.maximum(facing, np.float32(1e-3))
    u = (rays @ across.astype(np.float32)) * reach / width_m + 0.5
    v = (rays[..., 1] * reach - (down - height_m)) / height_m
    rgba = sample_sprite(sprite, u, v, max(4.0, rows.stop - rows.start))
    if scenery.panorama.distance_m is not None:  # behind a parked car one is not seen
        rgba *= (scenery.distance_m[rows, columns] > reach - 0.7)[..., None]
    paste(linear, hidden, box, rgba, brightness)


def _pixel_box(scenery: Scenery, corners: NDArray[np.float64]) -> tuple[slice, slice] | None:
    """The pixels a set of world points spans; ``None`` when out of sight."""
    pixels = pinhole.project(corners, scenery.pose, scenery.lens, scenery.size)
    if np.isnan(pixels).any():
        return None
    width, height = scenery.size
    x0, y0 = (int(v) for v in np.floor(np.clip(pixels.min(axis=0) - 1, -1, 1e5)))
    x1, y1 = (int(v) for v in np.ceil(np.clip(pixels.max(axis=0) + 2, -1, 1e5)))
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(width, x1), min(height, y1)
    return None if x1 <= x0 or y1 <= y0 else (slice(y0, y1), slice(x0, x1))


def sample_sprite(sprite: Image, u: Image, v: Image, height_px: float) -> Image:
    """Bilinear RGBA at (u, v) in 0..1; clear outside. Coarse sprites for small figures."""
    while sprite.shape[0] > 2 * height_px and sprite.shape[0] >= 16:
        h, w = sprite.shape[0] // 2, sprite.shape[1] // 2
        sprite = sprite[: 2 * h, : 2 * w].reshape(h, 2, w, 2, 4).mean(axis=(1, 3))
    padded = np.pad(sprite, ((1, 1), (1, 1), (0, 0)))
    h, w = sprite.shape[:2]
    x = np.clip(u * w + 0.5, 0, w + 0.999)
    y = np.clip(v * h + 0.5, 0, h + 0.999)
    x0, y0 = x.astype(np.intp), y.astype(np.intp)
    fx = (x - x0)[..., None].astype(np.float32)
    fy = (y - y0)[..., None].astype(np.float32)
    upper = padded[y0, x0] * (1 - fx) + padded[y0, x0 + 1] * fx
    lower = padded[y0 + 1, x0] * (1 - fx) + padded[y0 + 1, x0 + 1] * fx
    return upper * (1 - fy) + lower * fy


def paste(
    linear: Image,
    hidden: NDArray[np.bool_],
    box: tuple[slice, slice],
    rgba: Image,
    brightness: float,
) -> None:
    """Lay a premultiplied (h, w, 4) over a block of the view; mark what it hides."""
    piece = linear[box]
    piece *= 1 - rgba[..., 3:]
    piece += rgba[..., :3] * np.float32(brightness)
    hidden[box] |= rgba[..., 3] > 0.5


def add_lorry(
    linear: Image,
    hidden: NDArray[np.bool_],
    scenery: Seen,
    registered: Pose,
    share: float,
    seed: int,
) -> Image:
    """Park a lorry so that it hides ``share`` of the registered view (then look from here)."""
    if share < 0.001:  # smaller than a pixel or two
        return linear
    sprite = sprites.lorry(seed % 16)
    width, height = scenery.size
    half_w = math.tan(math.radians(scenery.lens.hfov_deg / 2)) / registered.zoom
    half_h = half_w * height / width
    # a rectangle of the right area, standing low in the picture; wide before high
    area = share / float((sprite[..., 3] > 0.5).mean())
    w = min(1.0, math.sqrt(area * 1.6))
    h = min(1.0, area / w)
    w = min(1.0, area / h)
    rng = np.random.default_rng((seed, 42))
    left = float(rng.uniform(0, 1 - w))
    top = (1 - h) * 0.9
    local = scenery.rays @ registered.rotation().astype(np.float32)
    ahead = np.where(local[..., 2] > 0.05, local[..., 2], np.float32(np.nan))
    u = ((local[..., 0] / ahead / half_w + 1) / 2 - left) / w
    v = ((local[..., 1] / ahead / half_h + 1) / 2 - top) / h
    u, v = np.nan_to_num(u, nan=-9.0), np.nan_to_num(v, nan=-9.0)
    rgba = sample_sprite(sprite, u, v, h * height)
    paste(linear, hidden, (slice(0, height), slice(0, width)), rgba, ambient(linear))
    return linear
