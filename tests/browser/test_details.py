"""What a camera says about its alarms is told in the page's language, sentence by sentence."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.desk import Voice, board, everybody, report
from tests.browser.test_accessibility import complaints
from viewkeeper.agent.core.reporting import alarms_of
from viewkeeper.agent.core.signage.lamp import SignageStatus
from viewkeeper.protocol import records
from viewkeeper.protocol.vocabulary import (
    ClockTrust,
    LitState,
    SignageState,
    TamperState,
    ViewCause,
    ViewVerdict,
    WatchState,
)

pytestmark = pytest.mark.e2e
WELL = SignageStatus(SignageState.PRESENT, LitState.LIT)


def sentences() -> list[records.Alarm]:
    """Every sentence that the agent makes of a camera on which all goes wrong."""
    waiting = records.EventsReport(state=WatchState.WATCHING, zones=1, unreported=3, oldest_ms=9)
    mount = board(ViewVerdict.MOVED, tilt_deg=4.1, roll_deg=-0.4, case=TamperState.OPEN).mount
    moved = replace(report(ViewVerdict.MOVED, pan_deg=3.0), events=waiting, mount=mount)
    moved = replace(moved, health=replace(moved.health, storage_free_permille=12))
    hidden = report(ViewVerdict.OBSTRUCTED)
    covered = report(ViewVerdict.CANNOT_TELL, ViewCause.COVERED, measured=False)
    dark = SignageStatus(SignageState.MISSING, LitState.FAILING)
    mute = SignageStatus(SignageState.UNKNOWN, LitState.UNKNOWN, silent="0x40")
    found: list[records.Alarm] = []
    for body, signage in ((moved, dark), (hidden, mute), (covered, WELL)):
        found += alarms_of(
            body, lit_required=True, signage=signage, clock=ClockTrust.FLOOR, now_ms=1,
            ledger_fault=None, board_fault="42",
        ).values()  # fmt: skip
    return found


def test_in_chinese_no_word_of_an_alarm_is_left_in_english(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate), language="zh")
    told = sentences()
    assert len({one.alarm for one in told}) == 10
    for one in told:
        gate.publish(gate.topics.alarm(one.alarm), gate.sign(one), retain=True)
        detail = page.locator(f"[data-alarm={one.alarm}] .detail")
        expect(detail).to_have_text(re.compile(r"^[^A-Za-z]*(0x40)?[^A-Za-z]*$"))
        assert detail.inner_text().strip()
    assert complaints(page) == []
    page.locator("[data-language=en]").click()
    expect(page.locator("[data-alarm=clock_fault] .detail")).to_have_text(
        "the clock is not synchronised"
    )


def test_a_sentence_that_is_not_known_stands_as_it_was_signed(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate), language="zh")
    one = replace(sentences()[0], alarm="ledger_fault", detail="the tail was cut <b>")
    gate.publish(gate.topics.alarm("ledger_fault"), gate.sign(one), retain=True)
    expect(page.locator("[data-alarm=ledger_fault] .detail")).to_have_text("the tail was cut <b>")
