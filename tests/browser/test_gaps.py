"""What nobody reported is not drawn, and what a camera lost is told."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.desk import Voice, everybody, now_ms, report
from viewkeeper.protocol import records

pytestmark = pytest.mark.e2e
MINUTE_MS = 60_000


def heard(gate: Voice, minutes_ago: list[int]) -> None:
    for minutes in minutes_ago:
        body, at_ms = report(pan_deg=0.1), now_ms() - MINUTE_MS * minutes
        gate.publish(gate.topics.history, gate.sign(body, utc_ms=at_ms))
    gate.report(pan_deg=0.1)


@pytest.mark.parametrize(
    ("minutes_ago", "pieces"),
    [([4, 3, 2, 1], 1), ([64, 63, 62, 61, 2, 1], 2), ([210, 180, 150, 120, 90, 60, 30], 1)],
)
def test_a_curve_breaks_where_nothing_was_reported(
    gate: Voice, visit: Visit, minutes_ago: list[int], pieces: int
) -> None:
    page = visit(everybody(gate))
    heard(gate, minutes_ago)
    curves = page.locator(".drift-row .trace")
    pan = page.locator(".drift-row > svg").first
    expect(pan).to_have_attribute("aria-label", re.compile(f"^Pan: {len(minutes_ago) + 1} meas"))
    expect(curves).to_have_count(4 * pieces)


def test_what_a_camera_lost_is_a_fact_in_both_languages(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate))
    gate.report()
    expect(page.locator("[data-fact=clock]")).to_be_visible()
    expect(page.locator("[data-fact=gaps]")).to_have_count(0)
    for lost, first in ((17, 3), (2, 40)):
        gap = records.Gap(lost=lost, first_sequence=first, last_sequence=first + lost - 1)
        gate.publish(gate.topics.history, gate.sign(gap))
    fact = page.locator("[data-fact=gaps]")
    expect(fact).to_contain_text("records lost: 19")
    page.locator("[data-language=zh]").click()
    expect(fact).to_contain_text("丢失记录 19 条")
