"""axe-core finds nothing to complain of, in any state, language or theme."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, open_tab
from tests.browser.desk import Broker, Voice, everybody, report
from viewkeeper.protocol.vocabulary import AlarmKind, EventKind, LitState, ViewCause, ViewVerdict

pytestmark = pytest.mark.e2e
AXE = (Path(__file__).parent / "vendor" / "axe.js").read_text(encoding="utf-8")
RUN = """axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"],
  }).then(({ violations }) => violations.map(({ id, nodes }) =>
    `${id}: ${nodes.map(({ html, failureSummary }) => html.slice(0, 160) + failureSummary)}`))"""


def complaints(page: Page) -> list[Any]:
    page.evaluate(AXE)
    return page.evaluate(RUN)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_one_camera_in_trouble(broker: Broker, visit: Visit, theme: str, language: str) -> None:
    gate = Voice(broker, "cam-07", "North gate", "北门")
    page = visit(everybody(gate), theme=theme, language=language)
    gate.publish(gate.topics.status, b"offline", retain=True)
    gate.report(verdict=ViewVerdict.MOVED, pan_deg=3.0, last_refusal="expired", lit=LitState.UNLIT)
    gate.event(EventKind.CAMERA_STRUCK)
    gate.alarm(AlarmKind.VIEW_MOVED, "pan +3.0 deg")
    gate.publish(gate.topics.report, gate.sign(report())[:-1])
    expect(page.locator("[data-notice=refused]")).to_be_visible()
    expect(page.locator("[data-event=event]")).to_be_visible()
    assert complaints(page) == []
    open_tab(page, "unverified", 1)
    expect(page.locator("[data-refused]")).to_be_visible()
    assert complaints(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_wall(broker: Broker, visit: Visit, theme: str) -> None:
    voices = [Voice(broker, f"cam-{n}", f"Gate {n}") for n in range(6)]
    page = visit(everybody(*voices), theme=theme)
    for voice, verdict in zip(voices, ViewVerdict, strict=False):
        cause = ViewCause.DARK if verdict is ViewVerdict.CANNOT_TELL else None
        voice.report(verdict=verdict, cause=cause)
        voice.publish(voice.topics.status, b"online", retain=True)
    voices[0].alarm(AlarmKind.VIEW_MOVED)
    voices[1].publish(voices[1].topics.status, b"offline", retain=True)
    expect(page.locator("[data-verdict=none]")).to_have_count(2)
    expect(page.locator("[data-alarms='1']")).to_have_count(1)
    expect(page.locator("[data-online=false]")).to_have_count(1)
    assert complaints(page) == []
