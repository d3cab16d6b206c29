"""Flags about the camera being handled: covered, struck, moved, its feed frozen or replayed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from viewkeeper.agent.core.events.flags import Flag
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.protocol.vocabulary import EventKind, ViewCause, ViewVerdict

COVERED_CHECKS = 3
"""Checks in a row before a lens counts as covered: a passing bag is not a cover."""
_BLINDING = {
    ViewCause.COVERED: EventKind.CAMERA_COVERED,
    ViewCause.FROZEN: EventKind.FEED_FROZEN,
    ViewCause.REPLAYED: EventKind.FEED_REPLAYED,
}
STRUCK_JUMP_DEG = 0.6
"""Change between two checks that only a blow makes; wind and heat are slower."""
STRUCK_REST_S = 5.0
"""A blow swings out; within this time it is one blow."""


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
class Blindness:
    """A cause that robs the camera of its picture, and for how many checks by now."""

    since_s: float
    checks: int
    flagged: bool


@dataclass(frozen=True, slots=True)
class HandlingState:
    """What must be remembered between checks."""

    blind: tuple[tuple[EventKind, Blindness], ...] = ()
    last_move: Move | None = None
    last_struck_s: float | None = None
    moved_since_s: float | None = None


def step(state: HandlingState, seen: Observation) -> tuple[HandlingState, tuple[Flag, ...]]:
    """One check further: the new state and the flags that go out now."""
    state, blinded = _blinded(state, seen)
    state, struck = _struck(state, seen)
    state, moved = _moved(state, seen)
    return state, blinded + struck + moved


def _blinded(state: HandlingState, seen: Observation) -> tuple[HandlingState, tuple[Flag, ...]]:
    before, after = dict(state.blind), dict[EventKind, Blindness]()
    flags: list[Flag] = []
    for cause, kind in _BLINDING.items():
        was = before.get(kind)
        if seen.cause is cause:
            since_s, checks = (seen.at_s, 0) if was is None else (was.since_s, was.checks)
            now = Blindness(since_s, checks + 1, was is not None and was.flagged)
            if now.checks >= COVERED_CHECKS and not now.flagged:
                # Each further such check adds less doubt; three in a row are already rare.
                flags.append(Flag(kind, since_s, None, 1 - 0.5**now.checks))
                now = replace(now, flagged=True)
            after[kind] = now
        elif was is not None and was.flagged:
            flags.append(Flag(kind, was.since_s, seen.at_s, 1.0))
    return replace(state, blind=tuple(after.items())), tuple(flags)


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
