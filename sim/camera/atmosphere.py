"""Light and weather between the scene and the lens: night, shadow, fog, rain.

Rule: works on exposed linear light, (h, w, 3) float32 where 1 is white; each step returns a new
array or the one it was given. Models are the usual simple ones and say which.
"""

from __future__ import annotations

import math

import numpy as np

from viewkeeper.sim.camera import blur
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.light import Image
from viewkeeper.sim.camera.pinhole import Pose
from viewkeeper.sim.camera.scenery import Seen

# what a silicon sensor without its infrared filter makes of red, green, blue surfaces
INFRARED = np.array([0.38, 0.44, 0.18], dtype=np.float32)
_AIRLIGHT = np.array([0.62, 0.64, 0.66], dtype=np.float32)


def illuminate(scenery: Seen, conditions: Conditions) -> Image:
    """Daylight, night, or the dusk between them; always a fresh array."""
    night = np.float32(conditions.night)
    if night <= 0:
        return scenery.daylight.copy()
    # the lamp sits at the lens: a beam about 60° wide, weaker with the square of the distance
    beam = np.exp(-np.square(scenery.off_axis / np.float32(0.75)))
    near = np.square(np.float32(14.0) / (scenery.distance_m + np.float32(7.0)))
    lamp = np.minimum(beam * near, np.float32(1.6)) * np.float32(0.55)
    grey = (scenery.surfaces @ INFRARED) * lamp + (scenery.glow @ INFRARED)
    # what is left of a city sky: the sky itself, reflected by everything
    grey += scenery.surfaces @ INFRARED * np.float32(0.012)
    dark = np.repeat(grey[..., None], 3, axis=2)
    if night >= 1:
        return dark
    # daylight fades by the stop, so dusk looks like dusk well before the end
    return scenery.daylight * (1 - night) ** 3 + dark * night + scenery.glow * (night * (1 - night))


def cast_shadow(linear: Image, scenery: Seen, conditions: Conditions, registered: Pose) -> Image:
    """A slanting hard-edged band without sun, fixed in the world."""
    if conditions.shadow <= 0:
        return linear
    # position and width in tangents of the registered camera, so that it stands still in the
    # world while the camera is pushed about
    local = scenery.rays @ registered.rotation().astype(np.float32)
    ahead = np.maximum(local[..., 2], np.float32(0.05))
    half = math.tan(math.radians(scenery.lens.hfov_deg / 2))
    across = local[..., 0] / ahead + np.float32(0.35) * local[..., 1] / ahead
    centre = np.float32((conditions.shadow_position * 2 - 1) * half)
    edge = np.float32(0.012 * half)
    inside = np.clip((np.float32(0.45 * half) - np.abs(across - centre)) / edge, 0, 1)
    depth = (np.float32(conditions.shadow) * inside)[..., None]
    # skylight still reaches a shadow, and skylight is blue
    return linear * (1 - depth * np.array([1.0, 0.985, 0.95], dtype=np.float32))


def add_fog(linear: Image, scenery: Seen, conditions: Conditions) -> Image:
    """Koschmieder: L exp(-bd) + A (1 - exp(-bd)), visibility 3/b."""
    if conditions.fog <= 0 and conditions.rain <= 0:
        return linear
    extinction = 0.0
    if conditions.fog > 0:
        extinction += 3.0 / (12.0 * (800.0 / 12.0) ** (1 - conditions.fog))
    extinction += 3.0 / 160.0 * conditions.rain
    through = np.exp(np.float32(-extinction) * scenery.distance_m)[..., None]
    day = (1 - conditions.night) ** 3
    air = _AIRLIGHT * np.float32(day)
    if conditions.night > 0:
        # the camera's own lamp lights the fog before it
        beam = np.exp(-np.square(scenery.off_axis / np.float32(0.75)))[..., None]
        air = air + beam * np.float32(0.10 * conditions.night)
    return linear * through + air * (1 - through)


def add_rain(linear: Image, conditions: Conditions, rng: np.random.Generator) -> Image:
    """Falling streaks, brighter than what they hide (Garg and Nayar 2007), and drops on glass."""
    if conditions.rain <= 0:
        return linear
    height, width = linear.shape[:2]
    scale = height / 240
    slant = rng.normal(0.12, 0.05)
    streaks = np.zeros((height, width), dtype=np.float32)
    for share, length, weight in ((0.7, 8, 0.5), (0.3, 22, 1.0)):
        count = int(conditions.rain * share * 0.006 * height * width / scale)
        seeds = np.zeros((height, width), dtype=np.float32)
        rows, columns = rng.integers(0, height, count), rng.integers(0, width, count)
        seeds[rows, columns] = rng.uniform(0.2, 1.0, count) * weight
        steps = max(3, round(length * scale))
        streaks += blur.directional(seeds, slant, 1.0, steps)
    streaks = np.minimum(streaks, np.float32(1.0))[..., None]
    bright = max(float(linear.mean()), 0.02) * 1.5
    return linear + (bright - linear * np.float32(0.5)) * streaks * np.float32(0.38)


def wet_glass(linear: Image, conditions: Conditions, seed: int) -> Image:
    """Drops on the lens window: each shows the scene small, upside down and unsharp.

    They stay for the whole shower, so they come from ``seed`` and not from the frame.
    """
    if conditions.rain <= 0.25:
        return linear
    height, width = linear.shape[:2]
    rng = np.random.default_rng((seed, 77))
    out = linear.copy()
    soft = blur.box(linear, max(1, height // 40))
    for _ in range(round(14 * (conditions.rain - 0.2))):
        radius = float(rng.uniform(0.012, 0.035)) * height
        cx, cy = rng.uniform(0, width), rng.uniform(0, height)
        x0, x1 = max(0, int(cx - radius)), min(width, int(cx + radius) + 1)
        y0, y1 = max(0, int(cy - radius)), min(height, int(cy + radius) + 1)
        if x1 <= x0 or y1 <= y0:
            continue
        y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        r2 = (np.square(x - cx) + np.square(y - cy)) / (radius * radius)
        source_x = np.clip(cx - (x - cx) * 4, 0, width - 1).astype(np.intp)
        source_y = np.clip(cy - (y - cy) * 4, 0, height - 1).astype(np.intp)
        alpha = (np.clip((1 - r2) * 3, 0, 1) * np.float32(0.85))[..., None]
        piece = out[y0:y1, x0:x1]
        rim = (1.05 - 0.35 * r2)[..., None]
        piece += (soft[source_y, source_x] * rim - piece) * alpha
    return out
