"""Countersignatures of the recorder, kept beside the ledger they are about.

They stand outside the ledger: entered there, each would make it grow and ask for the next.
"""

from __future__ import annotations

from pathlib import Path

from viewkeeper.agent.adapters.store.disk import Disk, write_whole

KEPT = 256
_SUFFIX = ".cose"


class WitnessStore:
    """The last ``KEPT`` countersignatures, by the size of the ledger they are about."""

    def __init__(self, directory: Path, disk: Disk | None = None) -> None:
        self._directory, self._disk = directory, disk if disk is not None else Disk()

    def add(self, size: int, message: bytes) -> None:
        """Keep one; on return the disk has it.

        Raises:
            OSError: it has not.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._disk, self._directory / f"{size:012d}{_SUFFIX}", message)
        for old in self._paths()[:-KEPT]:
            self._disk.remove(old)

    def all(self) -> list[bytes]:
        """Every one, by size."""
        return [path.read_bytes() for path in self._paths()]

    def _paths(self) -> list[Path]:
        if not self._directory.is_dir():
            return []
        return sorted(path for path in self._directory.glob(f"*{_SUFFIX}") if path.stem.isdigit())
