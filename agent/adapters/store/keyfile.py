"""The device's private key in a file that only its owner may read."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from viewkeeper.agent.adapters.store.disk import Disk
from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.keys import P256Signer
from viewkeeper.secret_file import read_private


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


def load(path: Path) -> cose.Signer:
    """Read the key: Ed25519, or P-256.

    Raises:
        SetupError: missing, readable for others (like OpenSSH, we do not use it then),
            or not a key of these kinds.
    """
    text = read_private(path, f"no device key at {path}: make one", "or make a new key")
    try:
        key = serialization.load_pem_private_key(text, password=None)
    except (ValueError, TypeError) as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path} is not an unencrypted key") from error
    if isinstance(key, Ed25519PrivateKey):
        return cose.SoftwareSigner(key)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return P256Signer(key)
    raise SetupError(Reason.SETTING, f"{path} is not an Ed25519 or P-256 key")


def load_or_create(path: Path, disk: Disk | None = None) -> cose.Signer:
    """The key at ``path``, made at the first call."""
    return load(path) if path.exists() else create(path, disk)
