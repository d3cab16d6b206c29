"""The vectors of ES256 and SM2, and the standard's own example of SM2."""

import json
from pathlib import Path

import pytest

from tests.vectors.test_vectors import judged, state_of
from viewkeeper.agent.core.device_state import DeviceState
from viewkeeper.protocol import cose, sm2
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.errors import EnvelopeRefusal, Reason, RefusalError
from viewkeeper.protocol.keys import Sm2Signer
from viewkeeper.protocol.records import unseal
from viewkeeper.protocol.vectors import generate

HERE = Path(generate.__file__).parent
DOCUMENTS = [json.loads((HERE / f"{name}.json").read_text("ascii")) for name in ("es256", "sm2")]
# GB/T 32918.5-2017 A.2: key, message and signature of the standard itself.
GB_SECRET = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
GB_POINT = (
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
GB_SIGNATURE = (
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)


def rows(part: str) -> list:
    return [
        pytest.param(document, row, id=f"{document['algorithm']}-{row.get('id', number)}")
        for document in DOCUMENTS
        for number, row in enumerate(document[part])
    ]


@pytest.mark.parametrize(("document", "case"), rows("cases"))
def test_orders_are_judged_as_the_vectors_say(document, case):
    ruling = judged(document, state_of(document, case["state"]), case)
    expected = case["expected"]
    assert (ruling.accepted, ruling.reason.value) == (expected["accepted"], expected["reason"])


@pytest.mark.parametrize(("document", "case"), rows("enrolments"))
def test_keysets_are_taken_or_refused_as_the_vectors_say(document, case):
    assert document["algorithm"] in set(cose.Algorithm)
    enrolment = Enrolment.decode(bytes.fromhex(case["bundle"]))
    if case["reason"] == Reason.ACCEPTED:
        DeviceState.enrolled(enrolment)
        return
    with pytest.raises(RefusalError) as caught:
        DeviceState.enrolled(enrolment)
    assert caught.value.reason.value == case["reason"]


@pytest.mark.parametrize(("document", "case"), rows("signatures"))
def test_bare_signatures_hold_and_every_flipped_byte_fails(document, case):
    key = cose.VerifyKey(cose.Algorithm(document["algorithm"]), bytes.fromhex(case["key"]))
    message, signature = bytes.fromhex(case["message"]), bytes.fromhex(case["signature"])
    assert key.kid.hex() == case["kid"]
    assert key.holds(signature, message)
    assert not key.holds(signature, message + b"x")
    for place in range(len(signature)):
        bad = bytearray(signature)
        bad[place] ^= 0x55
        assert not key.holds(bytes(bad), message), place


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["algorithm"])
def test_a_device_may_speak_with_such_a_key(document):
    algorithm = cose.Algorithm(document["algorithm"])
    key = cose.VerifyKey(algorithm, bytes.fromhex(document["device_key"]))
    assert unseal(bytes.fromhex(document["record"]), cose.lookup_in([key])).header.sequence == 7


def test_the_standards_own_example_of_sm2_holds():
    key = cose.VerifyKey(cose.Algorithm.SM2, bytes.fromhex(GB_POINT))
    assert sm2.point_of(bytes.fromhex(GB_SECRET)).hex() == GB_POINT
    assert key.holds(bytes.fromhex(GB_SIGNATURE), b"message digest")
    assert not key.holds(bytes.fromhex(GB_SIGNATURE), b"message digests")


def test_a_signature_of_libcrypto_holds():
    signer = Sm2Signer(bytes.fromhex(GB_SECRET))
    signature = signer.sign(b"a message")
    assert signer.verify_key.holds(signature, b"a message")
    assert signer.sign(b"a message") != signature, "the random number is drawn anew"


@pytest.mark.parametrize("secret", [bytes(32), b"\xff" * 32, b"\x01" * 31])
def test_a_secret_out_of_range_is_no_key(secret):
    with pytest.raises(EnvelopeRefusal) as caught:
        sm2.point_of(secret)
    assert caught.value.reason is Reason.WEAK_KEY


def test_a_machine_without_sm2_says_so_and_names_the_cure(monkeypatch):
    monkeypatch.setattr("ctypes.util.find_library", lambda _name: "libc.so.6")
    sm2._crypto.cache_clear()
    try:
        assert not sm2.is_supported()
        key = cose.VerifyKey(cose.Algorithm.SM2, bytes.fromhex(GB_POINT))
        with pytest.raises(EnvelopeRefusal, match="OpenSSL") as caught:
            key.holds(bytes(64), b"")
        assert caught.value.reason is Reason.NOT_SUPPORTED
        allowed = DOCUMENTS[1]["enrolments"][0]
        with pytest.raises(RefusalError) as refused:
            DeviceState.enrolled(Enrolment.decode(bytes.fromhex(allowed["bundle"])))
        assert refused.value.reason is Reason.NOT_SUPPORTED
    finally:
        sm2._crypto.cache_clear()
