"""The sky by day and by night.

Rule: colour by direction; clouds are noise on a flat ceiling, so they close up at the horizon.
"""

from __future__ import annotations

import numpy as np

from viewkeeper.sim.scene.canvas import Canvas
from viewkeeper.sim.scene.texture import fractal_noise

_ZENITH = np.array([0.16, 0.33, 0.74], dtype=np.float32)
_HORIZON = np.array([0.66, 0.76, 0.88], dtype=np.float32)
_CLOUD_SIDE = np.array([1.02, 1.0, 0.97], dtype=np.float32)
_CLOUD_BASE = np.array([0.60, 0.64, 0.70], dtype=np.float32)


def paint_sky(canvas: Canvas, rng: np.random.Generator, to_sun: np.ndarray) -> None:
    """Fill the upper half of the canvas."""
    # drawn at a third of the size and enlarged: the sky has nothing finer
    from PIL import Image as PillowImage

    rows, width = canvas.height // 2, canvas.width
    small_w, small_h = width // 3, rows // 3
    azimuth = (np.arange(small_w) + 0.5) / small_w * 2 * np.pi - np.pi
    elevation = (np.pi / 2) * (1 - (np.arange(small_h) + 0.5) / small_h)
    rays = np.empty((small_h, small_w, 3), dtype=np.float32)
    rays[..., 0] = np.sin(azimuth)[None] * np.cos(elevation)[:, None]
    rays[..., 1] = -np.sin(elevation)[:, None]
    rays[..., 2] = np.cos(azimuth)[None] * np.cos(elevation)[:, None]
    up = -rays[..., 1]
    height = np.power(np.clip(up, 0, 1), np.float32(0.55))[..., None]
    sky = _HORIZON * (1 - height) + _ZENITH * height
    toward_sun = np.clip(rays @ to_sun.astype(np.float32), 0, 1)[..., None]
    sky = sky + 0.5 * toward_sun**6 + 8.0 * toward_sun**900
    ceiling = fractal_noise(rng, (1024, 1024), 150, 6)
    scale = 64.0 / (up + 0.09)
    x = (rays[..., 0] * scale + 512).astype(np.intp) % 1024
    z = (rays[..., 2] * scale + 400).astype(np.intp) % 1024
    here = ceiling[z, x]
    sunward = ceiling[(z + 9) % 1024, (x - 12) % 1024]
    cover = np.clip((here - 0.12) * 1.35, 0, 1)
    cover = cover * cover * (3 - 2 * cover)
    lit = np.clip(0.62 + (here - sunward) * 0.9 - cover * 0.28, 0, 1)[..., None]
    cloud = _CLOUD_BASE * (1 - lit) + _CLOUD_SIDE * lit
    cover = (cover * np.clip(up * 9, 0, 1))[..., None]
    sky = sky * (1 - cover) + cloud * cover
    for channel in range(3):
        layer = PillowImage.fromarray(np.ascontiguousarray(sky[..., channel], dtype=np.float32))
        big = layer.resize((width, rows), PillowImage.Resampling.BICUBIC)
        canvas.daylight[:rows, :, channel] = np.asarray(big)
    # at night a town's own light on the haze
    haze = np.linspace(0.002, 0.02, rows, dtype=np.float32)[:, None, None]
    canvas.glow[:rows] = haze * np.array([1.0, 0.86, 0.7], dtype=np.float32)
