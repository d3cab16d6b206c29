"""From the camera to the recorder's disk: nothing is let go of before the recorder says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.link.peer import Peer, until
from tests.unit.dashboard.recorder.voice import BOOT, INTAKE, event, report, seal
from viewkeeper.agent.adapters.link import Link, LinkSettings
from viewkeeper.dashboard.recorder.listener import Keeping, Recorder
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.recorder.subscription import BrokerAddress
from viewkeeper.protocol.receipts import places_of
from viewkeeper.sim.broker import Broker, installed_kinds


@pytest.fixture
def forgetful() -> Iterator[Broker]:
    """A broker that writes nothing down for minutes: killed, it has forgotten everything."""
    if "mosquitto" not in installed_kinds():
        pytest.skip("mosquitto is not installed here; the other broker never remembers anything")
    with Broker.start("mosquitto", durable=False) as running:
        yield running


Started = Callable[..., Any]


@pytest.fixture
def started() -> Iterator[Callable[[Link], Link]]:
    made: list[Link] = []

    def start(link: Link) -> Link:
        made.append(link)
        link.start()
        assert link.wait_connected(15.0), link.counts
        return link

    yield start
    for link in made:
        link.stop()


def link_to(broker: Broker, outbox: Path | None = None, **options: Any) -> Link:
    settings = LinkSettings(
        host=broker.host,
        port=broker.tcp_port,
        site="old-town",
        camera="cam-07",
        outbox=outbox,
        retry_first_s=0.05,
        retry_most_s=0.2,
        **options,
    )
    return Link(settings, lambda order: None)


def recorder_at(broker: Broker, path: Path) -> Recorder:
    recorder = Recorder(
        INTAKE,
        Recording(path),
        BrokerAddress(host=broker.host, port=broker.tcp_port),
        lambda: 10**9,
        keeping=Keeping(name="hefei"),
    )
    until(lambda: recorder.health()["connected"])
    return recorder


def kept(path: Path) -> list[int]:
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT sequence FROM records ORDER BY sequence").fetchall()
    db.close()
    return [row[0] for row in rows]


def test_what_the_recorder_keeps_the_camera_lets_go_of(
    forgetful: Broker, tmp_path: Path, started: Started
):
    recorder = recorder_at(forgetful, tmp_path / "desk.sqlite")
    with Peer(forgetful.tcp_port) as onlooker:
        onlooker.ready()
        link = started(link_to(forgetful, tmp_path / "outbox.sqlite"))
        link.publish_report(seal(report(), 1))
        for number in (2, 3):
            link.publish_event("camera_struck", seal(event(), number))
        until(lambda: link.counts.sent == 2 and link.counts.unconfirmed == 0)
        until(lambda: recorder.health()["kept"] == 3)
        receipts = [heard for heard in onlooker.heard if heard.topic.endswith("/receipt")]
    recorder.close()
    assert not any(receipt.retained for receipt in receipts)
    named = [place for receipt in receipts for place in places_of(receipt.payload)]
    assert sorted(named) == [(BOOT, 2), (BOOT, 3)]  # no report: it does not come twice
    assert kept(tmp_path / "desk.sqlite") == [1, 2, 3]


def test_what_broker_and_camera_lost_together_comes_from_the_card(
    forgetful: Broker, tmp_path: Path, started: Started
):
    first = started(link_to(forgetful, tmp_path / "outbox.sqlite"))
    first.publish_event("camera_struck", seal(event(), 1))
    until(lambda: first.counts.sent == 1)
    assert first.counts.unconfirmed == 1
    forgetful.kill()
    first.stop()
    forgetful.restart()
    recorder = recorder_at(forgetful, tmp_path / "desk.sqlite")
    again = started(link_to(forgetful, tmp_path / "outbox.sqlite"))
    until(lambda: recorder.health()["kept"] == 1)
    until(lambda: again.counts.sent == 1 and again.counts.unconfirmed == 0)
    recorder.close()


def test_what_nobody_was_there_to_keep_comes_again_on_the_same_connection(
    forgetful: Broker, tmp_path: Path, started: Started
):
    link = started(link_to(forgetful, resend_s=0.5))
    link.publish_event("camera_struck", seal(event(), 1))
    until(lambda: link.counts.sent >= 1)
    recorder = recorder_at(forgetful, tmp_path / "desk.sqlite")
    until(lambda: link.counts.unconfirmed == 0)
    assert link.counts.connects == 1
    recorder.close()
    assert kept(tmp_path / "desk.sqlite") == [1]


def test_a_receipt_that_is_none_changes_nothing(
    forgetful: Broker, tmp_path: Path, started: Started
):
    link = started(link_to(forgetful))
    link.publish_event("camera_struck", seal(event(), 1))
    until(lambda: link.counts.unconfirmed == 1)
    with Peer(forgetful.tcp_port) as stranger:
        stranger.ready()
        for payload in (b"", b"online", b"\xa1\x01\x80"):
            stranger.publish("viewkeeper/v1/old-town/cam-07/receipt", payload)
        link.publish_event("camera_struck", seal(event(), 2))
        until(lambda: link.counts.unconfirmed == 2)
    assert link.connected


def test_a_record_without_a_receipt_is_told_in_the_end(forgetful: Broker, started: Started):
    told: list[int] = []

    def on_gap(lost: Any) -> None:
        told.append(lost.unconfirmed)

    settings = LinkSettings(
        host=forgetful.host,
        port=forgetful.tcp_port,
        site="old-town",
        camera="cam-07",
        receipt_s=1.0,
    )
    link = started(Link(settings, lambda order: None, on_gap=on_gap))
    link.publish_event("camera_struck", seal(event(), 1))
    until(lambda: told == [1])
    assert link.counts.unconfirmed == 0
