"""The printed sign over time: present, obscured, replaced, missing.

What is seen is averaged before it is judged, so passers-by and night noise fade and the board
stays; a new state must then hold for a while before it is said.

Rule: agreement in, states out; a view that cannot be told says nothing about the sign in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.signage.printed import Agreement, Template, agreement, look
from viewkeeper.agent.core.view.field import Field
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.protocol.vocabulary import SignageState

WHOLE_INSIDE = 0.55
WHOLE_CELLS = 0.75
PART_CELLS = 0.25
"""From here on some of the registered print is in sight: the board is there, behind something."""
OUTLINE_STANDS = 0.55
AROUND_STANDS = 0.30
LEAST_SEEN = 0.6
MEMORY_CHECKS = 6
HOLD_S = 10.0
"""[P] a state must hold so long before it is said; nobody steals a sign for ten seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class PrintedState:
    """What is remembered between checks.

    Attributes:
        mean: average of what was seen; ``None`` before the first look.
        checks: how many looks are in it, at most `MEMORY_CHECKS`.
        state: as said.
        since_s: Unix seconds since when.
        coming: the state that would be said next, and since when it has been so.
        agreement: of the mean, as last measured.
    """

    mean: Field | None = None
    checks: int = 0
    state: SignageState = SignageState.UNKNOWN
    since_s: float = 0.0
    coming: tuple[SignageState, float] | None = None
    agreement: Agreement | None = None


def judge(found: Agreement) -> SignageState:
    """One agreement's word."""
    if found.seen < LEAST_SEEN:
        return SignageState.UNKNOWN
    if found.inside >= WHOLE_INSIDE and found.cells >= WHOLE_CELLS:
        return SignageState.PRESENT
    if found.cells >= PART_CELLS:
        return SignageState.OBSCURED
    if found.outline >= OUTLINE_STANDS:
        return SignageState.REPLACED
    # Nothing of the sign and nothing of what surrounds it: something larger stands before both.
    return SignageState.MISSING if found.around >= AROUND_STANDS else SignageState.OBSCURED


def step(
    state: PrintedState, template: Template, frame: Frame, move: Move | None, at_s: float
) -> PrintedState:
    """One check further.

    Args:
        state: from the check before.
        template: of the registered sign.
        frame: the present frame.
        move: as measured on this frame; ``None`` where the view cannot be told, and then the
            sign cannot either.
        at_s: Unix seconds.
    """
    if move is None:
        return _say(state, SignageState.UNKNOWN, at_s)
    seen = look(template, frame, move)
    if seen is None:
        return _say(state, SignageState.UNKNOWN, at_s)
    checks = min(state.checks + 1, MEMORY_CHECKS)
    mean = seen
    if state.mean is not None and state.mean.shape == seen.shape:
        mean = (state.mean + (seen - state.mean) * np.float32(1 / checks)).astype(np.complex64)
    found = agreement(template, mean)
    now = judge(found)
    # A sign that is whole in this very frame is there, whatever the mean still remembers.
    if now is not SignageState.PRESENT:
        alone = agreement(template, seen)
        if judge(alone) is SignageState.PRESENT:
            now = SignageState.PRESENT
    after = replace(state, mean=mean, checks=checks, agreement=found)
    return _say(after, now, at_s)


def _say(state: PrintedState, now: SignageState, at_s: float) -> PrintedState:
    if now is state.state:
        return replace(state, coming=None)
    if now is SignageState.PRESENT or (state.state is SignageState.UNKNOWN and state.checks <= 1):
        # Good news needs no delay, nor does the first word.
        return replace(state, state=now, since_s=at_s, coming=None)
    if state.coming is None or state.coming[0] is not now:
        return replace(state, coming=(now, at_s))
    if at_s - state.coming[1] >= HOLD_S:
        return replace(state, state=now, since_s=state.coming[1], coming=None)
    return state
