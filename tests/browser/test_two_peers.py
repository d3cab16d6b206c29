"""Two peers, one wire: the page reads and refuses exactly what protocol/ does."""

from __future__ import annotations

import random
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visit
from tests.browser.desk import Broker, Voice, everybody, report
from viewkeeper.protocol import cbor, cose, records
from viewkeeper.protocol.errors import RefusalError
from viewkeeper.protocol.vocabulary import ViewCause, ViewVerdict

pytestmark = pytest.mark.e2e

READ = """async ([key, messages]) => {
  const { unsealRecord } = await import("./wire/records.js");
  const { VerifyKey, fromHex, hex } = await import("./wire/cose.js");
  const owner = new VerifyKey(fromHex(key));
  return Promise.all(messages.map(async (message) => {
    try {
      const record = await unsealRecord(fromHex(message), owner);
      return JSON.parse(JSON.stringify(record, (_, value) =>
        value instanceof Uint8Array ? hex(value) : value));
    } catch (error) {
      return error.reason ?? `crashed: ${error.stack}`;
    }
  }));
}"""


@pytest.fixture
def gate(broker: Broker) -> Voice:
    return Voice(broker, "cam-07")


@pytest.fixture
def page(gate: Voice, visit: Visit) -> Page:
    return visit(everybody(gate))


def read_here(voice: Voice, message: bytes) -> str:
    try:
        records.unseal(message, cose.lookup_in([voice.signer.verify_key]))
    except RefusalError as refusal:
        return refusal.reason.value
    return "accepted"


def read_there(page: Page, voice: Voice, messages: list[bytes]) -> list[Any]:
    key = voice.signer.verify_key.raw.hex()
    return page.evaluate(READ, [key, [message.hex() for message in messages]])


def payload_of(voice: Voice) -> bytes:
    body = report(ViewVerdict.CANNOT_TELL, ViewCause.DARK, pan_deg=-1.5, last_refusal="expired")
    return records.Record(records.Record.decode(_payload(voice.sign(body))).header, body).encode()


def _payload(message: bytes) -> bytes:
    value = cbor.decode(message[1:])
    assert isinstance(value, list)
    assert isinstance(value[2], bytes)
    return value[2]


def test_a_record_is_read_field_by_field_as_it_was_written(gate: Voice, page: Page) -> None:
    message = gate.sign(report(pan_deg=-1.5, zoom=1.25, last_refusal="expired"))
    (found,) = read_there(page, gate, [message])
    assert found["kind"] == "report"
    assert found["header"]["device"] == "cam-07"
    assert found["header"]["boot"] == gate.boot.hex()
    assert found["body"]["view"]["move"]["pan_mdeg"] == -1500
    assert found["body"]["view"]["move"]["zoom_ppm"] == 1_250_000
    assert found["body"]["view"]["cause"] is None
    assert found["body"]["ledger_root"] == bytes(range(16)).hex()
    assert found["body"]["last_refusal"] == "expired"


def test_damaged_payloads_that_are_well_signed_are_refused_by_both(gate: Voice, page: Page) -> None:
    chance = random.Random(7)
    good = payload_of(gate)
    payloads: list[bytes] = [good]
    for _ in range(600):
        changed = bytearray(good)
        for _ in range(chance.randint(1, 3)):
            deed = chance.random()
            at = chance.randrange(len(changed))
            if deed < 0.5:
                changed[at] = chance.randrange(256)
            elif deed < 0.75:
                del changed[at]
            else:
                changed.insert(at, chance.randrange(256))
        payloads.append(bytes(changed))
    messages = [cose.sign1(payload, gate.signer, cose.Domain.RECORD) for payload in payloads]
    compare(page, gate, messages)


def test_damaged_envelopes_are_refused_by_both(gate: Voice, page: Page) -> None:
    chance = random.Random(11)
    good = gate.sign(report())
    messages = [good, b"", b"\xd2", b"\xd2\x84", good[1:], good + b"\0"]
    for at in range(60):
        changed = bytearray(good)
        changed[at % 24] ^= 1 << chance.randrange(8)
        messages.append(bytes(changed))
    messages += [good[:length] for length in range(1, 40)]
    compare(page, gate, messages)


def compare(page: Page, voice: Voice, messages: list[bytes]) -> None:
    here = [read_here(voice, message) for message in messages]
    found = read_there(page, voice, messages)
    there = [one if isinstance(one, str) else "accepted" for one in found]
    assert [one for one in there if one.startswith("crashed")] == []
    assert "accepted" in here
    differ = [
        (message.hex(), mine, yours)
        for message, mine, yours in zip(messages, here, there, strict=True)
        if (mine == "accepted") != (yours == "accepted")
    ]
    assert not differ, differ[:3]
    # The reason may differ where a message has several faults; seldom otherwise.
    same = sum(mine == yours for mine, yours in zip(here, there, strict=True))
    assert same >= 0.9 * len(messages), [
        pair for pair in zip(here, there, strict=True) if pair[0] != pair[1]
    ]
