"""A broker, a served page and a real browser. Skipped only where one cannot be had."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser import desk
from viewkeeper.dashboard import server
from viewkeeper.dashboard.plans import Plan
from viewkeeper.dashboard.recorder.api import Api
from viewkeeper.dashboard.register import Register
from viewkeeper.dashboard.signing_in import SignIn
from viewkeeper.protocol import cose

ARTEFACTS = Path(os.environ.get("VIEWKEEPER_ARTEFACTS", "artefacts"))

expect.set_options(timeout=30_000)  # what is expected comes; how soon is the machine's affair

Visit = Callable[..., Page]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[desk.Broker]:
    if desk.MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    running = desk.Broker(tmp_path)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def gate(broker: desk.Broker) -> desk.Voice:
    """A camera that the register of most tests holds."""
    return desk.Voice(broker, "cam-07", "North gate", "北门")


@pytest.fixture
def ming() -> cose.SoftwareSigner:
    """A person's key."""
    return cose.SoftwareSigner(Ed25519PrivateKey.generate())


@pytest.fixture
def visit(chromium: Browser, broker: desk.Broker) -> Iterator[Visit]:
    """Open the page for a register; errors on the page or against its policy fail the test."""
    closing: list[Callable[[], None]] = []
    complaints: list[str] = []

    def open_page(
        register: Register,
        *,
        language: str = "en",
        size: tuple[int, int] = (1440, 900),
        theme: str = "light",
        before: str = "",
        path: str = "",
        connected: bool = True,
        api: Api | None = None,
        sign_in: SignIn | None = None,
        plans: Sequence[Plan] = (),
    ) -> Page:
        running = server.start(register, broker.url, port=0, api=api, sign_in=sign_in, plans=plans)
        closing.append(running.close)
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN" if language == "zh" else "en-GB",
            color_scheme="dark" if theme == "dark" else "light",
        )
        closing.append(context.close)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: _note(complaints, message))
        if before:
            page.add_init_script(before)
        page.goto(running.url + path)
        if connected:
            page.wait_for_selector("[data-broker=connected]")
        return page

    yield open_page
    for close in reversed(closing):
        close()
    assert not complaints, complaints


def open_tab(page: Page, name: str, count: int) -> None:
    """Open a tab of a camera's log, once what it holds is there.

    A message that comes may push the tab away between the press and the release of the mouse, and
    a click that ends on something else is none.
    """
    tab = page.locator(f"[data-tab={name}]")
    expect(tab.locator(".count")).to_have_text(str(count))
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")


def _note(complaints: list[str], message: ConsoleMessage) -> None:
    # A browser reports every socket and request that fails; that is the broker's or the
    # recorder's absence, or the server's question who it is, which is for the page to tell.
    refusals = ("status of 401", "status of 403", "status of 429")
    absence = (
        "WebSocket connection to" in message.text
        or "/api/" in message.location["url"]
        or any(one in message.text for one in refusals)
    )
    if message.type == "error" and not absence:
        complaints.append(message.text)


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Page, str], Path]:
    """Keep a screenshot among the artefacts."""

    def keep(page: Page, name: str) -> Path:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        path = ARTEFACTS / f"dashboard-{name}.png"
        page.screenshot(path=path)
        return path

    return keep
