"""How far a signed program got onto a device, as the page tells it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.desk import Voice, everybody
from tests.browser.test_accessibility import complaints
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.records import UpdateProgress
from viewkeeper.protocol.vocabulary import UpdateStage

pytestmark = pytest.mark.e2e


def step(voice: Voice, stage: UpdateStage, **more: str) -> bytes:
    told = voice.sign(UpdateProgress(stage=stage, running="1.1.0", **more))
    voice.publish(voice.topics.update_progress, told, retain=True)
    return told


def test_an_update_is_followed_from_its_offer_to_its_end(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate))
    gate.report()
    row = page.locator("[data-fact=update]")
    expect(page.locator("[data-fact=ledger]")).to_be_visible()
    expect(row).to_have_count(0)
    offered = step(gate, UpdateStage.OFFERED, version="1.2.0")
    expect(row).to_contain_text("1.2.0: offered · 1.1.0 runs")
    step(gate, UpdateStage.STARTED, version="1.2.0")
    expect(row).to_contain_text("1.2.0: on trial")
    step(gate, UpdateStage.TAKEN_BACK, version="1.2.0", reason=Reason.INTERNAL)
    expect(row).to_contain_text("1.2.0: taken back")
    expect(row).to_contain_text("(internal)")
    expect(page.locator("[data-event=update]")).to_have_count(3)
    gate.publish(gate.topics.update_progress, offered, retain=True)  # an old one, once more
    gate.report(pan_deg=0.12)  # later than it on the same connection
    expect(page.locator("[data-axis=pan]")).to_contain_text("+0.12°")
    expect(row).to_contain_text("1.2.0: taken back")


def test_a_refused_program_says_why_in_both_languages_to_a_page_that_comes_later(
    gate: Voice, visit: Visit
) -> None:
    gate.report()
    step(gate, UpdateStage.REFUSED, reason=Reason.ROLLED_BACK)
    page = visit(everybody(gate))
    row = page.locator("[data-fact=update]")
    expect(row).to_contain_text("could not be believed: refused")
    expect(row).to_contain_text("(rolled_back)")
    expect(page.locator("[data-event=update]")).to_contain_text("Update: ")
    page.locator("[data-language=zh]").click()
    expect(row).to_contain_text("被拒绝")
    expect(row).to_contain_text("当前运行 1.1.0")
    assert complaints(page) == []
