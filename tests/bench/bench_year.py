"""The judgement over a year and over a slow drift; writes docs/benchmarks/year.md.

Places: two drawn streets, and panoramas of a folder (``--data``), evenly chosen.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from viewkeeper.agent.core.view.registered import RegistrationError
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.panorama import load_panorama, street_scene
from viewkeeper.sim.camera.pinhole import Lens
from viewkeeper.sim.camera.virtual import VirtualCamera
from viewkeeper.sim.drift import Drifted, live
from viewkeeper.sim.weather import Weather
from viewkeeper.sim.year import Life, Plan, Tally, registered_view

DOCS = Path(__file__).resolve().parents[2] / "docs" / "benchmarks"
SEED = 20261124
SIZE = (320, 240)
A_DAY_DEG, DAYS = 0.05, 40
KNOCK_DEG = (0.5, 5.0)
LORRY = 0.3
"""Share of the view that a lorry hides which stays for a whole day."""
A_DAY = tuple(130 * 24.0 + hour for hour in range(24))
"""Hours of one day in May."""


def cameras(data: Path | None, places: int) -> list[tuple[str, VirtualCamera]]:
    """Places by name, each with a camera at its home view."""
    found = [(f"street {seed}", street_scene(seed)) for seed in (1, 2)]
    paths = sorted(data.glob("*.hdr")) if data is not None else []
    step = max(1, len(paths) // max(1, places))
    found += [(path.stem, load_panorama(path)) for path in paths[::step][:places]]
    return [(name, VirtualCamera(p, p.home, Lens(60.0), SIZE, 3)) for name, p in found]


Told = tuple[str, dict[str, Any] | str, Tally | None, Drifted | None, float]


def lived(data: Path | None, places: int, index: int, hours: int) -> Told:
    """One place: its year, its lorry, its drift, and the processor time that took."""
    began = time.process_time()
    name, camera = cameras(data, places)[index]
    try:
        view = registered_view(camera)
    except RegistrationError as error:
        return name, error.reason, None, None, time.process_time() - began
    life = Life(camera, view, Plan(knock_every=6, knock_deg=KNOCK_DEG))
    told = life.through(Weather(SEED).sample(hours)).to_dict()
    parked = Life(camera, view, Plan())
    parked.through((hour, replace(Weather(SEED).at(hour), occluder=LORRY)) for hour in A_DAY)
    camera.pose = camera.registered
    night = Conditions(night=1.0, noise=0.02, people=2)
    drifted = live(camera, view, days=DAYS, a_day_deg=A_DAY_DEG, night=night)
    return name, told, parked.tally, drifted, time.process_time() - began


def main(data: Path | None = None, hours: int = 60, places: int = 4, jobs: int = 1) -> None:
    """Live, count and write, after each place what is known by then."""
    years: list[tuple[str, dict[str, Any] | str]] = []
    drifts: list[tuple[str, Drifted]] = []
    lorries: list[tuple[str, Tally]] = []
    seconds = 0.0
    count = len(cameras(data, places))
    with ProcessPoolExecutor(jobs) as pool:
        every = [pool.submit(lived, data, places, index, hours) for index in range(count)]
        for done in every:
            name, told, parked, drifted, took = done.result()
            years.append((name, told))
            lorries += [(name, parked)] if parked is not None else []
            drifts += [(name, drifted)] if drifted is not None else []
            seconds += took
            (DOCS / "year.md").write_text(page(years, lorries, drifts, hours, seconds))


def page(
    years: list[tuple[str, dict[str, Any] | str]],
    lorries: list[tuple[str, Tally]],
    drifts: list[tuple[str, Drifted]],
    hours: int,
    seconds: float,
) -> str:
    """The page as Markdown."""
    lines = [
        "# A year, and a slow drift",
        "",
        f"`make bench-year DATA=folder` writes this page. {hours} hours a place, drawn evenly "
        f"from a simulated year (`sim/weather.py`) with night, fog, rain, shadow, wind, people and "
        f"lorries; six frames an hour, {SIZE[0]} × {SIZE[1]}; every sixth hour a knock of "
        f"{KNOCK_DEG[0]} to {KNOCK_DEG[1]}° in any direction. "
        f"Seed {SEED}. This samples a year; it is not every hour of one.",
        "",
        "| place | frames | false alarms | false flags | knocks | reported | blind | missed "
        "| frames to the report: median / most | worst error of a found view |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    total = dict.fromkeys(
        ("frames", "false_alarms", "false_flags", "knocks", "knocks_found", "knocks_blind",
         "knocks_missed"), 0)  # fmt: skip
    for name, told in years:
        if isinstance(told, str):
            lines.append(f"| {name} | no view could be registered: {told} | | | | | | | | |")
            continue
        for key in total:
            total[key] += int(told[key])
        waited = f"{told['frames_to_report_median']} / {told['frames_to_report_most']}"
        cells = " | ".join(str(told[key]) for key in total)
        lines.append(f"| {name} | {cells} | {waited} | {told['worst_error_deg']}° |")
    lines.append("| **all** | " + " | ".join(f"**{value}**" for value in total.values()) + " | | |")
    wrong = [
        f"- {name}, hour {one['hour']:.2f}: `{one['what']}` under {one['conditions']}"
        for name, told in years
        if isinstance(told, dict)
        for one in told["wrong"]
    ]
    if wrong:
        lines += ["", "Hours that were judged wrongly:", "", *wrong[:12]]
    lines += [
        "",
        "*Blind*: it said that it could not tell. *Missed*: it said `same` to the end. *Gross "
        "error*: a view was found, more than 0.35° from the truth.",
        "",
        "## A lorry parked for a day",
        "",
        f"It hides {LORRY:.0%} of the view for the 24 hours of a day in May; six frames an hour.",
        "",
        "| place | false alarms | false flags | what was said |",
        "|---|---|---|---|",
        *(
            f"| {name} | {tally.false_alarms} | {tally.false_flags} | "
            + ", ".join(f"{word}: {count}" for word, count in sorted(tally.said.items()))
            + " |"
            for name, tally in lorries
        ),
        "",
        f"## {A_DAY_DEG}° a day for {DAYS} days",
        "",
        f"Noon and a noisy infrared night every day, with learned references; tolerance "
        f"{Tolerance().pan_deg}°. The report is due on the day after the tolerance is crossed at "
        "the latest; *denied* counts frames of later days on which `same` stood.",
        "",
        "| place | tolerance crossed | reported | too early | denied | lessons: day (degrees off) "
        "| told by a learned one | worst error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, told in drifts:
        lessons = ", ".join(f"{day} ({off:.2f}°)" for day, off in told.lessons) or "none"
        lines.append(
            f"| {name} | day {told.crossed_day} | "
            f"{'never' if told.reported_day is None else f'day {told.reported_day}'} "
            f"| {'yes' if told.early else 'no'} | {told.denied} | {lessons} | {told.by_learned} "
            f"| {told.worst_error_deg:.3f}° |"
        )
    lines += ["", f"{seconds:.0f} s of one processor.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--hours", type=int, default=60)
    parser.add_argument("--places", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=1, help="places at a time")
    arguments = parser.parse_args()
    main(arguments.data, arguments.hours, arguments.places, arguments.jobs)
