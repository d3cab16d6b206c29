"""What stacked frames and learned references are worth; writes docs/benchmarks/references.md.

Three chains see the very same frames: each frame alone, frames stacked as well, references learned
as well. Dusk offers lessons; then comes the night in growing noise, in which the camera is knocked.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.view_pairs import LENS, places
from viewkeeper.agent.core import assessment
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.reference_set import (
    LESSON_FRAMES,
    LESSON_GAP_S,
    LESSON_S,
    ReferenceSet,
)
from viewkeeper.agent.core.view.registered import RegisteredView, RegistrationError
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.protocol.vocabulary import ViewVerdict
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.pinhole import Lens
from viewkeeper.sim.camera.virtual import VirtualCamera
from viewkeeper.sim.year import registered_view

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks" / "references.md"
SIZE = (320, 240)
SEED = 20261124
DUSK = tuple(Conditions(night=level, noise=0.01) for level in (0.4, 0.7, 1.0))
NOISES = (0.01, 0.02, 0.03, 0.04, 0.06, 0.08)
"""Of the infrared night, linear light where 1 is white."""
KNOCK_DEG = 1.5
STANDS, TURNED = 24, 48
"""Frames before and after the knock."""
SOON, LATE = 10, 48
GROSS_DEG = 0.35
CHAINS = ("frames alone", "stacked", "stacked and learned")


@dataclass(slots=True)
class Told:
    """What one chain said at one depth of night.

    Attributes:
        frames, told: all, and those at which the verdict over time was not `cannot_tell`.
        found, gross: frames or stacks in which the view was found, and found wrong.
        by_learned: told by a learned reference.
        knocks, soon, late: within `SOON` and within `LATE` frames.
        false_alarms: nights in which `moved` was said of a camera that stood.
    """

    frames: int = 0
    told: int = 0
    found: int = 0
    gross: int = 0
    by_learned: int = 0
    knocks: int = 0
    soon: int = 0
    late: int = 0
    false_alarms: int = 0


@dataclass(slots=True)
class Chain:
    """One agent's judgement, with a tally a noise."""

    view: RegisteredView
    state: assessment.WatchState
    lessons: int = 0
    tallies: dict[float, Told] = field(default_factory=lambda: {noise: Told() for noise in NOISES})

    def look(self, frame: Frame, at_s: float) -> assessment.Check:
        self.state, check = assessment.check(self.state, self.view, frame, Tolerance(), at_s)
        self.lessons += check.learned is not None
        return check


def chains(view: RegisteredView) -> tuple[Chain, ...]:
    """In the order of `CHAINS`."""
    return (
        Chain(view, assessment.start(0.0, stacking=False)),
        Chain(view, assessment.start(0.0)),
        Chain(view, assessment.start(0.0, ReferenceSet(view))),
    )


def live(camera: VirtualCamera, view: RegisteredView) -> tuple[Chain, ...]:
    """One evening, and its night in every noise."""
    seen, at_s = chains(view), 0.0
    for conditions in DUSK:
        camera.conditions = conditions
        for _ in range(LESSON_FRAMES + 6):
            at_s += LESSON_S / LESSON_FRAMES
            frame, _ = camera.frame(at_s)
            for chain in seen:
                chain.look(frame, at_s)
        at_s += LESSON_GAP_S
    dusk = [chain.state for chain in seen]
    for noise in NOISES:
        for chain, state in zip(seen, dusk, strict=True):
            chain.state = state
        camera.conditions = Conditions(night=1.0, noise=noise, people=2)
        camera.pose = camera.registered
        at_s = night(camera, seen, noise, at_s)
    return seen


def night(camera: VirtualCamera, seen: tuple[Chain, ...], noise: float, at_s: float) -> float:
    """Stands, and is then knocked."""
    alarmed = [False] * len(seen)
    for number in range(-STANDS, TURNED):
        if number == 0:
            camera.pose = camera.registered.moved(pan_deg=KNOCK_DEG)
        true_deg = 0.0 if number < 0 else KNOCK_DEG
        at_s += 1.0
        frame, _ = camera.frame(at_s)
        for index, chain in enumerate(seen):
            check, tally = chain.look(frame, at_s), chain.tallies[noise]
            tally.frames += 1
            tally.knocks += number == 0
            tally.told += check.verdict is not ViewVerdict.CANNOT_TELL
            if check.estimate.found:
                tally.found += 1
                tally.by_learned += check.by is not None
                # A stack that holds frames of both poses is wrong about neither.
                off = min(abs(check.estimate.move.pan_deg - deg) for deg in (true_deg, 0.0))
                tally.gross += off > GROSS_DEG
            if check.verdict is ViewVerdict.MOVED and not alarmed[index]:
                alarmed[index] = True
                tally.false_alarms += number < 0
                tally.soon += 0 <= number < SOON
                tally.late += 0 <= number < LATE
    return at_s


def evenings(data: Path | None, most: int) -> Iterator[tuple[str, tuple[Chain, ...]]]:
    """One at each place where a view could be registered."""
    found = places(data)
    for panorama in found[:: max(1, len(found) // most)][:most]:
        camera = VirtualCamera(panorama, panorama.home, Lens(LENS.hfov_deg), SIZE, SEED)
        try:
            view = registered_view(camera)
        except RegistrationError:
            continue
        yield panorama.name, live(camera, view)


def page(seen: list[tuple[str, tuple[Chain, ...]]]) -> str:
    """The page as Markdown."""
    lessons = [each[-1].lessons for _, each in seen]
    lines = [
        "# What stacked frames and learned references are worth",
        "",
        f"`make bench-references DATA=folder` writes this page: {len(seen)} places that no "
        f"constant was set on, {SIZE[0]} × {SIZE[1]}, seed {SEED}. Dusk in {len(DUSK)} steps "
        f"offers lessons ({sum(lessons)} references were learned, {min(lessons)} to "
        f"{max(lessons)} a place); then an infrared night with two people and growing noise, in "
        f"which the camera stands for {STANDS} frames, is turned by {KNOCK_DEG}° and watched for "
        f"{TURNED} more. All three see the same frames.",
        "",
        f"| noise of the night | judged by | told | knocks reported within {SOON} frames "
        f"| within {LATE} | found but wrong | by a learned one | false alarms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for noise in NOISES:
        for index, name in enumerate(CHAINS):
            tallies = [each[index].tallies[noise] for _, each in seen]
            knocks, found = sum(t.knocks for t in tallies), sum(t.found for t in tallies)
            cells = (
                f"{100 * noise:.0f} %",
                name,
                f"{sum(t.told for t in tallies) / sum(t.frames for t in tallies):.3f}",
                f"{sum(t.soon for t in tallies)} of {knocks}",
                f"{sum(t.late for t in tallies)} of {knocks}",
                f"{sum(t.gross for t in tallies)} of {found}",
                f"{sum(t.by_learned for t in tallies)}",
                f"{sum(t.false_alarms for t in tallies)}",
            )
            lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "*Told*: share of frames at which the verdict over time was not `cannot_tell`. *Found*: "
        "frames or stacks in which the view was found; *wrong*: in pan by more than "
        f"{GROSS_DEG}° from where the camera is, and from where it was before the knock. Noise: "
        "standard deviation, of white.",
        "",
    ]
    return "\n".join(lines)


def main(data: Path | None = None, most: int = 8) -> None:
    """Live and write."""
    seen: list[tuple[str, tuple[Chain, ...]]] = []
    for name, both in evenings(data, most):
        seen.append((name, both))
        print(f"{name}: {both[-1].lessons} learned", flush=True)
        PAGE.write_text(page(seen), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--places", type=int, default=8)
    arguments = parser.parse_args()
    main(arguments.data, arguments.places)
