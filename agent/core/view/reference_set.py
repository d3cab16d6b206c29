"""The accepted view and what was learned to look like it: at night, in infrared, in another season.

Rule: only the accepted view, which a signed configuration names, says where the camera should
look. A learned one is a second picture of the same pose: it is made only from frames that the
accepted view itself recognised, and carries the offset that the accepted view measured then. So
every answer counts from the accepted view, and a drift cannot be learned.

Format of a learned reference, version 1, little-endian: ``VKLR``, version u8, SHA-256 of the
accepted view, moment f64 (Unix seconds), offset 4 f64 (pan, tilt, roll in degrees, zoom), its
standard errors 4 f64, then the bytes of a registered view.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.estimate import Estimate, MoveError, Tile, estimate
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.core.view.obstruction import hidden_share
from viewkeeper.agent.core.view.registered import RegisteredView, RegistrationError, register
from viewkeeper.agent.core.view.verdict import Judgement
from viewkeeper.protocol.vocabulary import ViewVerdict

MOST_LEARNED = 4
"""Night, infrared, snow and leaves; the oldest makes room."""
LESSON_FRAMES = 5
LESSON_GAP_S = 3600.0
"""Least time between two lessons."""
SURE = 0.95
"""Confidence of the accepted view from which a frame may teach."""
WELL_WITHIN = 0.5
"""Share of the tolerance that move and three standard errors may reach together."""
STRANGE = 0.6
"""Mean agreement from which a reference knows this light already."""
_HIDDEN = 0.08
_HEADER = struct.Struct("<4sB32s9d")
_MAGIC, _VERSION = b"VKLR", 1


@dataclass(frozen=True, slots=True)
class Learned:
    """Another look of the accepted view.

    Attributes:
        accepted: digest of the accepted view.
        at_s: when it was learned, Unix seconds.
        offset: of its pose from the accepted one, as the accepted view measured it.
        error: standard errors of the offset.
        view: the reference itself.
    """

    accepted: bytes
    at_s: float
    offset: Move
    error: MoveError
    view: RegisteredView = field(compare=False)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the bytes: what the ledger enters."""
        return hashlib.sha256(self.to_bytes()).digest()

    def to_bytes(self) -> bytes:
        """The file."""
        offset, error = self.offset, self.error
        numbers = (
            *(self.at_s, offset.pan_deg, offset.tilt_deg, offset.roll_deg, offset.zoom),
            *(error.pan_deg, error.tilt_deg, error.roll_deg, error.zoom),
        )
        header = _HEADER.pack(_MAGIC, _VERSION, self.accepted, *numbers)
        return header + self.view.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Learned:
        """Read a file.

        Raises:
            RegistrationError: ``damaged`` or ``version``.
        """
        damaged = "delete the learned reference; it is learned anew"
        if len(data) < _HEADER.size or data[:4] != _MAGIC:
            raise RegistrationError("damaged", damaged)
        if data[4] != _VERSION:
            raise RegistrationError("version", f"this agent reads version {_VERSION} only")
        _, _, accepted, at_s, *numbers = _HEADER.unpack_from(data)
        if not all(map(math.isfinite, (at_s, *numbers))) or min(numbers[3:]) < 0 or not numbers[3]:
            raise RegistrationError("damaged", damaged)
        view = RegisteredView.from_bytes(data[_HEADER.size :])
        return cls(accepted, at_s, Move(*numbers[:4]), MoveError(*numbers[4:]), view)


@dataclass(frozen=True, slots=True)
class ReferenceSet:
    """What frames are compared with, and the lesson that is under way.

    Attributes:
        accepted: never replaced; another accepted view begins another set.
        learned: oldest first, `MOST_LEARNED` at most.
        lesson: frames that may become a reference, with what the accepted view said of each.
        rest_until_s: no lesson begins before.
    """

    accepted: RegisteredView
    learned: tuple[Learned, ...] = ()
    lesson: tuple[tuple[Frame, Estimate], ...] = field(default=(), compare=False, repr=False)
    rest_until_s: float = -math.inf

    def __post_init__(self) -> None:
        if any(each.accepted != self.accepted.digest for each in self.learned):
            raise ValueError("a reference that was learned under another accepted view")
        if len(self.learned) > MOST_LEARNED:
            raise ValueError(f"at most {MOST_LEARNED} learned references")


@dataclass(frozen=True, slots=True)
class Located:
    """A frame's estimate and the reference that gave it; ``by`` is ``None`` for the accepted."""

    estimate: Estimate
    by: Learned | None = None


def locate(references: ReferenceSet, frame: Frame, near: Move | None = None) -> Located:
    """Find a frame: on the accepted view, and only where that fails on the learned ones.

    The move and its errors count from the accepted view whichever reference found it.
    """
    first = estimate(references.accepted, frame, near)
    if first.found:
        return Located(first)
    best = Located(first)
    for each in reversed(references.learned):  # the newest is the likeliest
        guess = each.offset.inverse().compose(near or Move())
        seen = estimate(each.view, frame, guess)
        if seen.found and seen.confidence > best.estimate.confidence:
            best = Located(_from_accepted(each, seen), each)
    return best


def learn(
    references: ReferenceSet, frame: Frame, located: Located, judgement: Judgement, at_s: float
) -> tuple[ReferenceSet, Learned | None]:
    """Let a frame teach; returns the new reference when a lesson is complete.

    Args:
        references: the set so far.
        frame: the frame.
        located: what `locate` said of it.
        judgement: what `judge` said of it, with the signed tolerance.
        at_s: Unix seconds.
    """
    if at_s < references.rest_until_s:
        return references, None
    if located.by is not None or not _may_teach(judgement):
        return replace(references, lesson=()), None
    if not references.lesson and _is_known(references.learned, frame, located.estimate.move):
        return replace(references, rest_until_s=at_s + LESSON_GAP_S), None
    lesson = (*references.lesson, (frame, located.estimate))
    if len(lesson) < LESSON_FRAMES:
        return replace(references, lesson=lesson), None
    rested = replace(references, lesson=(), rest_until_s=at_s + LESSON_GAP_S)
    try:
        view = register([each for each, _ in lesson], references.accepted.lens)
    except RegistrationError:
        return rested, None
    offset, error = _offset([told for _, told in lesson])
    made = Learned(references.accepted.digest, at_s, offset, error, view)
    kept = references.learned[-(MOST_LEARNED - 1) :]
    return replace(rested, learned=(*kept, made)), made


def _may_teach(judgement: Judgement) -> bool:
    """The accepted view is sure that nothing moved or hides, and yet the light is strange."""
    seen = judgement.estimate
    hidden = hidden_share(seen.tiles)
    return (
        judgement.verdict is ViewVerdict.SAME
        and seen.confidence >= SURE
        and judgement.excess + 3.0 * judgement.uncertainty <= WELL_WITHIN
        and (hidden is None or hidden < _HIDDEN)
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


def _offset(told: Sequence[Estimate]) -> tuple[Move, MoveError]:
    """Mean move of a lesson. Its frames share one light, so their errors do not average out."""
    count = len(told)
    moves, errors = [each.move for each in told], [each.stderr for each in told]
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
    a, b = learned.error, seen.stderr
    error = MoveError(
        math.hypot(a.pan_deg, b.pan_deg),
        math.hypot(a.tilt_deg, b.tilt_deg),
        math.hypot(a.roll_deg, b.roll_deg),
        math.hypot(a.zoom, b.zoom),
    )
    return replace(seen, move=learned.offset.compose(seen.move), stderr=error)
