"""The device's own arithmetic and encoding against ``cryptography`` and cbor2."""

import json
import os
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.device.runner import needs_micropython, run
from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.errors import RefusalError

SIGN = """
import json
from binascii import hexlify, unhexlify
from device.core import ed25519
with open("given.jsonl") as lines:
    for number, line in enumerate(lines):
        seed, message = map(unhexlify, json.loads(line))
        public = ed25519.public_key(seed)
        signature = ed25519.sign(seed, message)
        pair = [hexlify(part).decode() for part in (public, signature)]
        print("," if number else "[", json.dumps(pair))
print("]")
"""
VERIFY = """
import json
from binascii import unhexlify
from device.core import ed25519
with open("given.jsonl") as lines:
    for number, line in enumerate(lines):
        public, signature, message = map(unhexlify, json.loads(line))
        holds = ed25519.verify(public, signature, message)
        print("," if number else "[", "true" if holds else "false")
print("]")
"""
DECODE = """
import json
from binascii import hexlify, unhexlify
from device.core import cbor, cose
from device.core.errors import Refusal
with open("given.jsonl") as lines:
    for number, line in enumerate(lines):
        data, key = map(unhexlify, json.loads(line))
        try:
            if key:
                keys = {cose.kid_of(-19, key): (-19, key)}
                answer = cose.open_sign1(data, keys, cose.RECORD, 65536)[0]
            else:
                answer = cbor.encode(cbor.decode(data))
            answer = hexlify(answer).decode()
        except Refusal as refusal:
            answer = refusal.reason
        print("," if number else "[", json.dumps(answer))
print("]")
"""
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493


def ask(script, rows, tmp_path):
    lines = "".join(json.dumps([part.hex() for part in row]) + "\n" for row in rows)
    return run(script, tmp_path, files={"given.jsonl": lines})


def holds(public, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@needs_micropython
def test_signatures_are_those_of_cryptography(tmp_path):
    rows = [(bytes([i]) * 32, os.urandom(37 * i)) for i in range(40)]
    rows = [(os.urandom(32), message) for _, message in rows] + rows[:3]
    expected = []
    for seed, message in rows:
        key = Ed25519PrivateKey.from_private_bytes(seed)
        expected.append([key.public_key().public_bytes_raw().hex(), key.sign(message).hex()])
    assert ask(SIGN, rows, tmp_path) == expected


@needs_micropython
def test_what_cryptography_refuses_is_refused_and_nothing_else(tmp_path):
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public, message = key.public_key().public_bytes_raw(), b"look where you were told to look"
    good = key.sign(message)
    R, S = good[:32], int.from_bytes(good[32:], "little")
    rows = [(public, good, message), (public, good, message + b".")]
    for bit in range(0, 512, 3):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        rows.append((public, bytes(bad), message))
    rows += [(public, R + (S + k * ORDER).to_bytes(32, "little"), message) for k in (1, 2, 8)]
    rows += [(public, good[:length], message) for length in (0, 32, 63)]
    rows += [(public, good + b"\0", message)]
    for y in [*range(20), *range(P - 3, P + 19)]:
        for sign_bit in (0, 1 << 255):
            rows.append(((y | sign_bit).to_bytes(32, "little"), good, message))
            rows.append((public, (y | sign_bit).to_bytes(32, "little") + good[32:], message))
    expected = [holds(*row) for row in rows]
    assert expected.count(True) == 1
    assert ask(VERIFY, rows, tmp_path) == expected


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-(2**63), 2**63) | st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@st.composite
def spoilt(draw):
    """Good bytes with one byte changed, cut, doubled or added."""
    data = bytearray(cbor.encode(draw(VALUES)))
    at = draw(st.integers(0, len(data) - 1))
    deed = draw(st.sampled_from(["keep", "set", "cut", "add"]))
    if deed == "set":
        data[at] = draw(st.integers(0, 255))
    elif deed == "cut":
        del data[at]
    elif deed == "add":
        data.insert(at, draw(st.integers(0, 255)))
    return bytes(data)


def reason_or(deed):
    try:
        return deed().hex()
    except RefusalError as refusal:
        return refusal.reason.value


# One interpreter a batch: starting one for every example would take a tenth of a second each.
@needs_micropython
@settings(max_examples=20)
@given(st.lists(spoilt(), min_size=1, max_size=40))
def test_any_cbor_is_read_or_refused_as_by_cbor2_and_the_profile(tmp_path_factory, batch):
    told = ask(DECODE, [(data, b"") for data in batch], tmp_path_factory.mktemp("cbor"))
    assert told == [reason_or(lambda data=data: cbor.encode(cbor.decode(data))) for data in batch]


@needs_micropython
def test_any_flipped_bit_of_a_record_is_refused_for_the_same_reason(tmp_path):
    signer = cose.SoftwareSigner.from_seed(bytes(32))
    message = cose.sign1(b"payload", signer, cose.Domain.RECORD)
    raw, lookup = signer.verify_key.raw, cose.lookup_in([signer.verify_key])
    rows = [(message, raw)]
    for bit in range(len(message) * 8):
        bad = bytearray(message)
        bad[bit // 8] ^= 1 << bit % 8
        rows.append((bytes(bad), raw))
    expected = [
        reason_or(lambda data=data: cose.open_sign1(data, lookup, cose.Domain.RECORD).payload)
        for data, _ in rows
    ]
    assert ask(DECODE, rows, tmp_path) == expected


VECTORS = os.environ.get("VECTORS")


@needs_micropython
@pytest.mark.skipif(not VECTORS, reason="VECTORS names no checkout")
def test_wycheproofs_ed25519_vectors_hold_on_a_device(tmp_path):
    paths = sorted(Path(VECTORS).rglob("ed25519_test.json"))
    assert paths, "VECTORS names a folder without ed25519_test.json"
    for path in paths:
        rows, expected = [], []
        for group in json.loads(path.read_text("utf-8"))["testGroups"]:
            public = bytes.fromhex(group["publicKey"]["pk"])
            for case in group["tests"]:
                rows.append((public, bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])))
                expected.append(case["result"] == "valid")
        assert len(rows) > 100
        assert ask(VERIFY, rows, tmp_path) == expected
