"""A camera that turns a little every day: is it reported, and is the drift ever learned?

Rule: the chain is `agent/core/assessment` with learned references, as the agent runs it; what the
camera really did is kept apart from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from viewkeeper.agent.core import assessment
from viewkeeper.agent.core.view.learned import Learned
from viewkeeper.agent.core.view.reference_set import LESSON_FRAMES, LESSON_S, ReferenceSet
from viewkeeper.agent.core.view.registered import RegisteredView
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.protocol.vocabulary import ViewVerdict
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.virtual import VirtualCamera

NOON_FRAMES = 8
NIGHT_FRAMES = LESSON_FRAMES + 6
_DAY_S = 86_400.0


@dataclass(slots=True)
class Drifted:
    """What was seen of it.

    Attributes:
        days: lived through.
        crossed_day: when the true turn passed the tolerance.
        reported_day: when `moved` was first said.
        early: `moved` was said while the turn was within the tolerance less 0.02 degrees.
        denied: frames of the days after that on which `same` was said over time.
        lessons: day of each reference learned, and how far off the camera was then (degrees).
        by_learned: frames that only a learned reference told.
        worst_error_deg: of pan, over all frames in which the view was found.
    """

    days: int = 0
    crossed_day: int | None = None
    reported_day: int | None = None
    early: bool = False
    denied: int = 0
    lessons: list[tuple[int, float]] = field(default_factory=list[tuple[int, float]])
    by_learned: int = 0
    worst_error_deg: float = 0.0


def live(
    camera: VirtualCamera,
    view: RegisteredView,
    *,
    days: int,
    a_day_deg: float,
    night: Conditions,
    tolerance: Tolerance | None = None,
) -> Drifted:
    """Noon and night of every day, the camera turned to the right by so much more each day."""
    told, allowed = Drifted(), tolerance or Tolerance()
    state = assessment.start(0.0, ReferenceSet(view))
    for day in range(days + 1):
        true_deg = a_day_deg * day
        camera.pose = camera.registered.moved(pan_deg=true_deg)
        if told.crossed_day is None and true_deg > allowed.pan_deg:
            told.crossed_day = day
        for hour, frames, conditions in (
            (12.0, NOON_FRAMES, Conditions()),
            (23.0, NIGHT_FRAMES, night),
        ):
            camera.conditions = conditions
            for number in range(frames):
                at_s = day * _DAY_S + hour * 3600.0 + number * LESSON_S / LESSON_FRAMES
                frame, _ = camera.frame(at_s)
                state, check = assessment.check(state, view, frame, allowed, at_s)
                _count(told, day, true_deg, check, allowed)
    told.days = days
    return told


def _count(
    told: Drifted, day: int, true_deg: float, check: assessment.Check, allowed: Tolerance
) -> None:
    learned: Learned | None = check.learned
    if learned is not None:
        told.lessons.append((day, true_deg))
    told.by_learned += check.by is not None
    if check.estimate.found:
        error = abs(check.estimate.move.pan_deg - true_deg)
        told.worst_error_deg = max(told.worst_error_deg, error)
    if check.verdict is ViewVerdict.MOVED and told.reported_day is None:
        told.reported_day = day
        told.early = true_deg < allowed.pan_deg - 0.02
    crossed_before = told.crossed_day is not None and day > told.crossed_day
    if check.verdict is ViewVerdict.SAME and crossed_before:
        told.denied += 1
