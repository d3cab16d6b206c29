"""The device's private key in a file that only its owner may read.

An Ed25519 key is read here: the library's reader of all kinds of keys stays two mebibytes in the
memory of an agent that needs it once. Whatever does not look like one is that reader's.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from viewkeeper.agent.adapters.store.disk import Disk
from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.keys import P256Signer
from viewkeeper.secret_file import read_private

_PEM = re.compile(
    rb"\s*-----BEGIN PRIVATE KEY-----\s([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----\s*"
)
_ED25519 = bytes.fromhex("302e020100300506032b657004220420")
"""PKCS#8 of an Ed25519 key up to its 32 bytes (RFC 8410 §7)."""


def create(path: Path, disk: Disk | None = None) -> cose.SoftwareSigner:
    """Make a new key; never overwrites one.

    Raises:
        SetupError: there is a file already, or it cannot be written.
    """
    from cryptography.hazmat.primitives import serialization

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
    missing = f"no device key at {path}: viewkeeper-agent key --config … makes it"
    text = read_private(path, missing, "or make a new key")
    if (seed := _ed25519_seed(text)) is not None:
        return cose.SoftwareSigner.from_seed(seed)
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key = serialization.load_pem_private_key(text, password=None)
    except (ValueError, TypeError) as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path} is not an unencrypted key") from error
    if isinstance(key, Ed25519PrivateKey):
        return cose.SoftwareSigner(key)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return P256Signer(key)
    raise SetupError(Reason.SETTING, f"{path} is not an Ed25519 or P-256 key")


def _ed25519_seed(text: bytes) -> bytes | None:
    """The 32 bytes of a plain Ed25519 key; ``None`` of anything else."""
    found = _PEM.fullmatch(text)
    if found is None:
        return None
    try:
        key = base64.b64decode(found[1])
    except ValueError:
        return None
    plain = len(key) == len(_ED25519) + 32 and key.startswith(_ED25519)
    return key[len(_ED25519) :] if plain else None


def load_or_create(path: Path, disk: Disk | None = None) -> cose.Signer:
    """The key at ``path``, made at the first call."""
    return load(path) if path.exists() else create(path, disk)
