"""Keys of other algorithms than Ed25519: ES256 and SM2, each in a file of its own.

An implementation that has the algorithm judges as told. One that has not refuses every
message here, and the keysets with such keys: there is nothing it could check.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from viewkeeper.protocol import cbor, cose, p256, sm2
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.keys import P256Signer, Sm2Signer
from viewkeeper.protocol.orders import Allowance, KeyEntry, Keyset, Threshold
from viewkeeper.protocol.records import Gap, Header, Record, seal
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vectors.cases import ENTROPY, Case, State
from viewkeeper.protocol.vectors.stages import deliver
from viewkeeper.protocol.vocabulary import ClockTrust, Role

BOOT = bytes(range(8))


class Fixed:
    """A signer whose signature is written down: the file stays the same at every making.

    ECDSA and SM2 draw a random number for each signature; here it is derived from the
    message, which is fine for vectors and ruinous for anything else.
    """

    def __init__(self, key: cose.VerifyKey, sign: Callable[[bytes], bytes]) -> None:
        self.verify_key, self._sign = key, sign

    def sign(self, message: bytes) -> bytes:
        return self._sign(message)


def secret_of(name: str) -> int:
    """The private number of a name."""
    return int.from_bytes(hashlib.sha256(f"viewkeeper vector key {name}".encode()).digest(), "big")


def es256_signer(name: str) -> cose.Signer:
    """A P-256 key by name, signing as RFC 6979 has it."""
    key = ec.derive_private_key(secret_of(name) % (p256.ORDER - 1) + 1, ec.SECP256R1())
    deterministic = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    return Fixed(
        P256Signer(key).verify_key,
        lambda message: p256.from_der(key.sign(message, deterministic)),
    )


def sm2_signer(name: str) -> cose.Signer:
    """An SM2 key by name, its random number derived from key and message."""
    secret = secret_of(name) % (sm2.ORDER - 2) + 1
    key = Sm2Signer(secret.to_bytes(32, "big")).verify_key
    return Fixed(key, lambda message: sm2_deterministic(secret, key.raw, message))


def sm2_deterministic(secret: int, point: bytes, message: bytes) -> bytes:
    """GB/T 32918.2 §6.1 with k from SHA-256: for vectors alone."""

    def sm3(data: bytes) -> bytes:
        digest = hashes.Hash(hashes.SM3())
        digest.update(data)
        return digest.finalize()

    identity = (len(sm2.IDENTITY) * 8).to_bytes(2, "big") + sm2.IDENTITY
    z = sm3(identity + sm2.CURVE_BYTES + point[1:])
    e = int.from_bytes(sm3(z + message), "big")
    k = int.from_bytes(hashlib.sha256(secret.to_bytes(32, "big") + message).digest(), "big")
    k = k % (sm2.ORDER - 1) + 1
    r = (e + int.from_bytes(sm2.point_of(k.to_bytes(32, "big"))[1:33], "big")) % sm2.ORDER
    s = pow(1 + secret, -1, sm2.ORDER) * (k - r * secret) % sm2.ORDER
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def document(name: str) -> dict[str, Any]:
    """``es256`` or ``sm2``: orders, records and bare signatures."""
    make = {"es256": es256_signer, "sm2": sm2_signer}[name]
    order = {"es256": p256.ORDER, "sm2": sm2.ORDER}[name]
    officer, device = make("config li"), make("device cam-17")
    algorithm = officer.verify_key.algorithm
    allowed = _keyset([_entry(officer)], [int(algorithm)])
    states = {
        "allowed": State(enrolment=w.enrolment(allowed)),
        "Ed25519 alone": State(enrolment=w.enrolment(w.keyset())),
    }
    return {
        "about": f"Keys of {name.upper()} (COSE {int(algorithm)}). Whoever has not the algorithm "
        "refuses every message here.",
        "algorithm": int(algorithm),
        "device": w.DEVICE,
        "registered_views": [w.VIEW.hex()],
        "entropy": ENTROPY.hex(),
        "states": {key: state.to_json() for key, state in states.items()},
        "cases": [case.to_json() for case in _cases(name, officer, order)],
        "enrolments": _enrolments(officer, int(algorithm)),
        "signatures": _signatures(officer, order),
        "device_key": device.verify_key.raw.hex(),
        "record": seal(_record(), device).hex(),
    }


def _record() -> Record:
    header = Header(
        device=w.DEVICE,
        boot=BOOT,
        sequence=7,
        utc_ms=w.START_S * 1000,
        mono_ms=1000,
        clock=ClockTrust.SYNCHRONISED,
    )
    return Record(header, Gap(first_sequence=1, last_sequence=3, lost=3))


def _entry(signer: cose.Signer, roles: tuple[Role, ...] = (Role.CONFIGURATION,)) -> KeyEntry:
    return KeyEntry(
        algorithm=int(signer.verify_key.algorithm),
        raw=signer.verify_key.raw,
        person="Li Wei",
        roles=roles,
        not_before=w.START_S - 86_400,
        not_after=w.START_S + 3 * w.YEAR_S,
    )


def _keyset(entries: Sequence[KeyEntry], algorithms: Sequence[int]) -> Keyset:
    rows = tuple(Allowance(role=Role.CONFIGURATION, algorithm=each) for each in algorithms)
    return Keyset(
        version=1,
        epoch=0,
        keys=(*(person.entry() for person in w.STAFF), *entries),
        thresholds=tuple(Threshold(role=role, persons=n) for role, n in w.THRESHOLDS.items()),
        allowed=rows or None,
    )


def _cases(name: str, officer: cose.Signer, order: int) -> list[Case]:
    good = w.order(w.config())
    payload = good.encode()
    message = cose.sign1(payload, officer, cose.Domain.CONFIG)
    head, signature = message[:-64], message[-64:]
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    other = cose.sign1(payload, officer, cose.Domain.COMMAND)
    header = cbor.encode({1: -19, 4: officer.verify_key.kid})
    structure = cose.sign1_structure(header, cose.Domain.CONFIG.external_aad, payload)
    claimed = b"\xd2" + cbor.encode([header, {}, payload, officer.sign(structure)])
    rows: list[tuple[str, str, str, bytes, Reason]] = [
        ("good", "a configuration, signed as allowed", "allowed", message, Reason.ACCEPTED),
        ("not-allowed", "the keyset knows no such key", "Ed25519 alone", message,
         Reason.UNKNOWN_KEY),
        ("other-form", "(r, n-s), the other form of ECDSA", "allowed",
         head + r.to_bytes(32, "big") + (order - s).to_bytes(32, "big"), Reason.BAD_SIGNATURE),
        ("r-zero", "r is 0", "allowed", head + bytes(32) + signature[32:], Reason.BAD_SIGNATURE),
        ("s-zero", "s is 0", "allowed", head + signature[:32] + bytes(32), Reason.BAD_SIGNATURE),
        ("r-order", "r is n", "allowed", head + order.to_bytes(32, "big") + signature[32:],
         Reason.BAD_SIGNATURE),
        ("s-order", "s is n", "allowed", head + signature[:32] + order.to_bytes(32, "big"),
         Reason.BAD_SIGNATURE),
        ("swapped", "s and r", "allowed", head + signature[32:] + signature[:32],
         Reason.BAD_SIGNATURE),
        ("flipped", "one bit of s", "allowed", message[:-1] + bytes((message[-1] ^ 1,)),
         Reason.BAD_SIGNATURE),
        ("der", "a signature in DER", "allowed", _with_signature(payload, officer, _der(r, s)),
         Reason.BAD_SIGNATURE),
        ("short", "a signature of 63 bytes", "allowed",
         _with_signature(payload, officer, signature[:63]), Reason.BAD_SIGNATURE),
        ("empty", "no signature", "allowed", _with_signature(payload, officer, b""),
         Reason.UNSIGNED),
        ("domain", "signed as a command", "allowed", other, Reason.BAD_SIGNATURE),
        ("claims-ed25519", "the header says Ed25519", "allowed", claimed, Reason.ALG_NOT_ALLOWED),
    ]  # fmt: skip
    return [
        Case(id=f"{name}-{id_}", why=why, state=state, delivery=deliver(made), reason=reason)
        for id_, why, state, made, reason in rows
    ]


def _with_signature(payload: bytes, signer: cose.Signer, signature: bytes) -> bytes:
    key = signer.verify_key
    header = cbor.encode({1: int(key.algorithm), 4: key.kid})
    return b"\xd2" + cbor.encode([header, {}, payload, signature])


def _der(r: int, s: int) -> bytes:
    def integer(value: int) -> bytes:
        data = value.to_bytes(value.bit_length() // 8 + 1, "big")
        return bytes((2, len(data))) + data

    inner = integer(r) + integer(s)
    return bytes((0x30, len(inner))) + inner


def _enrolments(officer: cose.Signer, algorithm: int) -> list[dict[str, Any]]:
    entry = _entry(officer)
    off = bytearray(entry.raw)
    off[-1] ^= 1
    point_off = KeyEntry(
        algorithm=algorithm, raw=bytes(off), person="Li Wei", roles=entry.roles,
        not_before=entry.not_before, not_after=entry.not_after,
    )  # fmt: skip
    compressed = KeyEntry(
        algorithm=algorithm, raw=bytes((2 + (entry.raw[-1] & 1),)) + entry.raw[1:33],
        person="Li Wei", roles=entry.roles, not_before=entry.not_before,
        not_after=entry.not_after,
    )  # fmt: skip
    both = _entry(officer, (Role.CONFIGURATION, Role.LIFECYCLE))
    rows: list[tuple[str, Keyset, Reason]] = [
        ("allowed for its role", _keyset([entry], [algorithm]), Reason.ACCEPTED),
        ("not allowed", _keyset([entry], []), Reason.ALG_NOT_ALLOWED),
        ("another is allowed", _keyset([entry], [-19]), Reason.ALG_NOT_ALLOWED),
        ("allowed for one of two roles", _keyset([both], [algorithm]), Reason.ALG_NOT_ALLOWED),
        ("point beside the curve", _keyset([point_off], [algorithm]), Reason.WEAK_KEY),
        ("compressed point", _keyset([compressed], [algorithm]), Reason.WEAK_KEY),
        ("allowed twice", _keyset([entry], [algorithm, algorithm]), Reason.FIELD_RANGE),
        ("an unknown one is allowed", _keyset([], [-7]), Reason.ALG_NOT_ALLOWED),
    ]
    made: list[dict[str, Any]] = []
    for why, keyset, reason in rows:
        enrolment: Enrolment = w.enrolment(keyset)
        made.append({"why": why, "bundle": enrolment.encode().hex(), "reason": reason.value})
    return made


def _signatures(officer: cose.Signer, order: int) -> list[dict[str, Any]]:
    key = officer.verify_key
    return [
        {
            "key": key.raw.hex(),
            "kid": key.kid.hex(),
            "message": message.hex(),
            "signature": officer.sign(message).hex(),
            "order": f"{order:064x}",
        }
        for message in (b"", b"a", b"viewkeeper" * 20)
    ]
