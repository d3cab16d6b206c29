"""The agent's own judgement lived through a year of honest weather: how often is it wrong?

Rule: the chain under test is `agent/core/assessment` itself, fed frame by frame as the agent
feeds it; what is counted against it is known from the truth and never shown to it.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from viewkeeper.agent.core import assessment
from viewkeeper.agent.core.view.geometry import Lens
from viewkeeper.agent.core.view.registered import RegisteredView, register
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.protocol.vocabulary import EventKind, ViewVerdict
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.virtual import VirtualCamera

_GROSS_DEG = 0.35
MOST_FRAMES = 60
"""A knock not reported within so many frames counts as missed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to live through the hours.

    Attributes:
        frames: an hour, for the standing camera.
        every_s: between two frames.
        knock_every: one hour in so many the camera is knocked and straightened; 0: never.
        knock_deg: smallest and largest knock, pan and tilt together.
    """

    frames: int = 6
    every_s: float = 10.0
    knock_every: int = 0
    knock_deg: tuple[float, float] = (1.0, 5.0)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One hour in which the judgement was wrong, so that it can be made again."""

    hour: float
    what: str
    conditions: Conditions


@dataclass(slots=True)
class Tally:
    """What was counted.

    Attributes:
        hours, frames: lived through by the standing camera.
        said: frames by what was said over time.
        causes: of frames on which nothing could be said, by cause, frame by frame.
        false_alarms: `moved` said anew of a camera that stood.
        false_flags: event flags without a cover or a blow.
        knocks, found, blind: knocks; those reported in time; those before which the camera said
            that it could not tell. What is left was missed.
        waited: frames until each was reported.
        back: knocks after which the view was seen to be home again.
        worst_error_deg: of pan or tilt, over all frames in which the view was found.
        wrong: the hours to look at.
    """

    hours: int = 0
    frames: int = 0
    said: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    false_alarms: int = 0
    false_flags: int = 0
    knocks: int = 0
    found: int = 0
    blind: int = 0
    waited: list[int] = field(default_factory=list)
    back: int = 0
    worst_error_deg: float = 0.0
    wrong: list[Wrong] = field(default_factory=list)

    @property
    def missed(self) -> int:
        """Knocks during which `same` was claimed to the end."""
        return self.knocks - self.found - self.blind

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values."""
        return {
            "hours": self.hours,
            "frames": self.frames,
            "said": dict(self.said),
            "causes": dict(self.causes),
            "false_alarms": self.false_alarms,
            "false_flags": self.false_flags,
            "knocks": self.knocks,
            "knocks_found": self.found,
            "knocks_blind": self.blind,
            "knocks_missed": self.missed,
            "frames_to_report_median": statistics.median(self.waited) if self.waited else None,
            "frames_to_report_most": max(self.waited, default=None),
            "home_again": self.back,
            "worst_error_deg": round(self.worst_error_deg, 4),
            "wrong": [
                {"hour": w.hour, "what": w.what, "conditions": w.conditions.to_dict()}
                for w in self.wrong
            ],
        }


def registered_view(camera: VirtualCamera) -> RegisteredView:
    """Register the camera as it stands, on a clear day."""
    lens = Lens(camera.lens.hfov_deg, camera.lens.k1, camera.lens.k2)
    return register([camera.frame(float(t))[0] for t in range(6)], lens)


class Life:
    """A camera that is watched; one call an hour."""

    def __init__(
        self,
        camera: VirtualCamera,
        view: RegisteredView,
        plan: Plan | None = None,
        tolerance: Tolerance | None = None,
    ) -> None:
        self.camera, self.view = camera, view
        self.plan, self.tolerance = plan or Plan(), tolerance or Tolerance()
        self.tally = Tally()
        self._state = assessment.start(0.0)
        self._rng = np.random.default_rng((camera.seed, 500))

    def hour(self, hour: float, conditions: Conditions) -> None:
        """Live through one hour; hours must come in order."""
        camera, tally = self.camera, self.tally
        camera.pose, camera.conditions = camera.registered, conditions
        at_s = hour * 3600
        for _ in range(self.plan.frames):
            self._standing(at_s)
            at_s += self.plan.every_s
        tally.hours += 1
        if self.plan.knock_every and tally.hours % self.plan.knock_every == 0:
            self._knock(at_s)

    def through(
        self,
        hours: Iterable[tuple[float, Conditions]],
        progress: Callable[[int], None] = lambda _done: None,
    ) -> Tally:
        """Live through them all."""
        for done, (hour, conditions) in enumerate(hours, 1):
            self.hour(hour, conditions)
            progress(done)
        return self.tally

    def _check(self, at_s: float) -> assessment.Check:
        frame, truth = self.camera.frame(at_s)
        self._state, check = assessment.check(self._state, self.view, frame, self.tolerance, at_s)
        if check.estimate.found:
            error = max(
                abs(check.estimate.move.pan_deg - truth.move.pan_deg),
                abs(check.estimate.move.tilt_deg - truth.move.tilt_deg),
            )
            self.tally.worst_error_deg = max(self.tally.worst_error_deg, error)
            if error > _GROSS_DEG and check.judgement.verdict is not ViewVerdict.CANNOT_TELL:
                self._note(at_s, "gross_error")
        return check

    def _note(self, at_s: float, what: str) -> None:
        self.tally.wrong.append(Wrong(round(at_s / 3600, 4), what, self.camera.conditions))

    def _standing(self, at_s: float) -> None:
        tally, was_moved = self.tally, self._moved
        check = self._check(at_s)
        tally.frames += 1
        tally.said[check.verdict.value] += 1
        if check.judgement.cause is not None:
            tally.causes[check.judgement.cause.value] += 1
        if self._moved and not was_moved:
            tally.false_alarms += 1
            self._note(at_s, "false_alarm")
        for flag in check.flags:
            # a flag goes out again when it is over; a move is counted as an alarm already
            if flag.kind is EventKind.CAMERA_MOVED or flag.started_s < at_s == flag.ended_s:
                continue
            tally.false_flags += 1
            self._note(at_s, flag.kind.value)

    def _knock(self, at_s: float) -> None:
        """Push the camera, wait for the alarm, straighten it, wait for the all-clear."""
        tally = self.tally
        size = float(self._rng.uniform(*self.plan.knock_deg))
        way = float(self._rng.uniform(0, 2 * math.pi))
        self.camera.knock(size * math.cos(way), size * math.sin(way))
        tally.knocks += 1
        waited = self._until(at_s, moved=True)
        if waited is not None:
            tally.found += 1
            tally.waited.append(waited)
        elif self._state.guard.verdict is ViewVerdict.CANNOT_TELL:
            tally.blind += 1
        else:
            self._note(at_s, "missed_knock")
        self.camera.pose = self.camera.registered
        # let the straightened camera be seen in clear weather, or one night's miss taints the next
        self.camera.conditions = Conditions()
        if self._until(at_s + MOST_FRAMES * self.plan.every_s, moved=False) is not None:
            tally.back += 1

    def _until(self, at_s: float, *, moved: bool) -> int | None:
        """Frames until `moved` is said, or `same`; ``None`` if it never is."""
        wanted = ViewVerdict.MOVED if moved else ViewVerdict.SAME
        for count in range(1, MOST_FRAMES + 1):
            if self._check(at_s + count * self.plan.every_s).verdict is wanted:
                return count
        return None

    @property
    def _moved(self) -> bool:
        return self._state.guard.latched
