"""Two slots for the state: the older is overwritten, the newer stays until it is.

Renaming is atomic, so one file would survive a power cut; the second survives a flash
page that goes bad. Each slot carries its generation and a SHA-256, and the higher
generation that reads wins.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from viewkeeper.agent.adapters.store.disk import Disk, write_whole
from viewkeeper.protocol.errors import Reason, SetupError

_MAGIC = b"VKSLOT1\n"
_HEAD = len(_MAGIC) + 8 + 4


@dataclass(frozen=True, slots=True)
class Slot:
    """One readable slot."""

    generation: int
    payload: bytes


class SlotStore:
    """A value that is always whole.

    Args:
        directory: where ``state-a`` and ``state-b`` lie; must exist.
    """

    def __init__(self, directory: Path, disk: Disk | None = None) -> None:
        self._paths = (directory / "state-a", directory / "state-b")
        self._disk = disk if disk is not None else Disk()

    @property
    def is_empty(self) -> bool:
        """Nothing was ever kept here."""
        return not any(path.exists() for path in self._paths)

    def load(self) -> bytes:
        """The newest value that reads.

        Raises:
            SetupError: ``file_missing`` before the first ``save``; ``state_damaged`` where
                both slots are there and neither reads.
        """
        if self.is_empty:
            raise SetupError(
                Reason.FILE_MISSING,
                f"{self._paths[0].parent} holds no state: viewkeeper-agent enrol, with the "
                "signing desk's bundle",
            )
        slots = [slot for slot in map(_read, self._paths) if slot is not None]
        if not slots:
            raise SetupError(
                Reason.STATE_DAMAGED,
                f"neither slot in {self._paths[0].parent} reads: move that folder aside for the "
                "auditor, then make a key and enrol anew",
            )
        return max(slots, key=lambda slot: slot.generation).payload

    def save(self, payload: bytes) -> None:
        """Keep ``payload``; on return the disk has it.

        Raises:
            OSError: the old value or the new one is kept.
        """
        slots = [_read(path) for path in self._paths]
        generations = [slot.generation if slot is not None else 0 for slot in slots]
        older = 0 if generations[0] <= generations[1] else 1
        write_whole(self._disk, self._paths[older], _pack(max(generations) + 1, payload))


def _pack(generation: int, payload: bytes) -> bytes:
    body = _MAGIC + generation.to_bytes(8, "big") + len(payload).to_bytes(4, "big") + payload
    return body + hashlib.sha256(body).digest()


def _read(path: Path) -> Slot | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    body, digest = data[:-32], data[-32:]
    if len(body) < _HEAD or not body.startswith(_MAGIC) or hashlib.sha256(body).digest() != digest:
        return None
    length = int.from_bytes(body[len(_MAGIC) + 8 : _HEAD], "big")
    if len(body) != _HEAD + length:
        return None
    return Slot(int.from_bytes(body[len(_MAGIC) : len(_MAGIC) + 8], "big"), body[_HEAD:])
