"""One check: a frame, or its absence, against the registered view; flags and verdict out.

The stage between the measuring rooms (view, quality, events) and the report. It decides
nothing of its own: it calls the rooms in their order and carries their states along.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from viewkeeper.agent.core.events import handling
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.quality.assess import History, assess
from viewkeeper.agent.core.quality.health import ImageHealth
from viewkeeper.agent.core.view import fusion, guard
from viewkeeper.agent.core.view.estimate import Estimate, estimate, nothing_found
from viewkeeper.agent.core.view.learned import Learned
from viewkeeper.agent.core.view.reference_set import Located, ReferenceSet, learn, locate
from viewkeeper.agent.core.view.registered import RegisteredView
from viewkeeper.agent.core.view.stack import Stack, add
from viewkeeper.agent.core.view.verdict import Judgement, Tolerance, judge
from viewkeeper.protocol.vocabulary import ViewCause, ViewVerdict


@dataclass(frozen=True, slots=True)
class WatchState:
    """What is carried from check to check.

    Attributes:
        guard: belief about the view over time.
        history: what the image-health measures remember.
        handling: what the event flags remember.
        references: the registered view and what was learned to look like it; ``None`` where
            nothing is to be learned.
        stack: frames that told nothing, added up; ``None`` where none are to be.
        corroborated: what the camera's own sensors add.
        checks: how many checks there were.
    """

    guard: guard.GuardState
    history: History = field(default_factory=History)
    handling: handling.HandlingState = field(default_factory=handling.HandlingState)
    references: ReferenceSet | None = None
    stack: Stack | None = field(default_factory=Stack)
    corroborated: fusion.Corroborated = fusion.Corroborated()
    checks: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found.

    Attributes:
        verdict, cause: over time, in the words of the wire.
        estimate: of this frame; ``found`` is false where it told nothing.
        judgement: on this frame alone.
        health: of this frame.
        flags: that go out now.
        by: the learned reference that gave the estimate; ``None`` where it was the registered view.
        learned: a reference that this frame completed.
        stacked: the estimate is of this frame and others before it, added up.
    """

    verdict: ViewVerdict
    cause: ViewCause | None
    estimate: Estimate
    judgement: Judgement
    health: ImageHealth
    flags: tuple[handling.Flag, ...]
    by: Learned | None = None
    learned: Learned | None = None
    stacked: bool = False


def start(
    at_s: float, references: ReferenceSet | None = None, *, stacking: bool = True
) -> WatchState:
    """The state before the first check, or after a new view was accepted.

    Args:
        at_s: Unix seconds.
        references: of the accepted view, where others may be learned beside it.
        stacking: whether frames that tell nothing alone are added up.
    """
    stack = Stack() if stacking else None
    return WatchState(guard.start(at_s), references=references, stack=stack)


def check(
    state: WatchState,
    view: RegisteredView | None,
    frame: Frame | None,
    tolerance: Tolerance,
    at_s: float,
) -> tuple[WatchState, Check]:
    """One check further.

    Args:
        state: from the check before.
        view: the registered view; ``None`` before registration.
        frame: the newest frame; ``None`` when the source gave none.
        tolerance: of the signed configuration.
        at_s: Unix seconds.
    """
    references, located, made = state.references, Located(nothing_found()), None
    stack, waits, stacked = state.stack, False, False
    if frame is None:
        health, history = ImageHealth(), state.history
        judgement = Judgement(ViewVerdict.CANNOT_TELL, ViewCause.SIGNAL_LOST, nothing_found())
    else:
        health, history = assess(frame, state.history)
        # The last known move is tried first: a camera that was turned stays turned.
        near = state.guard.move
        if references is not None:
            references, located = locate(references, frame, near)
        elif view is not None:
            located = Located(estimate(view, frame, near))
        judgement = judge(located.estimate, health, tolerance)
        if stack is not None and view is not None and _may_be_stacked(judgement, health):
            stack, summed = add(stack, frame, at_s)
            waits = summed is None
            if summed is not None:
                together = judge(estimate(view, summed, near), health, tolerance)
                if together.verdict is not ViewVerdict.CANNOT_TELL:
                    judgement, located, stacked = together, Located(together.estimate), True
    belief = guard.step(state.guard, judgement, health, at_s, tolerance, waits=waits)
    if references is not None and frame is not None and not stacked:
        references, made = learn(
            references, frame, located, judgement, at_s, belief.verdict, tolerance
        )
    verdict, cause = belief.verdict, belief.cause
    if view is None and frame is not None:
        verdict, cause = ViewVerdict.CANNOT_TELL, ViewCause.NOT_REGISTERED
    seen = handling.Observation(
        at_s=at_s,
        verdict=verdict,
        cause=judgement.cause,
        move=judgement.estimate.move if judgement.estimate.found else None,
    )
    hands, flags = handling.step(state.handling, seen)
    heard = state.corroborated
    if frame is not None:
        heard = fusion.step(heard, frame.sensor, verdict, belief.move, health, at_s)
    after = WatchState(belief, history, hands, references, stack, heard, state.checks + 1)
    return after, Check(
        verdict, cause, judgement.estimate, judgement, health, flags, located.by, made, stacked
    )


def _may_be_stacked(judgement: Judgement, health: ImageHealth) -> bool:
    """What noise may have hidden; a covered lens or a frozen picture is no clearer eightfold."""
    return judgement.verdict is ViewVerdict.CANNOT_TELL and health.blinding is None
