"""The table ``[key]`` of the settings: where the camera's own key is."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("file", "credential", "pkcs11", "tpm")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """Where the device key is; which fields count depends on the kind."""

    kind: str = "file"
    """``file``, ``credential`` (systemd), ``pkcs11`` or ``tpm``."""
    path: str = ""
    """Of the key file, or of the TPM's wrapped key; empty: in the storage folder."""
    module: str = ""
    """The token's PKCS#11 library."""
    token: str = ""
    label: str = "viewkeeper-device"
    pin_file: str = ""
    """First line is the PIN of the token, or the password of the key in the TPM."""
    tcti: str = ""
    """How to reach the TPM, as tpm2-tools has it; empty: the system's own."""


def faults_of(key: KeySettings) -> list[str]:
    """What is wrong with the table, in words."""
    found: list[str] = []
    if key.kind not in KINDS:
        found.append(f"[key] kind must be one of {', '.join(KINDS)}")
    if key.kind == "pkcs11" and not (key.module and key.token and key.label and key.pin_file):
        found.append("[key] kind = pkcs11 takes module, token, label and pin_file")
    return found
