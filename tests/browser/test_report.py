"""The inspection report prints what the page verified, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, Visit
from tests.browser.desk import Broker, Voice, everybody
from tests.browser.test_accessibility import complaints
from viewkeeper.protocol.vocabulary import AlarmKind, EventKind, ViewVerdict

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(("language", "title"), [("en", "Inspection report"), ("zh", "检查报告")])
def test_the_report_holds_everything_and_prints_without_the_controls(
    broker: Broker, visit: Visit, picture: Callable[[Page, str], Path], language: str, title: str
) -> None:
    gate = Voice(broker, "cam-07", "North gate", "北门")
    page = visit(everybody(gate), path="#/report/old-town/cam-07", language=language)
    gate.report(verdict=ViewVerdict.MOVED, pan_deg=3.0)
    gate.alarm(AlarmKind.VIEW_MOVED, "pan +3.0 deg")
    gate.event(EventKind.CAMERA_STRUCK)
    gate.verdict("bad_signature")
    report = page.locator("[data-report]")
    expect(report.get_by_role("heading", name=title)).to_be_visible()
    expect(report).to_have_attribute("data-verdict", "moved")
    expect(report.locator("[data-alarm]")).to_be_visible()
    expect(report.locator("[data-event=event]")).to_be_visible()
    expect(report.locator("[data-fact=ledger]")).to_be_visible()
    assert report.locator(".hand dt").count() == 6
    assert complaints(page) == []
    page.evaluate("window.print = () => { document.body.dataset.printed = 'yes'; }")
    page.locator("[data-print]").click()
    expect(page.locator("[data-printed=yes]")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".bar")).to_be_hidden()
    expect(page.locator("[data-print]")).to_be_hidden()
    expect(report.locator("[data-fact=ledger]")).to_be_visible()
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    path = ARTEFACTS / f"dashboard-report-{language}.pdf"
    paper = page.pdf(path=path, format="A4")
    assert paper.startswith(b"%PDF-")
    assert 1 <= paper.count(b"/Type /Page\n") <= 4
    picture(page, f"report-{language}")
