"""The judgement over one frame: same, moved, or cannot tell and why."""

from __future__ import annotations

from dataclasses import dataclass

from viewkeeper.agent.core.quality.health import ImageHealth
from viewkeeper.agent.core.view.estimate import Estimate
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.protocol.vocabulary import ViewCause, ViewVerdict


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far the view may be off and still be the same.

    The regulation gives no figures, so these are ours ([P]): a turn of 0.35° at 70° across
    shifts the picture by 0.5 % of its width, which is less than a loose bracket gives and more
    than warming of a pole does. A roll of 0.7° shifts the picture's edge by as much; so does a
    zoom of 1.2 %.
    """

    pan_deg: float = 0.35
    tilt_deg: float = 0.35
    roll_deg: float = 0.7
    zoom: float = 0.012

    def __post_init__(self) -> None:
        if min(self.pan_deg, self.tilt_deg, self.roll_deg, self.zoom) <= 0.0:
            raise ValueError("tolerances are positive")

    def excess(self, move: Move) -> float:
        """Largest part of a move over its tolerance: above 1 the view has moved."""
        return max(
            abs(move.pan_deg) / self.pan_deg,
            abs(move.tilt_deg) / self.tilt_deg,
            abs(move.roll_deg) / self.roll_deg,
            abs(move.zoom - 1.0) / self.zoom,
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one frame says.

    Attributes:
        verdict: the judgement.
        cause: why it is `cannot_tell`; ``None`` otherwise.
        estimate: what it rests on.
        excess: largest part of the move over its tolerance; 0 if nothing was found.
        uncertainty: standard error of that part over its tolerance.
    """

    verdict: ViewVerdict
    cause: ViewCause | None
    estimate: Estimate
    excess: float = 0.0
    uncertainty: float = 0.0


def judge(estimate: Estimate, health: ImageHealth, tolerance: Tolerance) -> Judgement:
    """Judge one frame.

    A view that was found is believed even if the picture has faults, so that a smear on the
    glass cannot hide a knock; only faults that make the match itself worthless (`BLINDING`)
    come first.
    """
    blinding = health.blinding
    if blinding is not None:
        return Judgement(ViewVerdict.CANNOT_TELL, ViewCause(blinding.value), estimate)
    if not estimate.found:
        kind = health.cause_for_view
        cause = ViewCause.NO_MATCH if kind is None else ViewCause(kind.value)
        return Judgement(ViewVerdict.CANNOT_TELL, cause, estimate)
    excess = tolerance.excess(estimate.move)
    uncertainty = _uncertainty(estimate, tolerance)
    if uncertainty > 1.0 and excess < 1.0 + 4.0 * uncertainty:
        return Judgement(
            ViewVerdict.CANNOT_TELL, ViewCause.IMPRECISE, estimate, excess, uncertainty
        )
    verdict = ViewVerdict.MOVED if excess > 1.0 else ViewVerdict.SAME
    return Judgement(verdict, None, estimate, excess, uncertainty)


def _uncertainty(estimate: Estimate, tolerance: Tolerance) -> float:
    error = estimate.stderr
    return max(
        error.pan_deg / tolerance.pan_deg,
        error.tilt_deg / tolerance.tilt_deg,
        error.roll_deg / tolerance.roll_deg,
        error.zoom / tolerance.zoom,
    )
