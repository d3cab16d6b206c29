"""Flags about the camera being handled: covered, struck, moved."""

from __future__ import annotations

from dataclasses import dataclass, replace

from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.protocol.vocabulary import EventKind, ViewCause, ViewVerdict

COVERED_CHECKS = 3
"""Checks in a row before a lens counts as covered: a passing bag is not a cover."""
STRUCK_JUMP_DEG = 0.6
"""Change between two checks that only a blow makes; wind and heat are slower."""
STRUCK_REST_S = 5.0
"""A blow swings out; within this time it is one blow."""

GB28181_CODES: dict[EventKind, tuple[int, int]] = {
    EventKind.CAMERA_COVERED: (5, 13),
    EventKind.CAMERA_STRUCK: (2, 2),
    EventKind.CAMERA_MOVED: (5, 11),
}
"""AlarmMethod and AlarmType of GB/T 28181; no code there means "view drifted" (5/11)."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One check as this room needs it.

    Attributes:
        at_s: Unix seconds of the check.
        verdict: over time, as reported.
        cause: why a view cannot be told, for this frame alone.
        move: measured on this frame; ``None`` where nothing was found.
        shaking: the frames since the last check shook.
    """

    at_s: float
    verdict: ViewVerdict
    cause: ViewCause | None
    move: Move | None
    shaking: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """A suspicious-event flag as it goes out; ``ended_s`` is set when it is over."""

    kind: EventKind
    started_s: float
    ended_s: float | None
    confidence: float


@dataclass(frozen=True, slots=True)
class HandlingState:
    """What must be remembered between checks."""

    covered_since_s: float | None = None
    covered_checks: int = 0
    covered_flagged: bool = False
    last_move: Move | None = None
    last_struck_s: float | None = None
    moved_since_s: float | None = None


def step(state: HandlingState, seen: Observation) -> tuple[HandlingState, tuple[Flag, ...]]:
    """One check further: the new state and the flags that go out now."""
    state, covered = _covered(state, seen)
    state, struck = _struck(state, seen)
    state, moved = _moved(state, seen)
    return state, covered + struck + moved


def _covered(state: HandlingState, seen: Observation) -> tuple[HandlingState, tuple[Flag, ...]]:
    if seen.cause is ViewCause.COVERED:
        since = state.covered_since_s if state.covered_since_s is not None else seen.at_s
        checks = state.covered_checks + 1
        state = replace(state, covered_since_s=since, covered_checks=checks)
        if checks >= COVERED_CHECKS and not state.covered_flagged:
            # Each further dark check adds less doubt; three in a row are already rare.
            confidence = 1 - 0.5**checks
            flag = Flag(EventKind.CAMERA_COVERED, since, None, confidence)
            return replace(state, covered_flagged=True), (flag,)
        return state, ()
    ended: tuple[Flag, ...] = ()
    if state.covered_flagged and state.covered_since_s is not None:
        ended = (Flag(EventKind.CAMERA_COVERED, state.covered_since_s, seen.at_s, 1.0),)
    state = replace(state, covered_since_s=None, covered_checks=0, covered_flagged=False)
    return state, ended


def _struck(state: HandlingState, seen: Observation) -> tuple[HandlingState, tuple[Flag, ...]]:
    jump_deg = 0.0
    if seen.move is not None and state.last_move is not None:
        before, now = state.last_move, seen.move
        jump_deg = max(
            abs(now.pan_deg - before.pan_deg),
            abs(now.tilt_deg - before.tilt_deg),
            abs(now.roll_deg - before.roll_deg),
        )
    if seen.move is not None:
        state = replace(state, last_move=seen.move)
    rested = state.last_struck_s is None or seen.at_s - state.last_struck_s > STRUCK_REST_S
    if (jump_deg < STRUCK_JUMP_DEG and not seen.shaking) or not rested:
        return state, ()
    confidence = min(0.99, max(0.5, jump_deg / (jump_deg + STRUCK_JUMP_DEG)))
    flag = Flag(EventKind.CAMERA_STRUCK, seen.at_s, seen.at_s, confidence)
    return replace(state, last_struck_s=seen.at_s), (flag,)


def _moved(state: HandlingState, seen: Observation) -> tuple[HandlingState, tuple[Flag, ...]]:
    if seen.verdict is ViewVerdict.MOVED:
        if state.moved_since_s is not None:
            return state, ()
        flag = Flag(EventKind.CAMERA_MOVED, seen.at_s, None, 0.99)
        return replace(state, moved_since_s=seen.at_s), (flag,)
    if state.moved_since_s is not None and seen.verdict is ViewVerdict.SAME:
        flag = Flag(EventKind.CAMERA_MOVED, state.moved_since_s, seen.at_s, 0.99)
        return replace(state, moved_since_s=None), (flag,)
    return state, ()
