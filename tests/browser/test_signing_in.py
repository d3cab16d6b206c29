"""A server with operators shows nothing before somebody signed in, and knows who acknowledges."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.desk import Broker, Voice, everybody, now_ms
from tests.browser.test_accessibility import complaints
from viewkeeper.dashboard.operators import new_operator, save_operators
from viewkeeper.dashboard.recorder.api import Api
from viewkeeper.dashboard.recorder.intake import Intake
from viewkeeper.dashboard.recorder.listener import Recorder
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.recorder.subscription import BrokerAddress
from viewkeeper.dashboard.signing_in import SignIn
from viewkeeper.protocol.vocabulary import AlarmKind

pytestmark = pytest.mark.e2e
NAME, PASSWORD = "李明 Li Ming", "correct horse battery"


@pytest.fixture
def sign_in(tmp_path: Path) -> SignIn:
    path = tmp_path / "operators.json"
    save_operators(path, {NAME: new_operator(NAME, PASSWORD)})
    return SignIn(path)


def fill(page: Page, password: str) -> None:
    page.locator("[name=name]").fill(NAME)
    page.locator("[name=password]").fill(password)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_is_shown_before_and_after_a_session(
    broker: Broker,
    visit: Visit,
    sign_in: SignIn,
    language: str,
    picture: Callable[[Page, str], Path],
) -> None:
    gate = Voice(broker, "cam-07", "North gate", "北门")
    page = visit(everybody(gate), sign_in=sign_in, connected=False, language=language)
    expect(page.locator("[data-signin]")).to_be_visible()
    expect(page.locator("[data-camera]")).to_have_count(0)
    assert complaints(page) == []
    fill(page, "not this one at all")
    expect(page.locator("[data-signin] [role=alert]")).not_to_be_empty()
    assert complaints(page) == []
    picture(page, f"signin-{language}")
    fill(page, PASSWORD)
    expect(page.locator("[data-camera]")).to_be_visible()
    assert page.evaluate("document.cookie") == ""
    assert complaints(page) == []
    page.reload()
    expect(page.locator("[data-camera]")).to_be_visible()
    page.locator("[data-signout]").click()
    expect(page.locator("[data-signin]")).to_be_visible()
    page.reload()
    expect(page.locator("[data-signin]")).to_be_visible()


def test_who_signed_in_is_who_acknowledges(
    broker: Broker, visit: Visit, sign_in: SignIn, tmp_path: Path
) -> None:
    gate = Voice(broker, "cam-07", "North gate", "北门")
    recording = Recording(tmp_path / "desk.sqlite")
    address = BrokerAddress(host="127.0.0.1", port=broker.tcp_port)
    recorder = Recorder(Intake(everybody(gate)), recording, address, now_ms)
    try:
        gate.alarm(AlarmKind.VIEW_MOVED, "pan +3.0 deg")
        for _ in range(200):
            if recording.size() == 1:
                break
            time.sleep(0.05)
        api = Api(recording, now_ms, recorder.health)
        page = visit(everybody(gate), api=api, sign_in=sign_in, connected=False)
        fill(page, PASSWORD)
        page.locator("[data-acknowledge]").click()
        expect(page.locator("input[name=note]")).to_be_focused()
        page.keyboard.type("seen")
        page.keyboard.press("Enter")
        expect(page.locator("[data-acknowledged]")).to_contain_text(NAME)
        (kept,) = recording.acknowledgements()
        assert (kept.who, kept.note) == (NAME, "seen")
    finally:
        recorder.close()
