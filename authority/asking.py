"""What only a person can answer: yes or no, and the passphrase of a key."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from viewkeeper.authority.key_cabinet import Passphrase
from viewkeeper.protocol.errors import Reason, SetupError


def confirmed(question: str) -> bool:
    """Ask; an error where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise SetupError(Reason.SETTING, "nobody to ask here: give --yes if you have read it")
    return input(f"{question}? [y/N] ").strip().lower() in ("y", "yes", "是")


def making(arguments: argparse.Namespace) -> Passphrase:
    """Where the passphrase of a new key comes from."""
    if arguments.no_passphrase:
        return lambda _name: None
    if arguments.passphrase_file is not None:
        return lambda _name: first_line(arguments.passphrase_file)
    return _ask_twice


def opening(arguments: argparse.Namespace) -> Passphrase:
    """Where the passphrase of a key comes from."""
    if arguments.passphrase_file is not None:
        return lambda _name: first_line(arguments.passphrase_file)
    return lambda name: getpass.getpass(f"passphrase of {name}: ").encode()


def _ask_twice(name: str) -> bytes:
    while True:
        first = getpass.getpass(f"new passphrase for {name}: ")
        if not first:
            raise SetupError(Reason.SETTING, "an empty passphrase is none: --no-passphrase")
        if first == getpass.getpass("once more: "):
            return first.encode()
        print("they differ", file=sys.stderr)


def first_line(path: Path) -> bytes:
    """What a passphrase or password file holds."""
    try:
        line = path.read_bytes().splitlines()[:1]
    except FileNotFoundError as error:
        raise SetupError(Reason.FILE_MISSING, f"no such file: {path}") from error
    if not line or not line[0]:
        raise SetupError(Reason.SETTING, f"{path} is empty")
    return line[0]
