"""The accepted view and what was learned to look like it: at night, in infrared, in another season.

Rule: only the accepted view, which a signed configuration names, says where the camera should
look. A learned one is a second picture of the same pose: it is made only from frames that the
accepted view itself recognised, and carries the offset that the accepted view measured then. So
every answer counts from the accepted view, and a drift cannot be learned.

A lesson gathers frames over minutes, so that what passes drops out. They are averaged in groups,
and each group's mean is measured against the accepted view before it may become a reference:
noise in a picture at night is what makes the accepted view unsure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.quality.health import ImageHealth
from viewkeeper.agent.core.view.estimate import Estimate, MoveError, Tile, estimate
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.core.view.learned import Learned
from viewkeeper.agent.core.view.registered import RegisteredView, RegistrationError, register
from viewkeeper.agent.core.view.stack import STACK_FRAMES, Stack, add
from viewkeeper.agent.core.view.verdict import Judgement, Tolerance, judge
from viewkeeper.protocol.vocabulary import ViewVerdict

MOST_LEARNED = 4
"""Night, infrared, snow and leaves; the oldest makes room."""
LESSON_FRAMES = 3 * STACK_FRAMES
LESSON_S = 480.0
"""How long a lesson lasts at least; its frames are spread evenly over that time."""
LESSON_GAP_S = 3600.0
"""Least time between two lessons."""
SURE = 0.95
"""Confidence of the accepted view from which a frame may teach, and needs no second word."""
WELL_WITHIN = 0.5
"""Share of the tolerance that a group's move and three standard errors may reach together."""
STRANGE = 0.6
"""Mean agreement from which a reference knows this light already."""


LEARNED_ERROR = 1.45
"""Factor on the standard errors of what a learned reference finds: in the same light frames agree
better than they fit. Set on infrared nights at the development places, where the normalised
squared error of 449 frames was 2.2 without it and 1.0 with the accepted view."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """Frames that may become a reference, with what the accepted view says of their means.

    Attributes:
        began_s, last_s: Unix seconds of its first and its last frame.
        size: (H, W) of them.
        told: of each whole group.
        pictures: uint8 (H, W), means of whole groups.
        stack: the group under way.
    """

    began_s: float
    last_s: float
    size: tuple[int, ...]
    told: tuple[tuple[Move, MoveError], ...] = ()
    pictures: tuple[NDArray[np.uint8], ...] = ()
    stack: Stack = Stack()


@dataclass(frozen=True, slots=True)
class ReferenceSet:
    """What frames are compared with, and the lesson that is under way.

    Attributes:
        accepted: never replaced; another accepted view begins another set.
        learned: oldest first, `MOST_LEARNED` at most.
        lesson_s: how long a lesson lasts at least.
        lesson: under way; ``None`` while there is none.
        rest_until_s: no lesson begins before.
        turn: which learned reference, counted from the newest, is asked when one is needed.
    """

    accepted: RegisteredView
    learned: tuple[Learned, ...] = ()
    lesson_s: float = LESSON_S
    lesson: Lesson | None = field(default=None, compare=False, repr=False)
    rest_until_s: float = field(default=-math.inf, compare=False)
    turn: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        if any(each.accepted != self.accepted.digest for each in self.learned):
            raise ValueError("a reference that was learned under another accepted view")
        if len(self.learned) > MOST_LEARNED:
            raise ValueError(f"at most {MOST_LEARNED} learned references")

    def without(self, learned: Learned) -> ReferenceSet:
        """The same set, one reference poorer."""
        return replace(self, learned=tuple(one for one in self.learned if one != learned))


@dataclass(frozen=True, slots=True)
class Located:
    """A frame's estimate and the reference that gave it; ``by`` is ``None`` for the accepted."""

    estimate: Estimate
    by: Learned | None = None


def locate(
    references: ReferenceSet, frame: Frame, near: Move | None = None
) -> tuple[ReferenceSet, Located]:
    """Find a frame: on the accepted view, and where that is not sure on a learned one as well.

    One learned reference a frame is asked: the one that last answered, else the next one, so
    that a blind camera costs twice and not five times as much. The move and its errors count
    from the accepted view whichever reference found it.
    """
    first = estimate(references.accepted, frame, near)
    if first.confidence >= SURE or not references.learned:
        return references, Located(first)
    turn = references.turn % len(references.learned)
    each = references.learned[-1 - turn]  # the newest is the likeliest
    seen = estimate(each.view, frame, each.offset.inverse().compose(near or Move()))
    if not seen.found:
        return replace(references, turn=turn + 1), Located(first)
    if seen.confidence <= first.confidence:
        return references, Located(first)
    return references, Located(_from_accepted(each, seen), each)


def learn(
    references: ReferenceSet,
    frame: Frame,
    located: Located,
    judgement: Judgement,
    at_s: float,
    believed: ViewVerdict = ViewVerdict.SAME,
    tolerance: Tolerance | None = None,
) -> tuple[ReferenceSet, Learned | None]:
    """Let a frame teach; returns the new reference when a lesson is complete.

    Args:
        references: the set so far.
        frame: the frame.
        located: what `locate` said of it.
        judgement: what `judge` said of it, with the signed tolerance.
        at_s: Unix seconds.
        believed: the verdict over time; only `same` teaches, and `obstructed` does not.
        tolerance: of the judgement.
    """
    lesson, pace_s = references.lesson, references.lesson_s / LESSON_FRAMES
    if ViewVerdict.MOVED in (judgement.verdict, believed):
        return replace(references, lesson=None), None
    if at_s < references.rest_until_s or (lesson is not None and at_s < lesson.last_s + pace_s):
        return references, None
    if lesson is not None and at_s > lesson.began_s + 3.0 * references.lesson_s:
        return replace(references, lesson=None), None
    if believed is not ViewVerdict.SAME or located.by is not None or not _may_teach(judgement):
        return references, None
    if lesson is None and _is_known(references.learned, frame, located.estimate.move):
        return replace(references, rest_until_s=at_s + LESSON_GAP_S), None
    lesson, group = _further(lesson, frame, at_s)
    if group is not None:
        move = located.estimate.move
        lesson = _measured(lesson, group, references.accepted, move, tolerance)
    if lesson is None or len(lesson.pictures) * STACK_FRAMES < LESSON_FRAMES:
        return replace(references, lesson=lesson), None
    rested = replace(references, lesson=None, rest_until_s=at_s + LESSON_GAP_S)
    try:
        pictures = [Frame(picture, at_s) for picture in lesson.pictures]
        view = register(pictures, references.accepted.lens)
    except RegistrationError:
        return rested, None
    offset, error = _offset(lesson.told)
    made = Learned(references.accepted.digest, at_s, offset, error, view)
    kept = references.learned[-(MOST_LEARNED - 1) :]
    return replace(rested, learned=(*kept, made), turn=0), made


def _further(lesson: Lesson | None, frame: Frame, at_s: float) -> tuple[Lesson, Frame | None]:
    """The lesson with this frame, and the mean of the group that it completes."""
    if lesson is None or lesson.size != frame.luma.shape:
        lesson = Lesson(at_s, at_s, frame.luma.shape)
    stack, group = add(lesson.stack, frame, at_s, within_s=math.inf)
    return replace(lesson, last_s=at_s, stack=stack), group


def _measured(
    lesson: Lesson,
    group: Frame,
    accepted: RegisteredView,
    near: Move,
    tolerance: Tolerance | None,
) -> Lesson | None:
    """The lesson with this group, if the accepted view is sure that it is well within."""
    seen = estimate(accepted, group, near)
    judgement = judge(seen, ImageHealth(), tolerance or Tolerance())
    if (
        judgement.verdict is not ViewVerdict.SAME
        or seen.confidence < SURE
        or judgement.excess + 3.0 * judgement.uncertainty > WELL_WITHIN
    ):
        return None
    return replace(
        lesson,
        told=(*lesson.told, (seen.move, seen.stderr)),
        pictures=(*lesson.pictures, group.luma),
    )


def _may_teach(judgement: Judgement) -> bool:
    """The accepted view is sure that nothing moved, and yet the light is strange."""
    seen = judgement.estimate
    return (
        judgement.verdict is ViewVerdict.SAME
        and seen.confidence >= SURE
        and _agreement(seen.tiles) < STRANGE
    )


def _is_known(learned: Sequence[Learned], frame: Frame, move: Move) -> bool:
    for each in learned:
        seen = estimate(each.view, frame, each.offset.inverse().compose(move))
        if seen.found and _agreement(seen.tiles) >= STRANGE:
            return True
    return False


def _agreement(tiles: Sequence[Tile]) -> float:
    visible = [tile.agreement for tile in tiles if tile.visible]
    return sum(visible) / len(visible) if visible else 0.0


def _offset(told: Sequence[tuple[Move, MoveError]]) -> tuple[Move, MoveError]:
    """Mean move of a lesson. Its frames share one light, so their errors do not average out."""
    count = len(told)
    moves, errors = [move for move, _ in told], [error for _, error in told]
    return Move(
        sum(move.pan_deg for move in moves) / count,
        sum(move.tilt_deg for move in moves) / count,
        sum(move.roll_deg for move in moves) / count,
        sum(move.zoom for move in moves) / count,
    ), MoveError(
        max(error.pan_deg for error in errors),
        max(error.tilt_deg for error in errors),
        max(error.roll_deg for error in errors),
        max(error.zoom for error in errors),
    )


def _from_accepted(learned: Learned, seen: Estimate) -> Estimate:
    """The move counted from the accepted view; no tiles, since they are of another picture: what
    stood before the camera while it was learned must not count as part of the view."""
    a, b, k = learned.error, seen.stderr, LEARNED_ERROR
    error = MoveError(
        math.hypot(a.pan_deg, k * b.pan_deg),
        math.hypot(a.tilt_deg, k * b.tilt_deg),
        math.hypot(a.roll_deg, k * b.roll_deg),
        math.hypot(a.zoom, k * b.zoom),
    )
    return replace(seen, move=learned.offset.compose(seen.move), stderr=error, tiles=())
