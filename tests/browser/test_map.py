"""The map: where each camera hangs, looks by the register, and looks now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.desk import Broker, Voice
from tests.browser.test_accessibility import complaints
from viewkeeper.dashboard.register import Register
from viewkeeper.protocol.vocabulary import ViewVerdict

pytestmark = pytest.mark.e2e


def test_each_camera_is_drawn_where_it_hangs_and_looks(
    broker: Broker, visit: Visit, picture: Callable[[Page, str], Path]
) -> None:
    voices = [Voice(broker, f"cam-{n}", f"Gate {n}") for n in range(4)]
    places = [(0.0, 0.0), (60.0, 0.0), (60.0, 40.0), None]
    cameras = [
        voice.entry(position=place, azimuth_deg=90.0 * n)
        for n, (voice, place) in enumerate(zip(voices, places, strict=True))
    ]
    page = visit(Register(tuple(cameras)))
    voices[1].report(verdict=ViewVerdict.MOVED, pan_deg=20.0)
    expect(page.locator("[data-verdict=moved]")).to_have_count(1)
    page.locator("button[data-map]").click()
    expect(page.locator("[data-pin]")).to_have_count(3)
    expect(page.locator(".sitemap")).to_contain_text("1 cameras are not drawn")
    pin = page.locator("[data-pin='old-town/cam-1']")
    expect(pin).to_have_attribute("aria-label", "Gate 1: Moved")
    expect(pin.locator(".now")).to_have_attribute("data-azimuth", "110.00")
    north = page.locator("[data-pin='old-town/cam-2'] circle")
    assert float(north.get_attribute("cy") or "nan") == -40.0, "north is up"
    assert complaints(page) == []
    picture(page, "map")
    pin.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".card h2")).to_have_text("Gate 1")
