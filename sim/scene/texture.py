"""Textures: what a flat piece of the street looks like, coarse to fine.

Rule: premultiplied linear light in four channels, red, green, blue, alpha; or in seven, with red,
green, blue of what glows at night. Drawn with Pillow in sRGB, turned linear once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from viewkeeper.sim.camera import light

Pixels = NDArray[np.float32]

GLOW_WARM = (1.0, 0.72, 0.38)


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """A pyramid of (h, w, 4 or 7) arrays, each level half the one before."""

    levels: tuple[Pixels, ...]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the finest level, pixels."""
        return self.levels[0].shape[1], self.levels[0].shape[0]


def from_picture(
    picture: PillowImage.Image,
    glow: PillowImage.Image | None = None,
    shade: NDArray[np.floating] | None = None,
) -> Texture:
    """A texture from an sRGB drawing.

    Args:
        picture: RGB or RGBA.
        glow: RGB of the same size, what shines at night; none by default.
        shade: (h, w) factor on the linear colour, for grime and corners light does not reach.
    """
    rgba = np.asarray(picture.convert("RGBA"))
    height, width = rgba.shape[:2]
    pixels = np.empty((height, width, 4 if glow is None else 7), dtype=np.float32)
    alpha = rgba[..., 3].astype(np.float32) / np.float32(255)
    colour = light.to_linear(rgba[..., :3])
    if shade is not None:
        colour *= shade[..., None].astype(np.float32)
    pixels[..., :3] = colour * alpha[..., None]
    pixels[..., 3] = alpha
    if glow is not None:
        pixels[..., 4:] = light.to_linear(np.asarray(glow.convert("RGB")))
    return Texture(_pyramid(pixels))


def from_pixels(pixels: Pixels) -> Texture:
    """A texture from premultiplied linear (h, w, 4 or 7)."""
    return Texture(_pyramid(pixels.astype(np.float32)))


def plain(colour: Sequence[float], size: tuple[int, int] = (4, 4)) -> Texture:
    """One linear colour all over."""
    pixels = np.zeros((size[1], size[0], 4), dtype=np.float32)
    pixels[..., :3] = colour
    pixels[..., 3] = 1
    return Texture((pixels,))


def _pyramid(pixels: Pixels) -> tuple[Pixels, ...]:
    levels = [np.ascontiguousarray(pixels)]
    while min(levels[-1].shape[:2]) >= 8 and len(levels) < 8:
        fine = levels[-1]
        h, w = fine.shape[0] // 2 * 2, fine.shape[1] // 2 * 2
        fine = fine[:h, :w]
        # sums of strided views are faster than a mean over a reshaped axis
        coarse = fine[0::2, 0::2] + fine[1::2, 0::2] + fine[0::2, 1::2] + fine[1::2, 1::2]
        coarse *= np.float32(0.25)
        levels.append(coarse)
    return tuple(levels)


def fractal_noise(
    rng: np.random.Generator, size: tuple[int, int], coarse_px: float, octaves: int = 4
) -> NDArray[np.float32]:
    """Smooth noise (h, w), mean 0, deviation about 1; the largest blobs ``coarse_px`` wide."""
    width, height = size
    total = np.zeros((height, width), dtype=np.float32)
    weight, cell, power = 1.0, float(coarse_px), 0.0
    for _ in range(octaves):
        grid = (max(2, round(height / cell) + 1), max(2, round(width / cell) + 1))
        knots = rng.standard_normal(grid).astype(np.float32)
        if grid[0] >= height and grid[1] >= width:
            layer = knots[:height, :width]
        else:
            picture = PillowImage.fromarray(knots)
            layer = np.asarray(picture.resize((width, height), PillowImage.Resampling.BICUBIC))
        total += np.float32(weight) * layer
        power += weight * weight * 0.6
        weight, cell = weight * 0.6, max(1.0, cell / 2.3)
    return total / np.float32(np.sqrt(power))
