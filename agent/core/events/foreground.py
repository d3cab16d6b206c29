"""What does not belong to the scene: pixels whose texture differs from the learned background.

Brightness never counts, only texture: a pixel is foreground where the window around it does
not correlate with the background's (zero-mean normalised cross-correlation), so exposure, cloud
shadow and soft light drop out. A change all over the picture at once is the infrared switch or a
lamp, not a person: the background is then learned anew and nothing is said meanwhile.

Rule: frames in, masks out; no tracks, no zones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.field import Luma, noise_level, reduce_luma

MOST_WIDTH = 176
LIKE = 0.5
"""Correlation below which a window shows something else."""
LEAST_CONTRAST = 6.0
"""Standard deviation in a window, grey levels, below which there is no texture to compare."""
LEARN_S, ABSORB_S = 8.0, 60.0
HOLD_S = 240.0
"""How long what came stays foreground before the background may begin to take it in."""
STIR = 5.0
"""Change from frame to frame, in standard deviations of the noise, of what is no still thing."""
RESTLESS_S, RESTLESS = 20.0, 0.12
"""Where a pixel changes its mind so often, branches wave; memory and share of frames."""
SWITCH_TILES = 0.5
"""Share of tiles full of foreground from which the light itself has changed."""
JUMP_TILES = 0.25
"""The same, of tiles that filled within one frame: nothing drives in so fast."""
SETTLE_FRAMES = 8
ROUGH_S = 3.0
FILLED = 0.6
"""Share of a window that is foreground in something solid."""
NOISE_SHARE = 0.1

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """What was learned. Arrays are of the reduced picture, (h, w).

    Attributes:
        mean: float32, grey levels.
        last: the raw mask of the frame before.
        near: what lay within a window of it.
        restless: float32, 0..1, how often a pixel changed sides lately.
        settling: frames still to be learned before anything is said.
        noise: standard deviation of a pixel, grey levels.
        present: the frame itself, reduced.
        age: float32, seconds for which a pixel has been foreground by now.
        rough: share of pixels that are foreground and near no foreground before.
    """

    mean: Luma
    last: Mask
    near: Mask
    restless: Luma
    settling: int
    noise: float
    present: Luma
    age: Luma
    rough: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Foreground:
    """One frame's mask, (h, w), and the factor from its pixels to the picture's.

    ``stirring`` is what changed since the frame before.
    """

    mask: Mask
    factor: int
    settled: bool
    stirring: Mask
    rough: float = 0.0
    """Share of the picture that speckles with rain or snow, lately."""


def step(
    state: Background | None, luma: NDArray[np.uint8], dt_s: float, hold_s: float = HOLD_S
) -> tuple[Background, Foreground]:
    """One frame further; ``dt_s`` since the frame before, ``hold_s`` in place of `HOLD_S`."""
    factor = max(1, math.ceil(luma.shape[1] / MOST_WIDTH))
    present = reduce_luma(luma, factor)
    if state is None or state.mean.shape != present.shape:
        return _anew(present, factor)
    noise = _noise(present - state.mean, state.noise)
    raw = _unlike(present, state.mean, state.noise)
    if state.settling == 0 and (
        _full_tiles(raw) > SWITCH_TILES or _full_tiles(raw & ~state.last) > JUMP_TILES
    ):
        return _anew(present, factor)
    if state.settling > 0:
        share = np.float32(1.0 / (SETTLE_FRAMES - state.settling + 2))
        mean = state.mean + (present - state.mean) * share
        after = replace(state, mean=mean, settling=state.settling - 1, noise=noise, present=present)
        nothing = np.zeros_like(raw)
        return after, Foreground(nothing, factor, settled=False, stirring=nothing)
    memory = np.float32(1 - math.exp(-dt_s / RESTLESS_S))
    restless = state.restless + ((raw != state.last) - state.restless) * memory
    # A streak of rain is nowhere near its like of the frame before; a walker is, and a runner,
    # who is not, fills a window as no streak does.
    around = _box_7(raw.astype(np.float32))
    near = around > 0.01
    mask = raw & (state.near | (around > FILLED)) & (restless < RESTLESS)
    lone = float((raw & ~mask).mean())
    rough = state.rough + (lone - state.rough) * min(1.0, dt_s / ROUGH_S)
    # A gap of a second, as a passer-by tears it, does not make a thing new.
    age = np.where(raw, state.age + np.float32(dt_s), state.age * np.float32(math.exp(-dt_s)))
    quick, slow = (np.float32(1 - math.exp(-dt_s / s)) for s in (LEARN_S, ABSORB_S))
    # Nor is anything learned right beside it: the windows there reach into what came.
    kept = np.float32(0)
    if float(age.max()) >= hold_s:
        kept = np.where(_box_7(age) * np.float32(49) >= hold_s, slow, kept)
    share = np.where(near, kept, quick)
    mean = state.mean + (present - state.mean) * share
    stirring = np.abs(present - state.present) > np.float32(STIR * noise)
    return (
        Background(mean, raw, near, restless.astype(np.float32), 0, noise, present, age, rough),
        Foreground(mask, factor, settled=True, stirring=stirring, rough=rough),
    )


def _anew(present: Luma, factor: int) -> tuple[Background, Foreground]:
    nothing = np.zeros(present.shape, np.bool_)
    zero = np.zeros(present.shape, np.float32)
    noise = min(6.0, max(1.0, noise_level(present)))
    state = Background(present, nothing, nothing, zero, SETTLE_FRAMES, noise, present, zero)
    return state, Foreground(nothing, factor, settled=False, stirring=nothing)


def _unlike(present: Luma, mean: Luma, noise: float) -> Mask:
    """Windows of 7 × 7 whose texture is not the background's."""
    # The local mean goes first, and with it every light that is softer than the window.
    a, b = present - _box_7(present), mean - _box_7(mean)
    mean_a, mean_b = _box_7(a), _box_7(b)
    var_a, var_b = _box_7(a * a) - mean_a * mean_a, _box_7(b * b) - mean_b * mean_b
    both = _box_7(a * b) - mean_a * mean_b
    floor = np.float32(LEAST_CONTRAST**2 + 4 * noise**2)
    textured = np.maximum(var_a, var_b) > floor
    ease = np.float32(0.25) * floor
    like = both + ease > np.float32(LIKE) * np.sqrt(
        np.maximum(var_a + ease, 0) * np.maximum(var_b + ease, 0)
    )
    return textured & ~like


def _box_7(values: Luma) -> Luma:
    """Mean over 7 × 7 by doubling, edges repeated; float32, same shape."""
    out = np.pad(values, 3, mode="edge")
    two = out[:-1] + out[1:]
    four = two[:-2] + two[2:]
    rows = four[:-3] + two[4:-1] + out[6:]
    two = rows[:, :-1] + rows[:, 1:]
    four = two[:, :-2] + two[:, 2:]
    return (four[:, :-3] + two[:, 4:-1] + rows[:, 6:]) * np.float32(1 / 49)


def _full_tiles(raw: Mask) -> float:
    """Share of 6 × 8 tiles that are a fifth foreground or more."""
    height, width = raw.shape[0] // 6, raw.shape[1] // 8
    tiles = raw[: height * 6, : width * 8].reshape(6, height, 8, width).mean(axis=(1, 3))
    return float((tiles > 0.2).mean())


def _noise(difference: Luma, before: float) -> float:
    """Standard deviation of a pixel, followed slowly; the medians keep walkers out of it."""
    few = difference[::4, ::4]
    now = float(np.median(np.abs(few - np.median(few)))) / 0.6745
    return before + NOISE_SHARE * (min(12.0, max(0.5, now)) - before)
