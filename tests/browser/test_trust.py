"""Who signed the configuration and what a witness countersigned, by the register's keys."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.desk import Voice, everybody, now_ms, report
from tests.browser.test_accessibility import complaints
from tests.support.spoiling import spoilt
from viewkeeper.dashboard.register import Person, Register
from viewkeeper.protocol import cose
from viewkeeper.protocol.checkpoints import Checkpoint
from viewkeeper.protocol.orders import (
    Config,
    Order,
    OrderHeader,
    Place,
    SignText,
    Tolerance,
)
from viewkeeper.protocol.vocabulary import Regime
from viewkeeper.protocol.witnessing import countersign

pytestmark = pytest.mark.e2e
ROOT = bytes(range(32))


def fresh() -> cose.SoftwareSigner:
    return cose.SoftwareSigner(Ed25519PrivateKey.generate())


@pytest.fixture
def hua() -> cose.SoftwareSigner:
    return fresh()


@pytest.fixture
def witness() -> cose.SoftwareSigner:
    return fresh()


@pytest.fixture
def register(
    gate: Voice,
    ming: cose.SoftwareSigner,
    hua: cose.SoftwareSigner,
    witness: cose.SoftwareSigner,
) -> Register:
    return replace(
        everybody(gate),
        signers=(Person("Li Ming", ming.verify_key), Person("Zhang Hua", hua.verify_key)),
        witness_keys=(Person("desk", witness.verify_key),),
    )


def order(device: str, sequence: int = 4, pan_mdeg: int = 2000) -> bytes:
    now = int(time.time())
    header = OrderHeader(
        audience=device,
        epoch=0,
        sequence=sequence,
        issued_at=now,
        not_before=now,
        expires_at=now + 3600,
    )
    body = Config(
        tolerance=Tolerance(pan_mdeg=pan_mdeg, tilt_mdeg=1000, roll_mdeg=1000, zoom_ppm=20_000),
        check_period_ms=1000,
        report_period_s=60,
        place=Place(regime=Regime.ART7, codes=("A1",), near_secret_unit=False),
        sign=SignText(
            operator="合肥市公安局示范支队",
            purpose="维护公共安全",
            phone="0551-0000-0000",
            lit_required=True,
        ),
        retention_days=30,
    )
    return Order(header, body).encode()


def fact(page: Page, name: str) -> Locator:
    return page.locator(f"[data-fact={name}]")


def reports(gate: Voice, payload: bytes) -> None:
    """The camera says that it obeys this configuration."""
    body = replace(report(), config_hash=hashlib.sha256(payload).digest()[:8])
    gate.publish(gate.topics.report, gate.sign(body), retain=True)


def test_a_configuration_in_force_names_its_signers_and_its_tolerance_is_drawn(
    gate: Voice,
    register: Register,
    ming: cose.SoftwareSigner,
    hua: cose.SoftwareSigner,
    visit: Visit,
    picture: Callable[[Page, str], Path],
) -> None:
    page = visit(register)
    payload = order(gate.camera)
    reports(gate, payload)
    expect(page.locator("[data-band=register]")).to_be_visible()
    message = cose.sign(payload, [ming, hua], cose.Domain.CONFIG)
    gate.publish(gate.topics.config_desired, message, retain=True)
    expect(fact(page, "signers")).to_contain_text("in force")
    expect(fact(page, "signers")).to_contain_text("Li Ming")
    expect(fact(page, "signers")).to_contain_text("Zhang Hua")
    expect(page.locator("[data-band=signed]")).to_be_visible()
    expect(page.locator(".drift-reach").first).to_have_text("±3.2°")  # 1.6 of two degrees
    assert complaints(page) == []
    gate.publish(
        gate.topics.config_desired,
        cose.sign1(order(gate.camera, 5, 3000), ming, cose.Domain.CONFIG),
        retain=True,
    )
    expect(fact(page, "signers")).to_contain_text("No. 5")
    expect(fact(page, "signers")).to_contain_text("not the one in force")
    expect(page.locator("[data-band=register]")).to_be_visible()
    gate.publish(gate.topics.config_desired, message, retain=True)  # the older again
    page.locator("[data-language=zh]").click()
    expect(fact(page, "signers")).to_contain_text("第 5 号")
    picture(page, "signers")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("stranger", "unknown_key"),
        ("one_of_two", "unknown_key"),
        ("changed", "bad_signature"),
        ("domain", "bad_signature"),
        ("device", "other_device"),
        ("twice", "duplicate_signer"),
    ],
)
def test_a_configuration_that_does_not_hold_is_refused(
    gate: Voice,
    register: Register,
    ming: cose.SoftwareSigner,
    visit: Visit,
    fault: str,
    reason: str,
) -> None:
    page = visit(register)
    payload = order(gate.camera)
    reports(gate, payload)
    config = cose.Domain.CONFIG
    part = cose.signature_of(payload, ming, config)
    message = {
        "stranger": lambda: cose.sign1(payload, fresh(), config),
        "one_of_two": lambda: cose.sign(payload, [ming, fresh()], config),
        "changed": lambda: spoilt(cose.sign1(payload, ming, config)),
        "domain": lambda: cose.sign1(payload, ming, cose.Domain.COMMAND),
        "device": lambda: cose.sign1(order("cam-08"), ming, config),
        "twice": lambda: cose.assemble(payload, [part, part]),
    }[fault]()
    gate.publish(gate.topics.config_desired, message, retain=True)
    page.locator("[data-tab=unverified]").click()
    expect(page.locator(f"[data-refused={reason}]")).to_be_visible()
    expect(fact(page, "signers")).to_have_count(0)


def test_a_witness_confirms_the_ledger_and_sees_when_it_shrinks(
    gate: Voice, register: Register, witness: cose.SoftwareSigner, visit: Visit
) -> None:
    def say(size: int, *, proven: bool = True, by: cose.SoftwareSigner = witness) -> None:
        seen = Checkpoint(device=gate.camera, size=size, root=ROOT, utc_ms=now_ms())
        message = countersign(seen, by, seen_ms=now_ms(), proven=proven)
        gate.publish(gate.topics.witness, message, retain=True)

    page = visit(register)
    gate.report(ledger_size=12, ledger_root=ROOT)
    gate.checkpoint(12, ROOT)
    expect(fact(page, "checkpoint")).to_be_visible()
    say(12, by=fresh())
    page.locator("[data-tab=unverified]").click()
    expect(page.locator("[data-refused=unknown_key]")).to_be_visible()
    expect(fact(page, "witness")).to_have_count(0)
    say(9, proven=False)
    expect(fact(page, "witness")).to_contain_text("up to 9 entries, by desk")
    expect(fact(page, "witness")).to_contain_text("growth not proven")
    say(12)
    expect(fact(page, "witness")).to_contain_text("whole checkpoint, by desk")
    assert complaints(page) == []
    say(30)
    expect(fact(page, "witness")).to_contain_text("desk saw 30 entries: the camera shows fewer")
    expect(fact(page, "witness")).to_have_class("fact bad")
    page.locator("[data-language=zh]").click()
    expect(fact(page, "witness")).to_contain_text("desk 见过 30 条")


def test_a_register_without_those_keys_says_that_nothing_was_checked(
    gate: Voice, visit: Visit, ming: cose.SoftwareSigner
) -> None:
    page = visit(everybody(gate))
    payload = order(gate.camera)
    reports(gate, payload)
    gate.publish(gate.topics.config_desired, cose.sign1(payload, ming, cose.Domain.CONFIG))
    gate.publish(gate.topics.witness, b"anything")
    gate.publish(gate.topics.witness.replace("witness", "constructor"), b"anything")
    expect(fact(page, "signers")).to_contain_text("not checked")
    expect(fact(page, "witness")).to_contain_text("not checked")
    expect(page.locator("[data-band=register]")).to_be_visible()
