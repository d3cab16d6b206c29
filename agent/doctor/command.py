"""The commands that help to set a camera up: ``doctor`` and ``settings-schema``."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewkeeper.agent.catalogue import Adapters
from viewkeeper.agent.settings_file import load

if TYPE_CHECKING:
    from viewkeeper.agent.doctor.findings import Finding

EXIT_BAD = 1
_MARKS = {"good": "ok  ", "warning": "note", "bad": "BAD "}


def add_to(commands: Any) -> None:
    """Add the commands to the agent's."""
    doctor = commands.add_parser(
        "doctor",
        help="look at camera, broker, certificates, clock, storage and keys",
        description="Looks at everything the agent will need and names the cure of what is bad. "
        f"Changes nothing. Exit code {EXIT_BAD} when something is bad.",
    )
    doctor.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings, TOML")
    doctor.add_argument("--json", action="store_true", help="one JSON object a finding")
    doctor.set_defaults(run=_doctor)
    schema = commands.add_parser(
        "settings-schema",
        help="print the JSON schema of the settings file",
        description="For editors that complete and check TOML (taplo, Even Better TOML).",
    )
    schema.set_defaults(run=_schema)


def _doctor(arguments: argparse.Namespace, adapters: Adapters) -> int:
    # The running agent has no use for these.
    from viewkeeper.agent.doctor.examination import examine
    from viewkeeper.agent.doctor.findings import Health

    bad = 0
    for finding in examine(load(arguments.config), adapters):
        bad += finding.health is Health.BAD
        print(json.dumps(asdict(finding)) if arguments.json else line(finding), flush=True)
    return EXIT_BAD if bad else 0


def line(finding: Finding) -> str:
    """A finding for a person."""
    return f"{_MARKS[finding.health.value]}  {finding.thing}: {finding.detail}"


def _schema(_arguments: argparse.Namespace, _adapters: Adapters) -> int:
    from viewkeeper.agent import settings_schema

    print(json.dumps(settings_schema.schema(), indent=2, ensure_ascii=False))
    return 0
