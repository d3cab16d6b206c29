"""Vectors of others, where a checkout is at hand: ``make test VECTORS=dir``.

``dir`` may hold ``Examples`` (github.com/cose-wg/Examples) and ``wycheproof``
(github.com/C2SP/wycheproof), at any depth. For every COSE example the arithmetic
underneath gives the answer the example asks for, and the strict profile refuses the
message for the reason that ``docs/foreign-vectors.md`` lists by its name.
"""

import base64
import json
import os
import re
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from viewkeeper.protocol import cose, p256
from viewkeeper.protocol.errors import RefusalError

ROOT = os.environ.get("VECTORS")
FAMILIES = ("eddsa-examples", "ecdsa-examples", "sign-tests", "sign1-tests")
LISTED = dict(
    re.findall(
        r"^\| `([^`]+)` \| `(\w+)` \|",
        (Path(__file__).parents[2] / "docs" / "foreign-vectors.md").read_text("utf-8"),
        re.MULTILINE,
    )
)


def found(pattern):
    return sorted(Path(ROOT).rglob(pattern)) if ROOT else []


EXAMPLES = [path for family in FAMILIES for path in found(f"{family}/*.json")]
needs_checkout = pytest.mark.skipif(not ROOT, reason="VECTORS names no checkout")


def number(key, name):
    text = key.get(f"{name}_hex")
    if text is not None:
        return bytes.fromhex(text)
    return base64.urlsafe_b64decode(key[name] + "==")


def key_of(key):
    """The example's key, or None for a curve that is not of the profile."""
    if key.get("crv") == "Ed25519":
        return cose.VerifyKey(cose.Algorithm.ED25519, number(key, "x"))
    if key.get("crv") == "P-256":
        raw = b"\x04" + number(key, "x").rjust(32, b"\0") + number(key, "y").rjust(32, b"\0")
        return cose.VerifyKey(cose.Algorithm.ES256, raw)
    return None


def algorithm_of(part):
    return {**part, **part.get("unprotected", {}), **part.get("protected", {})}["alg"]


def holds_in_either_form(key, signature, message):
    """As RFC 9053 has it: the profile reads only one of ECDSA's two forms."""
    if key.algorithm is cose.Algorithm.ES256 and len(signature) == 64:
        pair = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        return key.holds(p256.from_pair(*pair), message)
    return key.holds(signature, message)


def signed_parts(case):
    """(key, bytes signed, signature, changed) of the example's first signer."""
    value = cbor2.loads(bytes.fromhex(case["output"]["cbor"]))
    body = value.value if isinstance(value, cbor2.CBORTag) else value
    part = case["input"].get("sign0") or case["input"]["sign"]["signers"][0]
    aad = bytes.fromhex(part.get("external", case["input"].get("external", "")))
    payload = body[2]
    # RFC 9052 §4.4: an empty header counts as no bytes, also where it travels as a map.
    outer = b"" if body[0] == b"\xa0" else body[0]
    if isinstance(body[3], bytes):
        return key_of(part["key"]), cose.sign1_structure(outer, aad, payload), body[3]
    protected, _, signature = body[3][0]
    built = cose.sign_structure(outer, protected, aad, payload)
    return key_of(part["key"]), built, signature


@needs_checkout
def name_of(path: object) -> str:
    """Of an example; pytest also asks about the stand-in for an empty list."""
    return f"{path.parent.name}/{path.stem}" if isinstance(path, Path) else "none"


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_the_arithmetic_under_a_cose_example_answers_as_it_asks(path):
    case = json.loads(path.read_text(encoding="utf-8"))
    key, message, signature = signed_parts(case)
    part = case["input"].get("sign0") or case["input"]["sign"]["signers"][0]
    if key is None or algorithm_of(part) not in ("ES256", "EdDSA"):
        pytest.skip("a curve or a hash that is not of the profile")
    holds = holds_in_either_form(key, signature, message)
    # What fails by its tag alone carries a signature that holds.
    by_tag = {"sign-tests/sign-fail-01", "sign1-tests/sign-fail-01"}
    name = f"{path.parent.name}/{path.stem}"
    assert holds == (name in by_tag or not case.get("fail", False))


@needs_checkout
@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_the_profile_refuses_each_cose_example_for_the_reason_that_is_listed(path):
    case = json.loads(path.read_text(encoding="utf-8"))
    message = bytes.fromhex(case["output"]["cbor"])
    part = case["input"].get("sign0") or case["input"]["sign"]["signers"][0]
    key = key_of(part["key"])
    open_message = cose.open_sign if "sign" in case["input"] else cose.open_sign1
    with pytest.raises(RefusalError) as caught:
        open_message(message, cose.lookup_in([key] if key else []), cose.Domain.CONFIG)
    assert LISTED[f"{path.parent.name}/{path.stem}"] == caught.value.reason.value


@needs_checkout
def test_every_listed_refusal_is_of_an_example_that_exists():
    names = {f"{path.parent.name}/{path.stem}" for path in EXAMPLES}
    if names:
        assert set(LISTED) == names


@needs_checkout
@pytest.mark.parametrize("path", found("ed25519_test.json"), ids=str)
def test_wycheproofs_ed25519_vectors_pass(path):
    count = 0
    for group in json.loads(path.read_text(encoding="utf-8"))["testGroups"]:
        key = cose.VerifyKey(cose.Algorithm.ED25519, bytes.fromhex(group["publicKey"]["pk"]))
        for case in group["tests"]:
            holds = key.holds(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
            assert holds == (case["result"] == "valid"), case["tcId"]
            count += 1
    assert count > 100


@needs_checkout
@pytest.mark.parametrize("path", found("ecdsa_secp256r1_sha256_p1363_test.json"), ids=str)
def test_wycheproofs_p256_vectors_pass_but_for_the_other_form_of_a_signature(path):
    good = other_form = 0
    for group in json.loads(path.read_text(encoding="utf-8"))["testGroups"]:
        raw = bytes.fromhex(group["publicKey"]["uncompressed"])
        key = cose.VerifyKey(cose.Algorithm.ES256, raw)
        for case in group["tests"]:
            message, signature = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
            holds, valid = key.holds(signature, message), case["result"] == "valid"
            if valid and int.from_bytes(signature[32:], "big") > p256.ORDER // 2:
                assert not holds, case["tcId"]
                assert holds_in_either_form(key, signature, message), case["tcId"]
                other_form += 1
            else:
                assert holds == valid, case["tcId"]
                good += valid
    assert good > 50
    assert other_form > 0


def test_the_other_form_is_refused_though_the_library_takes_it():
    key = ec.generate_private_key(ec.SECP256R1())
    signature = p256.sign(key, b"m")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    other = p256.ORDER - s
    key.public_key().verify(encode_dss_signature(r, other), b"m", ec.ECDSA(hashes.SHA256()))
    assert not p256.holds(
        p256.point_of(key.public_key()), signature[:32] + other.to_bytes(32, "big"), b"m"
    )
