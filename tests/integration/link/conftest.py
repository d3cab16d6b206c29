from __future__ import annotations

import contextlib
import datetime
import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.link.peer import Peer, until
from viewkeeper.agent.adapters.link import Link, LinkSettings, ReceivedOrder
from viewkeeper.sim.broker import Broker, free_port, installed_kinds
from viewkeeper.sim.site_config import acl_head, mosquitto_conf, tool


class Agent:
    """A link with a diary, as the rest of the agent would drive it."""

    def __init__(self, port: int, camera: str = "c1", **options: Any) -> None:
        self.orders: list[ReceivedOrder] = []
        self.states: list[bool] = []
        on_gap = options.pop("on_gap", None)
        on_order = options.pop("on_order", self.orders.append)
        defaults: dict[str, Any] = {
            "host": "127.0.0.1",
            "retry_first_s": 0.05,
            "retry_most_s": 0.2,
            "linger_s": 0.1,
            "history_rate_hz": 500.0,
            "receipt_s": 0.0,
            "settle_s": 0.0,
        }
        settings = LinkSettings(
            **{**defaults, "port": port, "site": "s1", "camera": camera, **options}
        )
        self.link = Link(settings, on_order, self.states.append, on_gap=on_gap)

    def started(self) -> Agent:
        self.link.start()
        assert self.link.wait_connected(15.0), self.link.counts
        return self

    def away(self) -> None:
        until(lambda: not self.link.connected)

    def back(self) -> None:
        assert self.link.wait_connected(15.0), self.link.counts


@pytest.fixture(params=["mosquitto", "iotcore"])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """Each kind of broker the demo may run on."""
    if request.param not in installed_kinds():
        pytest.skip(f"{request.param} is not installed here")
    with Broker.start(request.param) as running:
        yield running


@pytest.fixture
def mosquitto() -> Iterator[Broker]:
    """A broker with all of MQTT 5."""
    if "mosquitto" not in installed_kinds():
        pytest.skip("mosquitto is not installed here; the other broker has no full MQTT 5")
    with Broker.start("mosquitto") as running:
        yield running


@pytest.fixture
def agents() -> Iterator[Callable[..., Agent]]:
    """Makes agents and stops them in the end."""
    made: list[Agent] = []

    def make(port: int, camera: str = "c1", **options: Any) -> Agent:
        made.append(Agent(port, camera, **options))
        return made[-1]

    yield make
    for agent in made:
        agent.link.stop()


@pytest.fixture
def peers() -> Iterator[Callable[..., Peer]]:
    """Makes peers and disconnects them in the end."""
    made: list[Peer] = []

    def make(port: int, subscribe: str | None = "viewkeeper/#", **options: Any) -> Peer:
        made.append(Peer(port, subscribe, **options))
        return made[-1] if subscribe is None else made[-1].ready()

    yield make
    for peer in made:
        peer.__exit__()


@dataclass
class Site:
    """A site's mosquitto with the real configuration file, ACL and certificates."""

    folder: Path
    authority: Any
    port: int
    ws_port: int
    process: subprocess.Popen[bytes]

    def tls(self, name: str) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        context.load_cert_chain(
            self.authority.path_of(name, "crt"), self.authority.path_of(name, "key")
        )
        return context

    def paths(self, name: str) -> dict[str, Path]:
        return {
            "ca": self.folder / "ca.crt",
            "cert": self.authority.path_of(name, "crt"),
            "key": self.authority.path_of(name, "key"),
        }

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if "mosquitto" not in installed_kinds():
        pytest.skip("mosquitto is not installed here: no broker with TLS and ACL to ask")
    certs = tool("certs")
    folder = tmp_path_factory.mktemp("site")
    authority = certs.Authority(folder, datetime.datetime.now(datetime.UTC))
    authority.init(["localhost", "127.0.0.1"])
    for role, name in (
        ("camera", "s1/c1"),
        ("camera", "s1/c2"),
        ("camera", "s1/struck-off"),
        ("desk", "main"),
        ("recorder", "main"),
        ("dashboard", "wall"),
    ):
        authority.issue(role, name)
    authority.issue("camera", "s1/expired", days=-1)
    authority.revoke("s1/struck-off")
    (folder / "acl").write_text(certs.acl(authority.issued(), acl_head()), "utf-8")
    port, ws_port = free_port(), free_port()
    conf = mosquitto_conf(folder, folder, folder / "log", port=port, web_port=ws_port)
    (folder / "mosquitto.conf").write_text(conf, "utf-8")
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    process = subprocess.Popen(
        ["mosquitto", "-c", str(folder / "mosquitto.conf")],
        env={**os.environ, "PATH": path},
        stderr=subprocess.DEVNULL,
    )
    running = Site(folder, authority, port, ws_port, process)
    until(lambda: listens(port) and listens(ws_port))
    yield running
    process.terminate()
    process.wait()
