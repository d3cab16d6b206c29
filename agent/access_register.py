"""The access register: looks at footage, entered in the ledger and told to the world.

What declares a look (the video system, by ``viewkeeper-agent access``) leaves it in a
folder; the running agent enters it, publishes it and answers beside it. A look that is
left there is not lost when the agent does not run: it is entered at the next start.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from viewkeeper.agent.adapters.store.disk import Disk, write_whole
from viewkeeper.protocol import cbor
from viewkeeper.protocol.access import AccessEntry, Look
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError
from viewkeeper.protocol.fields import pack, parse
from viewkeeper.protocol.orders import Grant, Order
from viewkeeper.protocol.vocabulary import AccessAct, AccessCover

MAX_LOOK_BYTES = 4096
_LOOK, _ANSWER = ".look", ".entered"


def entry_of(look: Look, cover: AccessCover, index: int, record_hash: bytes) -> AccessEntry:
    """The look as the register holds it."""
    return AccessEntry(
        act=look.act,
        persons=look.persons,
        unit=look.unit,
        purpose=look.purpose,
        from_s=look.from_s,
        to_s=look.to_s,
        destination=look.destination,
        approval=look.approval,
        grant=look.grant,
        cover=cover,
        entry=index,
        entry_hash=record_hash,
    )


def grant_entry(order: Order, message_hash: bytes, index: int, record_hash: bytes) -> AccessEntry:
    """A grant that was obeyed is an entry, too: its intent in the ledger is its page."""
    grant = order.body
    assert isinstance(grant, Grant)
    return AccessEntry(
        act=AccessAct.GRANTED,
        persons=grant.officers,
        purpose=grant.purpose,
        from_s=grant.from_s,
        to_s=grant.to_s,
        destination=grant.destination,
        approval=grant.approval,
        grant=message_hash,
        approver=grant.approver,
        cover=AccessCover.GRANT,
        entry=index,
        entry_hash=record_hash,
    )


class LookFolder:
    """Where looks are declared. Who may write here may declare; nothing else can be done.

    Args:
        directory: made where it is not, for the agent's user and group.
    """

    def __init__(self, directory: Path, disk: Disk | None = None) -> None:
        self._directory, self._disk = directory, disk if disk is not None else Disk()

    def declare(self, look: Look) -> str:
        """Leave a look; on return the disk has it. Returns its name.

        Raises:
            SetupError: the folder cannot be written.
        """
        data = cbor.encode(pack(look))
        name = f"{time.time_ns():020d}-{os.urandom(4).hex()}"
        try:
            self._directory.mkdir(mode=0o770, parents=True, exist_ok=True)
            write_whole(self._disk, self._directory / f"{name}{_LOOK}", data)
        except OSError as error:
            raise SetupError(
                Reason.FILE_UNREADABLE, f"{self._directory}: {error.strerror}"
            ) from error
        return name

    def waiting(self) -> Iterator[tuple[str, Look | None]]:
        """Looks that are not entered yet, oldest first; ``None`` for one that does not read."""
        if not self._directory.is_dir():
            return
        for path in sorted(self._directory.glob(f"*{_LOOK}")):
            yield path.name.removesuffix(_LOOK), _read(path)

    def entered(self, name: str, entry: AccessEntry) -> None:
        """Answer beside a look and take it away."""
        answer = self._directory / f"{name}{_ANSWER}"
        write_whole(self._disk, answer, cbor.encode(pack(entry)))
        self.drop(name)
        for old in sorted(self._directory.glob(f"*{_ANSWER}"))[:-64]:
            self._disk.remove(old)

    def drop(self, name: str) -> None:
        """Take a look away that is no look."""
        self._disk.remove(self._directory / f"{name}{_LOOK}")
        self._disk.sync_directory(self._directory)

    def answer(self, name: str, timeout_s: float) -> AccessEntry | None:
        """Wait for the agent to enter a look; ``None`` where it did not in time."""
        deadline = time.monotonic() + timeout_s
        path = self._directory / f"{name}{_ANSWER}"
        while not path.exists():
            if time.monotonic() >= deadline:
                return None
            time.sleep(0.05)
        return parse(AccessEntry, cbor.decode(path.read_bytes()))


def _read(path: Path) -> Look | None:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_LOOK_BYTES + 1)
        return parse(Look, cbor.decode(data, max_bytes=MAX_LOOK_BYTES))
    except (OSError, RefusalError):
        return None
