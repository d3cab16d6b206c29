"""``viewkeeper-agent references``: what this camera has learned beside its registered view."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from pathlib import Path
from typing import Any

from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.app import Storage
from viewkeeper.agent.learned_references import entered_references, stored_references
from viewkeeper.agent.settings_file import load
from viewkeeper.protocol.errors import Reason, SetupError


def add_to(commands: Any) -> None:
    """The command."""
    command = commands.add_parser(
        "references",
        help="list what was learned beside the registered view",
        description="A running agent learns how the registered view looks at night, in infrared "
        "or in another season, only while the registered view itself is sure that nothing moved. "
        "Each such reference is named here with its hash, when it was learned, how far off the "
        "camera stood then, and whether the ledger holds it. A new accepted view deletes them.",
    )
    command.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings")
    command.add_argument("--json", action="store_true", help="for machines")
    command.set_defaults(run=_references)


def _references(arguments: argparse.Namespace, _adapters: object) -> int:
    settings = load(arguments.config)
    storage = Storage(Path(settings.storage.dir))
    if not storage.ledger.exists():
        raise SetupError(Reason.SETTING, "this camera is not enrolled yet: nothing was learned")
    entered = entered_references(LedgerFile(storage.ledger))
    rows = [
        {
            "learned": one.digest.hex(),
            "registered_view": one.accepted.hex(),
            "at": dt.datetime.fromtimestamp(one.at_s, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "pan_deg": round(one.offset.pan_deg, 4),
            "tilt_deg": round(one.offset.tilt_deg, 4),
            "roll_deg": round(one.offset.roll_deg, 4),
            "zoom": round(one.offset.zoom, 5),
            "bytes": len(one.to_bytes()),
            "in_ledger": one.digest in entered,
        }
        for one in stored_references(storage.directory / "views")
    ]
    if arguments.json:
        print(json.dumps(rows))
        return 0
    if not rows:
        told = "off" if not settings.view.learn_references else "on"
        print(f"nothing learned yet (learn_references is {told})")
    for row in rows:
        where = "in the ledger" if row["in_ledger"] else "NOT in the ledger: will be deleted"
        print(
            f"{row['at']}  {str(row['learned'])[:16]}…  beside {str(row['registered_view'])[:16]}…"
            f"  pan {row['pan_deg']:+.3f}°, tilt {row['tilt_deg']:+.3f}°, "
            f"roll {row['roll_deg']:+.3f}°, zoom {row['zoom']:.4f}  "
            f"{row['bytes']} bytes, {where}"
        )
    return 0
