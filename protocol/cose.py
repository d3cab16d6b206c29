"""COSE_Sign1 and COSE_Sign (RFC 9052), a profile with no choices left in it.

- tagged, one deterministic encoding, nothing after it
- ``alg`` and ``kid`` in the protected header, nothing else there, nothing unprotected
- the key says which algorithm it is for; a header that disagrees is refused
- external_aad names the domain, so a signature made for one kind of message never
  holds for another
- signatures of a COSE_Sign are all checked; one that fails refuses the message

Keys and their arithmetic are those of ``keys``. What a signer may do is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import cast

from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import EncodingRefusal, EnvelopeRefusal, Reason
from viewkeeper.protocol.keys import (
    KID_BYTES,
    Algorithm,
    KeyLookup,
    Signer,
    SoftwareSigner,
    VerifyKey,
    lookup_in,
)

__all__ = [
    "KID_BYTES",
    "MAX_SIGNERS",
    "Algorithm",
    "Domain",
    "KeyLookup",
    "Opened",
    "Signer",
    "SoftwareSigner",
    "VerifyKey",
    "assemble",
    "is_multi_signed",
    "is_signed",
    "lookup_in",
    "open_sign",
    "open_sign1",
    "sign",
    "sign1",
    "sign1_structure",
    "sign_structure",
    "signature_of",
    "unverified_payload",
]

_TAG_SIGN1 = cbor.head(6, 18)
_TAG_SIGN = cbor.head(6, 98)
_HEADER_ALG, _HEADER_CRIT, _HEADER_KID = 1, 2, 4
MAX_SIGNERS = 16


@unique
class Domain(StrEnum):
    """What a signature is for. The text is the external_aad (RFC 9052 §4.4)."""

    CONFIG = "viewkeeper/v1/order/config"
    KEYSET = "viewkeeper/v1/order/keyset"
    GRANT = "viewkeeper/v1/order/grant"
    COMMAND = "viewkeeper/v1/order/command"
    LIFECYCLE = "viewkeeper/v1/order/lifecycle"
    RECORD = "viewkeeper/v1/record"
    CHECKPOINT = "viewkeeper/v1/checkpoint"
    WITNESS = "viewkeeper/v1/witness"
    UPDATE = "viewkeeper/v1/update"
    LAMP = "viewkeeper/v1/lamp"

    @property
    def external_aad(self) -> bytes:
        return self.value.encode("ascii")


@dataclass(frozen=True, slots=True)
class Opened:
    """A verified message: its payload and the keys whose signatures held."""

    payload: bytes
    signers: tuple[VerifyKey, ...]


def sign1_structure(protected: bytes, external_aad: bytes, payload: bytes) -> bytes:
    """The bytes a COSE_Sign1 signature is over (Sig_structure, RFC 9052 §4.4)."""
    return cbor.encode(["Signature1", protected, external_aad, payload])


def sign_structure(
    body_protected: bytes, signer_protected: bytes, external_aad: bytes, payload: bytes
) -> bytes:
    """The bytes one signature of a COSE_Sign is over (Sig_structure, RFC 9052 §4.4)."""
    return cbor.encode(["Signature", body_protected, signer_protected, external_aad, payload])


def sign1(payload: bytes, signer: Signer, domain: Domain) -> bytes:
    """Sign ``payload`` as a tagged COSE_Sign1 of the profile."""
    protected = _protected_header(signer.verify_key)
    signature = signer.sign(sign1_structure(protected, domain.external_aad, payload))
    return _TAG_SIGN1 + cbor.encode([protected, {}, payload, signature])


def sign(payload: bytes, signers: Sequence[Signer], domain: Domain) -> bytes:
    """Sign ``payload`` as a tagged COSE_Sign with one signature a signer, in kid order."""
    return assemble(payload, [signature_of(payload, signer, domain) for signer in signers])


def signature_of(payload: bytes, signer: Signer, domain: Domain) -> tuple[bytes, bytes]:
    """One person's share of a COSE_Sign: (protected header, signature)."""
    protected = _protected_header(signer.verify_key)
    message = sign_structure(b"", protected, domain.external_aad, payload)
    return protected, signer.sign(message)


def assemble(payload: bytes, signatures: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Put separately made signatures into one COSE_Sign."""
    rows: list[cbor.Value] = [[protected, {}, value] for protected, value in sorted(signatures)]
    return _TAG_SIGN + cbor.encode([b"", {}, payload, rows])


def is_signed(message: bytes) -> bool:
    """Whether the bytes claim to be a signed envelope of either kind."""
    return message.startswith((_TAG_SIGN1, _TAG_SIGN))


def is_multi_signed(message: bytes) -> bool:
    """Whether the bytes claim to be a COSE_Sign."""
    return message.startswith(_TAG_SIGN)


def open_sign1(
    message: bytes, lookup: KeyLookup, domain: Domain, *, max_bytes: int = cbor.MAX_BYTES
) -> Opened:
    """Verify a COSE_Sign1 and return its payload.

    Raises:
        EncodingRefusal, EnvelopeRefusal: with the reason of the first thing that is wrong.
    """
    protected, payload, signature = _body(message, _TAG_SIGN1, max_bytes)
    if not isinstance(signature, bytes):
        raise EnvelopeRefusal(Reason.NOT_COSE, "the signature is not a byte string")
    key = _key_of(protected, lookup)
    _check(key, signature, sign1_structure(protected, domain.external_aad, payload))
    return Opened(payload, (key,))


def open_sign(
    message: bytes, lookup: KeyLookup, domain: Domain, *, max_bytes: int = cbor.MAX_BYTES
) -> Opened:
    """Verify every signature of a COSE_Sign and return its payload and signers.

    Whether these signers suffice is for the caller (who counts persons, not keys).

    Raises:
        EncodingRefusal, EnvelopeRefusal: with the reason of the first thing that is wrong.
    """
    body_protected, payload, rows = _body(message, _TAG_SIGN, max_bytes)
    if body_protected != b"":
        raise EnvelopeRefusal(Reason.UNKNOWN_HEADER, "the body's protected header must be empty")
    if not isinstance(rows, list):
        raise EnvelopeRefusal(Reason.NOT_COSE, "the signatures are not an array")
    if not rows:
        raise EnvelopeRefusal(Reason.UNSIGNED, "no signature at all")
    if len(rows) > MAX_SIGNERS:
        raise EnvelopeRefusal(Reason.TOO_LARGE, f"more than {MAX_SIGNERS} signatures")
    signers: list[VerifyKey] = []
    for row in rows:
        if not (isinstance(row, list) and len(row) == 3):
            raise EnvelopeRefusal(Reason.NOT_COSE, "a COSE_Signature has three elements")
        protected, unprotected, signature = row
        if not (isinstance(protected, bytes) and isinstance(signature, bytes)):
            raise EnvelopeRefusal(Reason.NOT_COSE, "a COSE_Signature holds byte strings")
        _refuse_unprotected(unprotected)
        key = _key_of(protected, lookup)
        if key in signers:
            raise EnvelopeRefusal(Reason.DUPLICATE_SIGNER, "one key signed twice")
        _check(key, signature, sign_structure(b"", protected, domain.external_aad, payload))
        signers.append(key)
    return Opened(payload, tuple(signers))


def unverified_payload(message: bytes, *, max_bytes: int = cbor.MAX_BYTES) -> bytes:
    """The payload of either kind of envelope before anything is verified.

    For a keyset that brings the keys which must sign it too, and for showing a person
    what a file says. Never a reason to obey.

    Raises:
        EncodingRefusal, EnvelopeRefusal: not one of the two envelopes.
    """
    tag = _TAG_SIGN if is_multi_signed(message) else _TAG_SIGN1
    return _body(message, tag, max_bytes)[1]


def _protected_header(key: VerifyKey) -> bytes:
    return cbor.encode({_HEADER_ALG: int(key.algorithm), _HEADER_KID: key.kid})


def _body(message: bytes, tag: bytes, max_bytes: int) -> tuple[bytes, bytes, cbor.Value]:
    if len(message) > max_bytes:
        raise EncodingRefusal(
            Reason.TOO_LARGE, f"{len(message)} bytes where at most {max_bytes} are read"
        )
    if not message.startswith(tag):
        raise EnvelopeRefusal(Reason.NOT_COSE, "not a tagged COSE message of the kind expected")
    body = cbor.decode(message[len(tag) :], max_bytes=max_bytes)
    if not (isinstance(body, list) and len(body) == 4):
        raise EnvelopeRefusal(Reason.NOT_COSE, "a COSE message is an array of four")
    protected, unprotected, payload, last = body
    if not (isinstance(protected, bytes) and isinstance(payload, bytes)):
        raise EnvelopeRefusal(Reason.NOT_COSE, "header and payload must be byte strings")
    _refuse_unprotected(unprotected)
    return protected, payload, last


def _refuse_unprotected(unprotected: cbor.Value) -> None:
    if not isinstance(unprotected, dict):
        raise EnvelopeRefusal(Reason.NOT_COSE, "the unprotected header is not a map")
    if unprotected:
        raise EnvelopeRefusal(
            Reason.UNPROTECTED_HEADER, "nothing may stand in the unprotected header"
        )


def _key_of(protected: bytes, lookup: KeyLookup) -> VerifyKey:
    header = cbor.decode(protected) if protected else cast("cbor.Value", {})
    if not isinstance(header, dict):
        raise EnvelopeRefusal(Reason.NOT_COSE, "the protected header is not a map")
    if _HEADER_CRIT in header:
        # RFC 9052 §3.1: a critical header not understood refuses the message; the
        # profile knows none.
        raise EnvelopeRefusal(Reason.UNKNOWN_CRIT, "a critical header that is not understood")
    algorithm, kid = header.get(_HEADER_ALG), header.get(_HEADER_KID)
    if algorithm is None:
        raise EnvelopeRefusal(Reason.ALG_MISSING, "alg is not in the protected header")
    if kid is None or not isinstance(kid, bytes):
        raise EnvelopeRefusal(Reason.KID_MISSING, "kid is not in the protected header")
    if len(header) != 2:
        raise EnvelopeRefusal(Reason.UNKNOWN_HEADER, "a header beside alg and kid")
    key = lookup(kid)
    if key is None:
        raise EnvelopeRefusal(Reason.UNKNOWN_KEY, f"no key {kid.hex()} is known here")
    if algorithm != int(key.algorithm):
        raise EnvelopeRefusal(
            Reason.ALG_NOT_ALLOWED, f"key {kid.hex()} is not for algorithm {algorithm}"
        )
    return key


def _check(key: VerifyKey, signature: bytes, message: bytes) -> None:
    if not signature:
        raise EnvelopeRefusal(Reason.UNSIGNED, "the signature is empty")
    if not key.holds(signature, message):
        raise EnvelopeRefusal(Reason.BAD_SIGNATURE, f"the signature of {key.kid.hex()} fails")
