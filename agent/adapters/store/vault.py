"""Files of which nothing is to be seen: encrypted at rest with a key of this camera alone.

Format, version 1: ``VKSF``, version u8, nonce (12 bytes), ChaCha20-Poly1305 (RFC 8439) of the
content, bound to the file's name. The key, 32 random bytes in a file of mode 0600, is made with the
first file; whoever deletes it has deleted the content of them all, also on a card that keeps what
was overwritten.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from viewkeeper.agent.adapters.store.disk import Disk, write_whole
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.secret_file import read_private

_MAGIC = b"VKSF\x01"
_NONCE = 12
_KEY = 32


class Vault:
    """Seals and opens; the key is read, or made, when it is first needed."""

    def __init__(self, key: Path, disk: Disk) -> None:
        self._path, self._disk = key, disk
        self._cipher: ChaCha20Poly1305 | None = None

    def seal(self, content: bytes, name: bytes) -> bytes:
        """What to write for ``content`` under ``name``.

        Raises:
            SetupError: the key cannot be used.
            OSError: there is none yet and the disk would not take one.
        """
        if self._cipher is None and not self._path.exists():
            write_whole(self._disk, self._path, ChaCha20Poly1305.generate_key())
        nonce = os.urandom(_NONCE)
        return _MAGIC + nonce + self._opened().encrypt(nonce, content, name)

    def open(self, data: bytes, name: bytes) -> bytes:
        """The content of a file; one that is not sealed is returned as it is.

        Raises:
            SetupError: the key is missing, or not the one it was sealed with, or the file changed.
        """
        if not is_sealed(data):
            return data
        start = len(_MAGIC) + _NONCE
        try:
            return self._opened().decrypt(data[len(_MAGIC) : start], data[start:], name)
        except InvalidTag:
            raise SetupError(
                Reason.STATE_DAMAGED,
                f"a file sealed with another key than {self._path}, or changed",
            ) from None

    def _opened(self) -> ChaCha20Poly1305:
        if self._cipher is None:
            key = read_private(
                self._path,
                f"no {self._path}: restore it, or register the view again",
                "or nobody's view is private",
            )
            if len(key) != _KEY:
                raise SetupError(Reason.STATE_DAMAGED, f"{self._path} is not a key of {_KEY} bytes")
            self._cipher = ChaCha20Poly1305(key)
        return self._cipher


def is_sealed(data: bytes) -> bool:
    """Whether a file was written by `Vault.seal`."""
    return data.startswith(_MAGIC)
