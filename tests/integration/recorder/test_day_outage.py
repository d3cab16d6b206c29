"""A camera's day without a network reaches the recorder afterwards: all, once, in order."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from tests.integration.link.peer import Peer, until
from tests.unit.dashboard.recorder.voice import BOOT, INTAKE, event, seal
from viewkeeper.agent.adapters.link import Link, LinkSettings
from viewkeeper.dashboard.recorder.listener import Keeping, Recorder
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.recorder.subscription import BrokerAddress
from viewkeeper.sim.broker import Broker, free_port

DAY_S, EVERY_S = 86_400, 60
FASTER = 400.0
"""How many times as fast the link's clock runs here: its rate of replay is by that clock."""


def link_to(port: int, outbox: Path) -> Link:
    settings = LinkSettings(
        host="127.0.0.1",
        port=port,
        site="old-town",
        camera="cam-07",
        outbox=outbox,
        retry_first_s=0.1,
        retry_most_s=0.2,
        stall_s=120 * FASTER,
        resend_s=300 * FASTER,
    )
    return Link(settings, lambda order: None, clock=lambda: FASTER * time.monotonic())


@pytest.mark.e2e
def test_a_day_of_outage_is_replayed_whole_and_in_order(tmp_path: Path):
    away = link_to(free_port(), tmp_path / "outbox.sqlite")
    away.start()
    count = DAY_S // EVERY_S
    said = [seal(event(), number, utc_ms=1000 * EVERY_S * number) for number in range(1, count + 1)]
    for happened in said:
        away.publish_event("camera_struck", happened)
    assert away.counts.waiting == count
    away.stop()

    path = tmp_path / "desk.sqlite"
    with Broker.start("mosquitto") as broker, Peer(broker.tcp_port) as onlooker:
        onlooker.ready()
        recorder = Recorder(
            INTAKE,
            Recording(path),
            BrokerAddress(host=broker.host, port=broker.tcp_port),
            lambda: 10**9,
            keeping=Keeping(name="hefei"),
        )
        until(lambda: recorder.health()["connected"])
        back = link_to(broker.tcp_port, tmp_path / "outbox.sqlite")
        back.start()
        until(lambda: recorder.health()["kept"] == count, 60.0)
        until(lambda: back.counts.waiting == 0)
        back.stop()
        assert recorder.health()["duplicates"] == 0
        recorder.close()
        until(lambda: len(onlooker.payloads("/history")) == count)
        assert onlooker.payloads("/history") == said
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT sequence, rest, boot FROM records ORDER BY sequence").fetchall()
    db.close()
    assert [row[0] for row in rows] == list(range(1, count + 1))
    assert {(row[1], row[2]) for row in rows} == {("history", BOOT)}
