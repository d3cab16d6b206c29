"""The dashboard's door on a site's broker: secure WebSocket, both ends with a certificate."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.integration.link.conftest import Agent, Site
from tests.integration.link.peer import until
from viewkeeper.agent.adapters.link import TlsSettings
from viewkeeper.sim.site_config import tool

BASE = "viewkeeper/v1/s1"


class Page:
    """What a page's MQTT client does, without the page: version 3.1.1, subprotocol ``mqtt``."""

    def __init__(self, site: Site, tls: ssl.SSLContext, client_id: str = "page") -> None:
        self.heard: dict[str, bytes] = {}
        self.answer: Any = None
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id, transport="websockets", protocol=paho.MQTTv311
        )
        client.tls_set_context(tls)
        client.on_connect = self._connected
        client.on_disconnect = self._left
        client.on_message = lambda c, u, message: self.heard.update(
            {message.topic: bytes(message.payload)}
        )
        self._client = client
        try:
            client.connect("localhost", site.ws_port)
        except (OSError, paho.WebsocketConnectionError) as error:
            self.answer = error
            return
        client.loop_start()

    def _connected(self, client: Any, data: Any, flags: Any, code: Any, more: Any) -> None:
        self.answer = code
        client.subscribe(f"{BASE}/#", 1)

    def _left(self, client: Any, data: Any, flags: Any, code: Any, more: Any) -> None:
        self.answer = self.answer if self.answer is not None else code

    @property
    def let_in(self) -> bool:
        until(lambda: self.answer is not None)
        return not isinstance(self.answer, Exception) and self.answer == 0

    def say(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, 1, retain=True)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def pages(site: Site) -> Any:
    made: list[Page] = []

    def make(tls: ssl.SSLContext, **more: str) -> Page:
        made.append(Page(site, tls, **more))
        return made[-1]

    yield make
    for page in made:
        page.close()


@pytest.fixture
def camera(site: Site, agents: Any) -> Agent:
    tls = TlsSettings(**site.paths("s1/c1"))
    return agents(site.port, host="localhost", tls=tls).started()


def test_a_dashboard_with_a_certificate_sees_what_stands(site: Site, pages: Any, camera: Agent):
    camera.link.publish_report(b"over wss")
    page = pages(site.tls("dashboard.wall"))
    assert page.let_in
    until(lambda: page.heard.get(f"{BASE}/c1/report") == b"over wss")
    assert page.heard[f"{BASE}/c1/status"] == b"online"


def test_a_dashboard_writes_nothing_over_it(site: Site, pages: Any, peers: Any, camera: Agent):
    desk = peers(site.port, tls=site.tls("desk.main"))
    page = pages(site.tls("dashboard.wall"))
    assert page.let_in
    for rest in ("config/desired", "report", "alarm/view_moved"):
        page.say(f"{BASE}/c1/{rest}", b"forged by the page")
    camera.link.publish_event("camera_covered", b"the end")
    desk.wait_for("/event/camera_covered", b"the end")
    assert b"forged by the page" not in [heard.payload for heard in desk.heard]
    # The desk of another test may have left an order of its own on the broker.
    assert b"forged by the page" not in [order.payload for order in camera.orders]


def test_a_browser_without_a_certificate_is_not_let_in(site: Site, pages: Any):
    one_way = ssl.create_default_context(cafile=str(site.folder / "ca.crt"))
    assert not pages(one_way).let_in


def test_an_expired_certificate_is_not_let_in(site: Site, pages: Any):
    assert not pages(site.tls("s1/expired")).let_in


def test_a_revoked_certificate_sees_and_writes_nothing(
    site: Site, pages: Any, peers: Any, camera: Agent
):
    # mosquitto does not look at its list of revoked ones here (eclipse-mosquitto#3042): the ACL
    # must keep them out.
    desk = peers(site.port, tls=site.tls("desk.main"))
    camera.link.publish_report(b"not for it")
    desk.wait_for("c1/report", b"not for it")
    struck_off = pages(site.tls("s1/struck-off"))
    if struck_off.let_in:
        struck_off.say(f"{BASE}/struck-off/report", b"forged by the revoked")
    camera.link.publish_event("camera_covered", b"the very end")
    desk.wait_for("/event/camera_covered", b"the very end")
    assert b"forged by the revoked" not in [heard.payload for heard in desk.heard]
    assert struck_off.heard == {}


def test_a_page_does_not_talk_to_a_broker_it_cannot_verify(site: Site, pages: Any, tmp_path: Path):
    stranger = tool("certs").Authority(tmp_path, site.authority.now)
    stranger.init(["localhost"])
    page = pages(ssl.create_default_context(cafile=str(tmp_path / "ca.crt")))
    assert isinstance(page.answer, ssl.SSLCertVerificationError)
