"""Pages of figures from long runs, written by the run itself.

figures.py soak FOLDER PAGE    from what tests/device/figures.py kept
figures.py arm FOLDER PAGE     from the reports of ``arm.py``
"""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET  # the reports are pytest's own
from collections import Counter
from pathlib import Path

SOAK = """# The device's heap over many turns

Written by `make device-soak`: MicroPython's unix port, 64 bits, code in the heap. Bytes are
`gc.mem_alloc` after `gc.collect()`, at even distances; the core's row and the sensors' begin with
their first turn.

| what | turns | heap | bytes | last less second |
|---|---:|---|---|---:|
"""
ARM = """# The device's core on emulated ARM

Written by `make device-arm`: Debian's MicroPython under qemu-user. On armhf, 32 bits with
viper, the heap is {armhf}, code included; arm64 has no viper and words of the desk's width:
{arm64}. Seconds are the emulator's, beside whatever else the machine did. Rows of a machine that
was not run again are those of its last run.

| machine | tests | result | seconds |
|---|---|---|---:|
"""


_WORDS = {"failure": "**failed**", "error": "**failed**", "skipped": "skipped"}


def soak(folder: Path) -> str:
    rows: list[str] = []
    for path in sorted(folder.glob("*.json")):
        told = json.loads(path.read_text("utf-8"))
        seen = told["bytes"]
        rows.append(
            f"| {told['what']} | {told['turns']} | {told['heap']} | {' '.join(map(str, seen))} "
            f"| {seen[-1] - seen[1]:+d} |\n"
        )
    return SOAK + "".join(rows)


def arm(folder: Path, before: str) -> str:
    """The page; ``before``: as it was."""
    sys.path.insert(0, str(Path(__file__).parent))
    from arm import HEAP, QEMU

    rows: list[str] = []
    for machine in QEMU:
        report = folder / f"{machine}.xml"
        if not report.exists():
            kept = (line for line in before.splitlines() if line.startswith(f"| {machine} |"))
            rows += [f"{line}\n" for line in kept]
            continue
        found: dict[str, Counter[str]] = {}
        seconds: Counter[str] = Counter()
        failed: list[str] = []
        for case in ET.parse(report).iter("testcase"):  # noqa: S314
            name = case.attrib["classname"].removeprefix("tests.device.").removeprefix("core.")
            word = next((child.tag for child in case if child.tag in _WORDS), "passed")
            found.setdefault(name, Counter())[_WORDS.get(word, word)] += 1
            seconds[name] += round(float(case.attrib["time"]))
            if word in ("failure", "error"):
                failed.append(case.attrib["name"])
        for name, words in found.items():
            told = ", ".join(f"{count} {word}" for word, count in words.items())
            rows.append(f"| {machine} | `{name}` | {told} | {seconds[name]} |\n")
        rows += [f"| {machine} | failed: `{name}` | | |\n" for name in failed]
    return ARM.format(**HEAP) + "".join(rows)


def main(words: list[str]) -> int:
    if len(words) != 3 or words[0] not in ("soak", "arm"):
        print("say what and where: figures.py soak|arm FOLDER PAGE", file=sys.stderr)
        return 1
    folder, target = Path(words[1]), Path(words[2])
    before = target.read_text("utf-8") if target.exists() else ""
    target.write_text(soak(folder) if words[0] == "soak" else arm(folder, before), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
