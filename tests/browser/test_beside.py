"""What stands beside the picture's verdict: learned references, and sensors that disagree."""

from __future__ import annotations

import dataclasses

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.desk import Broker, Voice, everybody, report
from tests.browser.test_accessibility import complaints
from viewkeeper.protocol.vocabulary import Corroboration

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_sensor_that_disagrees_is_told_plainly_and_one_that_agrees_quietly(
    broker: Broker, visit: Visit, theme: str
) -> None:
    gate = Voice(broker, "cam-07", "North gate", "北门")
    page = visit(everybody(gate), theme=theme)
    words = (Corroboration.TILT_AGREES, Corroboration.ZOOM_DIFFERS)
    view = dataclasses.replace(
        report().view, learned=2, by=bytes.fromhex("0011223344556677"), corroboration=words
    )
    body = dataclasses.replace(report(), view=view)
    gate.publish(gate.topics.report, gate.sign(body), retain=True)
    expect(page.locator("[data-fact=references]")).to_contain_text("2 learned")
    expect(page.locator("[data-fact=references]")).to_contain_text("0011223344556677")
    expect(page.locator("[data-fact=corroboration]")).to_have_class("fact warn")
    expect(page.locator("[data-notice=zoom_differs]")).to_be_visible()
    expect(page.locator("[data-notice=tilt_agrees]")).to_have_count(0)
    page.locator("[data-language=zh]").click()
    expect(page.locator("[data-notice=zoom_differs]")).not_to_contain_text("zoom")
    assert complaints(page) == []
