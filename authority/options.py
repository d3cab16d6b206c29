"""Options that several commands of ``viewkeeper-authority`` share."""

from __future__ import annotations

import argparse
from pathlib import Path

from viewkeeper.authority.commands import Run


def room(rooms: argparse._SubParsersAction, name: str, text: str) -> argparse._SubParsersAction:
    """A word that verbs follow, such as ``key``."""
    room = rooms.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    return room.add_subparsers(required=True, metavar="VERB")


def command(
    rooms: argparse._SubParsersAction,
    name: str,
    run: Run,
    text: str,
    more: str = "",
) -> argparse.ArgumentParser:
    """A command about one signing desk, and what runs it."""
    description = f"{text[0].upper()}{text[1:]}. {more}".strip()
    parser: argparse.ArgumentParser = rooms.add_parser(name, help=text, description=description)
    parser.add_argument("desk", type=Path, metavar="DESK", help="directory of the signing desk")
    parser.set_defaults(run=run)
    return parser


def add_signing(parser: argparse.ArgumentParser) -> None:
    """What every command that signs an order asks for."""
    parser.add_argument("--camera", required=True, metavar="ID")
    parser.add_argument(
        "--days", type=float, default=30.0, help="how long the order is valid (default: 30)"
    )
    parser.add_argument(
        "--signer",
        action="append",
        metavar="NAME",
        help="key to sign with, may be given again (default: the keys here that have the role)",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write the order here")
    parser.add_argument("--draft", type=Path, metavar="FILE", help="write it unsigned instead")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_passphrase(parser, making=False)


def add_passphrase(parser: argparse.ArgumentParser, *, making: bool) -> None:
    """Where passphrases come from; ``making``: of new keys."""
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help="first line is the passphrase (default: ask)",
    )
    if making:
        parser.add_argument(
            "--no-passphrase", action="store_true", help="throw-away keys only: leave them open"
        )
