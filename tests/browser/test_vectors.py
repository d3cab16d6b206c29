"""The page's decoder in the real browser against every file of protocol/vectors.

The page reads records, checkpoints and configurations. Of the other orders it knows the envelope
and the encoding; what only a camera judges (row, roles, time, place) it does not judge.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.vectors.test_vectors import state_of
from viewkeeper.dashboard import server
from viewkeeper.dashboard.register import Camera, Register
from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.orders import DOMAINS, Keyset, Order
from viewkeeper.protocol.vectors import generate
from viewkeeper.protocol.vocabulary import OrderKind

pytestmark = pytest.mark.e2e
FOLDER = Path(generate.__file__).parent
FILES = {path.name: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")}
ORDERS = sorted(
    name for name, document in FILES.items() if "cases" in document and "states" in document
)
ENVELOPE = set(list(Reason)[: list(Reason).index(Reason.FIELD_MISSING)])
CONTENT = {
    Reason.FIELD_MISSING,
    Reason.FIELD_UNKNOWN,
    Reason.FIELD_TYPE,
    Reason.FIELD_RANGE,
    Reason.WRONG_KIND,
    Reason.OTHER_DEVICE,
}
"""What reading an order can find wrong."""
NOT_THE_PAGES = {"row-retained-grant"}
"""The camera does not look into a kept grant."""
FOR_THE_CAMERA = {
    "row-command-chained",
    "lifecycle-no-such-day",
    "lifecycle-result-misplaced",
    "keyset-key-role-twice",
    *(f"flag-{n}-reported" for n in range(3, 7)),
    "flag-7-dismissed",
}
"""Well formed, and against its policy: the page shows what was ordered beside the refusal."""
KEYS_OF_A_KEYSET = {Reason.WEAK_KEY, Reason.DUPLICATE_SIGNER, Reason.ALG_NOT_ALLOWED}
"""Also found in the keys that a keyset brings, which are not used here."""

READING = (Path(__file__).parent / "reading.js").read_text(encoding="utf-8")

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def ask(chromium: Browser) -> Iterator[Ask]:
    """Asks the page's decoder; no broker is needed."""
    key = cose.SoftwareSigner.from_seed(bytes(32)).verify_key
    camera = Camera(site="s", camera="c", title="Gate", device_key=key, hfov_deg=60.0)
    running = server.start(Register((camera,)), "ws://127.0.0.1:9", port=0)
    page = chromium.new_page()
    page.goto(running.url)
    yield lambda what, asked=None: page.evaluate(READING.split("\n", 1)[1], [what, asked])
    page.close()
    running.close()


def keys_of(document: dict[str, Any], case: dict[str, Any]) -> list[tuple[str, int]]:
    """The keys of the camera's keyset; a new keyset's own sign it too."""
    entries = list(state_of(document, case["state"]).trust.keyset.keys)
    if case["kind"] == "keyset":
        try:
            payload = cose.unverified_payload(bytes.fromhex(case["message"]))
            body = Order.decode(payload, OrderKind.KEYSET).body
        except Exception:  # noqa: BLE001 a hostile case: no keys to be had from it
            body = None
        if isinstance(body, Keyset):
            entries += body.keys
    algorithms = {int(one) for one in cose.Algorithm}
    return [
        (one.raw.hex(), int(one.algorithm))
        for one in entries
        if int(one.algorithm) in algorithms and len(one.raw) in (32, 65)
    ]


def test_cbor_is_read_and_refused_as_the_vectors_say(ask: Ask) -> None:
    document = FILES["cbor.json"]
    good, bad = document["good"], document["bad"]
    assert ask("cbor", [one["hex"] for one in good]) == ["read"] * len(good)
    said = ask("cbor", [one["hex"] for one in bad])
    assert said == [one["reason"] for one in bad]


def test_records_are_read_and_refused_as_the_vectors_say(ask: Ask) -> None:
    document = FILES["records.json"]
    cases = [*document["good"], *document["bad"]]
    messages = [one["message"] for one in cases]
    asked = {"key": document["device_key"], "algorithm": -19, "messages": messages}
    expected = [one.get("reason") or f"read {one['kind']}" for one in cases]
    assert ask("records", asked) == expected
    whole = {"key": document["device_key"], "message": document["checkpoint"]}
    assert ask("checkpoint", whole) == 42


@pytest.mark.parametrize("name", ORDERS)
def test_orders_are_refused_for_the_reason_that_the_vectors_give(ask: Ask, name: str) -> None:
    document = FILES[name]
    asked = [
        {
            "kind": case["kind"],
            "device": document["device"],
            "message": case["message"],
            "keys": keys_of(document, case),
        }
        for case in document["cases"]
    ]
    said = ask("orders", asked)
    differ: list[tuple[str, str, str]] = []
    for case, one in zip(document["cases"], said, strict=True):
        reason, kind = Reason(case["expected"]["reason"]), case["kind"]
        read_here = reason in ENVELOPE or reason in CONTENT
        in_body = kind == "keyset" and reason in KEYS_OF_A_KEYSET
        expected = {reason.value} if read_here else {"read"}
        if in_body:
            expected.add("read")
        if name == "sm2.json":  # a signature that this page cannot check is never one that holds
            expected = (expected - {"read"}) | {"not_supported"}
        if case["id"] in FOR_THE_CAMERA:
            expected.add("read")
        if case["id"] not in NOT_THE_PAGES and one not in expected:
            differ.append((case["id"], reason.value, one))
    assert differ == []


def test_the_domains_of_the_page_are_those_of_the_protocol(ask: Ask) -> None:
    told = ask("domains")
    assert {kind.name.lower(): told[kind.name.lower()] for kind in OrderKind} == {
        kind.name.lower(): DOMAINS[kind].value for kind in OrderKind
    }


def test_every_flipped_bit_and_every_prefix_is_refused(ask: Ask) -> None:
    document = FILES["sweeps.json"]
    for sweep in document["sweeps"]:
        asked = {**sweep, "keys": keys_of(document, sweep)}
        found = ask("sweep", asked)
        assert found["good"] == "read", sweep["id"]
        assert found["wrong"] == [], sweep["id"]
        assert found["tried"] == 9 * len(bytes.fromhex(sweep["message"]))


def test_es256_signatures_hold_in_their_one_form_and_sm2_is_never_shown_as_verified(
    ask: Ask,
) -> None:
    for name, held in (("es256.json", None), ("sm2.json", "not_supported")):
        document = FILES[name]
        algorithm = document["algorithm"]
        rows = [{**one, "algorithm": algorithm} for one in document["signatures"]]
        order = [int(one["order"], 16) for one in rows]
        other = [
            {
                **one,
                "signature": one["signature"][:64] + f"{n - int(one['signature'][64:], 16):064x}",
            }
            for one, n in zip(rows, order, strict=True)
        ]
        said = ask("holds", rows), ask("holds", other)
        wanted = ([True] * len(rows), [False] * len(rows)) if held is None else ([held] * 3,) * 2
        assert said == wanted, name
        messages = [document["record"]]
        asked = {"key": document["device_key"], "algorithm": algorithm, "messages": messages}
        (record,) = ask("records", asked)
        assert record == ("read gap" if held is None else held), name


def test_the_working_groups_examples_hold_underneath_and_are_refused(ask: Ask) -> None:
    cases = FILES["cose_working_group.json"]["cases"]
    single = [one for one in cases if one["structure"] == "Signature1"]
    assert ask("structures", single) == [one["to_be_signed"] for one in single]
    rows = [{**one, "algorithm": -19, "message": one["to_be_signed"]} for one in cases]
    assert ask("holds", rows) == [True] * len(rows)
    asked = [
        {
            "kind": "command" if one["structure"] == "Signature1" else "grant",
            "device": "",
            "message": one["message"],
            "keys": [(one["key"], -19)],
        }
        for one in cases
    ]
    assert ask("orders", asked) == [one["refused_by_profile"] for one in cases]


def test_no_file_of_vectors_is_left_out() -> None:
    read = {"cbor.json", "records.json", "cose_working_group.json", "sweeps.json", *ORDERS}
    drawn = {"sign_plans.json"}  # tests/browser/test_sign_plan.py
    assert read | drawn == set(FILES)
    assert {"es256.json", "sm2.json"} <= set(ORDERS)
