"""COSE_Sign1 and COSE_Sign (RFC 9052): the strict profile of ``protocol/cose.py``.

A key is a tuple (algorithm, raw). Ed25519 alone can be checked here; ES256 and SM2 are
known by number so that a keyset that brings them is refused as ``not_supported``.
"""

from hashlib import sha256

from device.core import cbor, ed25519
from device.core.errors import Refusal

ED25519, ES256, SM2 = -19, -9, -65537
RECORD, CHECKPOINT = b"viewkeeper/v1/record", b"viewkeeper/v1/checkpoint"
WITNESS = b"viewkeeper/v1/witness"
MAX_SIGNERS = 16
_SIGN1, _SIGN = b"\xd2", b"\xd8\x62"

# Points of small order in every encoding (de Valence, "It's 255:19AM", 2020), without the
# sign bit: protocol/keys.py lists both.
_SMALL_ORDER = (
    b"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    b"\x7f\xee\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    b"\x00\x00\xed\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x26\xe8\x95\x8f\xc2\xb2\x27\xb0"
    b"\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d"
    b"\x53\xfc\x05\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20"
    b"\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a"
)


def check_key(algorithm, raw):
    """Refuse a key that could not be used (``weak_key``)."""
    if algorithm == ED25519:
        good = len(raw) == 32 and not _is_small(raw)
    else:
        good = len(raw) == 65 and raw[0] == 4
    if not good:
        raise Refusal("weak_key", "not a public key that may be used")


def _is_small(raw):
    plain = bytes(raw[:31]) + bytes((raw[31] & 0x7F,))
    for start in range(0, len(_SMALL_ORDER), 32):
        if _SMALL_ORDER[start : start + 32] == plain:
            return True
    return False


def kid_of(algorithm, raw):
    """First 8 bytes of SHA-256 over algorithm and key."""
    return sha256(b"%d:" % algorithm + raw).digest()[:8]


def sign1(payload, seed, public, domain):
    """``payload`` as a tagged COSE_Sign1, signed with an Ed25519 seed."""
    protected = cbor.encode({1: ED25519, 4: kid_of(ED25519, public)})
    structure = cbor.encode(["Signature1", protected, domain, payload])
    signature = ed25519.sign(seed, structure, public)
    return _SIGN1 + cbor.encode([protected, {}, payload, signature])


def is_signed(message):
    """Whether the bytes claim to be an envelope of either kind."""
    return message[:1] == _SIGN1 or message[:2] == _SIGN


def is_multi_signed(message):
    """Whether the bytes claim to be a COSE_Sign."""
    return message[:2] == _SIGN


def open_sign1(message, keys, domain, max_bytes):
    """(payload, kids of the signers); ``keys`` gives (algorithm, raw) by kid."""
    protected, payload, signature = _body(message, _SIGN1, max_bytes)
    if not isinstance(signature, cbor.BYTES):
        raise Refusal("not_cose", "the signature is not a byte string")
    kid = _kid_of_header(protected, keys)
    _check(keys[kid], signature, _structure(("Signature1", protected, domain), payload))
    return payload, [kid]


def open_sign(message, keys, domain, max_bytes):
    """(payload, kids of the signers) of a COSE_Sign, every signature checked."""
    protected, payload, rows = _body(message, _SIGN, max_bytes)
    if protected != b"":
        raise Refusal("unknown_header", "the body's protected header must be empty")
    if not isinstance(rows, list):
        raise Refusal("not_cose", "the signatures are not an array")
    if not rows:
        raise Refusal("unsigned", "no signature at all")
    if len(rows) > MAX_SIGNERS:
        raise Refusal("too_large", "too many signatures")
    signers = []
    for row in rows:
        if not (isinstance(row, list) and len(row) == 3):
            raise Refusal("not_cose", "a COSE_Signature has three elements")
        protected, unprotected, signature = row
        if not (isinstance(protected, cbor.BYTES) and isinstance(signature, cbor.BYTES)):
            raise Refusal("not_cose", "a COSE_Signature holds byte strings")
        _refuse_unprotected(unprotected)
        kid = _kid_of_header(protected, keys)
        if kid in signers:
            raise Refusal("duplicate_signer", "one key signed twice")
        signed = _structure(("Signature", b"", protected, domain), payload)
        _check(keys[kid], signature, signed)
        signers.append(kid)
    return payload, signers


def unverified_payload(message, max_bytes):
    """The payload of either envelope, unverified and lent: no reason to obey."""
    return _body(message, _SIGN if is_multi_signed(message) else _SIGN1, max_bytes)[1]


def _body(message, tag, max_bytes):
    if len(message) > max_bytes:
        raise Refusal("too_large", "more bytes than are read")
    if message[: len(tag)] != tag:
        raise Refusal("not_cose", "not a tagged COSE message of the kind expected")
    body = cbor.decode(memoryview(message)[len(tag) :], max_bytes, lend=True)
    if not (isinstance(body, list) and len(body) == 4):
        raise Refusal("not_cose", "a COSE message is an array of four")
    protected, unprotected, payload, last = body
    if not (isinstance(protected, cbor.BYTES) and isinstance(payload, cbor.BYTES)):
        raise Refusal("not_cose", "header and payload must be byte strings")
    _refuse_unprotected(unprotected)
    return protected, payload, last


def _refuse_unprotected(unprotected):
    if not isinstance(unprotected, dict):
        raise Refusal("not_cose", "the unprotected header is not a map")
    if unprotected:
        raise Refusal("unprotected_header", "nothing may stand in the unprotected header")


def _kid_of_header(protected, keys):
    header = cbor.decode(protected) if protected else {}
    if not isinstance(header, dict):
        raise Refusal("not_cose", "the protected header is not a map")
    if 2 in header:
        raise Refusal("unknown_crit", "a critical header that is not understood")
    algorithm, kid = header.get(1), header.get(4)
    if algorithm is None:
        raise Refusal("alg_missing", "alg is not in the protected header")
    if not isinstance(kid, bytes):
        raise Refusal("kid_missing", "kid is not in the protected header")
    if len(header) != 2:
        raise Refusal("unknown_header", "a header beside alg and kid")
    if kid not in keys:
        raise Refusal("unknown_key", "no such key is known here")
    if algorithm is True or algorithm is False or algorithm != keys[kid][0]:
        raise Refusal("alg_not_allowed", "the key is not for this algorithm")
    return kid


def _structure(before, payload):
    """Sig_structure (RFC 9052 §4.4) in two pieces, so that the payload is not copied."""
    head = cbor.head(4, len(before) + 1)
    for item in before:
        head += cbor.encode(item)
    return head + cbor.head(2, len(payload)), payload


def _check(key, signature, structure):
    if not signature:
        raise Refusal("unsigned", "the signature is empty")
    if key[0] != ED25519:
        raise Refusal("not_supported", "only Ed25519 can be checked here")
    if not ed25519.verify(key[1], signature, *structure):
        raise Refusal("bad_signature", "the signature does not hold")
