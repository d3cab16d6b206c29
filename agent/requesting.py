"""``viewkeeper-agent request``: what the desk needs to enrol this camera, in a folder.

Every private key is made here and stays here; the folder gets public halves only.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from viewkeeper.agent.registering import device_key
from viewkeeper.agent.settings import Settings
from viewkeeper.agent.settings_file import load
from viewkeeper.protocol.cose import Algorithm, VerifyKey
from viewkeeper.protocol.errors import Reason, SetupError


def add_to(commands: Any) -> None:
    """Add the command to the agent's."""
    request = commands.add_parser(
        "request",
        help="make this camera's keys and write what the desk needs to enrol it",
        description="Writes CAMERA.device-key, for viewkeeper-authority camera enrol, and, where "
        "[broker] key_file is set, CAMERA.csr, a certificate request for the broker's "
        "certificate authority (broker_config/certs.py issue … --request CAMERA.csr). Keys that "
        "are missing are made; no private key leaves the camera.",
    )
    request.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="settings, TOML"
    )
    request.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    request.set_defaults(run=_request)


def _request(arguments: argparse.Namespace, _adapters: object) -> int:
    for path in write_request(load(arguments.config), arguments.out):
        print(path)
    return 0


def text_of(key: VerifyKey) -> str:
    """A public device key as people pass it on: hexadecimal, with its algorithm where needed."""
    # Ed25519 needs no name: it is the one algorithm every desk takes.
    prefix = "" if key.algorithm is Algorithm.ED25519 else f"{key.algorithm.name.lower()}:"
    return prefix + key.raw.hex()


def write_request(settings: Settings, folder: Path) -> list[Path]:
    """Make the keys that are missing and write their public halves.

    Raises:
        SetupError: a file that cannot be read or written, or a key file that holds no key.
    """
    camera, written = settings.camera, []
    contents = [(f"{camera.id}.device-key", (text_of(device_key(settings)) + "\n").encode())]
    if settings.broker.key_file:
        contents.append((f"{camera.id}.csr", _signing_request(settings)))
    for name, data in contents:
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except OSError as error:
            raise SetupError(Reason.FILE_UNREADABLE, f"{path}: {error.strerror}") from None
        written.append(path)
    return written


def _signing_request(settings: Settings) -> bytes:
    """A PKCS #10 request, PEM; its name is the one that the broker's ACL knows."""
    # Only here: x509 is a heavy module, and the running agent has no use for it.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    path = Path(settings.broker.key_file)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        key = ec.generate_private_key(ec.SECP256R1())
        data = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _write_private(path, data)
    except OSError as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path}: {error.strerror}") from None
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SetupError(
            Reason.FILE_UNREADABLE, f"{path} holds no plain elliptic-curve key; move it away"
        )
    name = f"{settings.camera.site}/{settings.camera.id}"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _write_private(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path}: {error.strerror}") from None
