"""Envelopes, good and hostile: bytes, headers, signatures of one person."""

from __future__ import annotations

from collections.abc import Iterator

from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.orders import DOMAINS, Order
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vectors.cases import Case
from viewkeeper.protocol.vectors.stages import (
    FIRST,
    GOOD,
    SECOND,
    deliver,
)
from viewkeeper.protocol.vocabulary import Role

_KID = w.CONFIG_LI.signer.verify_key.kid
_ALG = int(cose.Algorithm.ED25519)


def _with(message: bytes, place: int, value: cbor.Value) -> bytes:
    body = cbor.decode(message[1:])
    assert isinstance(body, list)
    body[place] = value
    return message[:1] + cbor.encode(body)


def _under(protected: bytes, *, unprotected: cbor.Value = None, order: Order = FIRST) -> bytes:
    """The first configuration honestly signed under any protected header."""
    payload = order.encode()
    structure = cose.sign1_structure(protected, DOMAINS[order.kind].external_aad, payload)
    signature = w.CONFIG_LI.signer.sign(structure)
    empty: dict[int | str, cbor.Value] = {}
    header = empty if unprotected is None else unprotected
    return b"\xd2" + cbor.encode([protected, header, payload, signature])


def envelope() -> Iterator[Case]:
    """Bytes, headers, signatures."""
    payload = FIRST.encode()
    honest = cbor.encode({1: _ALG, 4: _KID})
    truncated, trailing = Reason.TRUNCATED, Reason.TRAILING_BYTES
    rows: list[tuple[str, str, bytes, Reason]] = [
        ("empty", "nothing at all", b"", Reason.UNSIGNED),
        ("bare-payload", "the payload without an envelope", payload, Reason.UNSIGNED),
        ("json", "JSON", b'{"retention_days": 1}', Reason.UNSIGNED),
        ("text", "text", b"reboot", Reason.UNSIGNED),
        ("untagged", "the envelope without its tag", GOOD[1:], Reason.UNSIGNED),
        ("tag-long", "tag 18 in two bytes", b"\xd8\x12" + GOOD[1:], Reason.UNSIGNED),
        ("tag-twice", "tagged twice", b"\xd2" + GOOD, Reason.TYPE_NOT_ALLOWED),
        ("tag-mac0", "the tag of COSE_Mac0", b"\xd1" + GOOD[1:], Reason.UNSIGNED),
        ("tag-cwt", "a CWT tag before it", b"\xd8\x3d" + GOOD, Reason.UNSIGNED),
        ("tag-only", "a tag and nothing else", b"\xd2", truncated),
        (
            "tag-sign-on-sign1",
            "tag 98 before a COSE_Sign1",
            b"\xd8\x62" + GOOD[1:],
            Reason.UNKNOWN_HEADER,
        ),
        ("signature-empty", "the signature is empty", _with(GOOD, 3, b""), Reason.UNSIGNED),
        ("signature-null", "the signature is null", _with(GOOD, 3, None), Reason.NOT_COSE),
        ("signature-zero", "64 zero bytes", _with(GOOD, 3, bytes(64)), Reason.BAD_SIGNATURE),
        ("signature-short", "63 bytes", _with(GOOD, 3, _sig()[:-1]), Reason.BAD_SIGNATURE),
        ("signature-long", "65 bytes", _with(GOOD, 3, _sig() + b"\0"), Reason.BAD_SIGNATURE),
        (
            "signature-malleable",
            "S + L (RFC 8032 §5.1.7)",
            _with(GOOD, 3, _s_plus_l()),
            Reason.BAD_SIGNATURE,
        ),
        ("payload-null", "a detached payload", _with(GOOD, 2, None), Reason.NOT_COSE),
        ("payload-empty", "an empty payload", _with(GOOD, 2, b""), Reason.BAD_SIGNATURE),
        (
            "payload-other",
            "another payload under the same signature",
            _with(GOOD, 2, SECOND.encode()),
            Reason.BAD_SIGNATURE,
        ),
        (
            "unprotected-kid",
            "kid in the unprotected header, too",
            _with(GOOD, 1, {4: _KID}),
            Reason.UNPROTECTED_HEADER,
        ),
        (
            "unprotected-alg",
            "alg in the unprotected header, too",
            _with(GOOD, 1, {1: _ALG}),
            Reason.UNPROTECTED_HEADER,
        ),
        (
            "unprotected-anything",
            "anything unprotected",
            _with(GOOD, 1, {99: 1}),
            Reason.UNPROTECTED_HEADER,
        ),
        ("unprotected-array", "an array for a header", _with(GOOD, 1, []), Reason.NOT_COSE),
        (
            "alg-only-unprotected",
            "alg only where nobody signed it",
            _under(cbor.encode({4: _KID}), unprotected={1: _ALG}),
            Reason.UNPROTECTED_HEADER,
        ),
        ("alg-missing", "no alg", _under(cbor.encode({4: _KID})), Reason.ALG_MISSING),
        ("kid-missing", "no kid", _under(cbor.encode({1: _ALG})), Reason.KID_MISSING),
        ("kid-text", "a kid of text", _under(cbor.encode({1: _ALG, 4: "li"})), Reason.KID_MISSING),
        ("header-empty", "an empty protected header", _under(b""), Reason.ALG_MISSING),
        ("header-empty-map", "an empty map as header", _under(b"\xa0"), Reason.ALG_MISSING),
        ("header-array", "an array as header", _under(b"\x80"), Reason.NOT_COSE),
        (
            "header-extra",
            "a content type beside alg and kid",
            _under(cbor.encode({1: _ALG, 3: 0, 4: _KID})),
            Reason.UNKNOWN_HEADER,
        ),
        (
            "header-iv",
            "an IV",
            _under(cbor.encode({1: _ALG, 4: _KID, 5: bytes(8)})),
            Reason.UNKNOWN_HEADER,
        ),
        (
            "header-text-label",
            "a header with a text label",
            _under(cbor.encode({1: _ALG, 4: _KID, "x": 1})),
            Reason.UNKNOWN_HEADER,
        ),
        (
            "crit-unknown",
            "a critical header nobody knows",
            _under(cbor.encode({1: _ALG, 2: [99], 4: _KID, 99: 1})),
            Reason.UNKNOWN_CRIT,
        ),
        (
            "crit-empty",
            "an empty crit",
            _under(cbor.encode({1: _ALG, 2: [], 4: _KID})),
            Reason.UNKNOWN_CRIT,
        ),
        (
            "crit-known",
            "crit that names alg",
            _under(cbor.encode({1: _ALG, 2: [1], 4: _KID})),
            Reason.UNKNOWN_CRIT,
        ),
        (
            "header-unsorted",
            "kid before alg",
            _under(b"\xa2\x04\x48" + _KID + b"\x01\x32"),
            Reason.NOT_DETERMINISTIC,
        ),
        (
            "header-duplicate",
            "alg twice",
            _under(b"\xa3\x01\x32\x01\x32\x04\x48" + _KID),
            Reason.DUPLICATE_KEY,
        ),
        ("header-trailing", "a byte after the header", _under(honest + b"\0"), trailing),
        (
            "header-indefinite",
            "a header of indefinite length",
            _under(b"\xbf\x01\x32\x04\x48" + _KID + b"\xff"),
            Reason.INDEFINITE_LENGTH,
        ),
        (
            "alg-eddsa",
            "the polymorphic EdDSA (-8)",
            _under(cbor.encode({1: -8, 4: _KID})),
            Reason.ALG_NOT_ALLOWED,
        ),
        (
            "alg-es256",
            "ES256 for an Ed25519 key",
            _under(cbor.encode({1: -7, 4: _KID})),
            Reason.ALG_NOT_ALLOWED,
        ),
        (
            "alg-esp256",
            "ESP256 for an Ed25519 key",
            _under(cbor.encode({1: -9, 4: _KID})),
            Reason.ALG_NOT_ALLOWED,
        ),
        (
            "alg-hmac",
            "HMAC 256/256: key confusion",
            _under(cbor.encode({1: 5, 4: _KID})),
            Reason.ALG_NOT_ALLOWED,
        ),
        ("alg-none", "algorithm 0", _under(cbor.encode({1: 0, 4: _KID})), Reason.ALG_NOT_ALLOWED),
        (
            "alg-text",
            "the algorithm as text",
            _under(cbor.encode({1: "Ed25519", 4: _KID})),
            Reason.ALG_NOT_ALLOWED,
        ),
        (
            "kid-unknown",
            "a key no keyset names",
            _under(cbor.encode({1: _ALG, 4: bytes(8)})),
            Reason.UNKNOWN_KEY,
        ),
        (
            "kid-short",
            "the first seven bytes of a kid",
            _under(cbor.encode({1: _ALG, 4: _KID[:7]})),
            Reason.UNKNOWN_KEY,
        ),
        (
            "kid-long",
            "a kid and a byte",
            _under(cbor.encode({1: _ALG, 4: _KID + b"\0"})),
            Reason.UNKNOWN_KEY,
        ),
        (
            "kid-of-another",
            "signed by one, named another",
            _under(cbor.encode({1: _ALG, 4: w.ROOT_WANG.signer.verify_key.kid})),
            Reason.BAD_SIGNATURE,
        ),
        ("trailing-zero", "a zero byte after it", GOOD + b"\0", trailing),
        ("trailing-message", "a second message after it", GOOD + GOOD, trailing),
        ("truncated-half", "half of it", GOOD[: len(GOOD) // 2], truncated),
        ("truncated-last", "all but the last byte", GOOD[:-1], truncated),
        (
            "array-of-five",
            "five elements",
            b"\xd2" + cbor.encode([honest, {}, payload, _sig(), 0]),
            Reason.NOT_COSE,
        ),
        (
            "array-of-three",
            "three elements",
            b"\xd2" + cbor.encode([honest, {}, payload]),
            Reason.NOT_COSE,
        ),
        (
            "map-not-array",
            "a map for an array",
            b"\xd2" + cbor.encode({0: honest}),
            Reason.NOT_COSE,
        ),
        (
            "array-indefinite",
            "an array of indefinite length",
            b"\xd2\x9f" + GOOD[2:] + b"\xff",
            Reason.INDEFINITE_LENGTH,
        ),
        (
            "array-long-head",
            "the length in two bytes",
            b"\xd2\x98\x04" + GOOD[2:],
            Reason.NOT_DETERMINISTIC,
        ),
        ("too-large", "more than an order may take", b"\xd2" + bytes(21_000), Reason.TOO_LARGE),
        ("bomb-array", "an array that promises 2^32 items", b"\xd2\x9a\xff\xff\xff\xff", truncated),
        ("bomb-map", "a map that promises 2^63 pairs", b"\xd2\xbb\x7f" + b"\xff" * 7, truncated),
        (
            "bomb-string",
            "a string that promises 2^62 bytes",
            b"\xd2\x5b\x3f" + b"\xff" * 7,
            truncated,
        ),
        ("bomb-depth", "nested 200 deep", b"\xd2" + b"\x81" * 200 + b"\xf6", Reason.TOO_DEEP),
    ]
    for name, why, message, reason in rows:
        yield Case(id=f"envelope-{name}", why=why, delivery=deliver(message), reason=reason)
    stranger = w.Person("stranger", "Li Wei", (Role.CONFIGURATION,))
    for name, why, message, reason in [
        ("wrong-key", "a stranger's key", w.signed(FIRST, stranger), Reason.UNKNOWN_KEY),
        (
            "domain-lifecycle",
            "signed for the lifecycle",
            cose.sign1(payload, w.CONFIG_LI.signer, cose.Domain.LIFECYCLE),
            Reason.BAD_SIGNATURE,
        ),
        (
            "domain-record",
            "signed as a record",
            cose.sign1(payload, w.CONFIG_LI.signer, cose.Domain.RECORD),
            Reason.BAD_SIGNATURE,
        ),
        (
            "domain-checkpoint",
            "signed as a checkpoint",
            cose.sign1(payload, w.CONFIG_LI.signer, cose.Domain.CHECKPOINT),
            Reason.BAD_SIGNATURE,
        ),
        (
            "device-key",
            "signed by the camera itself",
            cose.sign1(payload, w.DEVICE_SIGNER, cose.Domain.CONFIG),
            Reason.UNKNOWN_KEY,
        ),
    ]:
        yield Case(id=f"key-{name}", why=why, delivery=deliver(message), reason=reason)


def _sig() -> bytes:
    body = cbor.decode(GOOD[1:])
    assert isinstance(body, list)
    signature = body[3]
    assert isinstance(signature, bytes)
    return signature


def _s_plus_l() -> bytes:
    order = 2**252 + 27742317777372353535851937790883648493
    signature = _sig()
    value = int.from_bytes(signature[32:], "little") + order
    return signature[:32] + value.to_bytes(32, "little")
