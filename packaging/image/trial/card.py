"""The image's partitions from outside, as a person's computer would see the card."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from pathlib import Path

SECTOR = 512


def run(*words: object, expect: int | None = 0, environment: dict[str, str] | None = None) -> str:
    """A command that must succeed, and what it said."""
    done = subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=environment,
        check=False,
    )
    if expect is not None and done.returncode != expect:
        sys.exit(f"error: {' '.join(map(str, words))}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def partitions(disk: Path) -> dict[str, tuple[int, int]]:
    """Offset and size of each partition in bytes, by its GPT label."""
    found: dict[str, tuple[int, int]] = {}
    with disk.open("rb") as file:
        file.seek(SECTOR)
        header = file.read(92)
        first, count, size = struct.unpack_from("<QII", header, 72)
        file.seek(first * SECTOR)
        for _ in range(count):
            entry = file.read(size)
            start, end = struct.unpack_from("<QQ", entry, 32)
            if start:
                label = entry[56:128].decode("utf-16-le").rstrip("\0")
                found[label] = start * SECTOR, (end - start + 1) * SECTOR
    return found


class Card:
    """The partition that any computer reads, through mtools; the machine must be off."""

    def __init__(self, disk: Path, label: str = "card") -> None:
        self._where = f"{disk}@@{partitions(disk)[label][0]}"

    def put(self, source: Path, name: str) -> None:
        run("mcopy", "-o", "-i", self._where, source, f"::{name}")

    def get(self, name: str, target: Path) -> Path:
        run("mcopy", "-n", "-i", self._where, f"::{name}", target)
        return target

    def text(self, name: str) -> str:
        return run("mtype", "-i", self._where, f"::{name}")

    def delete(self, name: str) -> None:
        run("mdel", "-i", self._where, f"::{name}")


def copy_of_data(disk: Path, folder: Path) -> Path:
    """The data partition's files, from a copy whose journal was replayed; the disk is untouched."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    offset, size = partitions(disk)["data"]
    part = folder / "data.ext4"
    with disk.open("rb") as source, part.open("wb") as target:
        source.seek(offset)
        left = size
        while left:
            block = source.read(min(left, 1 << 20))
            if block.count(0) == len(block):
                target.seek(len(block), 1)
            else:
                target.write(block)
            left -= len(block)
        target.truncate(size)
    run("/sbin/e2fsck", "-fp", part, expect=None)  # replays the journal
    run("/sbin/e2fsck", "-fn", part)
    files = folder / "files"
    files.mkdir()
    run("/sbin/debugfs", "-R", f"rdump / {files}", part)
    return files


def inspection_of(state: Path, folder: Path, settings: str) -> Path:
    """An inspection bundle of a camera's state folder, made on this machine."""
    file, bundle = folder / "offline.toml", folder / "inspection.zip"
    file.write_text(settings.replace("/var/lib/viewkeeper", str(state)), "utf-8")
    bundle.unlink(missing_ok=True)
    run(sys.executable, "-m", "viewkeeper.agent.cli", "export", "--config", file, "--out", bundle)
    return bundle
