"""``viewkeeper-sim``: parses, calls, prints. Each command is a module of `sim/commands`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from viewkeeper.protocol.errors import ViewkeeperError
from viewkeeper.sim.commands import agent, frames, render, stage, year
from viewkeeper.sim.demo import command as demo
from viewkeeper.sim.errors import SimError

EXIT_ERROR = 2


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
    Command("agent", agent.SUMMARY, agent.add_arguments, agent.run),
)
"""A new command is one more entry."""


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line, and not the whole usage before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_ERROR, f"{self.prog}: error: {message}; see {self.prog} --help\n")


_EPILOG = """\
exit codes: 0 done, 2 error (one line says what and the cure), 130 interrupted

examples:
  viewkeeper-sim render street.png
  viewkeeper-sim render knocked.png --pan 3 --roll -1 --with rain=0.7 --json
  viewkeeper-sim frames night/ --count 20 --with night=1 --with people=8
  viewkeeper-sim stage cam-1.json --new
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except (SimError, ViewkeeperError) as error:
        print(f"viewkeeper-sim: error: {error.hint} [{error.reason}]", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing is wrong here.
        sys.stderr.close()
        return 0


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
