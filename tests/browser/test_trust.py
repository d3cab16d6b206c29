"""Who signed the configuration and what a witness countersigned, by the register's keys."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit, open_tab
from tests.browser.desk import Voice, everybody, now_ms, report
from tests.browser.test_accessibility import complaints
from tests.support.spoiling import spoilt
from viewkeeper.dashboard.register import Person, Register
from viewkeeper.protocol import cose
from viewkeeper.protocol.checkpoints import Checkpoint
from viewkeeper.protocol.orders import (
    DOMAINS,
    Command,
    Config,
    Grant,
    KeyEntry,
    Keyset,
    Order,
    OrderHeader,
    Place,
    SignText,
    Threshold,
    Tolerance,
)
from viewkeeper.protocol.records import VerdictRecord
from viewkeeper.protocol.vocabulary import ClockTrust, OrderKind, Regime, Role
from viewkeeper.protocol.witnessing import countersign

pytestmark = pytest.mark.e2e
ROOT = bytes(range(32))
BOTH = re.compile("signed by (Li Ming, Zhang Hua|Zhang Hua, Li Ming)")
"""Signatures travel in the order of their kids, and the keys are new in each run."""


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
    reach = page.locator(".drift-row:not(.marks) .drift-reach").first
    expect(reach).to_have_text("±3.2°")  # 1.6 of two degrees
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
    open_tab(page, "unverified", 1)
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
    open_tab(page, "unverified", 1)
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


def test_a_grant_a_command_and_a_keyset_say_who_signed_and_what(
    gate: Voice,
    register: Register,
    ming: cose.SoftwareSigner,
    hua: cose.SoftwareSigner,
    visit: Visit,
    picture: Callable[[Page, str], Path],
) -> None:
    people = register.signers
    page = visit(replace(register, order_keys=people))
    gate.report()
    now = int(time.time())

    def send(
        body: Grant | Command | Keyset, topic: str, signers: list[cose.SoftwareSigner]
    ) -> bytes:
        header = OrderHeader(
            audience=gate.camera,
            epoch=0,
            sequence=7,
            issued_at=now,
            not_before=now,
            expires_at=now + 3600,
        )
        order = Order(header, body)
        domain = DOMAINS[order.kind]
        alone = len(signers) == 1
        message = (
            cose.sign1(order.encode(), signers[0], domain)
            if alone
            else cose.sign(order.encode(), signers, domain)
        )
        gate.publish(topic, message)
        return message

    grant = Grant(
        approver="Wang Fang",
        officers=("Li Wei", "Zhang San"),
        purpose="case 17",
        from_s=now - 7200,
        to_s=now - 3600,
        destination="precinct 3",
        approval="2026-118",
        nonce=bytes(16),
    )
    message = send(grant, gate.topics.grant, [ming, hua])
    open_tab(page, "orders", 1)
    sent = page.locator("[data-order=sent]")
    expect(sent).to_contain_text("sent, no answer seen")
    expect(sent).to_contain_text(BOTH)
    verdict = VerdictRecord(
        order=OrderKind.GRANT,
        order_hash=hashlib.sha256(message).digest(),
        accepted=False,
        reason="expired",
        detail="",
        sequence=7,
        clock=ClockTrust.SYNCHRONISED,
    )
    gate.publish(gate.topics.reply, gate.sign(verdict))
    refused = page.locator("[data-order=refused]")
    expect(refused).to_contain_text(BOTH)
    expect(sent).to_have_count(0)
    refused.locator("summary").click()
    expect(refused).to_contain_text("Wang Fang")
    expect(refused).to_contain_text("precinct 3")
    send(Command(name="identify"), gate.topics.command("identify"), [hua])
    send(keyset(ming, now), gate.topics.keyset, [ming, hua])
    expect(sent).to_have_count(2)
    page.locator("[data-body=keyset] summary").click()
    expect(page.locator("[data-body=keyset]")).to_contain_text("lifecycle")
    page.locator("[data-body=command] summary").click()
    expect(page.locator("[data-body=command]")).to_contain_text("identify")
    assert complaints(page) == []
    page.locator("[data-language=zh]").click()
    expect(refused).to_contain_text(re.compile("签名人：(Li Ming|Zhang Hua)、"))
    assert complaints(page) == []
    picture(page, "orders")


def keyset(ming: cose.SoftwareSigner, now: int) -> Keyset:
    entry = KeyEntry(
        algorithm=-19,
        raw=ming.verify_key.raw,
        person="Li Ming",
        roles=(Role.ROOT, Role.LIFECYCLE),
        not_before=now,
        not_after=now + 86_400,
    )
    return Keyset(
        version=2, epoch=0, keys=(entry,), thresholds=(Threshold(role=Role.ROOT, persons=1),)
    )
