"""The device's private key in a file that only its owner may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from viewkeeper.agent.adapters.store.disk import Disk
from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, SetupError


def create(path: Path, disk: Disk | None = None) -> cose.SoftwareSigner:
    """Make a new key; never overwrites one.

    Raises:
        SetupError: there is a file already, or it cannot be written.
    """
    disk = disk if disk is not None else Disk()
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        descriptor = disk.open_new(path)
    except FileExistsError as error:
        raise SetupError(Reason.SETTING, f"{path} is there already and is kept") from error
    except OSError as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path}: {error.strerror}") from error
    try:
        disk.write(descriptor, text)
        disk.sync(descriptor)
    finally:
        disk.close(descriptor)
    disk.sync_directory(path.parent)
    return cose.SoftwareSigner(key)


def load(path: Path) -> cose.SoftwareSigner:
    """Read the key.

    Raises:
        SetupError: missing, readable for others (like OpenSSH, we do not use it then),
            or not an Ed25519 key.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError as error:
        raise SetupError(Reason.FILE_MISSING, f"no device key at {path}: make one") from error
    except OSError as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode) or mode & 0o077:
            raise SetupError(
                Reason.SETTING, f"others may read {path}: chmod 600 it, or make a new key"
            )
        text = file.read(16_384)
    try:
        key = serialization.load_pem_private_key(text, password=None)
    except (ValueError, TypeError) as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path} is not an unencrypted key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SetupError(Reason.SETTING, f"{path} is not an Ed25519 key")
    return cose.SoftwareSigner(key)


def load_or_create(path: Path, disk: Disk | None = None) -> cose.SoftwareSigner:
    """The key at ``path``, made at the first call."""
    return load(path) if path.exists() else create(path, disk)
