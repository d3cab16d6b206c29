"""``viewkeeper-agent access``: declare a look at footage, as the video system would."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from pathlib import Path
from typing import Any

from viewkeeper.agent.access_register import LookFolder
from viewkeeper.agent.app import Storage
from viewkeeper.agent.settings_file import load
from viewkeeper.protocol.access import AccessEntry, Look
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError
from viewkeeper.protocol.fields import pack
from viewkeeper.protocol.vocabulary import AccessAct, AccessCover

ENTERED, NOT_COVERED = 0, 1
_ACTS = [act.value for act in AccessAct if act is not AccessAct.GRANTED]


def add_to(commands: Any) -> None:
    """The command."""
    access = commands.add_parser(
        "access",
        help="declare a look at footage for the access register",
        description="For the video system to call when it lets somebody view, copy or fetch "
        "footage. The running agent enters the look in the ledger, publishes it, and says "
        "whether a grant covers it. It cannot stop a look, nor see one that nobody declares. "
        "Exit code 0: entered; 1: entered, but no grant covers it.",
    )
    access.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings, TOML")
    access.add_argument("--act", choices=_ACTS, required=True)
    access.add_argument(
        "--person", action="append", required=True, metavar="NAME", help="who; again for each"
    )
    access.add_argument("--unit", metavar="NAME", help="for whom they work")
    access.add_argument("--purpose", required=True)
    access.add_argument("--destination", required=True, help="where the footage goes")
    access.add_argument("--footage-from", required=True, metavar="2026-11-18T14:00+08:00")
    access.add_argument("--footage-to", required=True, metavar="2026-11-18T15:00+08:00")
    access.add_argument("--approval", metavar="NUMBER", help="of the approval paper")
    access.add_argument("--grant", metavar="HEX", help="hash of the grant, as its verdict names it")
    access.add_argument(
        "--timeout-s", type=float, default=10.0, help="wait for the agent (default 10)"
    )
    access.add_argument("--json", action="store_true", help="for machines")
    access.set_defaults(run=_access)


def _access(arguments: argparse.Namespace, _adapters: object) -> int:
    storage = Storage(Path(load(arguments.config).storage.dir))
    if not storage.ledger.exists():
        raise SetupError(Reason.SETTING, "this camera is not enrolled yet: it has no register")
    look = Look(
        act=AccessAct(arguments.act),
        persons=tuple(arguments.person),
        unit=arguments.unit,
        purpose=arguments.purpose,
        from_s=_moment(arguments.footage_from),
        to_s=_moment(arguments.footage_to),
        destination=arguments.destination,
        approval=arguments.approval,
        grant=None if arguments.grant is None else _hash(arguments.grant),
    )
    try:
        pack(look)
    except RefusalError as error:
        raise SetupError(Reason.SETTING, error.hint) from error
    folder = LookFolder(storage.looks)
    name = folder.declare(look)
    entry = folder.answer(name, arguments.timeout_s)
    if arguments.json:
        print(json.dumps(_told(name, entry), ensure_ascii=False))
    elif entry is None:
        print(f"declared as {name}; no agent answers, it is entered when one runs")
    else:
        print(f"entered as entry {entry.entry} of the ledger: {entry.cover.value}")
    covered = entry is None or entry.cover is AccessCover.GRANT
    return ENTERED if covered else NOT_COVERED


def _told(name: str, entry: AccessEntry | None) -> dict[str, object]:
    if entry is None:
        return {"declared": name, "entry": None}
    return {
        "declared": name,
        "entry": entry.entry,
        "entry_hash": entry.entry_hash.hex(),
        "cover": entry.cover.value,
    }


def _moment(text: str) -> int:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise SetupError(Reason.SETTING, f"{text}: write 2026-11-18T14:00+08:00") from None
    if moment.tzinfo is None:
        raise SetupError(Reason.SETTING, f"{text}: say the time zone, as in +08:00")
    return int(moment.timestamp())


def _hash(text: str) -> bytes:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != 32:
        raise SetupError(Reason.SETTING, "--grant is 64 hexadecimal digits")
    return value
