"""``viewkeeper-sim year``: the agent's judgement through a year of honest weather."""

from __future__ import annotations

import argparse
import json
import sys

from viewkeeper.sim.commands import options
from viewkeeper.sim.commands.frames import show_progress
from viewkeeper.sim.errors import SimError
from viewkeeper.sim.weather import Weather
from viewkeeper.sim.year import Life, Plan, registered_view

SUMMARY = "count false alarms and missed knocks through a year of weather"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        "Hours drawn evenly from a simulated year of day, night, fog, rain, shadow, wind, people "
        "and lorries pass before a camera that stands still; every alarm is a false one. With "
        "--knock-every it is knocked now and then, and must be reported. Exit code 1: it was wrong."
    )
    parser.epilog = "example: viewkeeper-sim year --hours 200 --knock-every 10"
    parser.add_argument("--hours", type=int, default=200, metavar="N", help="(default 200)")
    parser.add_argument("--frames", type=int, default=6, metavar="N", help="an hour (default 6)")
    parser.add_argument("--knock-every", type=int, default=0, metavar="N", help="hours; 0: never")
    parser.add_argument("--json", action="store_true", help="print the count as JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    options.add_scene(parser, size="320x240")


def run(arguments: argparse.Namespace) -> int:
    """Live and count; 0 when nothing was said that was wrong, else 1."""
    if not (1 <= arguments.hours <= 100_000 and 1 <= arguments.frames <= 3600):
        raise SimError("year_range", "--hours must be 1 .. 100000 and --frames 1 .. 3600")
    if arguments.knock_every < 0:
        raise SimError("year_range", "--knock-every must not be negative")
    camera = options.standing_camera(arguments)
    plan = Plan(frames=arguments.frames, knock_every=arguments.knock_every)
    life = Life(camera, registered_view(camera), plan)

    def progress(done: int) -> None:
        if not arguments.quiet:
            show_progress(done, arguments.hours, "hours")

    tally = life.through(Weather(arguments.seed).sample(arguments.hours), progress)
    if not arguments.quiet:
        print(file=sys.stderr)
    if arguments.json:
        print(json.dumps(tally.to_dict()))
    else:
        _print(tally.to_dict())
    return 1 if tally.wrong else 0


def _print(counted: dict[str, object]) -> None:
    wrong = counted.pop("wrong")
    for name, value in counted.items():
        text = value
        if isinstance(value, dict):
            text = ", ".join(f"{k} {v}" for k, v in sorted(value.items())) or "none"
        print(f"{name.replace('_', ' '):24} {text}")
    assert isinstance(wrong, list)
    for hour in wrong[:20]:
        print(f"  hour {hour['hour']:.2f}: {hour['what']} under {hour['conditions']}")
