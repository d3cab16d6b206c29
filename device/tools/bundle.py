"""Signs a built program as a bundle for devices: the holders of the role ``update`` at a desk.

    bundle.py --desk DESK --target xtensawin --version 1.2.0 --counter 3 --out program.vku FOLDER

FOLDER is what ``make device`` built for the target (build/device/xtensawin/slot-a). On the device:
``main.py settings.json update program.vku``; it is tried at the next start.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from viewkeeper.authority.asking import opening
from viewkeeper.authority.desk import Desk
from viewkeeper.protocol.errors import RefusalError, SetupError
from viewkeeper.protocol.updates import seal_update
from viewkeeper.protocol.vocabulary import Role


def contents_of(folder: Path) -> dict[str, bytes]:
    """The program's files by their path below ``folder``."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bundle.py", description=__doc__)
    parser.add_argument("folder", type=Path, help="the built program")
    parser.add_argument("--desk", type=Path, required=True, help="the signing desk's folder")
    parser.add_argument("--target", required=True, help="architecture of mpy-cross, or plain")
    parser.add_argument("--version", required=True)
    parser.add_argument("--counter", type=int, required=True, help="larger than the last one's")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--passphrase-file", type=Path, help="instead of being asked")
    arguments = parser.parse_args(words)
    try:
        contents = contents_of(arguments.folder)
        if not contents:
            print(f"error: {arguments.folder}: no program there: make device", file=sys.stderr)
            return 1
        signers = Desk(arguments.desk).signers_for(Role.UPDATE, opening(arguments))
        bundle = seal_update(
            contents,
            signers,
            target=arguments.target,
            version=arguments.version,
            counter=arguments.counter,
            issued_at=int(time.time()),
        )
        arguments.out.write_bytes(bundle)
    except (RefusalError, SetupError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.out}: {len(contents)} files, {len(bundle)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
