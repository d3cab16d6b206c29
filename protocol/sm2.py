"""SM2 signatures with SM3 (GB/T 32918.2, RFC 8998), by the system's libcrypto.

The ``cryptography`` package has no SM2. OpenSSL 1.1.1 and newer has, unless it was built
without; it is called here through ctypes, and only once a key of this kind is met. The
signer's identity is the default of GB/T 35276 and GB 35114: ``1234567812345678``.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
from collections.abc import Callable
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from viewkeeper.protocol.errors import EnvelopeRefusal, Reason

T = TypeVar("T")
IDENTITY = b"1234567812345678"
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = _P - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
CURVE_BYTES = b"".join(number.to_bytes(32, "big") for number in (_A, _B, *_G))
"""What the identity is hashed with (GB/T 32918.2 §5.5)."""
POINT_BYTES, SIGNATURE_BYTES = 65, 64
# SubjectPublicKeyInfo of id-ecPublicKey on curve sm2p256v1 up to the point (RFC 5480).
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
# ECPrivateKey (RFC 5915): version 1 and the secret's head; then the curve; then the point's.
_SEC1_HEAD = bytes.fromhex("0201010420")
_SEC1_CURVE = bytes.fromhex("a00a06082a811ccf5501822d")
_SEC1_POINT = bytes.fromhex("a144034200")
CURE = "install an OpenSSL 1.1.1 or newer that was built with SM2 (Debian: libssl3)"


def is_point(raw: bytes) -> bool:
    """Whether these bytes are an uncompressed point of the curve (its order is prime)."""
    if len(raw) != POINT_BYTES or raw[0] != 4:
        return False
    x, y = int.from_bytes(raw[1:33], "big"), int.from_bytes(raw[33:], "big")
    return x < _P and y < _P and (y * y - (x * x * x + _A * x + _B)) % _P == 0


def point_of(secret: bytes) -> bytes:
    """The public point of a private key of 32 bytes.

    Not constant in time: for keys in files, which are read whole anyway.
    """
    scalar = int.from_bytes(secret, "big")
    if len(secret) != 32 or not 0 < scalar < ORDER - 1:
        raise EnvelopeRefusal(Reason.WEAK_KEY, "not a private key of SM2")
    found = None
    for bit in bin(scalar)[2:]:
        found = _added(found, found)
        if bit == "1":
            found = _added(found, _G)
    assert found is not None
    return b"\x04" + found[0].to_bytes(32, "big") + found[1].to_bytes(32, "big")


def is_supported() -> bool:
    """Whether this machine can verify SM2."""
    try:
        _crypto()
    except EnvelopeRefusal:
        return False
    return True


def holds(raw: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature (r and s, 32 bytes each) is this key's.

    Raises:
        EnvelopeRefusal: ``not_supported``, naming the cure.
    """
    crypto = _crypto()
    if len(signature) != SIGNATURE_BYTES or not is_point(raw):
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (0 < r < ORDER and 0 < s < ORDER):
        return False
    der = encode_dss_signature(r, s)

    def verify(context: Any, key: Any) -> bool:
        begun = crypto.EVP_DigestVerifyInit(context, None, crypto.EVP_sm3(), None, key)
        return (
            begun == 1
            and crypto.EVP_DigestVerify(context, der, len(der), message, len(message)) == 1
        )

    return _with_key(crypto, crypto.d2i_PUBKEY, _SPKI + raw, verify)


def sign(secret: bytes, message: bytes) -> bytes:
    """Sign with a private key of 32 bytes.

    Raises:
        EnvelopeRefusal: ``not_supported``, naming the cure.
    """
    crypto = _crypto()
    point = point_of(secret)  # refuses a secret out of range
    inner = _SEC1_HEAD + secret + _SEC1_CURVE + _SEC1_POINT + point
    der = b"\x30" + bytes((len(inner),)) + inner

    def make(context: Any, key: Any) -> bytes:
        size = ctypes.c_size_t(80)
        out = ctypes.create_string_buffer(80)
        begun = crypto.EVP_DigestSignInit(context, None, crypto.EVP_sm3(), None, key)
        made = begun == 1 and crypto.EVP_DigestSign(
            context, out, ctypes.byref(size), message, len(message)
        )
        if made != 1:
            raise EnvelopeRefusal(Reason.NOT_SUPPORTED, f"libcrypto would not sign SM2: {CURE}")
        return out.raw[: size.value]

    r, s = decode_dss_signature(_with_key(crypto, crypto.d2i_AutoPrivateKey, der, make))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _with_key(crypto: Any, read: Any, der: bytes, use: Callable[[Any, Any], T]) -> T:
    """Run ``use`` with a fresh context that knows the key and the identity."""
    start = ctypes.c_char_p(der)
    key = read(None, ctypes.byref(start), len(der))
    if not key:
        raise EnvelopeRefusal(Reason.NOT_SUPPORTED, f"libcrypto reads no SM2 key: {CURE}")
    context = crypto.EVP_MD_CTX_new()
    key_context = crypto.EVP_PKEY_CTX_new(key, None)
    try:
        if crypto.EVP_PKEY_CTX_set1_id(key_context, IDENTITY, len(IDENTITY)) != 1:
            raise EnvelopeRefusal(Reason.NOT_SUPPORTED, f"libcrypto has no SM2: {CURE}")
        crypto.EVP_MD_CTX_set_pkey_ctx(context, key_context)
        return use(context, key)
    finally:
        crypto.EVP_MD_CTX_free(context)
        crypto.EVP_PKEY_CTX_free(key_context)
        crypto.EVP_PKEY_free(key)
        crypto.ERR_clear_error()


@functools.cache
def _crypto() -> Any:
    name = ctypes.util.find_library("crypto") or "libcrypto.so.3"
    try:
        library: Any = ctypes.CDLL(name)
        pointer, size, integer = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
        for function, result, arguments in (
            ("EVP_sm3", pointer, ()),
            ("EVP_MD_CTX_new", pointer, ()),
            ("EVP_MD_CTX_free", None, (pointer,)),
            ("EVP_MD_CTX_set_pkey_ctx", None, (pointer, pointer)),
            ("EVP_PKEY_free", None, (pointer,)),
            ("EVP_PKEY_CTX_new", pointer, (pointer, pointer)),
            ("EVP_PKEY_CTX_free", None, (pointer,)),
            ("EVP_PKEY_CTX_set1_id", integer, (pointer, ctypes.c_char_p, integer)),
            ("EVP_DigestVerifyInit", integer, (pointer,) * 5),
            ("EVP_DigestVerify", integer, (pointer, pointer, size, ctypes.c_char_p, size)),
            ("EVP_DigestSignInit", integer, (pointer,) * 5),
            ("EVP_DigestSign", integer, (pointer, pointer, pointer, ctypes.c_char_p, size)),
            ("d2i_PUBKEY", pointer, (pointer, pointer, ctypes.c_long)),
            ("d2i_AutoPrivateKey", pointer, (pointer, pointer, ctypes.c_long)),
            ("ERR_clear_error", None, ()),
        ):
            found = getattr(library, function)
            found.restype, found.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise EnvelopeRefusal(
            Reason.NOT_SUPPORTED, f"this machine's libcrypto has no SM2: {CURE}"
        ) from error
    return library


_Point = tuple[int, int] | None


def _added(left: _Point, right: _Point) -> _Point:
    """Affine addition; ``None`` is the point at infinity."""
    if left is None or right is None:
        return left or right
    if left[0] == right[0] and (left[1] + right[1]) % _P == 0:
        return None
    if left == right:
        slope = (3 * left[0] * left[0] + _A) * pow(2 * left[1], -1, _P) % _P
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, _P) % _P
    x = (slope * slope - left[0] - right[0]) % _P
    return x, (slope * (left[0] - x) - left[1]) % _P
