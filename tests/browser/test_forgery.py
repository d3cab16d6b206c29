"""What is not verified is listed with its reason and changes nothing that is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, open_tab
from tests.browser.desk import SITE, Broker, Voice, everybody, publish, report
from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.topics import Topics
from viewkeeper.protocol.vocabulary import AlarmKind, EventKind, ViewVerdict

pytestmark = pytest.mark.e2e

LIE = report(verdict=ViewVerdict.MOVED, pan_deg=9.0)
Forge = Callable[[Voice], bytes]


def flip(message: bytes, at: int) -> bytes:
    changed = bytearray(message)
    changed[at] ^= 1
    return bytes(changed)


def rebuilt(voice: Voice, *, protected: Any = None, unprotected: Any = None) -> bytes:
    """A record of the camera's own key whose envelope is not of the profile."""
    *_, payload, _ = cbor2.loads(voice.sign(LIE)).value
    own = {1: -19, 4: voice.signer.verify_key.kid}
    changed: Any = own if protected is None else protected(own)
    header = cbor.encode(changed)
    signature = voice.signer.sign(
        cose.sign1_structure(header, cose.Domain.RECORD.external_aad, payload)
    )
    return b"\xd2" + cbor.encode([header, unprotected or {}, payload, signature])


def other_key(voice: Voice) -> bytes:
    return Voice(voice.broker, voice.camera).sign(LIE)


def other_domain(voice: Voice) -> bytes:
    payload = cbor2.loads(voice.sign(LIE)).value[2]
    return cose.sign1(payload, voice.signer, cose.Domain.CHECKPOINT)


def unsigned(voice: Voice) -> bytes:
    protected, unprotected, payload, _ = cbor2.loads(voice.sign(LIE)).value
    return b"\xd2" + cbor.encode([protected, dict(unprotected), payload, b""])


def not_a_record(voice: Voice) -> bytes:
    return cose.sign1(cbor.encode({1: 1, 2: "x"}), voice.signer, cose.Domain.RECORD)


FORGERIES: dict[str, tuple[Forge, str]] = {
    "payload flipped": (lambda v: flip(v.sign(LIE), 40), "bad_signature"),
    "signature flipped": (lambda v: flip(v.sign(LIE), -1), "bad_signature"),
    "another key": (other_key, "unknown_key"),
    "trailing byte": (lambda v: v.sign(LIE) + b"\x00", "trailing_bytes"),
    "cut short": (lambda v: v.sign(LIE)[:-1], "truncated"),
    "no tag": (lambda v: v.sign(LIE)[1:], "not_cose"),
    "unsigned": (unsigned, "unsigned"),
    "plain text": (lambda v: b'{"verdict":"same"}', "not_cose"),
    "unprotected header": (lambda v: rebuilt(v, unprotected={5: b"x"}), "unprotected_header"),
    "unknown crit": (lambda v: rebuilt(v, protected=lambda own: own | {2: [9]}), "unknown_crit"),
    "another header": (lambda v: rebuilt(v, protected=lambda own: own | {3: 0}), "unknown_header"),
    "old algorithm": (lambda v: rebuilt(v, protected=lambda own: own | {1: -8}), "alg_not_allowed"),
    "no kid": (lambda v: rebuilt(v, protected=lambda own: {1: -19}), "kid_missing"),
    "another domain": (other_domain, "bad_signature"),
    "not a record": (not_a_record, "field_missing"),
    "too large": (lambda v: v.sign(LIE) + bytes(5000), "too_large"),
}


@pytest.mark.parametrize("without_webcrypto", [False, True], ids=["webcrypto", "noble"])
def test_no_forged_record_changes_what_is_shown(
    broker: Broker, visit: Visit, *, without_webcrypto: bool
) -> None:
    gate = Voice(broker, "cam-07", "North gate")
    before = "Object.defineProperty(crypto, 'subtle', { value: undefined });"
    page = visit(everybody(gate), before=before if without_webcrypto else "")
    gate.report(pan_deg=0.12)
    card = page.locator("[data-camera]")
    expect(card).to_have_attribute("data-signature", "verified")
    expected = "noble-ed25519" if without_webcrypto else "WebCrypto"
    expect(card.locator(".signature-verified")).to_have_attribute(
        "title",
        f"Ed25519 signature of key {gate.signer.verify_key.kid.hex()}, "
        f"checked in this browser ({expected})",
    )
    open_tab(page, "unverified", 0)
    for number, (name, (forge, reason)) in enumerate(FORGERIES.items(), start=1):
        gate.publish(gate.topics.report, forge(gate))
        expect(card.locator("[data-refused]"), name).to_have_count(number)
        expect(card.locator("[data-refused]").first, name).to_have_attribute("data-refused", reason)
        expect(card, name).to_have_attribute("data-signature", "refused")
        expect(card, name).to_have_attribute("data-verdict", "same")
    expect(card.locator("[data-axis=pan]")).to_contain_text("+0.12°")
    expect(card.locator("[data-notice=refused]")).to_contain_text("the last verified report")
    gate.report(pan_deg=0.2)
    expect(card).to_have_attribute("data-signature", "verified")
    expect(card.locator("[data-axis=pan]")).to_contain_text("+0.20°")
    expect(card.locator("[data-refused]")).to_have_count(len(FORGERIES))


def test_another_cameras_record_is_refused_on_this_cameras_topic(
    broker: Broker, visit: Visit
) -> None:
    gate, market = Voice(broker, "cam-07"), Voice(broker, "cam-08")
    page = visit(everybody(gate, market))
    publish(broker, gate.topics.report, market.sign(LIE), retain=True)
    card = page.locator("[data-camera='old-town/cam-07']")
    expect(card).to_have_attribute("data-signature", "refused")
    expect(card).to_have_attribute("data-verdict", "none")
    expect(card.locator("[data-notice=refused]")).to_contain_text("unknown_key")


def test_with_one_key_in_two_cameras_the_name_in_the_record_decides(
    broker: Broker, visit: Visit
) -> None:
    gate, market = Voice(broker, "cam-07"), Voice(broker, "cam-08")
    market.signer = gate.signer
    page = visit(everybody(gate, market))
    publish(broker, gate.topics.report, market.sign(LIE), retain=True)
    card = page.locator("[data-camera='old-town/cam-07']")
    expect(card.locator("[data-notice=refused]")).to_contain_text("other_device")
    expect(card).to_have_attribute("data-verdict", "none")


def test_a_true_record_on_the_wrong_topic_is_refused(broker: Broker, visit: Visit) -> None:
    gate = Voice(broker, "cam-07")
    page = visit(everybody(gate))
    gate.report()
    expect(page.locator("[data-verdict=same]")).to_be_visible()
    gate.event(EventKind.CAMERA_STRUCK, topic=gate.topics.event("camera_moved"))
    gate.publish(gate.topics.alarm("view_moved"), gate.sign(LIE), retain=True)
    open_tab(page, "unverified", 2)
    expect(page.locator("[data-refused=wrong_kind]")).to_have_count(2)
    expect(page.locator("[data-alarm]")).to_have_count(0)
    expect(page.locator("[data-verdict=same]")).to_be_visible()


def test_a_forged_alarm_does_not_stand(broker: Broker, visit: Visit) -> None:
    gate = Voice(broker, "cam-07")
    stranger = Voice(broker, "cam-07")
    page = visit(everybody(gate))
    stranger.alarm(AlarmKind.VIEW_MOVED)
    open_tab(page, "unverified", 1)
    expect(page.locator("[data-refused=unknown_key]")).to_have_count(1)
    expect(page.locator("[data-alarm]")).to_have_count(0)


def test_an_older_record_never_overwrites_a_newer_one(broker: Broker, visit: Visit) -> None:
    gate = Voice(broker, "cam-07")
    page = visit(everybody(gate))
    older = gate.sign(LIE)
    gate.report(pan_deg=0.1)
    expect(page.locator("[data-verdict=same]")).to_be_visible()
    gate.publish(gate.topics.report, older, retain=True)
    expect(page.locator("[data-fact=older]")).to_contain_text("1")
    expect(page.locator("[data-verdict=same]")).to_be_visible()
    page.reload()
    # To a page that knows nothing better the kept one is shown, as old as it says it is.
    expect(page.locator("[data-verdict=moved]")).to_be_visible()


def test_a_duplicate_changes_nothing(broker: Broker, visit: Visit) -> None:
    gate = Voice(broker, "cam-07")
    page = visit(everybody(gate))
    message = gate.sign(report())
    for _ in range(3):
        gate.publish(gate.topics.report, message)
    gate.report(pan_deg=0.3)
    expect(page.locator("[data-axis=pan]")).to_contain_text("+0.30°")
    expect(page.locator(".drift-row svg").first).to_have_attribute(
        "aria-label", "Pan: 2 measurements, from 0.00° to +0.30°, now +0.30°"
    )


def test_one_number_signed_twice_is_told(broker: Broker, visit: Visit) -> None:
    gate = Voice(broker, "cam-07")
    page = visit(everybody(gate))
    gate.report()
    expect(page.locator("[data-verdict=same]")).to_be_visible()
    gate.sequence -= 1
    gate.publish(gate.topics.report, gate.sign(LIE))
    expect(page.locator("[data-fault=forked]")).to_be_visible()
    expect(page.locator("[data-verdict=same]")).to_be_visible()


def test_two_ledgers_of_one_size_are_told(broker: Broker, visit: Visit) -> None:
    gate = Voice(broker, "cam-07")
    page = visit(everybody(gate))
    gate.report(ledger_size=40, ledger_root=bytes(32))
    expect(page.locator("[data-verdict=same]")).to_be_visible()
    gate.checkpoint(40, bytes(32))
    expect(page.locator("[data-fact=checkpoint]")).to_contain_text("40")
    expect(page.locator("[data-fault]")).to_have_count(0)
    gate.report(ledger_size=40, ledger_root=b"\x01" + bytes(31))
    expect(page.locator("[data-fault=ledger_forked]")).to_be_visible()


def test_a_camera_that_is_not_in_the_register_is_only_counted(broker: Broker, visit: Visit) -> None:
    gate, stranger = Voice(broker, "cam-07"), Voice(broker, "cam-99")
    page = visit(everybody(gate))
    stranger.report()
    expect(page.locator("[data-notice=strangers]")).to_contain_text("1 messages")
    expect(page.locator("[data-camera]")).to_have_count(1)
    assert Topics(SITE, "cam-99") == stranger.topics


def test_text_from_a_camera_is_never_markup(broker: Broker, visit: Visit) -> None:
    gate = Voice(broker, "cam-07", "<img src=x onerror=alert(1)>")
    page = visit(everybody(gate))
    gate.alarm(AlarmKind.STORAGE_FAULT, "<script>alert(1)</script>")
    expect(page.locator("[data-alarm]")).to_contain_text("<script>alert(1)</script>")
    assert page.locator("main img, main script").count() == 0


def test_an_alarm_that_the_broker_empties_stands_until_the_camera_signs_its_end(
    broker: Broker, visit: Visit
) -> None:
    gate = Voice(broker, "gate")
    page = visit(everybody(gate))
    gate.alarm(AlarmKind.SIGN_FAULT, "lamp draws no current")
    gate.report(alarms=(AlarmKind.SIGN_FAULT,))
    alarm = page.locator("[data-alarm=sign_fault]")
    expect(alarm).to_have_attribute("data-broker-says", "standing")
    gate.clear(AlarmKind.SIGN_FAULT)
    expect(alarm).to_have_attribute("data-broker-says", "cleared")
    expect(alarm).to_contain_text("cleared without signature")
    gate.end(AlarmKind.SIGN_FAULT)
    expect(alarm).to_have_count(0)
    ended = page.locator("[data-event=alarm_ended]")
    expect(ended).to_have_count(1)
    expect(ended).not_to_contain_text("not signed")


def test_an_alarm_that_the_broker_hides_stands_by_the_signed_report(
    broker: Broker, visit: Visit
) -> None:
    gate = Voice(broker, "gate")
    gate.report(alarms=(AlarmKind.VIEW_MOVED,))
    page = visit(everybody(gate))
    alarm = page.locator("[data-alarm=view_moved]")
    expect(alarm).to_contain_text("the broker does not show it")
    gate.report(alarms=())
    expect(alarm).to_have_count(0)


def test_an_alarm_kept_by_the_broker_after_its_end_does_not_stand(
    broker: Broker, visit: Visit
) -> None:
    gate = Voice(broker, "gate")
    gate.alarm(AlarmKind.VIEW_MOVED)  # stays retained: the broker lost the camera's clearing
    gate.report(alarms=())
    page = visit(everybody(gate))
    expect(page.locator("[data-signature=verified]").first).to_be_visible()
    expect(page.locator("[data-alarm]")).to_have_count(0)
