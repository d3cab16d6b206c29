"""Measures of image health and the thresholds they are held against.

Every threshold is ours ([P], a product decision) unless a source stands beside it; where each
comes from, and how often it is wrong, is in docs/image-health.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.quality import faults, watch
from viewkeeper.agent.core.quality.health import Finding, ImageHealth, Kind
from viewkeeper.agent.core.view.field import (
    Luma,
    box_mean,
    gradient_strength,
    lined,
    noise_level,
    reduce_luma,
    reduction_factor,
)

FLAT_RANGE = 3.0
"""Grey levels between the 0.1th and 99.9th percentile under which a picture holds no signal."""
DARK_LEVEL = 34.0
"""95th percentile, grey levels: studio black is 16, and codecs keep little below 30."""
BRIGHT_LEVEL = 250.0
BRIGHT_SHARE = 0.5
TEXTURED_TILES = 0.12
"""Share of tiles with lines in them under which the picture holds no texture."""
RICH_TILES = 0.25
"""Share from which a picture is full of lines: losing them all at once takes a hand or a bag,
losing them from less than this may take no more than rain at night."""
COVER_CONTRAST = 14.0
"""Standard deviation of the picture's coarse shape, grey levels, from which textureless means
defocused rather than covered."""
LOW_CONTRAST = 12.0
"""Grey levels between the 5th and 95th percentile."""
SHARPNESS = 1.35
"""Energy of fine gradients over that of gradients four times coarser: 1 for a picture without
any detail, 3 and more for a sharp one, 1.4 after a blur of 1.2 % of the width (sigma)."""
AT_ONCE_S = 20.0
"""Dusk takes minutes (civil twilight lasts 25 or more); what takes the light within this is a
hand, a bag or a failed lamp."""
FROZEN_FRAMES = 5
FROZEN_DIFFERENCE = 0.02
"""Mean absolute difference, grey levels; sensor noise alone gives 0.3 or more."""
NOISE_LEVEL = 20.0
"""Grey levels of a raw pixel's noise."""
STRIPED_SHARE = 0.25
"""Share of the rows (or columns) with a line from edge to edge."""
GLARE_LEVEL = 190.0
"""Grey levels that the blacks around burnt-out blocks are lifted to."""
COLOUR_CAST = 14.0
"""Chroma levels of the mean colour beyond the spread of the colours."""
RETURNED_PICTURES = 5
"""Different pictures that came back with their noise; by chance not one ever does."""
STAMPS_BACK = 2
"""Stamps that went back within an hour; one is a clock that was set."""
SHAKE_SHARE = 0.012
"""Median shift from picture to picture, share of the width."""
DIRTY_SHARE = 0.015
"""Share of the tiles once sharp that are blurred while the rest is sharp."""
DIRTY_CHECKS = 10
"""Checks in a row that a tile must have been blurred."""

_LEAST_SIDE_PX = 48
"""A smaller picture is blown up by whole pixels first, so that every measure has room."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure that is a fault from its threshold on."""

    kind: Kind
    value: float
    threshold: float


@dataclass(frozen=True, slots=True)
class History:
    """What the next assessment must remember; start with ``History()``.

    Attributes:
        sample: uint8, sparse raw pixels of the last frame; ``None`` before the first.
        captured_mono_s: when that was.
        change: noise between the last two pictures, grey levels; ``None`` at the first.
        unchanged: how many frames in a row equal their predecessor.
        bright_mono_s: when a picture was last lit; ``None`` before the first.
        darkened_at_once: the present darkness came between two pictures, not over minutes.
        rich_mono_s: when a picture was last full of lines; ``None`` before the first.
        emptied_at_once: the present blankness came at once, or was there at the start.
        replay, shake, glass: what those measures remember.
    """

    sample: NDArray[np.uint8] | None = None
    captured_mono_s: float = 0.0
    change: float | None = None
    unchanged: int = 0
    bright_mono_s: float | None = None
    darkened_at_once: bool = False
    rich_mono_s: float | None = None
    emptied_at_once: bool = False
    replay: watch.Replay = watch.Replay()
    shake: watch.Shake = watch.Shake()
    glass: watch.Glass = watch.Glass()


def assess(frame: Frame, previous: History) -> tuple[ImageHealth, History]:
    """Health of a frame, and the history to hand in with the next one."""
    luma = reduced(frame)
    found: dict[Kind, Finding] = {}

    def note(kind: Kind, sick: bool, measure: float, threshold: float) -> None:
        if sick:
            found[kind] = Finding(kind, float(measure), threshold)

    p01, p5, p95, p999 = (
        float(value) for value in np.percentile(luma[::2, ::2], (0.1, 5.0, 95.0, 99.9))
    )
    flat, dark = p999 - p01, p95 < DARK_LEVEL
    strength, quiet = gradient_strength(luma), noise_level(luma)
    textured = float(lined(strength, quiet).mean())
    blank = textured < TEXTURED_TILES
    history = _remember(frame, previous, dark=dark, textured=textured)
    note(Kind.SIGNAL_LOST, flat < FLAT_RANGE and _noise_free(frame), flat, FLAT_RANGE)
    note(Kind.FROZEN, history.unchanged >= FROZEN_FRAMES, history.unchanged, FROZEN_FRAMES)
    note(Kind.DARK, dark and not history.darkened_at_once, p95, DARK_LEVEL)
    bright = float(np.mean(luma > BRIGHT_LEVEL))
    note(Kind.OVEREXPOSED, bright > BRIGHT_SHARE, bright, BRIGHT_SHARE)
    fine, coarse = strength * strength, _coarse(luma)
    fine_share, coarse_shape = _fine_share(fine, coarse, quiet), _spread_of_shape(luma)
    well_lit = p95 >= DARK_LEVEL and bright <= BRIGHT_SHARE
    note(
        Kind.COVERED,
        (blank and well_lit and coarse_shape < COVER_CONTRAST and history.emptied_at_once)
        or (dark and history.darkened_at_once),
        coarse_shape,
        COVER_CONTRAST,
    )
    note(Kind.NO_TEXTURE, blank, textured, TEXTURED_TILES)
    note(
        Kind.DEFOCUSED,
        fine_share < SHARPNESS and coarse_shape >= COVER_CONTRAST and well_lit,
        fine_share,
        SHARPNESS,
    )
    note(Kind.LOW_CONTRAST, p95 - p5 < LOW_CONTRAST, p95 - p5, LOW_CONTRAST)
    history = replace(
        history,
        # A recording that says so deceives nobody by coming back; it has a finding of its own.
        replay=previous.replay if frame.recorded else watch.replay_step(frame, previous.replay),
        shake=watch.shake_step(luma, previous.shake),
        glass=watch.glass_step(_tiles(fine), _tiles(coarse), quiet, previous.glass),
    )
    note(Kind.RECORDED, frame.recorded, 1.0, 1.0)
    for one in measured(frame, luma, history):
        note(one.kind, one.value >= one.threshold, one.value, one.threshold)
    return ImageHealth(tuple(found[kind] for kind in Kind if kind in found)), history


def _spread_of_shape(luma: Luma) -> float:
    """Standard deviation of the picture after a 17 × 17 mean, grey levels."""
    shape = box_mean(luma, 8)[::8, ::8]
    mean_square: float = np.mean(shape * shape).item()
    return max(0.0, mean_square - np.mean(shape).item() ** 2) ** 0.5


def _noise_free(frame: Frame) -> bool:
    """Neighbouring raw pixels are equal nearly everywhere: no sensor behind this picture."""
    part = frame.luma[::2].astype(np.int16)
    return int(np.count_nonzero(part[:, 1:] == part[:, :-1])) > 0.98 * part[:, 1:].size


def _remember(frame: Frame, previous: History, *, dark: bool, textured: float) -> History:
    step = max(1, frame.luma.shape[1] // 80)
    sample = np.ascontiguousarray(frame.luma[::step, ::step])
    unchanged, change = 0, None
    if previous.sample is not None and previous.sample.shape == sample.shape:
        difference = np.abs(sample.astype(np.int16) - previous.sample)
        change = float(np.median(difference)) / (0.6745 * 2.0**0.5)
        if float(difference.mean()) < FROZEN_DIFFERENCE:
            unchanged = previous.unchanged + 1
    now_s, first = frame.captured_mono_s, previous.sample is None
    # A gap in the pictures says nothing about how fast it grew dark.
    steady = now_s - previous.captured_mono_s <= AT_ONCE_S

    def lately(then_s: float | None) -> bool:
        return then_s is not None and steady and now_s - then_s <= AT_ONCE_S

    emptied = textured < TEXTURED_TILES and (
        previous.emptied_at_once or first or lately(previous.rich_mono_s)
    )
    return History(
        sample=sample,
        captured_mono_s=now_s,
        change=change,
        unchanged=unchanged,
        bright_mono_s=previous.bright_mono_s if dark else now_s,
        darkened_at_once=dark and (previous.darkened_at_once or lately(previous.bright_mono_s)),
        rich_mono_s=now_s if textured >= RICH_TILES else previous.rich_mono_s,
        emptied_at_once=emptied,
    )


def measured(frame: Frame, luma: Luma, history: History) -> tuple[Measured, ...]:
    """The measures that need no other: of this picture, and of those before.

    Args:
        frame: the picture.
        luma: the same, `reduced`.
        history: as `assess` gave it back for this picture.
    """
    replay = history.replay
    returned = Measured(Kind.REPLAYED, float(replay.returned), RETURNED_PICTURES)
    if len(replay.backs) >= STAMPS_BACK:
        returned = Measured(Kind.REPLAYED, float(len(replay.backs)), STAMPS_BACK)
    return (
        returned,
        Measured(Kind.NOISE, faults.noise(frame.luma, history.change), NOISE_LEVEL),
        Measured(Kind.STRIPES, faults.stripes(luma), STRIPED_SHARE),
        Measured(Kind.GLARE, faults.glare(luma), GLARE_LEVEL),
        Measured(Kind.SHAKE, history.shake.swing, SHAKE_SHARE),
        Measured(Kind.DIRTY_GLASS, history.glass.share(DIRTY_CHECKS), DIRTY_SHARE),
        Measured(Kind.COLOUR_CAST, faults.colour_cast(frame.luma, frame.chroma), COLOUR_CAST),
    )


def reduced(frame: Frame) -> Luma:
    """The picture most measures are taken from; float32, 48 pixels a side or more."""
    height, width = frame.luma.shape
    luma = reduce_luma(frame.luma, reduction_factor((width, height)))
    while min(luma.shape) < _LEAST_SIDE_PX:
        luma = luma.repeat(2, axis=0).repeat(2, axis=1)
    return luma


def _coarse(luma: Luma) -> Luma:
    """Squares of gradients four times coarser than the fine ones."""
    coarse = box_mean(luma, 4)
    cx = (coarse[4:-4, 8:] - coarse[4:-4, :-8]) / 4.0
    cy = (coarse[8:, 4:-4] - coarse[:-8, 4:-4]) / 4.0
    return cx * cx + cy * cy


def _fine_share(fine: Luma, coarse: Luma, noise: float) -> float:
    """Energy of fine gradients over that of gradients four times coarser."""
    energy = max(0.0, float(np.mean(fine)) - 0.05 - noise * noise / 4.5)
    return energy / (float(np.mean(coarse)) + 1e-3)


def _tiles(values: Luma) -> NDArray[np.float32]:
    """Means of 9 × 12 tiles."""
    height, width = values.shape[0] // 9, values.shape[1] // 12
    cut = values[: height * 9, : width * 12].reshape(9, height, 12, width)
    return cut.mean(axis=(1, 3), dtype=np.float32)
