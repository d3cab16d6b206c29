"""What a device did, as the bundle that ``viewkeeper-authority audit`` reads.

    export.py PORT BUNDLE [--root DIR]    from a board over its USB console, through mpremote
    export.py FOLDER BUNDLE               from a storage folder of the unix port

A board is asked to lay the signed statement beside its ledger; in a folder it must lie there
already: ``micropython device/main.py settings.json audit``. The program must not run meanwhile.
Nothing here is believed: the audit checks the chain and both signatures.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Protocol

sys.path.insert(0, str(Path(__file__).parent))

from mpremote.transport import TransportError

from flash import STORAGE, Board, FlashError
from viewkeeper.agent.inspection import write_bundle
from viewkeeper.protocol.errors import SetupError

ABOUT, CHECKPOINT, WITNESS, LEDGER = "audit.json", "checkpoint.cose", "witness", "ledger"
_ASK = """
import json, sys
def _audit(root):
    try:
        with open(root + "/storage/boot.json") as file:
            slot = ("slot-a", "slot-b")[json.load(file)["active"]]
    except OSError:
        slot = "slot-a"
    sys.path.insert(0, root + "/" + slot)
    from device.main import main
    return main([root + "/settings.json", "audit"])
"""


class Storage(Protocol):
    """A device's storage folder, wherever it is."""

    def names(self) -> list[str]: ...
    def read(self, name: str) -> bytes | None: ...


class Folder:
    """The unix port's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        return [path.name for path in self._folder.iterdir() if path.is_file()]

    def read(self, name: str) -> bytes | None:
        path = self._folder / name
        return path.read_bytes() if path.exists() else None


class Console:
    """A board's; asks it first for the statement."""

    def __init__(self, board: Board, root: str) -> None:
        self._board = board
        board.line.exec(_ASK)
        told = board.line.exec(f"print(_audit({root.rstrip('/')!r}))").decode().strip()
        if not told.endswith("0"):
            raise FlashError(f"the board says: {told.splitlines()[0] if told else 'nothing'}")

    def names(self) -> list[str]:
        return [entry.name for entry in self._board.line.fs_listdir(self._board.path(STORAGE))]

    def read(self, name: str) -> bytes | None:
        return self._board.read(f"{STORAGE}/{name}")


def export(storage: Storage, target: Path) -> int:
    """Write the bundle; how many entries the device says it has.

    Raises:
        FlashError: no statement lies there.
        SetupError: the bundle is there already or cannot be written.
    """
    about, checkpoint = storage.read(ABOUT), storage.read(CHECKPOINT)
    if about is None or checkpoint is None:
        raise FlashError("no statement of the ledger lies there: main.py settings.json audit")
    told = json.loads(about)
    names = [name for name in storage.names() if name.split(".")[0] == LEDGER]
    files = [data for name in sorted(names) if (data := storage.read(name)) is not None]
    witness = storage.read(WITNESS)
    write_bundle(target, told, files, checkpoint, [] if witness is None else [witness])
    return int(told["size"])


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="export.py", description=__doc__)
    parser.add_argument("source", help="a console such as /dev/ttyACM0, or a storage folder")
    parser.add_argument("bundle", type=Path, help="the file to write")
    parser.add_argument("--root", default="/", help="folder of the flash, for the unix port")
    arguments = parser.parse_args(words)
    board, source = None, Path(arguments.source)
    try:
        if source.is_dir():
            storage: Storage = Folder(source)
        else:
            board = Board(arguments.source, arguments.root)
            storage = Console(board, arguments.root)
        entries = export(storage, arguments.bundle)
    except (FlashError, TransportError, SetupError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        if board is not None:
            board.close()
    print(f"{arguments.bundle}: {entries} entries; verify with viewkeeper-authority audit")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
