"""Two real mosquittos, a site's and the province's, with the bridge that the tool writes."""

from __future__ import annotations

import datetime
import os
import signal
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.link.conftest import Agent, listens
from tests.integration.link.peer import Peer, until
from viewkeeper.agent.adapters.link import TlsSettings
from viewkeeper.sim.broker import free_port, installed_kinds
from viewkeeper.sim.relay import Relay
from viewkeeper.sim.site_config import acl_head, mosquitto_conf, tool

pytestmark = pytest.mark.e2e
BASE = "viewkeeper/v1/s1"
DENIED = "Not authorized"

if "mosquitto" not in installed_kinds():
    pytest.skip("a bridge is between two mosquittos", allow_module_level=True)


CERTS, BRIDGE = tool("certs"), tool("bridge")


class Mosquitto:
    """One of the two: the shipped configuration in a folder of its own."""

    def __init__(self, folder: Path, clients: list[tuple[str, str]], more: str = "") -> None:
        folder.mkdir()
        self.folder, self.port = folder, free_port()
        self.authority = CERTS.Authority(folder, datetime.datetime.now(datetime.UTC))
        self.authority.init(["localhost", "127.0.0.1"])
        for role, name in clients:
            self.authority.issue(role, name)
        (folder / "acl").write_text(CERTS.acl(self.authority.issued(), acl_head()), "utf-8")
        conf = mosquitto_conf(folder, folder, folder / "log", port=self.port)
        self.conf = folder / "mosquitto.conf"
        self.conf.write_text(conf + "\n" + more, "utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Mosquitto:
        path = os.environ.get("PATH", "") + ":/usr/sbin"
        self.process = subprocess.Popen(
            ["mosquitto", "-c", str(self.conf)],
            env={**os.environ, "PATH": path},
            stderr=subprocess.DEVNULL,
        )
        until(lambda: listens(self.port))
        return self

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()
            self.process = None

    def tls(self, name: str) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        pair = (self.authority.path_of(name, suffix) for suffix in ("crt", "key"))
        context.load_cert_chain(*pair)
        return context


class Pair:
    """A province, and a site that reaches it through a relay."""

    def __init__(self, folder: Path) -> None:
        self.province = Mosquitto(
            folder / "province",
            [("bridge", "s1"), ("bridge", "s2"), ("desk", "main"), ("recorder", "main")],
        ).start()
        self.relay = Relay(self.province.port)
        bridge = BRIDGE.configuration(
            "s1",
            "localhost",
            self.relay.port,
            acl_head(),
            files=str(folder / "site"),
        ).replace("restart_timeout 5 300", "restart_timeout 1 1")  # a test waits for it
        self.site = Mosquitto(
            folder / "site", [("camera", "s1/c1"), ("camera", "s1/c2"), ("desk", "local")], bridge
        )
        for name, source in (
            ("bridge-ca.crt", folder / "province" / "ca.crt"),
            ("bridge.crt", self.province.authority.path_of("bridge.s1", "crt")),
            ("bridge.key", self.province.authority.path_of("bridge.s1", "key")),
        ):
            (folder / "site" / name).write_bytes(source.read_bytes())
        self.site.start()

    def close(self) -> None:
        self.site.stop()
        self.relay.close()
        self.province.stop()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("bridge"))
    yield made
    made.close()


@pytest.fixture
def peers() -> Iterator[Callable[..., Peer]]:
    made: list[Peer] = []

    def make(broker: Mosquitto, name: str, subscribe: str | None = "viewkeeper/#") -> Peer:
        made.append(Peer(broker.port, subscribe, tls=broker.tls(name)))
        return made[-1] if subscribe is None else made[-1].ready()

    yield make
    for peer in made:
        peer.__exit__()


@pytest.fixture
def desk(pair: Pair, peers: Any) -> Peer:
    return peers(pair.province, "desk.main")


@pytest.fixture
def camera(pair: Pair) -> Iterator[Agent]:
    pairs = {s: pair.site.authority.path_of("s1/c1", s) for s in ("crt", "key")}
    tls = TlsSettings(pair.site.folder / "ca.crt", pairs["crt"], pairs["key"])
    agent = Agent(pair.site.port, "c1", host="localhost", tls=tls)
    yield agent.started()
    agent.link.stop()


def bridged(camera: Agent, desk: Peer, word: bytes) -> None:
    """Wait until what the camera says arrives at the province."""
    deadline = time.monotonic() + 20
    while not any(heard.payload == word for heard in desk.heard):
        assert time.monotonic() < deadline, "the bridge does not carry"
        camera.link.publish_report(word)
        time.sleep(0.2)


def events(desk: Peer) -> list[bytes]:
    return [one.payload for one in desk.heard if one.topic == f"{BASE}/c1/event/intrusion"]


def test_what_a_camera_says_at_its_site_is_heard_and_kept_in_the_province(
    pair: Pair, camera: Agent, desk: Peer, peers: Any
):
    bridged(camera, desk, b"report 1")
    camera.link.publish_state(b'{"plain": true}')
    camera.link.publish_event("intrusion", b"event 1")
    until(lambda: b"event 1" in events(desk))
    late = peers(pair.province, "recorder.main")
    until(lambda: any(h.topic == f"{BASE}/c1/report" and h.retained for h in late.heard))
    assert not any(heard.topic.endswith("/state") for heard in desk.heard)


def test_orders_come_down_and_only_to_the_camera_they_are_for(
    pair: Pair, camera: Agent, desk: Peer, peers: Any
):
    other = peers(pair.site, "s1/c2", "#")
    bridged(camera, desk, b"report 2")
    assert not desk.publish(f"{BASE}/c1/config/desired", b"order", retain=True).is_failure
    until(lambda: camera.orders)
    assert camera.orders[0].payload == b"order"
    assert b"order" not in [heard.payload for heard in other.heard]


@pytest.mark.parametrize("rest", ["report", "status", "event/intrusion", "alarm/view_moved"])
def test_nothing_but_orders_comes_down(
    pair: Pair, camera: Agent, desk: Peer, rest: str, peers: Any
):
    """The province itself, its desk included, cannot speak for a camera at the site."""
    at_site = peers(pair.site, "desk.local")
    # The most that may be written up there: by the site's own certificate, in the bridge's place.
    with Peer(pair.province.port, None, tls=pair.province.tls("bridge.s1")) as speaking:
        until(lambda: speaking.connack is not None)
        assert not speaking.publish(f"{BASE}/c2/{rest}", b"from above", retain=True).is_failure
    bridged(camera, desk, f"back after {rest}".encode())
    desk.publish(f"{BASE}/c2/grant", b"an order")
    at_site.wait_for("c2/grant", b"an order")
    assert b"from above" not in [heard.payload for heard in at_site.heard]


@pytest.mark.parametrize("site", ["s1", "s2"])
@pytest.mark.parametrize(
    "rest", ["config/desired", "keyset", "command/identify", "witness", "receipt"]
)
def test_a_site_gives_no_orders_in_the_province(pair: Pair, peers: Any, site: str, rest: str):
    intruder = peers(pair.province, "bridge.s2", None)
    until(lambda: intruder.connack is not None)
    assert str(intruder.publish(f"viewkeeper/v1/{site}/c1/{rest}", b"forged")) == DENIED


def test_a_site_speaks_for_no_other_site(pair: Pair, peers: Any, desk: Peer):
    intruder = peers(pair.province, "bridge.s2", "#")
    assert str(intruder.publish(f"{BASE}/c1/report", b"forged")) == DENIED
    assert not intruder.publish("viewkeeper/v1/s2/c9/report", b"own").is_failure
    desk.publish(f"{BASE}/c1/grant", b"not for s2")
    desk.publish("viewkeeper/v1/s2/c9/grant", b"for s2")
    intruder.wait_for("c9/grant", b"for s2")
    assert b"not for s2" not in [heard.payload for heard in intruder.heard]


def test_an_order_written_at_the_site_stays_there(
    pair: Pair, camera: Agent, desk: Peer, peers: Any
):
    local = peers(pair.site, "desk.local")
    bridged(camera, desk, b"report 3")
    assert not local.publish(f"{BASE}/c1/grant", b"local order").is_failure
    until(lambda: [o for o in camera.orders if o.payload == b"local order"])
    bridged(camera, desk, b"report 4")
    assert b"local order" not in [heard.payload for heard in desk.heard]


@pytest.mark.parametrize("trouble", ["link cut", "province down", "site down"])
def test_nothing_the_site_acknowledged_is_lost(pair: Pair, camera: Agent, desk: Peer, trouble: str):
    bridged(camera, desk, f"before {trouble}".encode())
    if trouble == "link cut":
        pair.relay.open = False
        pair.relay.cut()
    elif trouble == "province down":
        pair.province.stop()
    else:
        pair.relay.open = False
        pair.relay.cut()
    words = [f"{trouble} {number}".encode() for number in range(200)]
    for word in words:
        camera.link.publish_event("intrusion", word)
    until(lambda: camera.link.counts.waiting == 0, 20.0)  # the site has acknowledged them all
    if trouble == "site down":
        pair.site.stop()
        pair.site.start()
    if trouble == "province down":
        pair.province.start()
    pair.relay.open = True
    until(lambda: set(words) <= set(events(desk)), 30.0)
    arrived = list(dict.fromkeys(word for word in events(desk) if word in words))
    assert arrived == words


@pytest.mark.parametrize(
    "wrong", [["S 1", "host"], ["s1", "ho st"], ["s1", "host:x"], ["s1", "host", "--files", "a b"]]
)
def test_what_the_tool_cannot_write_it_says_in_one_line(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
):
    assert BRIDGE.main(wrong) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("bridge: ")
    assert told.err.count("\n") == 1


def test_the_tool_prints_what_was_tested_here(capsys: pytest.CaptureFixture[str]):
    assert BRIDGE.main(["s1", "province.example"]) == 0
    told = capsys.readouterr().out
    assert "topic +/config/desired in 1 viewkeeper/v1/s1/ viewkeeper/v1/s1/" in told
    assert " both " not in told
    assert "+/state" not in told
    assert BRIDGE.main(["s1", "province.example:1", "--mirror", "--mqtt", "3.1.1"]) == 0
    told = capsys.readouterr().out
    assert "topic +/state out 1 " in told
    assert "mqttv311" in told
