"""Registered views, and references learned beside one, each in a sealed file named by its hash.

A view is a line drawing of the street to whoever draws it: on the card it lies encrypted.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from viewkeeper.agent.adapters.store.disk import Disk, write_whole
from viewkeeper.agent.adapters.store.vault import Vault, is_sealed
from viewkeeper.protocol.errors import Reason, SetupError

_SUFFIX = ".view"
_LEARNED = ".learned"
KEY = "view.key"
"""Of the vault, beside the folder of views and not in it."""


class ViewStore:
    """Views that were registered on this camera, by SHA-256 of their bytes.

    Args:
        directory: of the views; `KEY` lies beside it.
        disk: the real one unless a test cuts its power.
    """

    def __init__(self, directory: Path, disk: Disk | None = None) -> None:
        self._directory = directory
        self._disk = disk if disk is not None else Disk()
        self._vault = Vault(directory.parent / KEY, self._disk)
        # Orders are judged by the thousand in a flood: the directory is read once.
        self._known = self._found()

    def add(self, data: bytes) -> bytes:
        """Keep a view and return its digest; on return the disk has it.

        Raises:
            OSError: the disk would not take it.
            SetupError: the key beside the folder cannot be used.
        """
        digest = hashlib.sha256(data).digest()
        self._keep(digest, data, _SUFFIX)
        self._known |= {digest}
        return digest

    def known(self) -> frozenset[bytes]:
        """Digests of the views that are here and were whole when this store was opened."""
        return self._known

    def keep_learned(self, data: bytes) -> None:
        """Keep a learned reference; on return the disk has it.

        Raises:
            OSError: the disk would not take it.
            SetupError: the key beside the folder cannot be used.
        """
        self._keep(hashlib.sha256(data).digest(), data, _LEARNED)

    def learned(self) -> dict[bytes, bytes]:
        """Bytes of every learned reference that is here, by the digest in its name; whether
        they still are what the name says is the caller's to check, empty where they cannot be
        opened."""
        return {
            bytes.fromhex(path.stem): self._content(path)
            for path in sorted(self._directory.glob(f"*{_LEARNED}"))
            if _is_digest(path.stem)
        }

    def forget_learned(self, digest: bytes) -> None:
        """Delete a learned reference; none of that name is no error."""
        self._path(digest, _LEARNED).unlink(missing_ok=True)

    def seal_old(self) -> int:
        """Seal the files of versions that did not; how many there were.

        Raises:
            OSError: the disk would not take one.
            SetupError: the key beside the folder cannot be used.
        """
        sealed = 0
        for suffix in (_SUFFIX, _LEARNED):
            for path in sorted(self._directory.glob(f"*{suffix}")):
                data = path.read_bytes()
                if not _is_digest(path.stem) or is_sealed(data):
                    continue
                digest = bytes.fromhex(path.stem)
                if hashlib.sha256(data).digest() == digest:
                    self._keep(digest, data, suffix)
                    sealed += 1
        return sealed

    def _keep(self, digest: bytes, data: bytes, suffix: str) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._disk, self._path(digest, suffix), self._vault.seal(data, digest))

    def _content(self, path: Path) -> bytes:
        try:
            return self._vault.open(path.read_bytes(), bytes.fromhex(path.stem))
        except SetupError:
            return b""

    def _found(self) -> frozenset[bytes]:
        if not self._directory.is_dir():
            return frozenset()
        named = (path.stem for path in self._directory.glob(f"*{_SUFFIX}"))
        digests = (bytes.fromhex(stem) for stem in named if _is_digest(stem))
        return frozenset(digest for digest in digests if self._is_whole(digest))

    def load(self, digest: bytes) -> bytes:
        """The bytes of one view.

        Raises:
            SetupError: it is not here, cannot be opened, or its bytes are not what the name says.
        """
        path = self._path(digest)
        if not path.exists():
            raise SetupError(Reason.FILE_MISSING, f"no registered view {digest.hex()[:16]} here")
        data = self._vault.open(path.read_bytes(), digest)
        if hashlib.sha256(data).digest() != digest:
            raise SetupError(Reason.STATE_DAMAGED, f"{path} is not what it was registered as")
        return data

    def _is_whole(self, digest: bytes) -> bool:
        try:
            self.load(digest)
        except (SetupError, OSError):
            return False
        return True

    def _path(self, digest: bytes, suffix: str = _SUFFIX) -> Path:
        return self._directory / f"{digest.hex()}{suffix}"


def _is_digest(stem: str) -> bool:
    return len(stem) == 64 and all(char in "0123456789abcdef" for char in stem)
