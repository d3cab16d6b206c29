"""``viewkeeper-sim agent``: the real agent, to whom a virtual camera is one more source."""

from __future__ import annotations

import argparse

from viewkeeper.sim import agent

SUMMARY = "viewkeeper-agent, able to look through a virtual camera"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        "Runs viewkeeper-agent with its own arguments. Its settings may say "
        '[source] kind = "virtual" and [signage] driver = "simulated", path being a stage file.'
    )
    parser.epilog = "example: viewkeeper-sim agent run --config cam-1.toml"
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="for the agent")


def run(arguments: argparse.Namespace) -> int:
    """Hand over."""
    words = arguments.arguments
    return agent.main(words[1:] if words[:1] == ["--"] else words)
