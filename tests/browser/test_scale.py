"""Ten thousand cameras scroll like ten; what it costs is written down, not asserted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, Visit
from tests.browser.desk import SITE, Broker, Voice
from viewkeeper.dashboard.register import Camera, Register
from viewkeeper.protocol.vocabulary import ViewVerdict

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
MANY = 10_000
SCROLL = """async () => {
  const frames = [];
  let last = performance.now();
  for (let step = 0; step < 60; step++) {
    scrollBy(0, 700);
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  frames.sort((a, b) => a - b);
  return { median_ms: frames[30], worst_ms: frames.at(-1) };
}"""


def test_ten_thousand_cameras_are_drawn_a_screenful_at_a_time(
    broker: Broker, visit: Visit, picture: Callable[[Page, str], Path]
) -> None:
    voice = Voice(broker, "cam-7777", "Harbour 7777")
    key = voice.signer.verify_key
    cameras = [
        Camera(site=SITE, camera=f"cam-{n}", title=f"Gate {n}", device_key=key, hfov_deg=62.0)
        for n in range(MANY)
    ]
    page = visit(Register(tuple(cameras)))
    voice.report(verdict=ViewVerdict.MOVED, pan_deg=3.0)
    first = page.locator("[data-camera]").first
    expect(first).to_have_attribute("data-camera", "old-town/cam-7777")
    expect(page.locator("[data-filter=none] b")).to_have_text("9,999")
    picture(page, "ten-thousand")
    assert page.locator("[data-camera]").count() < 80
    cost = page.evaluate(SCROLL)
    assert page.locator("[data-camera]").count() < 80
    assert page.evaluate("scrollY") > 30_000
    expect(page.locator("[data-camera='old-town/cam-7777']")).to_have_count(0)
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    (ARTEFACTS / "dashboard-ten-thousand.json").write_text(json.dumps(cost) + "\n")
