"""Writes docs/benchmarks/image.md from the results of the last run of each architecture.

A run that is not among these results keeps the column that it wrote; its day says of when.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HEAD = """# The image in a virtual machine

Written by `make boot-image` from its own results; not edited by hand. How it is done:
[images.md](../images.md).

"""


def write(results: Path, target: Path) -> None:
    """One column a run.

    Args:
        results: holds ``<run>/result.json``.
    """
    files = sorted(results.glob("*/result.json"))
    columns = columns_of(target.read_text("utf-8")) if target.exists() else {}
    for path in files:
        told = json.loads(path.read_text())
        columns[path.parent.name] = {name: _cell(told, key, form) for name, key, form in ROWS}
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    lines += [
        f"| {name} | " + " | ".join(each.get(name, "") for each in columns.values()) + " |"
        for name, _, _ in ROWS
    ]
    target.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def columns_of(page: str) -> dict[str, dict[str, str]]:
    """What a page told before: by run, and by row."""
    table = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("|") and not line.startswith("|---")
    ]
    if not table:
        return {}
    return {
        run: {row[0]: row[place] for row in table[1:]}
        for place, run in enumerate(table[0])
        if place
    }


def _cell(seen: dict[str, Any], key: str, form: str) -> str:
    if seen["part"] not in ("all", PART_OF.get(key, seen["part"])):
        return "the other part"
    value = _told(seen, key)
    if value is None or value == []:
        return "not run to here"
    if isinstance(value, dict):
        return form.format(**value)
    return form.format(value)


def _told(seen: dict[str, Any], key: str) -> Any:
    """A value as it was kept, or what follows from those that were."""
    if key == "report_after":
        spans = sorted(seen.get("to_report_s", []))
        return spans and {"least": spans[0], "half": spans[len(spans) // 2], "most": spans[-1]}
    if key == "plugs":
        pulled = seen.get("plugs", [])
        at_work = sum(where == "at work" for where, _ in pulled)
        return pulled and {"all": len(pulled), "work": at_work, "start": len(pulled) - at_work}
    return seen.get(key)


PART_OF = dict.fromkeys(
    (
        "bundle_mb",
        "unsigned",
        "older",
        "cut_short",
        "update_s",
        "does_not_boot",
        "agent_fails",
        "audit_after_updates",
    ),
    "updates",
) | dict.fromkeys(
    (
        "listening_sockets",
        "report_after",
        "pan_deg",
        "memory_kib",
        "plugs",
        "audit_after_plugs",
        "audit",
    ),
    "plugs",
)
"""Which part of the trial tells a row; the others come in both."""

ROWS = (
    ("day", "day", "{}"),
    ("machine", "machine", "{}"),
    ("minutes in all", "minutes", "{:.0f}"),
    ("image, MiB unpacked (after growing)", "image_mb", "{}"),
    ("update bundle, MiB", "bundle_mb", "{}"),
    ("first start: keys made and request on the card after", "request_s", "{:.0f} s"),
    ("data partition grew to the disk", "data_grown", "{}"),
    ("listening sockets (TCP and UDP, DHCP client's included)", "listening_sockets", "{}"),
    (
        "from power to the first report over mutual TLS",
        "report_after",
        "{least} to {most} s, half of the starts within {half} s",
    ),
    ("turned by 3° outside; the camera said pan", "pan_deg", "{:.2f}°"),
    ("memory of the agent, KiB", "memory_kib", "{}"),
    ("a bundle of another signer", "unsigned", "refused: {}"),
    ("an older bundle", "older", "refused: {}"),
    ("plug pulled while an update is written", "cut_short", "{}"),
    ("an update, from its start through restart to the next report", "update_s", "{:.0f} s"),
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
    ("audit of the ledger after the updates", "audit_after_updates", "{}"),
    ("plugs pulled", "plugs", "{all}: {start} during the start, {work} at work"),
    ("audit of the ledger as the last plug left it", "audit_after_plugs", "{}"),
    ("audit after one more start and report", "audit", "{}"),
)
