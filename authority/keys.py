"""Private keys in files: PKCS#8, encrypted with a passphrase unless told otherwise."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from viewkeeper.protocol import cose, p256
from viewkeeper.protocol.errors import EnvelopeRefusal, Reason, SetupError
from viewkeeper.protocol.keys import P256Signer


def create_key_file(
    path: Path, passphrase: bytes | None, algorithm: cose.Algorithm = cose.Algorithm.ED25519
) -> cose.Signer:
    """Make a new Ed25519 or P-256 key; never overwrites one.

    Raises:
        SetupError: the file is there, or cannot be written.
    """
    key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey
    if algorithm is cose.Algorithm.ED25519:
        key = Ed25519PrivateKey.generate()
    elif algorithm is cose.Algorithm.ES256:
        key = ec.generate_private_key(ec.SECP256R1())
    else:
        raise SetupError(Reason.NOT_SUPPORTED, f"no {algorithm.name} keys are made in files")
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(passphrase)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    write_new(path, text)
    return _signer(key, path)


def write_new(path: Path, data: bytes) -> None:
    """Write a file that must not exist, for the owner alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise SetupError(Reason.SETTING, f"{path} is there already and is kept") from error
    except OSError as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def is_encrypted(path: Path) -> bool:
    """Whether a key file asks for a passphrase."""
    return b"BEGIN ENCRYPTED PRIVATE KEY" in _read(path)


def load_key_file(path: Path, passphrase: bytes | None) -> cose.Signer:
    """Open a private key.

    Raises:
        SetupError: missing, wrong passphrase, or not an Ed25519 or P-256 key.
    """
    text = _read(path)
    try:
        key = serialization.load_pem_private_key(text, password=passphrase)
    except TypeError as error:
        asked = "asks for a passphrase" if passphrase is None else "has no passphrase"
        raise SetupError(Reason.SETTING, f"{path} {asked}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SetupError(
            Reason.FILE_UNREADABLE, f"{path}: wrong passphrase or not a private key"
        ) from error
    return _signer(key, path)


def _signer(key: object, path: Path) -> cose.Signer:
    if isinstance(key, Ed25519PrivateKey):
        return cose.SoftwareSigner(key)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return P256Signer(key)
    raise SetupError(Reason.SETTING, f"{path} is not an Ed25519 or P-256 key")


def read_public_key(text: str) -> cose.VerifyKey:
    """A public key as people pass it around.

    64 hexadecimal digits (Ed25519); ``es256:`` or ``sm2:`` and 130 of them; or the path of
    a PEM file.

    Raises:
        SetupError: neither, or a key that may not be used.
    """
    name, colon, digits = text.rpartition(":")
    try:
        algorithm = cose.Algorithm[name.upper()] if colon else cose.Algorithm.ED25519
        raw = bytes.fromhex(digits)
    except (KeyError, ValueError):
        algorithm, raw = _raw_from_pem(Path(text))
    try:
        return cose.VerifyKey(algorithm, raw)
    except EnvelopeRefusal as error:
        raise SetupError(error.reason, error.hint) from error


def _raw_from_pem(path: Path) -> tuple[cose.Algorithm, bytes]:
    try:
        key = serialization.load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SetupError(
            Reason.FILE_UNREADABLE, f"{path}: not a public key (64 hex digits or a PEM file)"
        ) from error
    if isinstance(key, Ed25519PublicKey):
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        return cose.Algorithm.ED25519, key.public_bytes(*raw)
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return cose.Algorithm.ES256, p256.point_of(key)
    raise SetupError(Reason.SETTING, f"{path} is not an Ed25519 or P-256 public key")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise SetupError(Reason.FILE_MISSING, f"no such file: {path}") from error
    except OSError as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path}: {error.strerror}") from error
