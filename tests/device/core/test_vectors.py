"""Every vector of ``protocol/vectors`` under a real MicroPython in a small heap."""

import json

import pytest

from tests.device.runner import ROOT, needs_micropython, run

VECTORS = ROOT / "protocol" / "vectors"
BASE = sorted(VECTORS.glob("orders_*.json"))

JUDGE = """
import gc, json, os
from binascii import unhexlify
from device.core import adjudicate as court
from device.core.clock import Now

KINDS = {"config": 1, "keyset": 2, "grant": 3, "command": 4, "lifecycle": 5}
views, entropy = None, None

def message_of(name):
    with open(name, "rb") as file:
        return file.read(os.stat(name)[6])

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
def test_orders_are_judged_as_the_vectors_say(path, tmp_path):
    document = json.loads(path.read_text("ascii"))
    wrong = [
        (case["id"], case["expected"], told)
        for case, told in judge(document, tmp_path)
        if [case["expected"]["accepted"], case["expected"]["reason"]] != told[:2]
    ]
    assert not wrong
