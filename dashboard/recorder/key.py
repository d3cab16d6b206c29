"""The recorder's own key: a file that only its owner reads."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.secret_file import read_private


def load(path: Path, *, create: bool = False) -> cose.Signer:
    """The key.

    Args:
        create: make it where there is none; one that is there is never overwritten.

    Raises:
        SetupError: missing, open to others, or no Ed25519 key.
    """
    if create and not path.exists():
        _create(path)
    text = read_private(
        path,
        f"{path}: no such key; viewkeeper-dashboard key {path} makes it",
        "it is the recorder's key",
    )
    try:
        key = serialization.load_pem_private_key(text, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SetupError(Reason.FILE_UNREADABLE, f"{path} is not an Ed25519 key in PEM")
    return cose.SoftwareSigner(key)


def _create(path: Path) -> None:
    text = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path}: {error.strerror}") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
