"""Keys that know their algorithm, and whatever can sign with one.

| algorithm | COSE | public key | signature |
|---|---|---|---|
| Ed25519 (RFC 8032) | -19 (RFC 9864) | 32 bytes | 64 bytes, canonical S |
| ES256, P-256 with SHA-256 | -9 (RFC 9864) | 65 bytes, ``04`` x y | r and s, s ≤ n/2 |
| SM2 with SM3 (GB/T 32918) | -65537, private use | 65 bytes, ``04`` x y | r and s |

Ed25519 is the default; the others count only where a keyset allows them for the role. The
arithmetic is the ``cryptography`` package's, SM2's that of the system's libcrypto.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, unique
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from viewkeeper.protocol.errors import EnvelopeRefusal, Reason

if TYPE_CHECKING:
    from viewkeeper.protocol import p256

KID_BYTES = 8


@unique
class Algorithm(IntEnum):
    """Fully-specified algorithms of RFC 9864; the polymorphic ones (-8, -7) are not read."""

    ED25519 = -19
    ES256 = -9
    SM2 = -65_537
    """No number is registered: the first of the private ones (RFC 9053 §11.1)."""


# RFC 8032 points of small order, in every encoding a decoder might take: with such a key
# one signature holds for every message. Listed in Henry de Valence, "It's 255:19AM" (2020).
_SMALL_ORDER = frozenset(
    bytes.fromhex(text)
    for text in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    )
)


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A public key that knows its algorithm.

    Attributes:
        algorithm: the only algorithm this key verifies.
        raw: the public key, in the one form of the table above.

    Raises:
        EnvelopeRefusal: ``weak_key`` for a point of small order, one that is not on the
            curve, or a wrong length.
    """

    algorithm: Algorithm
    raw: bytes

    def __post_init__(self) -> None:
        match self.algorithm:
            case Algorithm.ED25519:
                good = len(self.raw) == 32 and self.raw not in _SMALL_ORDER
            case Algorithm.ES256:
                from viewkeeper.protocol import p256  # most cameras never meet such a key

                good = p256.is_point(self.raw)
            case Algorithm.SM2:
                from viewkeeper.protocol import sm2

                good = sm2.is_point(self.raw)
        if not good:
            name = self.algorithm.name
            raise EnvelopeRefusal(Reason.WEAK_KEY, f"not a public key of {name} that may be used")

    @property
    def kid(self) -> bytes:
        """First 8 bytes of SHA-256 over algorithm and key: the key names itself."""
        text = f"{int(self.algorithm)}:".encode("ascii")
        return hashlib.sha256(text + self.raw).digest()[:KID_BYTES]

    def holds(self, signature: bytes, message: bytes) -> bool:
        """Whether ``signature`` is this key's over ``message``.

        Raises:
            EnvelopeRefusal: ``not_supported``: SM2, and this machine's libcrypto has none.
        """
        match self.algorithm:
            case Algorithm.ED25519:
                return _ed25519_holds(self.raw, signature, message)
            case Algorithm.ES256:
                from viewkeeper.protocol import p256

                return p256.holds(self.raw, signature, message)
            case Algorithm.SM2:
                from viewkeeper.protocol import sm2

                return sm2.holds(self.raw, signature, message)


def checker(key: VerifyKey) -> Callable[[bytes, bytes], bool]:
    """``key.holds`` with the arithmetic's own key object made once, for a key of many messages."""
    if key.algorithm is not Algorithm.ED25519:
        return key.holds
    verify = Ed25519PublicKey.from_public_bytes(key.raw).verify

    def holds(signature: bytes, message: bytes) -> bool:
        try:
            verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return holds


def _ed25519_holds(raw: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class Signer(Protocol):
    """Whatever can sign: a key file, a token, a TPM."""

    @property
    def verify_key(self) -> VerifyKey: ...
    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class SoftwareSigner:
    """An Ed25519 private key in memory."""

    private_key: Ed25519PrivateKey

    @classmethod
    def from_seed(cls, seed: bytes) -> SoftwareSigner:
        """The key of a 32-byte seed (RFC 8032 §5.1.5)."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def verify_key(self) -> VerifyKey:
        public = self.private_key.public_key()
        if hasattr(public, "public_bytes_raw"):
            return VerifyKey(Algorithm.ED25519, public.public_bytes_raw())
        # Debian 12's cryptography does not have it yet.
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return VerifyKey(Algorithm.ED25519, public.public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, message: bytes) -> bytes:
        return self.private_key.sign(message)


@dataclass(frozen=True, slots=True)
class P256Signer:
    """A P-256 private key in memory."""

    private_key: p256.PrivateKey

    @property
    def verify_key(self) -> VerifyKey:
        from viewkeeper.protocol import p256

        return VerifyKey(Algorithm.ES256, p256.point_of(self.private_key.public_key()))

    def sign(self, message: bytes) -> bytes:
        from viewkeeper.protocol import p256

        return p256.sign(self.private_key, message)


@dataclass(frozen=True, slots=True)
class Sm2Signer:
    """An SM2 private key in memory.

    Attributes:
        secret: 32 bytes, big-endian, 1..n-2.
    """

    secret: bytes

    @property
    def verify_key(self) -> VerifyKey:
        from viewkeeper.protocol import sm2

        return VerifyKey(Algorithm.SM2, sm2.point_of(self.secret))

    def sign(self, message: bytes) -> bytes:
        from viewkeeper.protocol import sm2

        return sm2.sign(self.secret, message)


KeyLookup = Callable[[bytes], VerifyKey | None]
"""From kid to key; ``None`` where the kid is not known."""


def lookup_in(keys: Mapping[bytes, VerifyKey] | Sequence[VerifyKey]) -> KeyLookup:
    """A lookup over a fixed set of keys."""
    table = dict(keys) if isinstance(keys, Mapping) else {key.kid: key for key in keys}
    return table.get
