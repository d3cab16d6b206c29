"""``make flash PORT=...``: puts a built program on a board over its USB console, with mpremote.

    flash.py PORT IMAGE [--desk DESK] [--withdrawal ORDER] [--settings FILE]

IMAGE is a folder that ``make device`` built (build/device/xtensawin). Files that are there already
are left alone, so a run that was cut off goes on where it ended; every file is read back as its
SHA-256 by the board itself, and ``main.py``, which starts it all, comes last.

A board that is enrolled is only written where the desk knows it under that very keyset
(``--desk``), or where a signed lifecycle order that its own keyset accepts withdraws it
(``--withdrawal``); what it kept is left alone either way. This guards against mistakes: who holds
the board in hand can erase it whole.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from pathlib import Path
from typing import Any

from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from viewkeeper.agent.core.device_state import DeviceState, adjudicate
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.authority.desk import Desk
from viewkeeper.protocol.errors import RefusalError, SetupError
from viewkeeper.protocol.orders import keyset_hash
from viewkeeper.protocol.vocabulary import LifecycleState, OrderKind

STORAGE = "storage"
_DONE_LAST = "main.py"
_LOOK = """
import os
def _look(path):
    try:
        return os.stat(path)[6]
    except OSError:
        return None
"""


class FlashError(Exception):
    """It cannot or must not be done; the text names thing and cure."""


class Board:
    """A MicroPython at the other end of a serial line.

    Args:
        port: of the line.
        root: folder of the board that is its flash; ``/`` but for the unix port.

    Raises:
        FlashError: nobody answers there.
    """

    def __init__(self, port: str, root: str = "/") -> None:
        self._root = root.rstrip("/")
        try:
            self.line = SerialTransport(port, baudrate=115200)
            # No soft reset: the unix port ends with one, and main.py would start on a board.
            self.line.enter_raw_repl(soft_reset=False)
            self.line.exec(_LOOK)
        except (TransportError, OSError) as error:
            raise FlashError(f"{port}: no MicroPython answers there ({error})") from None

    def path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def size(self, name: str) -> int | None:
        """Bytes of a file; ``None`` where there is none."""
        told: Any = self.line.eval(f"_look({self.path(name)!r})")
        return None if told is None else int(told)

    def read(self, name: str) -> bytes | None:
        if self.size(name) is None:
            return None
        return bytes(self.line.fs_readfile(self.path(name)))

    def digest(self, name: str) -> bytes | None:
        """SHA-256 of a file, computed there."""
        if self.size(name) is None:
            return None
        return bytes(self.line.fs_hashfile(self.path(name), "sha256"))

    def write(self, name: str, data: bytes) -> None:
        """Put a file there whole: under another name first.

        Raises:
            FlashError: what is there is not what was sent.
        """
        at = self.path(name)
        folders = at.split("/")[:-1]
        for depth in range(2, len(folders) + 1):
            folder = "/".join(folders[:depth])
            if not self.line.fs_exists(folder):
                self.line.fs_mkdir(folder)
        self.line.fs_writefile(at + ".new", data)
        if bytes(self.line.fs_hashfile(at + ".new", "sha256")) != hashlib.sha256(data).digest():
            raise FlashError(f"{name} did not arrive whole: check the cable and go on")
        self.line.exec(f"os.rename({at + '.new'!r}, {at!r})")

    def close(self) -> None:
        self.line.close()


def enrolment(board: Board, storage: str = STORAGE) -> DeviceState | None:
    """What the board is enrolled as; ``None`` for a fresh one.

    Raises:
        FlashError: something is kept there that does not read.
    """
    slots = [board.read(f"{storage}/{name}") for name in ("state-a", "state-b")]
    if not any(slots):
        return None
    whole = sorted(slot for slot in slots if slot is not None and _is_whole(slot))
    if not whole:
        raise FlashError("the board holds a state that does not read: look before you erase it")
    newest = whole[-1]  # magic, then the generation: the larger one sorts last
    return DeviceState.from_bytes(newest[20:-32])


def _is_whole(slot: bytes) -> bool:
    return len(slot) > 52 and hashlib.sha256(slot[:-32]).digest() == slot[-32:]


def may_write(state: DeviceState | None, desk: Path | None, withdrawal: Path | None) -> str:
    """Why the board may be written.

    Raises:
        FlashError: it is somebody's.
    """
    if state is None:
        return "the board is not enrolled"
    if state.standing.state is LifecycleState.WITHDRAWN:
        return f"{state.device} is withdrawn"
    if desk is not None:
        known = {camera.camera for camera in Desk(desk).cameras()}
        hashes = {keyset_hash(keyset) for keyset in Desk(desk).keyset_history()}
        if state.device in known and keyset_hash(state.trust.keyset) in hashes:
            return f"{state.device} is this desk's"
    if withdrawal is not None:
        now = Now(int(time.time()), trusted=True)
        ruling = adjudicate(
            state,
            withdrawal.read_bytes(),
            OrderKind.LIFECYCLE,
            retained=False,
            now=now,
            known_views=frozenset(),
            entropy=bytes(16),
        )
        after = ruling.next_state
        if after is not None and after.standing.state is LifecycleState.WITHDRAWN:
            return f"a signed order withdraws {state.device}"
        raise FlashError(
            f"{withdrawal} does not withdraw {state.device}: {ruling.reason} ({ruling.detail})"
        )
    raise FlashError(
        f"the board is enrolled as {state.device}, and not at this desk: give --desk its desk, or "
        "--withdrawal a signed lifecycle order that withdraws it"
    )


def flash(board: Board, image: Path, say: Any = print) -> tuple[int, int]:
    """Write what differs; (files written, files that were there).

    Raises:
        FlashError: a file that does not arrive, or an image that is none.
    """
    files = {
        path.relative_to(image).as_posix(): path.read_bytes()
        for path in sorted(image.rglob("*"))
        if path.is_file()
    }
    if _DONE_LAST not in files:
        raise FlashError(f"{image} is no image: make device")
    written = there = 0
    for name in sorted(files, key=lambda name: (name == _DONE_LAST, name)):
        data = files[name]
        if board.size(name) == len(data) and board.digest(name) == hashlib.sha256(data).digest():
            there += 1
            continue
        board.write(name, data)
        written += 1
        say(f"  {name} ({len(data)} bytes)")
    return written, there


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="flash.py", description=__doc__)
    parser.add_argument("port", help="of the board's console, such as /dev/ttyACM0")
    parser.add_argument("image", type=Path, help="folder that make device built")
    parser.add_argument("--desk", type=Path, help="the signing desk that may own the board")
    parser.add_argument("--withdrawal", type=Path, help="a signed order that withdraws it")
    parser.add_argument("--settings", type=Path, help="written as settings.json")
    parser.add_argument("--root", default="/", help="folder of the flash, for the unix port")
    arguments = parser.parse_args(words)
    board = None
    try:
        board = Board(arguments.port, arguments.root)
        why = may_write(enrolment(board), arguments.desk, arguments.withdrawal)
        print(why)
        if arguments.settings is not None:
            board.write("settings.json", arguments.settings.read_bytes())
        written, there = flash(board, arguments.image)
    except (
        FlashError,
        TransportError,
        RefusalError,
        SetupError,
        OSError,
    ) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        if board is not None:
            board.close()
    print(f"{written} files written, {there} were there; reset the board to start it")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
