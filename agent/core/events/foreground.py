"""What does not belong to the scene: pixels whose texture differs from the learned background.

Brightness never counts, only texture: the picture less its local mean, divided by its local
contrast (`_unit`), so exposure, cloud shadow and soft light drop out. A pixel is foreground where
the window around it differs from the background's by more than it usually does there, so leaves,
rain and noise raise their own threshold. As in hysteresis thresholding (Canny 1986) the low
threshold gives the outline and the high one says that there is something; both follow the frame's
own tail, which rain fattens. A slight sway is taken out first (Lucas and Kanade 1981, one step).
A change all over the picture at once is the infrared switch or a lamp, not a person: the
background is then learned anew and nothing is said meanwhile.

Rule: frames in, masks out; no tracks, no zones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.field import Luma, noise_level, reduce_luma

MOST_WIDTH = 176
LEAST_CONTRAST = 3.0
"""Standard deviation in a window, grey levels, below which there is hardly a texture."""
NOISE_WEIGHT = 0.7
LOW, HIGH = 0.42, 0.55
"""Mean squared difference of unit textures, 0 alike .. 2 unrelated."""
LOW_USUAL, HIGH_USUAL = 2.2, 4.0
"""The same as multiples of what is usual at that pixel."""
LOW_TAIL, HIGH_TAIL = 5.0, 12.0
"""The same as multiples of the frame's own tail."""
TAIL, MIDDLES, MOST_TAIL = 0.9, 2.0, 0.07
"""The quantile less so many medians, since noise is everywhere and rain here and there; and what
is believed of it: more than that is a crowd and no weather."""
TAIL_RISE, TAIL_FALL = 0.06, 0.3
"""Share a frame by which the tail is followed; who walks near must not raise it."""
LEARN_S, ABSORB_S = 8.0, 60.0
USUAL_S = 4.0
BESIDE = 0.4
"""Share of the low threshold above which a window may already reach into what came."""
HOLD_S = 240.0
"""How long what came stays foreground before the background may begin to take it in."""
RESTLESS_S, RESTLESS = 20.0, 0.12
"""Where a pixel changes its mind so often, branches wave; memory and share of frames."""
SWITCH_TILES = 0.5
"""Share of tiles full of foreground from which the light itself has changed."""
JUMP_TILES = 0.25
"""The same, of tiles that filled within one frame: nothing drives in so fast."""
SETTLE_FRAMES = 8
NOISE_SHARE = 0.1
LEAST_SWAY = 0.02
"""Reduced pixels of sway that are worth taking out."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """What was learned. Arrays are of the reduced picture, (h, w).

    Attributes:
        mean: float32, grey levels.
        unit: float32, its unit texture.
        usual: float32, mean square of the difference that is usual here.
        last: the raw mask of the frame before.
        restless: float32, 0..1, how often a pixel changed sides lately.
        settling: frames still to be learned before anything is said.
        noise: standard deviation of a pixel, grey levels.
        tail: a high quantile of the frame's differences, lately.
        present: the frame itself, reduced.
        shown: float32, the frame's unit texture.
        age: float32, seconds for which a pixel has been foreground by now.
    """

    mean: Luma
    unit: Luma
    usual: Luma
    last: Mask
    restless: Luma
    settling: int
    noise: float
    tail: float
    present: Luma
    shown: Luma
    age: Luma


@dataclass(frozen=True, slots=True, eq=False)
class Foreground:
    """One frame's mask, (h, w), and the factor from its pixels to the picture's.

    Attributes:
        mask: above the low threshold.
        strong: above the high one.
        change: float32, 0..1, of the unit texture since the frame before.
    """

    mask: Mask
    strong: Mask
    factor: int
    settled: bool
    change: Luma


def step(
    state: Background | None, luma: NDArray[np.uint8], dt_s: float, hold_s: float = HOLD_S
) -> tuple[Background, Foreground]:
    """One frame further; ``dt_s`` since the frame before, ``hold_s`` in place of `HOLD_S`."""
    factor = max(1, math.ceil(luma.shape[1] / MOST_WIDTH))
    present = reduce_luma(luma, factor)
    if state is None or state.mean.shape != present.shape:
        return _anew(present, factor)
    noise = _noise(present, state.present, state.noise)
    shown = _unit(present, state.noise)
    differs = _without_sway(shown - state.unit, state.unit)
    unlike = _box_7(differs * differs)
    if state.settling > 0:
        return _settled(state, present, shown, differs, unlike, noise, factor)
    tail = _tail(unlike, state.tail)
    usual = np.sqrt(state.usual)
    low = np.maximum(usual * np.float32(LOW_USUAL), np.float32(max(LOW, LOW_TAIL * tail)))
    raw = unlike > low
    if _full_tiles(raw) > SWITCH_TILES or _full_tiles(raw & ~state.last) > JUMP_TILES:
        return _anew(present, factor)
    usual *= np.float32(HIGH_USUAL)
    strong = unlike > np.maximum(usual, np.float32(max(HIGH, HIGH_TAIL * tail)))
    restless = (raw != state.last).astype(np.float32)
    restless -= state.restless
    restless *= np.float32(1 - math.exp(-dt_s / RESTLESS_S))
    restless += state.restless
    calm = restless < RESTLESS
    mask = raw & calm
    strong &= calm
    # A gap of a second, as a passer-by tears it, does not make a thing new.
    age = state.age * np.float32(math.exp(-dt_s))
    np.add(state.age, np.float32(dt_s), out=age, where=raw)
    quick, slow = (np.float32(1 - math.exp(-dt_s / s)) for s in (LEARN_S, ABSORB_S))
    # Right beside what came the windows reach into it: little is learned there.
    share = np.where(unlike > low * np.float32(BESIDE), slow, quick)
    held = age < hold_s
    share[raw & held] = 0
    differs *= share
    differs += state.unit
    mean = (present - state.mean) * share
    mean += state.mean
    # What speckles becomes usual; what stands solid does not.
    square = np.minimum(unlike, low * np.float32(2))
    square *= square
    square -= state.usual
    square *= np.float32(1 - math.exp(-dt_s / USUAL_S))
    square[mask] = 0
    square += state.usual
    change = shown - state.shown
    change *= change
    np.minimum(change, np.float32(1), out=change)
    return (
        Background(
            mean, differs, square, raw, restless, 0, noise, tail, present, shown, age
        ),
        Foreground(mask, strong, factor, settled=True, change=change),
    )  # fmt: skip


def _anew(present: Luma, factor: int) -> tuple[Background, Foreground]:
    nothing = np.zeros(present.shape, np.bool_)
    zero = np.zeros(present.shape, np.float32)
    noise = min(6.0, max(1.0, noise_level(present)))
    unit = _unit(present, noise)
    state = Background(
        present, unit, zero, nothing, zero, SETTLE_FRAMES, noise, 0.0, present, unit, zero
    )
    return state, Foreground(nothing, nothing, factor, settled=False, change=zero)


def _settled(
    state: Background,
    present: Luma,
    shown: Luma,
    differs: Luma,
    unlike: Luma,
    noise: float,
    factor: int,
) -> tuple[Background, Foreground]:
    """One frame of learning anew: plain means."""
    seen = SETTLE_FRAMES - state.settling
    share = np.float32(1.0 / (seen + 2))
    after = replace(
        state,
        mean=state.mean + (present - state.mean) * share,
        unit=state.unit + differs * share,
        usual=state.usual + (unlike * unlike - state.usual) * np.float32(1.0 / (seen + 1)),
        settling=state.settling - 1,
        noise=noise,
        present=present,
        shown=shown,
    )
    nothing = np.zeros_like(state.last)
    return after, Foreground(
        nothing, nothing, factor, settled=False, change=np.zeros_like(state.age)
    )


def _unit(present: Luma, noise: float) -> Luma:
    """Texture of contrast one: less the local mean, over the local deviation; float32, (h, w)."""
    # Streaks of rain are thin, people are not.
    smooth = present.copy()
    inner = smooth[:, 1:-1]
    inner += present[:, 1:-1]
    inner += present[:, 2:]
    inner += present[:, :-2]
    inner *= np.float32(0.25)
    texture = smooth.copy()
    inner = texture[1:-1]
    inner += smooth[1:-1]
    inner += smooth[2:]
    inner += smooth[:-2]
    inner *= np.float32(0.25)
    # The local mean goes first, and with it every light that is softer than the window.
    texture -= _box_7(texture)
    contrast = _box_7(texture * texture)
    contrast += np.float32(LEAST_CONTRAST**2 + NOISE_WEIGHT * noise**2)
    np.sqrt(contrast, out=contrast)
    texture /= contrast
    return texture


def _without_sway(differs: Luma, unit: Luma) -> Luma:
    """The difference less what one small shift of the whole background explains."""
    sample = differs[1:-1:3, 1:-1]
    across = unit[1:-1:3, 2:] - unit[1:-1:3, :-2]
    down = unit[2::3, 1:-1][: len(sample)] - unit[:-2:3, 1:-1][: len(sample)]
    still = np.abs(sample) < 1  # what came is no part of the background
    across *= still
    down *= still
    xx, yy = float(np.vdot(across, across)) + 1, float(np.vdot(down, down)) + 1
    xy = float(np.vdot(across, down))
    px, py = float(np.vdot(across, sample)), float(np.vdot(down, sample))
    determinant = xx * yy - xy * xy
    x, y = (yy * px - xy * py) / determinant, (xx * py - xy * px) / determinant
    if abs(x) + abs(y) >= LEAST_SWAY:
        differs[:, 1:-1] -= (unit[:, 2:] - unit[:, :-2]) * np.float32(x)
        differs[1:-1] -= (unit[2:] - unit[:-2]) * np.float32(y)
    return differs


def _box_7(values: Luma) -> Luma:
    """Mean over 7 × 7 by doubling, edges repeated; float32, same shape."""
    height, width = values.shape
    tall = np.empty((height + 6, width), np.float32)
    tall[3:-3] = values
    tall[:3], tall[-3:] = values[0], values[-1]
    two = tall[:-1] + tall[1:]
    four = two[:-2] + two[2:]
    wide = np.empty((height, width + 6), np.float32)
    rows = np.add(four[:-3], two[4:-1], out=wide[:, 3:-3])
    rows += tall[6:]
    wide[:, :3], wide[:, -3:] = rows[:, :1], rows[:, -1:]
    two = wide[:, :-1] + wide[:, 1:]
    four = two[:, :-2] + two[:, 2:]
    mean = four[:, :-3] + two[:, 4:-1]
    mean += wide[:, 6:]
    mean *= np.float32(1 / 49)
    return mean


def _tail(unlike: Luma, before: float) -> float:
    few = unlike[1::4, 1::3].ravel()
    middle, at = few.size // 2, int(few.size * TAIL)
    few.partition((middle, at))
    now = min(MOST_TAIL, max(0.0, float(few[at]) - MIDDLES * float(few[middle])))
    return before + (now - before) * (TAIL_RISE if now > before else TAIL_FALL)


def _full_tiles(raw: Mask) -> float:
    """Share of 6 × 8 tiles that are a fifth foreground or more."""
    height, width = raw.shape[0] // 6, raw.shape[1] // 8
    tiles = raw[: height * 6, : width * 8].reshape(6, height, 8, width).mean(axis=(1, 3))
    return float((tiles > 0.2).mean())


def _noise(present: Luma, last: Luma, before: float) -> float:
    """Standard deviation of a pixel, followed slowly; the quietest quarter of the picture tells
    it, so neither walkers nor swaying edges do."""
    few = np.abs(present[2::5, 2::5] - last[2::5, 2::5]).ravel()
    at = few.size // 4
    now = float(np.partition(few, at)[at]) / (0.3186 * math.sqrt(2))
    return before + NOISE_SHARE * (min(12.0, max(0.5, now)) - before)
