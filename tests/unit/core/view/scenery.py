"""Small procedural pictures for the view tests: a textured sphere seen by a pinhole camera.

The sphere carries a sum of soft-edged stripes of random direction, so that any view has lines,
corners and no two alike; it needs no file and is exact at any pose.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.geometry import Camera, Lens, Move

SIZE = (320, 200)
LENS = Lens(66.0)
SMALL = (200, 125)


def texture(rays: np.ndarray, seed: int = 0) -> np.ndarray:
    """Brightness 0..1 in directions (3, N)."""
    rng = np.random.default_rng(seed)
    unit = rays / np.linalg.norm(rays, axis=0)
    total = np.zeros(unit.shape[1])
    for _ in range(28):
        direction = rng.normal(size=3)
        direction /= np.linalg.norm(direction)
        wavelength = math.radians(rng.uniform(4.0, 22.0))
        phase = rng.uniform(0.0, 2.0 * math.pi)
        wave = np.sin(2.0 * math.pi * (direction @ unit) / wavelength + phase)
        # Stripes end somewhere, or translation along them would be invisible.
        bump = rng.normal(size=3)
        bump[2] = abs(bump[2])
        bump /= np.linalg.norm(bump)
        total += np.tanh(4.0 * wave) * np.exp(6.0 * (bump @ unit - 1.0)) * rng.uniform(0.4, 1.0)
    return 0.5 + 0.5 * np.tanh(0.9 * total)


@functools.lru_cache(maxsize=32)
def _clean(move: Move, lens: Lens, size: tuple[int, int], seed: int) -> np.ndarray:
    """The same without noise; rendering is most of these tests' time."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    camera = Camera.of_picture(lens, size).zoomed(move.zoom)
    rays = move.rotation() @ camera.rays(x.ravel(), y.ravel())
    return 30.0 + 190.0 * texture(rays, seed).reshape(height, width)


def picture(
    move: Move | None = None,
    *,
    lens: Lens = LENS,
    size: tuple[int, int] = SIZE,
    seed: int = 0,
    noise: float = 1.5,
    noise_seed: int = 1,
) -> np.ndarray:
    """uint8 (H, W): what the camera sees after ``move`` from the registered pose."""
    clean = _clean(move or Move(), lens, size, seed)
    luma = clean + np.random.default_rng(noise_seed).normal(0.0, noise, clean.shape)
    return np.clip(np.rint(luma), 0, 255).astype(np.uint8)


def frame(luma: np.ndarray, at_s: float = 0.0) -> Frame:
    """A frame of these pixels."""
    return Frame(luma, at_s)
