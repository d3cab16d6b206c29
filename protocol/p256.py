"""ES256 on bytes: ECDSA over P-256 with SHA-256, in the one form this profile reads.

A point is ``04`` x y; a signature is r and s of 32 bytes each (RFC 9053 §2.1), with s at
most n/2. ECDSA's second form (r, n-s) is refused: one message, one signature a signer.
Tokens that give either form are normalised by ``from_der`` before anything is sent.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

PrivateKey = ec.EllipticCurvePrivateKey
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""n of P-256 (FIPS 186-4 D.1.2.3)."""
POINT_BYTES, SIGNATURE_BYTES = 65, 64
_ECDSA = ec.ECDSA(hashes.SHA256())


def is_point(raw: bytes) -> bool:
    """Whether these bytes are an uncompressed point of the curve."""
    return len(raw) == POINT_BYTES and _key(raw) is not None


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """The uncompressed point of a key."""
    return key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def holds(raw: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature in the form of the profile is this key's."""
    key = _key(raw)
    if key is None or len(signature) != SIGNATURE_BYTES:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (0 < r < ORDER and 0 < s <= ORDER // 2):
        return False
    try:
        key.verify(encode_dss_signature(r, s), message, _ECDSA)
    except InvalidSignature:
        return False
    return True


def sign(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """The signature of a key in memory."""
    return from_der(key.sign(message, _ECDSA))


def from_der(der: bytes) -> bytes:
    """A signature as tokens and libraries give it, in the form of the profile."""
    return from_pair(*decode_dss_signature(der))


def from_pair(r: int, s: int) -> bytes:
    """The same from the two numbers."""
    return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")


def _key(raw: bytes) -> ec.EllipticCurvePublicKey | None:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return None
