"""Measures that one picture alone allows: noise, stripes, glare, colour cast.

Each gives a number whose unit stands in its docstring; the thresholds are in `assess`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.field import Luma, noise_level

_BANDS = 4
_PROFILE_REACH = 4
_STRIPE_LEVEL = 2.0
_BLOCK = 8
_SATURATED = 250
_HALO_BLOCKS = 3
_CORE_BLOCKS = 4
_LIT = (25, 245)


def noise(luma: NDArray[np.uint8], change: float | None) -> float:
    """Standard deviation of a raw pixel's noise, grey levels.

    Fine texture looks like noise within one picture, and motion looks like noise between two;
    the smaller of the two is neither.

    Args:
        luma: uint8 (H, W), raw pixels, not reduced: reducing averages noise away.
        change: noise between this picture and the last, `temporal_noise`; ``None`` at the first.
    """
    spatial = noise_level(luma[:: max(1, luma.shape[0] // 40)].astype(np.float32))
    return spatial if change is None else min(spatial, change)


def stripes(luma: Luma) -> float:
    """Share of rows, or of columns if more, that hold a line from edge to edge; 0..1.

    Each profile is taken in four bands side by side, and a line counts where all four agree: a
    kerb seldom spans the picture level to the pixel, interference always does.
    """
    return max(_lined_share(luma), _lined_share(luma.T))


def _lined_share(luma: Luma) -> float:
    width = luma.shape[1] // _BANDS
    bands = luma[:, : width * _BANDS].reshape(luma.shape[0], _BANDS, width).mean(axis=2)
    # High-passed by a 9-point mean; the ends, where it has no room, are left out.
    total: Luma = np.cumsum(np.pad(bands, ((1, 0), (0, 0))), axis=0)
    span = 2 * _PROFILE_REACH + 1
    smooth = (total[span:] - total[:-span]) / span
    fine: Luma = bands[_PROFILE_REACH:-_PROFILE_REACH] - smooth
    agreed = np.maximum(fine.min(axis=1), -fine.max(axis=1))
    return float(np.count_nonzero(agreed > _STRIPE_LEVEL)) / max(1, agreed.size)


def glare(luma: Luma) -> float:
    """How far the blacks are lifted around what is burnt out, grey levels, 0..255.

    The tenth percentile of the darkest pixels of the 8 × 8 blocks within 24 pixels around
    burnt-out blocks. A bright sky ends at a dark roof; light that scatters in the lens does not.
    """
    height, width = luma.shape[0] // _BLOCK, luma.shape[1] // _BLOCK
    cut = luma[: height * _BLOCK, : width * _BLOCK]
    lowest = cut.reshape(height, _BLOCK, width, _BLOCK).min(axis=1).min(axis=2)
    core = lowest >= _SATURATED
    if int(core.sum()) < _CORE_BLOCKS:
        return 0.0
    near = core
    for _ in range(_HALO_BLOCKS):
        padded = np.pad(near, 1)
        rows = padded[:-2] | padded[1:-1] | padded[2:]
        near = rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]
    halo = lowest[near & ~core]
    return float(np.percentile(halo, 10.0)) if halo.size else 0.0


def colour_cast(luma: NDArray[np.uint8], chroma: NDArray[np.uint8] | None) -> float:
    """Distance of the mean colour from grey less the spread around it, chroma levels; >= 0.

    A scene of many colours has a wide spread; a cast moves all of them one way. Only pixels
    that are neither black nor burnt out count, since those have no colour to lose.
    """
    if chroma is None:
        return 0.0
    h, w = chroma.shape[:2]
    down, across = max(1, h // 30), max(1, w // 40)
    colour = chroma[::down, ::across].astype(np.float32) - 128.0
    rows = np.arange(0, h, down, dtype=np.intp) * luma.shape[0] // h
    columns = np.arange(0, w, across, dtype=np.intp) * luma.shape[1] // w
    grey = luma[rows[:, None], columns[None]]
    chosen = colour[(grey > _LIT[0]) & (grey < _LIT[1])]
    if chosen.shape[0] < 0.1 * grey.size:
        return 0.0
    mean = chosen.mean(axis=0)
    spread = float(np.abs(chosen - mean).mean(axis=0).sum())
    return max(0.0, float(np.hypot(mean[0], mean[1])) - spread)
