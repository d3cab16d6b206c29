"""Keys in a PKCS#11 token: a smart card, an HSM, SoftHSM.

Made in the token and marked neither readable nor extractable. ES256 (CKM_ECDSA over a
SHA-256 digest) is what tokens have in common. Needs the package ``python-pkcs11``.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viewkeeper.protocol import cose, p256
from viewkeeper.protocol.errors import Reason, SetupError

P256_OID = bytes.fromhex("06082a8648ce3d030107")
"""ANSI X9.62 prime256v1 as a DER object identifier: CKA_EC_PARAMS."""
CURE = "pip install 'python-pkcs11>=0.7'"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key lies.

    Attributes:
        module: the token's PKCS#11 library.
        token: the token's label.
        label: the key's label.
    """

    module: str
    token: str
    label: str


class Pkcs11Signer:
    """A P-256 key in a token. Safe to call from any thread.

    Args:
        place: where it lies.
        pin: of the token's user.
        create: make the key; else it must be there.

    Raises:
        SetupError: no such library, token or key; a wrong PIN; a key there already.
    """

    def __init__(self, place: Place, pin: str, *, create: bool = False) -> None:
        self._place, self._lock = place, threading.Lock()
        try:
            import pkcs11
            from pkcs11 import exceptions
        except ImportError as error:
            raise SetupError(
                Reason.LIBRARY_MISSING, f"a key in a token needs python-pkcs11: {CURE}"
            ) from error
        self._faults: type[Exception] = exceptions.PKCS11Error
        self._pkcs11: Any = pkcs11
        if not Path(place.module).exists():
            raise SetupError(
                Reason.FILE_MISSING,
                f"no PKCS#11 library {place.module} (SoftHSM: apt install softhsm2)",
            )
        try:
            token = pkcs11.lib(place.module).get_token(token_label=place.token)
            try:
                self._session: Any = token.open(user_pin=pin, rw=create)
            except exceptions.UserAlreadyLoggedIn:
                # A program logs in to a token once: another key of it is open already.
                self._session = token.open(rw=create)
            if create:
                self._make()
            self._private, public = self._find()
        except (exceptions.PinIncorrect, exceptions.PinLenRange, exceptions.PinInvalid) as error:
            raise SetupError(Reason.SETTING, f"wrong PIN of token {place.token}") from error
        except exceptions.NoSuchToken as error:
            raise SetupError(
                Reason.FILE_MISSING, f"{place.module} has no token {place.token}"
            ) from error
        except exceptions.NoSuchKey as error:
            raise SetupError(
                Reason.FILE_MISSING, f"token {place.token} holds no key {place.label}"
            ) from error
        except (exceptions.PKCS11Error, RuntimeError) as error:
            raise SetupError(
                Reason.FILE_UNREADABLE, f"token {place.token}: {_words(error)}"
            ) from error
        self._verify_key = cose.VerifyKey(cose.Algorithm.ES256, public)

    @property
    def verify_key(self) -> cose.VerifyKey:
        return self._verify_key

    def sign(self, message: bytes) -> bytes:
        digest = hashlib.sha256(message).digest()
        try:
            with self._lock:
                pair = self._private.sign(digest, mechanism=self._pkcs11.Mechanism.ECDSA)
        except self._faults as error:
            raise SetupError(
                Reason.FILE_UNREADABLE, f"token {self._place.token} does not sign: {_words(error)}"
            ) from error
        return p256.from_pair(int.from_bytes(pair[:32], "big"), int.from_bytes(pair[32:], "big"))

    def close(self) -> None:
        self._session.close()

    def _make(self) -> None:
        names, kinds = self._pkcs11.Attribute, self._pkcs11.KeyType
        label = self._place.label
        if list(self._session.get_objects({names.LABEL: label})):
            raise SetupError(
                Reason.SETTING, f"token {self._place.token} holds a key {label} already; it is kept"
            )
        parameters = self._session.create_domain_parameters(
            kinds.EC, {names.EC_PARAMS: P256_OID}, local=True
        )
        parameters.generate_keypair(
            label=label,
            store=True,
            private_template={names.SENSITIVE: True, names.EXTRACTABLE: False},
        )

    def _find(self) -> tuple[Any, bytes]:
        names, classes = self._pkcs11.Attribute, self._pkcs11.ObjectClass
        kind, label = self._pkcs11.KeyType.EC, self._place.label
        private = self._session.get_key(
            label=label, key_type=kind, object_class=classes.PRIVATE_KEY
        )
        public = self._session.get_key(label=label, key_type=kind, object_class=classes.PUBLIC_KEY)
        point = bytes(public[names.EC_POINT])
        # PKCS#11 wraps the point in a DER octet string; some tokens do not.
        return private, point[2:] if point[:2] == b"\x04\x41" else point


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
