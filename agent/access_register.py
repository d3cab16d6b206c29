"""The access register: looks at footage, entered in the ledger and told to the world.

What declares a look (the video system, by ``viewkeeper-agent access``) leaves it in a
folder; the running agent enters it, publishes it and answers beside it. A look that is
left there is not lost when the agent does not run: it is entered at the next start.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from viewkeeper.agent.adapters.store.disk import Disk, write_whole
from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.core.ledger.entries import Entry, EntryKind, record_hash
from viewkeeper.agent.core.policy.access import ObeyedGrant, cover_of
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.protocol import cbor
from viewkeeper.protocol.access import AccessEntry, Look
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError
from viewkeeper.protocol.fields import pack, parse
from viewkeeper.protocol.orders import Grant, Order
from viewkeeper.protocol.vocabulary import AccessAct, AccessCover

MAX_LOOK_BYTES = 4096
_LOOK, _ANSWER = ".look", ".entered"


def entry_of(look: Look, cover: AccessCover, index: int, page: bytes) -> AccessEntry:
    """The look as the register holds it; ``page`` is the hash of its ledger record."""
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
        entry_hash=page,
    )


def grant_entry(order: Order, message_hash: bytes, index: int, page: bytes) -> AccessEntry:
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
        entry_hash=page,
    )


class AccessRegister:
    """The entries of one camera's ledger that are about looks at its footage.

    Args:
        ledger: the camera's.
        grants: those it obeyed last, to hold looks against.
        note: enters something in the ledger; ``None`` where the disk would not take it.
    """

    def __init__(
        self,
        ledger: LedgerFile,
        grants: Callable[[], Iterable[ObeyedGrant]],
        note: Callable[[EntryKind, dict[str, cbor.Value], Now], Entry | None],
    ) -> None:
        self._ledger, self._grants, self._note = ledger, grants, note
        self._granted: list[AccessEntry] = []

    def grant(self, order: Order, message_hash: bytes, index: int, page: bytes) -> None:
        """Take up a grant that was obeyed."""
        self._granted.append(grant_entry(order, message_hash, index, page))

    def take_granted(self) -> list[AccessEntry]:
        """Grants obeyed since the last call, as the register holds them."""
        granted, self._granted = self._granted, []
        return granted

    def enter(self, name: str, look: Look, now: Now) -> AccessEntry | None:
        """Enter a declared look, once however often it is brought; ``None`` where the disk
        would not take it.

        Args:
            name: under which whoever declared it left it.
            look: what was declared.
            now: the time as the camera has it.
        """
        entry = self._named(name)
        if entry is None:
            details: dict[str, cbor.Value] = {
                "name": name,
                "look": pack(look),
                "cover": cover_of(look, self._grants(), now.utc_s).value,
                "trusted": now.trusted,
            }
            entry = self._note(EntryKind.ACCESS, details, now)
        if entry is None:
            return None
        cover = AccessCover(str(entry.details["cover"]))
        return entry_of(look, cover, entry.index, record_hash(entry.encode()))

    def _named(self, name: str) -> Entry | None:
        for record in self._ledger.records():
            entry = Entry.decode(record)
            if entry.kind is EntryKind.ACCESS and entry.details.get("name") == name:
                return entry
        return None


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
