"""Cameras whose key is not Ed25519: ES256 is checked; what cannot be checked is not shown."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.desk import Broker, Voice, everybody, report
from tests.support.spoiling import spoilt
from viewkeeper.protocol import p256, sm2
from viewkeeper.protocol.keys import P256Signer, Sm2Signer

pytestmark = pytest.mark.e2e


def speaking(broker: Broker, signer: object) -> Voice:
    voice = Voice(broker, "cam-07", "North gate")
    voice.signer = signer  # type: ignore[assignment]
    return voice


def card_of(page: Page):  # type: ignore[no-untyped-def]
    return page.locator("[data-camera]")


def test_an_es256_camera_is_checked_and_the_other_form_of_a_signature_refused(
    broker: Broker, visit: Visit
) -> None:
    gate = speaking(broker, P256Signer(ec.generate_private_key(ec.SECP256R1())))
    card = card_of(visit(everybody(gate)))
    gate.report(pan_deg=0.12)
    expect(card).to_have_attribute("data-signature", "verified")
    kid = gate.signer.verify_key.kid.hex()
    expect(card.locator(".signature-verified")).to_have_attribute(
        "title", f"ES256 signature of key {kid}, checked in this browser (WebCrypto)"
    )
    message = gate.sign(report(pan_deg=9.0))
    s = p256.ORDER - int.from_bytes(message[-32:], "big")
    for forged in (message[:-32] + s.to_bytes(32, "big"), spoilt(message)):
        gate.publish(gate.topics.report, forged)
        expect(card).to_have_attribute("data-signature", "refused")
    expect(card.locator("[data-axis=pan]")).to_contain_text("+0.12°")
    gate.report(pan_deg=0.2)
    expect(card).to_have_attribute("data-signature", "verified")


@pytest.mark.parametrize("algorithm", ["sm2", "es256 without WebCrypto"])
def test_what_the_page_cannot_check_it_never_shows_as_verified(
    broker: Broker, visit: Visit, algorithm: str
) -> None:
    before = ""
    if algorithm == "sm2":
        if not sm2.is_supported():
            pytest.skip(sm2.CURE)
        gate = speaking(broker, Sm2Signer(bytes(31) + b"\x07"))
    else:
        gate = speaking(broker, P256Signer(ec.generate_private_key(ec.SECP256R1())))
        before = "Object.defineProperty(crypto, 'subtle', { value: undefined });"
    card = card_of(visit(everybody(gate), before=before))
    gate.report(pan_deg=0.12)
    expect(card).to_have_attribute("data-signature", "refused")
    expect(card).to_have_attribute("data-verdict", "none")
    expect(card.locator("[data-notice=refused]")).to_contain_text("not_supported")
