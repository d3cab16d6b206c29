"""Vectors of others, where a checkout is at hand: ``VECTORS=dir make test``.

``dir`` may hold ``Examples`` (github.com/cose-wg/Examples) and ``wycheproof``
(github.com/C2SP/wycheproof), at any depth. What the strict profile refuses on purpose is
listed by name: every COSE example, for ``alg`` -8 and an unprotected ``kid``.
"""

import json
import os
from pathlib import Path

import pytest

from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import RefusalError

ROOT = os.environ.get("VECTORS")


def found(pattern):
    return sorted(Path(ROOT).rglob(pattern)) if ROOT else []


@pytest.mark.skipif(not ROOT, reason="VECTORS names no checkout")
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


@pytest.mark.skipif(not ROOT, reason="VECTORS names no checkout")
@pytest.mark.parametrize("path", found("eddsa-examples/eddsa-*.json"), ids=lambda p: p.name)
def test_the_working_groups_eddsa_examples_are_refused_by_the_profile(path):
    case = json.loads(path.read_text(encoding="utf-8"))
    part = case["input"].get("sign0") or case["input"]["sign"]["signers"][0]
    raw = bytes.fromhex(part["key"]["x_hex"])
    if part["key"]["crv"] != "Ed25519":
        with pytest.raises(RefusalError):
            cose.VerifyKey(cose.Algorithm.ED25519, raw)
        return
    key, message = (
        cose.VerifyKey(cose.Algorithm.ED25519, raw),
        bytes.fromhex(case["output"]["cbor"]),
    )
    inside = case["intermediates"]
    structure = inside.get("ToBeSign_hex") or inside["signers"][0]["ToBeSign_hex"]
    signature = message[-64:]
    assert key.holds(signature, bytes.fromhex(structure))
    with pytest.raises(RefusalError):
        (cose.open_sign if cose.is_multi_signed(message) else cose.open_sign1)(
            message, cose.lookup_in([key]), cose.Domain.CONFIG
        )
