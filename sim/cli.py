"""``viewkeeper-sim``: parses, calls, prints. Each command is a module of `sim/commands`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from viewkeeper.command_line import OneLineParser, guarded
from viewkeeper.sim.commands import agent, decision, fleet, frames, render, stage, year
from viewkeeper.sim.demo import command as demo
from viewkeeper.sim.errors import SimError


@dataclass(frozen=True, slots=True)
class Command:
    """A word of the command line."""

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


COMMANDS = (
    Command(
        "demo", "the whole chain on one machine, told as a story", demo.add_arguments, demo.run
    ),
    Command("render", render.SUMMARY, render.add_arguments, render.run),
    Command("frames", frames.SUMMARY, frames.add_arguments, frames.run),
    Command("stage", stage.SUMMARY, stage.add_arguments, stage.run),
    Command("year", year.SUMMARY, year.add_arguments, year.run),
    Command("decision", decision.SUMMARY, decision.add_arguments, decision.run),
    Command("fleet", fleet.SUMMARY, fleet.add_arguments, fleet.run),
    Command("agent", agent.SUMMARY, agent.add_arguments, agent.run),
)
"""A new command is one more entry."""


_EPILOG = """\
exit codes: 0 done, 2 error (one line says what and the cure), 130 interrupted

examples:
  viewkeeper-sim render street.png
  viewkeeper-sim render knocked.png --pan 3 --roll -1 --with rain=0.7 --json
  viewkeeper-sim frames night/ --count 20 --with night=1 --with people=8
  viewkeeper-sim stage cam-1.json --new
  viewkeeper-sim fleet --cameras 2000 --seconds 240 --fault power-cut@60+15
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    arguments = _parser().parse_args(argv)
    return guarded("viewkeeper-sim", lambda: arguments.run(arguments), SimError)


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="viewkeeper-sim",
        description="Virtual cameras with exact truth: pictures, recordings, and a stage on which "
        "the real agent runs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        own = commands.add_parser(command.name, help=command.summary)
        command.add_arguments(own)
        own.set_defaults(run=command.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
