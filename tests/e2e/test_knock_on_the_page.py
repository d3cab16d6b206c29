"""The whole way: a virtual camera is knocked, and a real browser shows it in degrees."""

import os
import re
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PATIENCE_S
from viewkeeper.dashboard.register import parse_register
from viewkeeper.dashboard.server import start
from viewkeeper.protocol.vocabulary import AlarmKind, Role, ViewVerdict

pytestmark = pytest.mark.e2e
ARTEFACTS = Path(os.environ.get("VIEWKEEPER_ARTEFACTS", "artefacts"))
PATIENCE_MS = PATIENCE_S * 1000


def test_a_knock_of_three_degrees_appears_on_the_page(play, chromium):
    desk = play.world.desk
    register = parse_register(
        {"cameras": desk.register(), "signers": desk.people(Role.CONFIGURATION)}
    )
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    with closing(start(register, play.world.broker.ws_url, port=0)) as dashboard:
        page = chromium.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB")
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(dashboard.url)
        card = page.locator("[data-camera='demo/cam-0001']")
        expect(card).to_have_attribute("data-verdict", "same", timeout=PATIENCE_MS)
        expect(card).to_have_attribute("data-signature", "verified")
        expect(card).to_have_attribute("data-online", "true")
        signers = card.locator("[data-fact=signers]")
        expect(signers).to_contain_text("· in force", timeout=PATIENCE_MS)
        expect(card.locator("[data-band=signed]")).to_be_visible()

        play.camera.stage.knock(pan_deg=3.0)
        expect(card).to_have_attribute("data-verdict", "moved", timeout=PATIENCE_MS)
        pan = card.locator("[data-axis=pan]")
        # 2.9 to 3.1: the first report may still hold a frame of the ringing pole
        expect(pan).to_contain_text(re.compile(r"\+(2\.9|3\.0|3\.1)\d?°"), timeout=PATIENCE_MS)
        expect(page.locator("body")).to_contain_text("Camera struck", ignore_case=True)
        page.screenshot(path=ARTEFACTS / "knock-en.png", full_page=True)

        play.camera.stage.straighten()
        expect(card).to_have_attribute("data-verdict", "same", timeout=PATIENCE_MS)
        page.close()
    assert not complaints
    assert play.sees(lambda seen: AlarmKind.VIEW_MOVED.value not in seen.alarms)
    report = play.world.observer.seen(play.camera.name).report
    assert report.view.verdict is ViewVerdict.SAME
