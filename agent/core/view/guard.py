"""The judgement over time: evidence adds up, a move latches, blindness says so.

Rule: `step` is a pure function of a frozen state; whoever holds the camera holds the state.

| state | evidence | next |
|---|---|---|
| cannot_tell | same reaches the bar | same |
| cannot_tell, same | moved reaches the bar | moved, latched |
| same | blind for long | cannot_tell |
| moved | blind, however long | moved, still latched |
| moved | same reaches the bar | same |
| same | one patch of the view stays hidden | obstructed |
| obstructed | the patch is seen again | same |
| obstructed | moved, or blind, as from same | moved, cannot_tell |
| any | a signed order accepts a new view | `start()` with the new view |

Evidence is a log-likelihood ratio that a frame may raise by `FRAME_CAP` at most, since any
one frame may be deceived: a two-sided sequential test with reset at zero (CUSUM, Page 1954).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from viewkeeper.agent.core.quality.health import ImageHealth
from viewkeeper.agent.core.view.estimate import Estimate, MoveError
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.core.view.obstruction import hidden_share
from viewkeeper.agent.core.view.verdict import Judgement, Tolerance
from viewkeeper.protocol.vocabulary import ViewCause, ViewVerdict

FRAME_CAP = 3.0
"""Nats; a found frame is believed to be deceived with probability e⁻³ = 5 %."""
BAR = 13.0
"""Nats; five agreeing frames. e⁻¹³ = 2e-6 chance a frame under independence."""
SHARED_SIGMAS = 1.0
"""Standard errors that the frames of one night are taken to be off alike. Over forty infrared
nights at four places of `bench_year` the mean error of a night was 0.7 of them, at most 1.4; more
would delay the report of half a degree by night."""
HYSTERESIS = 0.8
"""A latched move is over when the view is back within this share of the tolerance."""
BLIND_FRAMES = 10
"""Frames without a match until `same` is no longer claimed."""
HIDDEN_SHARE, SEEN_SHARE = 0.15, 0.08
"""Mean share of the view hidden by one thing from which it is lost, and under which it is back."""
HIDDEN_S = 900.0
"""A lorry that unloads for a quarter of an hour is traffic; what stays longer is reported [P]."""
_HIDDEN_MEMORY = 0.2
_AGREE_SIGMAS = 5.0
_MEMORY = 0.1


@dataclass(frozen=True, slots=True)
class GuardState:
    """What is believed about the view, and the evidence underneath.

    Attributes:
        verdict: what is said.
        cause: why nothing is said; while `moved` is latched, why the move cannot be seen now.
        move: last believed move, averaged over the frames that agree; zero before the first.
        stderr: of that mean: the last frame's, and how far the mean lags behind it.
        latched: a move was reported and is not over.
        since_s: when the present verdict began, in the caller's seconds.
        moved_nats, same_nats: evidence for either.
        blind_frames: frames in a row that told nothing.
        hypothesis: the move that recent `moved` frames agree on.
        hidden_share: of the view, behind one thing, averaged over the frames that tell.
        hidden_since_s: when that share grew large; ``None`` while it is small.
    """

    verdict: ViewVerdict = ViewVerdict.CANNOT_TELL
    cause: ViewCause | None = ViewCause.STARTING
    move: Move = Move()
    stderr: MoveError = MoveError(180.0, 180.0, 180.0, 180.0)
    latched: bool = False
    since_s: float = 0.0
    moved_nats: float = 0.0
    same_nats: float = 0.0
    blind_frames: int = 0
    hypothesis: Move | None = None
    hidden_share: float = 0.0
    hidden_since_s: float | None = None


def start(at_s: float) -> GuardState:
    """State before the first frame, or after a new view was accepted."""
    return GuardState(since_s=at_s)


def step(
    state: GuardState,
    judgement: Judgement,
    health: ImageHealth,
    at_s: float,
    tolerance: Tolerance | None = None,
    *,
    waits: bool = False,
) -> GuardState:
    """Add one frame's judgement at ``at_s`` seconds.

    ``tolerance`` is that of the judgement; it scales what counts as the same move. ``waits``: a
    frame that told nothing is being added to others and judged with them later.
    """
    before = state
    if state.verdict is ViewVerdict.OBSTRUCTED:  # the view is where it was, though not all of it
        before = replace(state, verdict=ViewVerdict.SAME)
    after = _believe(before, judgement, at_s, tolerance or Tolerance(), waits)
    return _obstructed(state, after, judgement, at_s)


def _obstructed(
    before: GuardState, after: GuardState, judgement: Judgement, at_s: float
) -> GuardState:
    """`same` becomes `obstructed` while one patch of the view stays hidden."""
    told = None
    if judgement.verdict is ViewVerdict.SAME:
        told = hidden_share(judgement.estimate.tiles)
    share, since_s = after.hidden_share, after.hidden_since_s
    if told is not None:
        share += _HIDDEN_MEMORY * (told - share)
        if share >= HIDDEN_SHARE:
            since_s = at_s if since_s is None else since_s
        elif share < SEEN_SHARE:
            since_s = None
    after = replace(after, hidden_share=share, hidden_since_s=since_s)
    if after.verdict is not ViewVerdict.SAME:
        return after
    was = before.verdict is ViewVerdict.OBSTRUCTED
    if since_s is not None and (was or at_s - since_s >= HIDDEN_S):
        began_s = before.since_s if was else at_s
        return replace(after, verdict=ViewVerdict.OBSTRUCTED, cause=None, since_s=began_s)
    return replace(after, since_s=at_s) if was else after


def _believe(
    state: GuardState, judgement: Judgement, at_s: float, tolerance: Tolerance, waits: bool
) -> GuardState:
    """Same, moved or cannot tell, from the evidence."""
    if judgement.verdict is ViewVerdict.CANNOT_TELL:
        return _blind(state, judgement.cause or ViewCause.NO_MATCH, at_s, waits)
    estimate = judgement.estimate
    bar = HYSTERESIS if state.latched else 1.0
    cap = FRAME_CAP * min(1.0, estimate.confidence)
    nats = evidence(judgement.excess, judgement.uncertainty, bar=bar, cap=cap)
    agrees = state.hypothesis is not None and _same_move(
        state.hypothesis, estimate.move, judgement.uncertainty, tolerance
    )
    moved_nats, hypothesis = state.moved_nats, state.hypothesis
    if nats > 0.0:
        if not agrees:
            # A swaying or falling camera: each frame is elsewhere, but none is at home.
            moved_nats, hypothesis = moved_nats * 0.85, estimate.move
        moved_nats = min(moved_nats + nats, 2.0 * BAR)
    else:
        moved_nats = max(0.0, moved_nats + nats)
    same_nats = min(max(0.0, state.same_nats - nats), 2.0 * BAR)
    mean = _averaged(state.move, estimate.move, judgement.uncertainty, tolerance)
    after = replace(
        state,
        move=mean,
        stderr=_honest(estimate, mean),
        moved_nats=moved_nats,
        same_nats=same_nats,
        blind_frames=0,
        hypothesis=hypothesis if moved_nats > 0.0 else None,
        cause=None if state.verdict is ViewVerdict.MOVED else state.cause,
    )
    if state.verdict is not ViewVerdict.MOVED and moved_nats >= BAR:
        return replace(
            after, verdict=ViewVerdict.MOVED, cause=None, latched=True, since_s=at_s, same_nats=0.0
        )
    # Back at home is claimed only on as much evidence as the move itself.
    enough = BAR if state.latched else 2.0 * FRAME_CAP
    if state.verdict is not ViewVerdict.SAME and same_nats >= enough:
        return replace(
            after, verdict=ViewVerdict.SAME, cause=None, latched=False, since_s=at_s, moved_nats=0.0
        )
    return after


def _blind(state: GuardState, cause: ViewCause, at_s: float, waits: bool) -> GuardState:
    blind = state.blind_frames + 1
    # What waits has not spoken yet: its stack costs the evidence once, not once a frame.
    faded = state.same_nats if waits else max(0.0, state.same_nats - 1.0)
    after = replace(state, blind_frames=blind, same_nats=faded)
    if state.verdict is ViewVerdict.MOVED:
        return replace(after, cause=cause if blind >= BLIND_FRAMES else state.cause)
    if state.verdict is ViewVerdict.CANNOT_TELL:
        return replace(after, cause=cause)
    if blind >= BLIND_FRAMES:
        return replace(
            after, verdict=ViewVerdict.CANNOT_TELL, cause=cause, since_s=at_s, same_nats=0.0
        )
    return after


def evidence(
    excess: float, uncertainty: float, *, bar: float = 1.0, cap: float = FRAME_CAP
) -> float:
    """Log-likelihood ratio, nats, of `beyond the bar` against `within it`, capped both ways.

    Frames of one night share their light and so part of their error, which no number of frames
    averages out: only what is beyond the bar by more than that counts as beyond it.

    Args:
        excess, uncertainty: as of a `Judgement`, in tolerances.
        bar: where the tolerance is taken to end.
        cap: nats.
    """
    beyond = excess - bar
    if beyond > 0.0:
        beyond = max(0.0, beyond - SHARED_SIGMAS * uncertainty)
    distance = beyond / max(uncertainty, 0.05)
    nats = 0.5 * distance * abs(distance) + distance
    return math.copysign(min(abs(nats), cap), nats)


def _same_move(a: Move, b: Move, uncertainty: float, tolerance: Tolerance) -> bool:
    apart = a.inverse().compose(b)
    return tolerance.excess(apart) < 0.5 + _AGREE_SIGMAS * uncertainty


def _honest(estimate: Estimate, mean: Move) -> MoveError:
    """The frame's own error and how far the mean still lags behind it: a pole that rings, or a
    mean that has only just begun, is not known to a thousandth of a degree."""
    error, move = estimate.stderr, estimate.move
    return MoveError(
        math.hypot(error.pan_deg, move.pan_deg - mean.pan_deg),
        math.hypot(error.tilt_deg, move.tilt_deg - mean.tilt_deg),
        math.hypot(error.roll_deg, move.roll_deg - mean.roll_deg),
        math.hypot(error.zoom, move.zoom - mean.zoom),
    )


def _averaged(old: Move, new: Move, uncertainty: float, tolerance: Tolerance) -> Move:
    if not _same_move(old, new, uncertainty, tolerance):
        return new
    k = _MEMORY * 3.0
    return Move(
        old.pan_deg + k * (new.pan_deg - old.pan_deg),
        old.tilt_deg + k * (new.tilt_deg - old.tilt_deg),
        old.roll_deg + k * (new.roll_deg - old.roll_deg),
        old.zoom + k * (new.zoom - old.zoom),
    )
