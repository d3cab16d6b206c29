"""Measures that need the pictures before: replay, shake, dirt on the glass.

Rule: what they remember is a frozen value that the caller keeps, bounded in size.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.field import Luma

MEMORY_FRAMES = 512
"""Pictures remembered against a loop: eight and a half minutes of checks once a second."""
SAME_PICTURE = 0.02
"""Mean absolute difference, grey levels, under which two pictures are one recording."""
ALIVE = 0.2
"""Mean absolute difference to the picture before, from which a sensor's noise is in it."""
_FINGER_ROWS, _FINGER_COLUMNS = 16, 24
_FORGET_FRAMES = 60
_BACK_S = 0.5
_BACK_KEPT_S = 3600.0

_REACH_PX = 16
_SHIFTS = 8
_TILES = (9, 12)
_LEAST_COARSE = 2.0
_LEAST_TILES = 12
_SHARP = 1.2
_BLURRED = 0.7
"""Of its remembered sharpness, beside what the picture as a whole kept."""
_TRUSTED = 0.4
_LEARN, _FADE = 0.1, 0.001
"""Share of the new sharpness learnt a check: of a clear tile, and of one that is blurred."""
_YOUNG_CHECKS = 8
"""Checks for which a tile's least sharpness is taken: who stands there at the start walks on."""
_MOST_SHARPER = 1.5
"""Of what is remembered, the most that one check may teach: whoever walks by is no part of it."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What is remembered against a replay.

    Attributes:
        fingers: uint8 (n, 384), raw pixels of distinct pictures, oldest first.
        hit: bool (n,), which of them came back.
        quiet: pictures since the last that came back.
        utc_s: the last stamp of the source itself.
        mono_s: the last time of capture.
        backs: when (monotonic) stamps went back.
        last: the last picture's raw pixels.
    """

    fingers: NDArray[np.uint8] | None = None
    hit: NDArray[np.bool_] | None = None
    quiet: int = 0
    utc_s: float | None = None
    mono_s: float | None = None
    backs: tuple[float, ...] = ()
    last: NDArray[np.uint8] | None = None

    @property
    def returned(self) -> int:
        """How many different pictures came back, noise and all."""
        return 0 if self.hit is None else int(self.hit.sum())


def replay_step(frame: Frame, before: Replay) -> Replay:
    """One picture further. Only a picture that differs from the one before counts."""
    height, width = frame.luma.shape
    rows = (np.arange(_FINGER_ROWS) * 2 + 1) * height // (2 * _FINGER_ROWS)
    columns = (np.arange(_FINGER_COLUMNS) * 2 + 1) * width // (2 * _FINGER_COLUMNS)
    finger = frame.luma[rows[:, None], columns[None]].reshape(-1)
    backs = _went_back(frame, before)
    after = replace(
        before, utc_s=frame.captured_utc_s, mono_s=frame.captured_mono_s, backs=backs, last=finger
    )
    fingers, hit, last = before.fingers, before.hit, before.last
    if fingers is None or hit is None or last is None:
        return replace(after, fingers=finger[None], hit=np.zeros(1, np.bool_))
    if _difference(last[None], finger)[0] < ALIVE:
        return after
    distances = _difference(fingers, finger)
    best = int(distances.argmin())
    if distances[best] < SAME_PICTURE:
        if hit[best]:
            return replace(after, quiet=0)
        hit = hit.copy()
        hit[best] = True
        return replace(after, hit=hit, quiet=0)
    quiet = before.quiet + 1
    kept = hit if quiet < _FORGET_FRAMES else np.zeros_like(hit)
    return replace(
        after,
        fingers=np.concatenate([fingers[-MEMORY_FRAMES + 1 :], finger[None]]),
        hit=np.concatenate([kept[-MEMORY_FRAMES + 1 :], np.zeros(1, np.bool_)]),
        quiet=quiet,
    )


def _difference(many: NDArray[np.uint8], one: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean absolute difference of each row of ``many`` to ``one``, grey levels; (n,)."""
    apart = np.maximum(many, one)
    apart -= np.minimum(many, one)
    total: NDArray[np.uint32] = apart.sum(axis=1, dtype=np.uint32)
    return np.divide(total, float(one.size), dtype=np.float64)


def _went_back(frame: Frame, before: Replay) -> tuple[float, ...]:
    now = frame.captured_mono_s
    back = before.mono_s is not None and now < before.mono_s
    if before.utc_s is not None and frame.captured_utc_s is not None:
        back = back or frame.captured_utc_s < before.utc_s - _BACK_S
    kept = tuple(then for then in before.backs if abs(now - then) < _BACK_KEPT_S)
    return (*kept, now)[-8:] if back else kept


@dataclass(frozen=True, slots=True)
class Shake:
    """Attributes:
    profiles: high-passed means of columns and of rows of the last picture.
    shifts: float, the last shifts between pictures, share of the picture's width.
    """

    profiles: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
    shifts: tuple[float, ...] = ()

    @property
    def swing(self) -> float:
        """Median shift from picture to picture, share of the width; 0 until there are enough."""
        return float(np.median(self.shifts)) if len(self.shifts) == _SHIFTS else 0.0


def shake_step(luma: Luma, before: Shake) -> Shake:
    """One picture further.

    Args:
        luma: float32 (h, w), reduced picture.
    """
    profiles = _profile(luma.mean(axis=0)), _profile(luma.mean(axis=1))
    last = before.profiles
    if last is None or any(a.size != b.size for a, b in zip(last, profiles, strict=True)):
        return Shake(profiles)
    across, down = (_shift(a, b) for a, b in zip(last, profiles, strict=True))
    shift = float(np.hypot(across, down)) / luma.shape[1]
    return Shake(profiles, (*before.shifts, shift)[-_SHIFTS:])


def _profile(means: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.pad(means, 12, mode="edge").astype(np.float64)
    total = np.concatenate([[0.0], np.cumsum(padded)])
    return (means - (total[25:] - total[:-25]) / 25.0).astype(np.float32)


def _shift(last: NDArray[np.float32], now: NDArray[np.float32]) -> float:
    """By how many pixels one profile lies beside the other; 0 unless that explains the change."""
    reach = min(_REACH_PX, last.size // 4)
    middle = now[reach : now.size - reach]
    windows = np.lib.stride_tricks.sliding_window_view(last, middle.size)
    misfit = np.square(windows - middle).mean(axis=1)
    best = int(misfit.argmin())
    return float(best - reach) if misfit[best] < 0.5 * misfit[reach] else 0.0


@dataclass(frozen=True, slots=True)
class Glass:
    """Attributes:
    sharp: float32 (9, 12), remembered sharpness of each tile; 0 where unknown.
    lost: how many checks in a row each tile has been blurred that was sharp.
    judged: checks that told something of each tile.
    """

    sharp: NDArray[np.float32] = field(default_factory=lambda: np.zeros(_TILES, np.float32))
    lost: NDArray[np.int16] = field(default_factory=lambda: np.zeros(_TILES, np.int16))
    judged: NDArray[np.int16] = field(default_factory=lambda: np.zeros(_TILES, np.int16))

    def share(self, checks: int) -> float:
        """Share of the tiles ever sharp that have been blurred for so many checks."""
        known = int(((self.sharp > _SHARP) & (self.judged >= _YOUNG_CHECKS)).sum())
        return float((self.lost >= checks).sum()) / known if known >= _LEAST_TILES else 0.0


def glass_step(
    fine: NDArray[np.float32], coarse: NDArray[np.float32], noise: float, before: Glass
) -> Glass:
    """One picture further.

    Args:
        fine: float32 (9, 12), mean square of fine gradients a tile.
        coarse: the same of gradients four times coarser.
        noise: grey levels, of the picture.
    """
    least = _LEAST_COARSE + noise * noise / 4.0
    told = coarse > least
    energy = np.maximum(fine - 0.05 - noise * noise / 4.5, 0.0)
    sharpness = np.where(told, energy / (coarse + 1e-3), 0.0).astype(np.float32)
    lost, young = before.lost, told & (before.judged < _YOUNG_CHECKS)
    least_yet = np.where(before.judged > 0, np.minimum(before.sharp, sharpness), sharpness)
    sharp = np.where(young, least_yet, before.sharp)
    judged = np.minimum(before.judged + told, _YOUNG_CHECKS).astype(np.int16)
    old = told & ~young
    both = old & (sharp > _SHARP)
    if int(both.sum()) < _LEAST_TILES:
        return Glass(sharp, lost, judged)
    kept = np.where(both, sharpness / np.maximum(sharp, 1e-3), 0.0)
    # What blurs the whole picture - fog, focus, dusk - has names of its own and drops out here.
    usual = float(np.median(kept[both]))
    if usual < _TRUSTED:
        return Glass(sharp, lost, judged)
    blurred = both & (kept < _BLURRED * min(usual, 1.0))
    lost = np.where(blurred, np.minimum(lost + 1, 10_000), 0).astype(np.int16)
    pace = np.where(blurred, _FADE, _LEARN)
    seen = np.minimum(sharpness, _MOST_SHARPER * sharp)
    learnt = np.where(old, sharp + pace * (seen - sharp), sharp)
    return Glass(learnt.astype(np.float32), lost, judged)
