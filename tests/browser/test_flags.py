"""A suspicious-event flag on the page: what was followed, and the clock until it is closed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.desk import Voice, everybody, now_ms, report
from tests.browser.test_accessibility import complaints
from viewkeeper.dashboard.register import Person, Register
from viewkeeper.protocol import cose, records
from viewkeeper.protocol.orders import DOMAINS, Command, Order, OrderHeader
from viewkeeper.protocol.vocabulary import (
    ClockTrust,
    EventKind,
    LineDirection,
    OrderKind,
    WatchState,
)

pytestmark = pytest.mark.e2e
FLAG = bytes.fromhex("0123456789abcdef")


@pytest.fixture
def register(gate: Voice, ming: cose.SoftwareSigner) -> Register:
    people = (Person("Li Ming", ming.verify_key),)
    return replace(everybody(gate), signers=people, order_keys=people)


def flag(started_ms: int, **changes: Any) -> records.Event:
    body = records.Event(
        event=EventKind.WRONG_WAY,
        started_ms=started_ms,
        ended_ms=started_ms + 4000,
        confidence_permille=870,
        alarm_method=5,
        alarm_type=7,
        zone="exit",
        event_id=FLAG,
        direction=LineDirection.BACKWARD,
        track=records.TrackReport(objects=2, hits=31, seen_ms=6200, way=4200, speed=700),
        article="Anhui Order 270 Art. 17",
    )
    return replace(body, **changes)


def waits(gate: Voice, unreported: int, oldest_ms: int | None, **more: Any) -> None:
    """The next report says how many flags wait."""
    events = records.EventsReport(
        state=WatchState.WATCHING, zones=1, unreported=unreported, oldest_ms=oldest_ms
    )
    body = replace(report(), events=events, **more)
    gate.publish(gate.topics.report, gate.sign(body), retain=True)


def closes(gate: Voice, ming: cose.SoftwareSigner, argument: str) -> None:
    """A signed order, and that the camera obeyed it."""
    now = int(time.time())
    header = OrderHeader(
        audience=gate.camera, epoch=0, sequence=9, issued_at=now, not_before=now,
        expires_at=now + 3600,
    )  # fmt: skip
    order = Order(header, Command(name="reported", argument=argument))
    message = cose.sign1(order.encode(), ming, DOMAINS[order.kind])
    gate.publish(gate.topics.command("reported"), message)
    verdict = records.VerdictRecord(
        order=OrderKind.COMMAND, order_hash=hashlib.sha256(message).digest(), accepted=True,
        reason="accepted", detail="", sequence=9, clock=ClockTrust.SYNCHRONISED,
    )  # fmt: skip
    gate.publish(gate.topics.reply, gate.sign(verdict))


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_a_flag_shows_what_was_followed_and_its_clock_until_a_signed_order_closes_it(
    gate: Voice,
    register: Register,
    ming: cose.SoftwareSigner,
    visit: Visit,
    size: tuple[int, int],
    picture: Callable[[Page, str], Path],
) -> None:
    page = visit(register, size=size)
    began = now_ms() - 125_000
    gate.publish(gate.topics.event(EventKind.WRONG_WAY), gate.sign(flag(began)))
    waits(gate, 1, began)
    shown = page.locator("[data-event=event]")
    expect(shown).to_contain_text("right to left")
    waiting = page.locator("[data-flag=waiting]")
    expect(waiting).to_contain_text("neither reported nor dismissed")
    page.locator("[data-flag-facts] summary").click()
    facts = page.locator("[data-flag-facts] dl")
    for told in (
        "exit", "87", "in 31 pictures", "0.42 widths", "0.07 widths a second", "own foreground",
        "Anhui Order 270 Art. 17", "method 5, type 7", "0123456789abcdef",
        '--camera cam-07 --name reported --argument "0123456789abcdef',
    ):  # fmt: skip
        expect(facts).to_contain_text(told)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert complaints(page) == []
    facts.scroll_into_view_if_needed()
    picture(page, f"flag-{size[0]}")
    closes(gate, ming, "0123456789abcdef 110-2026-1118")
    closed = page.locator("[data-flag=reported]")
    expect(closed).to_contain_text("reported: 110-2026-1118; signed by Li Ming")
    expect(facts).not_to_contain_text("--name reported")
    page.locator("[data-language=zh]").click()
    expect(closed).to_contain_text("已报告：110-2026-1118；签名人：Li Ming")
    expect(facts).to_contain_text("跟踪")
    assert complaints(page) == []


def test_a_flag_that_the_camera_no_longer_counts_was_closed_whoever_saw_the_order(
    gate: Voice, register: Register, visit: Visit
) -> None:
    page = visit(register)
    began = now_ms() - 125_000
    waits(gate, 0, None)
    gate.publish(gate.topics.event(EventKind.WRONG_WAY), gate.sign(flag(began)))
    expect(page.locator("[data-flag=waiting]")).to_have_count(1)
    waits(gate, 1, began + 60_000)  # a younger one waits
    expect(page.locator("[data-flag=closed]")).to_have_text("closed by a signed order")


def test_no_clock_runs_from_what_is_done_to_the_camera_itself(
    gate: Voice, register: Register, visit: Visit
) -> None:
    page = visit(register)
    body = flag(now_ms(), event=EventKind.CAMERA_STRUCK, zone=None, direction=None, track=None)
    gate.publish(gate.topics.event(EventKind.CAMERA_STRUCK), gate.sign(body))
    expect(page.locator("[data-event=event]")).to_contain_text("struck")
    expect(page.locator("[data-flag]")).to_have_count(0)
    page.locator("[data-flag-facts] summary").click()
    expect(page.locator("[data-flag-facts] dl")).not_to_contain_text("Reporting clock")


def test_a_report_that_says_nothing_of_flags_closes_none(
    gate: Voice, register: Register, visit: Visit
) -> None:
    page = visit(register)
    gate.publish(gate.topics.event(EventKind.WRONG_WAY), gate.sign(flag(now_ms() - 5000)))
    gate.report()
    expect(page.locator("[data-flag=unsaid]")).to_have_count(1)
