"""The page over secure WebSocket: a site's real mosquitto, its own certificate authority.

The configuration, ACL and certificates are those that a site installs. A browser trusts the site
as an operator's does, by the authority's certificate in its store; the certificate that the broker
asks of a page is given to one browser, and not asked of the other.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import MOSQUITTO, SITE, Broker, Voice, everybody, report
from tests.conftest import ARGUMENTS, CHROMIUM
from viewkeeper.dashboard import server
from viewkeeper.protocol.vocabulary import ViewVerdict
from viewkeeper.sim.site_config import acl_head, mosquitto_conf, tool

pytestmark = pytest.mark.e2e
CAMERA = "cam-07"
READER = "topic read viewkeeper/v1/#\n"
"""Who has no certificate may read: only in the test that is about the browser's own trust."""


@dataclass
class SecureBroker(Broker):
    """A site's mosquitto: mutual TLS for cameras, secure WebSocket for pages."""

    authority: Any = None
    asks_pages: bool = True
    """Whether a page must have a certificate of its own."""

    @property
    def url(self) -> str:
        return f"wss://localhost:{self.ws_port}"

    def start(self) -> None:
        log = self.folder / "mosquitto.log"
        conf = mosquitto_conf(
            self.folder, self.folder, log, port=self.tcp_port, web_port=self.ws_port
        )
        acl = tool("certs").acl(self.authority.issued(), acl_head())
        if not self.asks_pages:
            cameras, pages = conf.split("# Dashboards:")
            pages = pages.replace("require_certificate true", "require_certificate false")
            pages = pages.replace("use_identity_as_username true", "")
            pages = pages.replace("use_username_as_clientid true", "")
            cameras = cameras.replace("allow_anonymous false", "allow_anonymous true")
            conf, acl = f"{cameras}# Dashboards:{pages}", READER + acl
        (self.folder / "acl").write_text(acl, encoding="utf-8")
        (self.folder / "mosquitto.conf").write_text(conf, encoding="utf-8")
        self.process = subprocess.Popen(
            [str(MOSQUITTO), "-c", str(self.folder / "mosquitto.conf")], stderr=subprocess.DEVNULL
        )
        for port in (self.tcp_port, self.ws_port):
            self.await_port(port)


class SecureVoice(Voice):
    """A camera that speaks over mutual TLS."""

    broker: SecureBroker

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        paths = self.broker.authority
        name = f"{SITE}/{self.camera}"
        client = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=mqtt.MQTTv5)
        client.tls_set(
            str(self.broker.folder / "ca.crt"),
            str(paths.path_of(name, "crt")),
            str(paths.path_of(name, "key")),
        )
        client.connect("localhost", self.broker.tcp_port)
        client.loop_start()
        client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(30)
        client.disconnect()
        client.loop_stop()


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Callable[..., SecureBroker]]:
    """Starts a site's broker."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    started: list[SecureBroker] = []

    def start(**more: Any) -> SecureBroker:
        folder = tmp_path / "site"
        folder.mkdir()
        authority = tool("certs").Authority(folder, datetime.datetime.now(datetime.UTC))
        authority.init(["localhost", "127.0.0.1"])
        authority.issue("camera", f"{SITE}/{CAMERA}")
        authority.issue("dashboard", "wall")
        started.append(SecureBroker(folder, authority=authority, **more))
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        one.stop()


@contextlib.contextmanager
def served(broker: SecureBroker, voice: Voice) -> Iterator[str]:
    running = server.start(everybody(voice), broker.url, port=0)
    try:
        yield running.url
    finally:
        running.close()


def lost_and_back(page: Page, voice: SecureVoice) -> None:
    """A report is verified, the broker goes and comes, and what follows is heard."""
    card = page.locator("[data-camera]")
    expect(page.locator("[data-broker=connected]")).to_be_visible()
    voice.report(pan_deg=0.12)
    expect(card).to_have_attribute("data-signature", "verified")
    expect(card.locator("[data-axis=pan]")).to_contain_text("+0.12°")
    voice.publish(voice.topics.report, voice.sign(report())[:-1])
    expect(card).to_have_attribute("data-signature", "refused")
    voice.broker.stop()
    expect(page.locator("[data-broker=lost]")).to_be_visible()
    expect(card).to_have_attribute("data-verdict", "same")
    voice.broker.start()
    expect(page.locator("[data-broker=connected]")).to_be_visible()
    voice.report(verdict=ViewVerdict.MOVED, pan_deg=3.0)
    expect(card).to_have_attribute("data-verdict", "moved")
    expect(card).to_have_attribute("data-signature", "verified")


def test_a_page_with_its_certificate_is_let_in_and_returns_after_the_broker(
    chromium: Browser, secure: Callable[..., SecureBroker]
) -> None:
    broker = secure()
    voice = SecureVoice(broker, CAMERA)
    crt, key = (broker.authority.path_of("dashboard.wall", kind) for kind in ("crt", "key"))
    context = chromium.new_context(
        ignore_https_errors=True,  # Playwright's own door stands between; the next test is of trust
        client_certificates=[
            {"origin": f"https://localhost:{broker.ws_port}", "certPath": crt, "keyPath": key}
        ],
    )
    with served(broker, voice) as url, contextlib.closing(context):
        page = context.new_page()
        page.goto(url)
        lost_and_back(page, voice)


@pytest.fixture
def trusting(chromium: Browser, tmp_path: Path) -> Iterator[Callable[[Path], Browser]]:
    """A browser in whose store an authority's certificate was put."""
    certutil = shutil.which("certutil")
    if certutil is None:
        pytest.skip("certutil (libnss3-tools) is not installed")
    opened: list[Browser] = []

    def launch(authority: Path) -> Browser:
        home = tmp_path / "home"
        for store in (home / ".pki" / "nssdb", home / ".local" / "share" / "pki" / "nssdb"):
            store.mkdir(parents=True)
            at = ["-d", f"sql:{store}"]
            subprocess.run([certutil, "-N", *at, "--empty-password"], check=True)
            told = ["-A", "-n", "site", "-t", "C,,", "-i", str(authority)]
            subprocess.run([certutil, *told, *at], check=True)
        env: dict[str, str | float | bool] = {**os.environ, "HOME": str(home)}
        env.pop("XDG_DATA_HOME", None)
        opened.append(
            chromium.browser_type.launch(executable_path=CHROMIUM, args=ARGUMENTS, env=env)
        )
        return opened[-1]

    yield launch
    for browser in opened:
        browser.close()


def test_a_browser_that_trusts_the_sites_authority_connects_and_another_does_not(
    chromium: Browser,
    secure: Callable[..., SecureBroker],
    trusting: Callable[[Path], Browser],
) -> None:
    broker = secure(asks_pages=False)
    voice = SecureVoice(broker, CAMERA)
    with served(broker, voice) as url:
        strange = chromium.new_page()
        strange.goto(url)
        expect(strange.locator("[data-broker=lost]")).to_be_visible()
        page = trusting(broker.folder / "ca.crt").new_page()
        page.goto(url)
        lost_and_back(page, voice)
        expect(strange.locator("[data-verdict=none]")).to_be_visible()
        expect(strange.locator("[data-broker=connected]")).to_have_count(0)
        strange.close()
