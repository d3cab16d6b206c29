"""Every vector of ``protocol/vectors`` under a real MicroPython in a small heap."""

import hashlib
import json

import pytest

from tests.device.runner import ROOT, needs_micropython, run
from tests.vectors.test_vectors import judged, state_of

VECTORS = ROOT / "protocol" / "vectors"
BASE = sorted(VECTORS.glob("orders_*.json"))

JUDGE = """
import gc, json, os
from binascii import unhexlify
from device.core import adjudicate as court
from device.core.clock import Now

KINDS = {"config": 1, "keyset": 2, "grant": 3, "command": 4, "lifecycle": 5}
views, entropy = None, None
gc.threshold((gc.mem_alloc() + gc.mem_free()) // 8)  # as device/commands.py
# As the link does: room for the longest message is taken once, before the heap is in pieces.
inbox = memoryview(bytearray(max(os.stat(name)[6] for name in os.listdir() if name[0] == "m")))

def message_of(name):
    with open(name, "rb") as file:
        return inbox[: file.readinto(inbox)]

def judged(state, case):
    now = Now(case["utc_s"] * 1000, 0, case["clock_trusted"])
    return court.adjudicate(state, message_of(case["message"]), KINDS[case["kind"]],
                            case["retained"], now, views, entropy)

told, state = False, None
with open("given.jsonl") as lines:
    about = json.loads(lines.readline())
    views = [unhexlify(view) for view in about["registered_views"]]
    entropy = unhexlify(about["entropy"])
    for line in lines:
        case = json.loads(line)
        line = None
        gc.collect()
        if "enrolment" in case:
            state, _ = court.enrolled(unhexlify(case["enrolment"]))
            for before in case["obeyed_before"]:
                state = judged(state, before).state
            state_bytes = court.to_bytes(state)
            state = court.from_bytes(state_bytes)
            continue
        ruling = judged(state, case)
        assert court.to_bytes(state) == state_bytes
        digest = ""
        if ruling.state is not None:
            from hashlib import sha256
            from binascii import hexlify
            digest = hexlify(sha256(court.to_bytes(ruling.state)).digest()).decode()
        print("," if told else "[", json.dumps([ruling.accepted, ruling.reason, digest]))
        told, ruling = True, None
print("]")
"""


def files_of(document):
    """(files, cases in order): a line a case and each message beside, so little is held at once."""
    files, cases, lines = {}, [], []

    def line(delivery):
        name = f"m{len(files)}"
        files[name] = bytes.fromhex(delivery["message"])
        needed = {key: delivery[key] for key in ("kind", "retained", "utc_s", "clock_trusted")}
        return {**needed, "message": name}

    lines.append({name: document[name] for name in ("registered_views", "entropy")})
    for name, described in document["states"].items():
        mine = [case for case in document["cases"] if case["state"] == name]
        before = [line(delivery) for delivery in described["obeyed_before"]]
        if mine:
            lines.append({"enrolment": described["enrolment"], "obeyed_before": before})
        lines.extend(line(case) for case in mine)
        cases.extend(mine)
    files["given.jsonl"] = "".join(json.dumps(each) + "\n" for each in lines)
    return files, cases


def judge(document, tmp_path):
    """[(case, [accepted, reason, hash of the next state])]"""
    files, cases = files_of(document)
    told = run(JUDGE, tmp_path, files=files)
    return list(zip(cases, told, strict=True))


@needs_micropython
@pytest.mark.parametrize("path", BASE, ids=lambda path: path.stem)
def test_orders_are_judged_and_kept_as_on_the_agent(path, tmp_path):
    document = json.loads(path.read_text("ascii"))
    for case, (accepted, reason, digest) in judge(document, tmp_path):
        expected = case["expected"]
        assert (accepted, reason) == (expected["accepted"], expected["reason"]), case["id"]
        ruling = judged(document, state_of(document, case["state"]), case)
        kept = b"" if ruling.next_state is None else ruling.next_state.to_bytes()
        assert digest == (hashlib.sha256(kept).hexdigest() if kept else ""), case["id"]


ENROL = """
import json
from binascii import unhexlify
from device.core import adjudicate as court
from device.core.errors import Refusal
told = []
for bundle in json.load(open("given.json")):
    try:
        court.enrolled(unhexlify(bundle))
        told.append("enrolled")
    except Refusal as refusal:
        told.append(refusal.reason)
print(json.dumps(told))
"""


@needs_micropython
@pytest.mark.parametrize("name", ["es256.json", "sm2.json"])
def test_keysets_with_keys_a_device_cannot_check_are_refused_as_not_supported(name, tmp_path):
    document = json.loads((VECTORS / name).read_text("ascii"))
    bundles = [document["states"][state]["enrolment"] for state in ("allowed", "Ed25519 alone")]
    told = run(ENROL, tmp_path, files={"given.json": json.dumps(bundles)})
    assert told == ["not_supported", "enrolled"]
    # What the others say to an Ed25519 keyset is refused here for the same reasons.
    alone = [case for case in document["cases"] if case["state"] == "Ed25519 alone"]
    for case, answer in judge({**document, "cases": alone}, tmp_path):
        assert answer[:2] == [case["expected"]["accepted"], case["expected"]["reason"]]


UNSEAL = """
import hashlib
import json
from binascii import hexlify, unhexlify
from device.core import cbor, cose, fields, record_schema
from device.core.sealing import table_of
from device.core.errors import Refusal
about = json.load(open("key.json"))
key = unhexlify(about)
keys = {cose.kid_of(-19, key): (-19, key)}
first = True
with open("given.jsonl") as lines:
    for line in lines:
        try:
            payload, _ = cose.open_sign1(unhexlify(json.loads(line)), keys, cose.RECORD, 4096)
            value = cbor.decode(payload, 4096)
            if not isinstance(value, dict):
                raise Refusal("field_type")
            kind = value.get(1)
            if isinstance(kind, bool) or table_of(kind) is None:
                raise Refusal("wrong_kind")
            header = fields.parse(record_schema.HEADER, value, (1, 8))
            body = fields.parse(table_of(kind), value.get(8))
            packed = fields.pack(record_schema.HEADER, header)
            packed[1], packed[8] = kind, fields.pack(table_of(kind), body)
            answer = hexlify(cbor.encode(packed)).decode()
        except Refusal as refusal:
            answer = refusal.reason
        print("[" if first else ",", json.dumps(answer))
        first = False
print("]")
"""


@needs_micropython
def test_records_are_read_or_refused_as_on_the_agent(tmp_path):
    document = json.loads((VECTORS / "records.json").read_text("ascii"))
    cases = document["good"] + document["bad"]
    files = {
        "key.json": json.dumps(document["device_key"]),
        "given.jsonl": "".join(json.dumps(case["message"]) + "\n" for case in cases),
    }
    told = run(UNSEAL, tmp_path, files=files)
    expected = [case["payload"] for case in document["good"]]
    expected += [case["reason"] for case in document["bad"]]
    assert told == expected
