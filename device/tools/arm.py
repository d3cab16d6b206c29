"""``make device-arm``: the device's core on Debian's own MicroPython for ARM, emulated.

    arm.py FOLDER [armhf|arm64 ...]     fetch the interpreters and run the core's tests on each

armhf is a 32-bit machine as a board is: its words are half as wide as the desk's, and viper makes
Thumb code as for a Cortex-M4. There the tests get a heap of 128 KB, code included. arm64 has no
native emitter, so it runs the plain modules; its words are the desk's, and so is the heap.

Packages are named with their SHA-256 in arm_packages.json, so no index is needed and no root.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PINS = Path(__file__).with_name("arm_packages.json")
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
QEMU = {"armhf": "qemu-arm-static", "arm64": "qemu-aarch64-static"}
MPY_ARCH = {"armhf": "armv7emsp", "arm64": "plain"}
HEAP = {"armhf": "128K", "arm64": "256K"}
TESTS = ("tests/device/core", "tests/device/test_core.py")


class Missing(Exception):
    """Something is not here; the text names the cure."""


def interpreter(architecture: str, folder: Path) -> list[str]:
    """The command that runs this architecture's MicroPython; fetched into ``folder`` once.

    Raises:
        Missing: no qemu, no dpkg-deb, or a package that is no longer where it was.
    """
    for tool, package in ((QEMU[architecture], "qemu-user-static"), ("dpkg-deb", "dpkg")):
        if shutil.which(tool) is None:
            raise Missing(f"{tool} is missing: apt install {package}")
    root = folder / architecture
    if not (root / ".ready").exists():
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        for name, digest in json.loads(PINS.read_text("utf-8"))[architecture]:
            subprocess.run(["dpkg-deb", "-x", _fetched(name, digest, folder), root], check=True)
        if not (root / "lib").exists():
            (root / "lib").symlink_to("usr/lib")
        (root / ".ready").touch()
    return [QEMU[architecture], "-L", str(root), str(root / "usr/bin/micropython")]


def _fetched(name: str, digest: str, folder: Path) -> Path:
    kept = folder / name.rsplit("/", 1)[1]
    if not kept.exists():
        try:
            # http is enough: the hash below is what counts.
            with urllib.request.urlopen(f"{MIRROR}/{name}", timeout=60) as answer:  # noqa: S310
                kept.write_bytes(answer.read())
        except (urllib.error.URLError, TimeoutError) as error:
            raise Missing(
                f"{MIRROR}/{name}: {error}; a newer version has its name and hash on "
                f"packages.debian.org: put them into {PINS.name}, or set DEBIAN_MIRROR"
            ) from None
    if hashlib.sha256(kept.read_bytes()).hexdigest() != digest:
        kept.unlink()
        raise Missing(f"{name}: not the bytes that {PINS.name} names")
    return kept


def environment(architecture: str, folder: Path) -> dict[str, str]:
    """What ``tests/device/runner.py`` needs to run on this interpreter."""
    return {
        **os.environ,
        "VIEWKEEPER_MICROPYTHON": " ".join(interpreter(architecture, folder)),
        "VIEWKEEPER_MPY_ARCH": MPY_ARCH[architecture],
        "VIEWKEEPER_HEAP": HEAP[architecture],
        "VIEWKEEPER_PATIENCE_S": "1100",
    }


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="arm.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="for the interpreters and the tests' results")
    parser.add_argument("machine", nargs="*", help=f"of {', '.join(QEMU)}; both if none is named")
    arguments = parser.parse_args(words)
    if unknown := sorted(set(arguments.machine) - set(QEMU)):
        parser.error(f"no machine {unknown[0]}: {' or '.join(QEMU)}")
    folder, failed = arguments.folder.resolve(), 0
    for architecture in arguments.machine or QEMU:
        try:
            told = environment(architecture, folder)
        except Missing as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        print(f"== {architecture}, heap {HEAP[architecture]}", flush=True)
        command = [sys.executable, "-m", "pytest", "-q", "--timeout", "1200", *TESTS]
        command += [f"--junitxml={folder / architecture}.xml"]
        command += ["-k", "not compiles and not generated and not heap_is"]
        failed |= subprocess.run(command, cwd=ROOT, env=told, check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
