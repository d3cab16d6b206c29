"""Writes docs/benchmarks/image.md from the results of the last run of each architecture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HEAD = """# The image in a virtual machine

Written by `make boot-image` from its own results; not edited by hand. How it is done:
[images.md](../images.md).

"""


def write(results: Path, target: Path) -> None:
    """One column an architecture.

    Args:
        results: holds ``<arch>/result.json``.
    """
    told = [json.loads(path.read_text()) for path in sorted(results.glob("*/result.json"))]
    columns = [f"{each['arch']}, {'KVM' if each['accelerated'] else 'emulated'}" for each in told]
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    lines += [
        f"| {name} | " + " | ".join(_cell(each, key, form) for each in told) + " |"
        for name, key, form in ROWS
    ]
    target.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def _cell(seen: dict[str, Any], key: str, form: str) -> str:
    value = seen.get(key)
    if value is None:
        return "not run to here"
    if isinstance(value, dict):
        return form.format(**value)
    return form.format(value)


ROWS = (
    ("day", "day", "{}"),
    ("image, MiB unpacked (after growing)", "image_mb", "{}"),
    ("update bundle, MiB", "bundle_mb", "{}"),
    ("first start: keys made and request on the card after", "request_s", "{:.0f} s"),
    ("data partition grew to the disk", "data_grown", "{}"),
    ("listening sockets (TCP and UDP, DHCP client's included)", "listening_sockets", "{}"),
    ("from power to the first report over mutual TLS", "first_report_s", "{:.0f} s"),
    ("turned by 3° outside; the camera said pan", "pan_deg", "{:.2f}°"),
    ("memory of the agent, KiB", "memory_kib", "{}"),
    ("plugs pulled", "plugs", "{}"),
    ("of them after a report, the others during the start", "plugs_after_a_report", "{}"),
    ("audit of the ledger after them", "audit", "{}"),
    ("a bundle of another signer", "unsigned", "refused: {}"),
    ("an older bundle", "older", "refused: {}"),
    ("update, from power through restart to the next report", "update_s", "{:.0f} s"),
    (
        "an update whose root does not verify",
        "does_not_boot",
        "{starts} starts, then the version before it; {seconds:.0f} s in all",
    ),
    (
        "an update whose agent does not come up",
        "agent_fails",
        "{starts} starts, then the version before it; {seconds:.0f} s in all",
    ),
    ("audit of the ledger at the end", "audit_at_the_end", "{}"),
)
