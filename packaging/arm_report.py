"""Writes docs/benchmarks/arm.md from the logs that arm-test.sh kept: the last word on each folder.

A folder that was not run here again keeps its row of an earlier run; the row says of which commit.

python packaging/arm_report.py
"""

from __future__ import annotations

import re
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
LOGS = TOP / "build"
HEAD = """# The core's tests on emulated ARM

Written by `make test-arm` from its logs: Debian's own Python and libraries in a root of each
architecture, run by qemu-user; hypothesis tries ten examples each. Seconds are the emulator's.

| | folder | result | commit |
|---|---|---|---|
"""


def rows_of(log: str) -> dict[str, str]:
    """The last row of each folder.

    Args:
        log: what arm-test.sh wrote, of all its runs.
    """
    rows: dict[str, str] = {}
    where = commit = folder = ""
    for line in log.splitlines():
        if began := re.match(r"== \w+ on \w+, [\d-]+, commit (\w+)", line):
            commit, folder = began[1], ""
        elif re.match(r"(aarch64|armv7l) Python", line):
            where = line
        elif named := re.match(r"== (tests/\S+)", line):
            folder = named[1]
        elif ratio := re.match(r"check against (ORB .*): ([\d.]+)$", line):
            told = f"{ratio[2]} × {ratio[1]}, processor time"
            rows["ORB"] = (
                f"| {where} | one check of a view that has not moved | {told} | {commit} |"
            )
        elif folder and re.match(r"=*\s*\d+ (passed|failed|error)", line):
            told = re.sub(r" \([\d:]+\)", "", line.strip("= "))
            rows[folder] = f"| {where} | `{folder}` | {told} | {commit} |"
    return rows


def kept(page: str) -> dict[tuple[str, str], str]:
    """The rows of a page by machine and folder."""
    rows: dict[tuple[str, str], str] = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0].startswith(("aarch64", "armv7l")):
            rows[cells[0].split()[0], cells[1]] = line
    return rows


def main() -> None:
    page = TOP / "docs" / "benchmarks" / "arm.md"
    rows = kept(page.read_text("utf-8"))
    for path in sorted(LOGS.glob("arm-*.log")):
        rows |= kept("\n".join(rows_of(path.read_text("utf-8")).values()))
    page.write_text(HEAD + "\n".join(rows.values()) + "\n", "utf-8")


if __name__ == "__main__":
    main()
