"""The vector files, run as any implementation runs them: from the JSON alone."""

import json
from pathlib import Path

import pytest

from viewkeeper.agent.core.device_state import DeviceState, adjudicate
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.checkpoints import unseal_checkpoint
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.errors import Reason, RefusalError
from viewkeeper.protocol.records import unseal
from viewkeeper.protocol.vectors import generate
from viewkeeper.protocol.vocabulary import OrderKind

HERE = Path(generate.__file__).parent


def read(name):
    return json.loads((HERE / name).read_text(encoding="ascii"))


ORDERS = {name: read(name) for name in generate.FILES}
CASES = [
    pytest.param(document, case, id=case["id"])
    for document in ORDERS.values()
    for case in document["cases"]
]
CBOR, RECORDS, WORKING_GROUP, SWEEPS = (
    read(name) for name in ("cbor.json", "records.json", "cose_working_group.json", "sweeps.json")
)


def judged(document, state, delivery, message=None):
    return adjudicate(
        state,
        bytes.fromhex(delivery["message"]) if message is None else message,
        OrderKind[delivery["kind"].upper()],
        retained=delivery["retained"],
        now=Now(delivery["utc_s"], delivery["clock_trusted"]),
        known_views=frozenset(map(bytes.fromhex, document["registered_views"])),
        entropy=bytes.fromhex(document["entropy"]),
    )


def state_of(document, name):
    described = document["states"][name]
    state = DeviceState.enrolled(Enrolment.decode(bytes.fromhex(described["enrolment"])))
    for delivery in described["obeyed_before"]:
        ruling = judged(document, state, delivery)
        assert ruling.next_state is not None, (name, ruling.reason, ruling.detail)
        state = ruling.next_state
    return state


def test_the_files_are_what_the_generator_writes():
    for name, document in generate.documents():
        assert (HERE / name).read_text(encoding="ascii") == generate.text_of(document), name


def test_there_are_enough_hostile_cases():
    hostile = [case for case in CASES if not case.values[1]["expected"]["accepted"]]
    assert len(hostile) + len(CBOR["bad"]) + len(RECORDS["bad"]) >= 250
    ids = [case.values[1]["id"] for case in CASES]
    assert len(set(ids)) == len(ids)


def test_every_reason_a_message_can_be_refused_for_has_a_case():
    seen = {case.values[1]["expected"]["reason"] for case in CASES}
    seen |= {case["reason"] for case in CBOR["bad"] + RECORDS["bad"]}
    ours = set(list(Reason)[list(Reason).index(Reason.SETTING) :])
    local = {Reason.STORE_FAILED, Reason.INTERNAL}
    assert set(Reason) - ours - local - {Reason(reason) for reason in seen} == set()


@pytest.mark.parametrize(("document", "case"), CASES)
def test_orders_are_judged_as_the_vectors_say(document, case):
    state = state_of(document, case["state"])
    before = state.to_bytes()
    ruling = judged(document, state, case)
    expected = case["expected"]
    assert (ruling.accepted, ruling.reason.value) == (
        expected["accepted"],
        expected["reason"],
    ), ruling.detail
    assert state.to_bytes() == before
    assert (ruling.next_state is not None) == (ruling.reason is Reason.ACCEPTED)


@pytest.mark.parametrize(
    ("document", "case"), [case for case in CASES if "shown" in case.values[1]]
)
def test_intermediate_values_are_those_shown(document, case):
    assert document["cases"]
    shown, message = case["shown"], bytes.fromhex(case["message"])
    payload, aad = bytes.fromhex(shown["payload"]), bytes.fromhex(shown["external_aad"])
    assert cose.unverified_payload(message) == payload
    for kid, structure in shown["sig_structures"].items():
        header = cbor.encode({1: -19, 4: bytes.fromhex(kid)})
        built = (
            cose.sign_structure(b"", header, aad, payload)
            if cose.is_multi_signed(message)
            else cose.sign1_structure(header, aad, payload)
        )
        assert built.hex() == structure


@pytest.mark.parametrize("sweep", SWEEPS["sweeps"], ids=lambda sweep: sweep["id"])
def test_every_flipped_bit_and_every_prefix_is_refused(sweep):
    state, good = state_of(SWEEPS, sweep["state"]), bytes.fromhex(sweep["message"])
    assert judged(SWEEPS, state, sweep).accepted
    for bit in range(len(good) * 8):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << (bit % 8)
        ruling = judged(SWEEPS, state, sweep, bytes(bad))
        assert not ruling.accepted, f"bit {bit}"
    for length in range(len(good)):
        assert not judged(SWEEPS, state, sweep, good[:length]).accepted, f"prefix {length}"


@pytest.mark.parametrize("case", CBOR["good"], ids=lambda case: case["hex"])
def test_good_cbor_reads_and_writes_itself(case):
    data = bytes.fromhex(case["hex"])
    assert cbor.encode(cbor.decode(data)) == data


@pytest.mark.parametrize("case", CBOR["bad"], ids=lambda case: case["hex"][:24])
def test_bad_cbor_is_refused_for_its_reason(case):
    with pytest.raises(RefusalError) as caught:
        cbor.decode(bytes.fromhex(case["hex"]))
    assert caught.value.reason.value == case["reason"], case["why"]


DEVICE_KEY = cose.VerifyKey(cose.Algorithm.ED25519, bytes.fromhex(RECORDS["device_key"]))


@pytest.mark.parametrize("case", RECORDS["good"], ids=lambda case: case["id"])
def test_good_records_verify(case):
    record = unseal(bytes.fromhex(case["message"]), cose.lookup_in([DEVICE_KEY]))
    assert record.encode().hex() == case["payload"]
    assert record.kind.name.lower() == case["kind"]


@pytest.mark.parametrize("case", RECORDS["bad"], ids=lambda case: case["id"])
def test_bad_records_are_refused_for_their_reason(case):
    with pytest.raises(RefusalError) as caught:
        unseal(bytes.fromhex(case["message"]), cose.lookup_in([DEVICE_KEY]))
    assert caught.value.reason.value == case["reason"], case["why"]


def test_the_checkpoint_verifies():
    message = bytes.fromhex(RECORDS["checkpoint"])
    assert unseal_checkpoint(message, cose.lookup_in([DEVICE_KEY])).size == 42


@pytest.mark.parametrize("case", WORKING_GROUP["cases"], ids=lambda case: case["id"])
def test_the_working_groups_examples_hold_underneath_and_are_refused_by_the_profile(case):
    part = {name: bytes.fromhex(case[name]) for name in ("protected", "external_aad", "payload")}
    if case["structure"] == "Signature1":
        built = cose.sign1_structure(part["protected"], part["external_aad"], part["payload"])
        open_message, domain = cose.open_sign1, cose.Domain.CONFIG
    else:
        signer = bytes.fromhex(case["signer_protected"])
        built = cose.sign_structure(
            part["protected"], signer, part["external_aad"], part["payload"]
        )
        open_message, domain = cose.open_sign, cose.Domain.GRANT
    assert built.hex() == case["to_be_signed"]
    key = cose.VerifyKey(cose.Algorithm.ED25519, bytes.fromhex(case["key"]))
    signature = bytes.fromhex(case["signature"])
    assert key.holds(signature, built)
    assert cose.SoftwareSigner.from_seed(bytes.fromhex(case["seed"])).sign(built) == signature
    with pytest.raises(RefusalError) as caught:
        open_message(bytes.fromhex(case["message"]), cose.lookup_in([key]), domain)
    assert caught.value.reason.value == case["refused_by_profile"]
