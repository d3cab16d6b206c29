"""Where a desk's private key is kept: a file, a token, a TPM, or at another desk."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from viewkeeper.authority.keys import create_key_file, is_encrypted, load_key_file
from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, SetupError

KINDS = ("file", "pkcs11", "tpm", "elsewhere")


@dataclass(frozen=True, slots=True)
class KeyStore:
    """What a key's card says of its place.

    Attributes:
        kind: ``file``; ``pkcs11`` (a token); ``tpm`` (wrapped beside the card); ``elsewhere``
            (only the public key is known here).
        module, token: of a token: its PKCS#11 library and its label.
        tcti: how to reach the TPM, as tpm2-tools has it.
        password: the key in the TPM asks for one.
    """

    kind: str = "file"
    module: str = ""
    token: str = ""
    tcti: str = ""
    password: bool = False

    @classmethod
    def of_card(cls, card: dict[str, Any]) -> KeyStore:
        """From a key's card; cards of old speak of files alone."""
        return cls(**card.get("store", {}))

    def card(self) -> dict[str, Any]:
        """For the card: what differs from a file."""
        return {name: value for name, value in asdict(self).items() if value}

    def asks(self, pem: Path) -> bool:
        """Whether opening takes a passphrase, a PIN or a password."""
        if self.kind == "file":
            return is_encrypted(pem)
        return self.kind == "pkcs11" or self.password

    def open(
        self,
        pem: Path,
        secret: bytes | None,
        *,
        create: bool = False,
        algorithm: cose.Algorithm = cose.Algorithm.ED25519,
    ) -> cose.Signer:
        """Open a key, or make it.

        Args:
            pem: where its file is, or would be.
            secret: passphrase, PIN or password; ``None`` for a key without one.
            create: make it; never overwrites one.
            algorithm: of a key made in a file; tokens and TPMs make ES256.

        Raises:
            SetupError: it is not there, or does not open.
        """
        match self.kind:
            case "file":
                if create:
                    return create_key_file(pem, secret, algorithm)
                return load_key_file(pem, secret)
            case "pkcs11":
                from viewkeeper.agent.adapters.keys import pkcs11

                place = pkcs11.Place(self.module, self.token, pem.stem)
                if secret is None:
                    raise SetupError(Reason.SETTING, f"token {self.token} asks for a PIN")
                return pkcs11.Pkcs11Signer(place, secret.decode("utf-8"), create=create)
            case "tpm":
                from viewkeeper.agent.adapters.keys import tpm

                return tpm.TpmSigner(
                    tpm.Place(pem.with_suffix(""), self.tcti), secret, create=create
                )
            case _:
                raise SetupError(
                    Reason.FILE_MISSING, f"the private half of {pem.stem} is not at this desk"
                )
