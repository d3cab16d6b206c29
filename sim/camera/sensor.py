"""Lens and sensor: cover, focus, noise, tone curve, resolution, compression.

Rule: from exposed linear light (h, w, 3) to sRGB codes uint8 (h, w, 3); scenery stays outside.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from viewkeeper.sim.camera import blur, light
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.light import Image

# electrons that fill a pixel: the shot noise at white is 1/sqrt of it
_FULL_WELL = 6000.0
# a starlight sensor at night works at some +24 dB
_NIGHT_GAIN = 16.0
_NIGHT_READ_NOISE = 0.008


def cover(linear: Image, conditions: Conditions, seed: int) -> Image:
    """Something on the glass, far too near to be sharp: a dim veil with a weave and a leak."""
    if conditions.covered <= 0:
        return linear
    height, width = linear.shape[:2]
    opacity = np.float32(conditions.covered)
    rng = np.random.default_rng((seed, 78))
    veil = rng.standard_normal((height // 16 + 2, width // 16 + 2)).astype(np.float32)
    veil = np.kron(veil, np.ones((16, 16), dtype=np.float32))[:height, :width]
    veil = blur.box(veil, max(2, height // 14))
    leak = linear.mean(axis=(0, 1), dtype=np.float32)  # all of the scene falls everywhere
    slope = np.linspace(1.3, 0.6, height, dtype=np.float32)[:, None]
    shade = leak * ((0.012 + 0.006 * veil) * slope)[..., None]
    # what still passes is scattered: the denser the cloth, the wider
    passed = blur.box(linear, round(float(opacity) ** 2 * height / 9))
    return passed * (1 - opacity) + np.maximum(shade, 0) * opacity


def defocus(linear: Image, conditions: Conditions) -> Image:
    """A point becomes a disc."""
    return blur.disc(linear, conditions.defocus_px)


def expose(linear: Image, conditions: Conditions, rng: np.random.Generator) -> Image:
    """Exposure, colour, shot and read noise; sRGB codes 0..255, not rounded."""
    night = conditions.night
    gain = np.float32(2.0**conditions.exposure_ev)
    if conditions.warmth:
        w = conditions.warmth
        linear = linear * np.array([1 + 0.35 * w, 1.0, 1 - 0.35 * w], dtype=np.float32)
    exposed = linear * gain
    saturation = conditions.saturation * (1 - night)
    if saturation != 1.0:
        grey = light.luminance(exposed)[..., None]
        exposed = grey + (exposed - grey) * np.float32(saturation)
        np.maximum(exposed, 0, out=exposed)
    if conditions.noise or night:
        shot = np.float32((1 + (_NIGHT_GAIN - 1) * night) / _FULL_WELL)
        read = np.float32(np.hypot(conditions.noise, _NIGHT_READ_NOISE * night))
        deviation = np.sqrt(np.minimum(exposed, 1.0) * shot + read * read)
        if night >= 1:  # no colour filter in use: one noise for the three channels
            noise = rng.standard_normal((*exposed.shape[:2], 1), dtype=np.float32)
        else:
            noise = rng.standard_normal(exposed.shape, dtype=np.float32)
        exposed += noise * deviation
    return light.to_codes(exposed)


def finish(codes: Image, conditions: Conditions) -> NDArray[np.uint8]:
    """Resolution and compression, as the last parts of a cheap camera do them."""
    rgb = light.quantise(codes)
    if conditions.downscale > 1:
        picture = PillowImage.fromarray(rgb)
        width, height = picture.size
        small = (max(8, width // conditions.downscale), max(8, height // conditions.downscale))
        box = PillowImage.Resampling.BOX
        picture = picture.resize(small, box)
        rgb = np.asarray(picture.resize((width, height), PillowImage.Resampling.BILINEAR))
    if conditions.jpeg_quality:
        rgb = jpeg(rgb, conditions.jpeg_quality)
    return rgb


def jpeg(rgb: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """There and back through JPEG."""
    with io.BytesIO() as buffer:
        PillowImage.fromarray(rgb).save(buffer, "JPEG", quality=quality)
        buffer.seek(0)
        with PillowImage.open(buffer, formats=("JPEG",)) as picture:
            return np.array(picture.convert("RGB"))
