"""The camera's own key, from where the settings say it is.

| kind | where | algorithm |
|---|---|---|
| ``file`` | ``path``, or ``device.key`` in the storage folder; mode 0600 | Ed25519 or P-256 |
| ``credential`` | ``$CREDENTIALS_DIRECTORY/device.key``, given by systemd | Ed25519 or P-256 |
| ``pkcs11`` | a token: ``module``, ``token``, ``label``, ``pin_file`` | ES256 |
| ``tpm`` | wrapped at ``path``, of use to this TPM alone; ``tcti`` | ES256 |
"""

from __future__ import annotations

import os
from pathlib import Path

from viewkeeper import secret_file
from viewkeeper.agent.adapters.store import keyfile
from viewkeeper.agent.key_settings import KeySettings
from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, SetupError

CREDENTIAL = "device.key"


def open_device_key(settings: KeySettings, default: Path, *, create: bool = False) -> cose.Signer:
    """The camera's key.

    Args:
        settings: the table ``[key]``.
        default: of the key file where ``path`` is empty.
        create: make it where there is none; systemd's credentials are never made here.

    Raises:
        SetupError: missing, open to others, a wrong PIN, a library that is not installed.
    """
    path = Path(settings.path) if settings.path else default
    match settings.kind:
        case "credential":
            return keyfile.load(_credential())
        case "pkcs11":
            return _in_token(settings, create)
        case "tpm":
            return _in_tpm(settings, path, create)
        case _:
            return keyfile.load_or_create(path) if create else keyfile.load(path)


def _credential() -> Path:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise SetupError(
            Reason.SETTING,
            "[key] kind = credential, but systemd gave none: "
            f"LoadCredentialEncrypted={CREDENTIAL} in the unit, and start it by systemctl",
        )
    return Path(folder) / CREDENTIAL


def _in_token(settings: KeySettings, create: bool) -> cose.Signer:
    from viewkeeper.agent.adapters.keys import pkcs11

    place = pkcs11.Place(settings.module, settings.token, settings.label)
    pin = secret_file.read_secret(Path(settings.pin_file)).decode("utf-8")
    try:
        return pkcs11.Pkcs11Signer(place, pin)
    except SetupError as error:
        if not create or error.reason is not Reason.FILE_MISSING:
            raise
        return pkcs11.Pkcs11Signer(place, pin, create=True)


def _in_tpm(settings: KeySettings, path: Path, create: bool) -> cose.Signer:
    from viewkeeper.agent.adapters.keys import tpm

    place = tpm.Place(path, settings.tcti)
    pin = secret_file.read_secret(Path(settings.pin_file)) if settings.pin_file else None
    return tpm.TpmSigner(place, pin, create=create and not place.public.exists())
