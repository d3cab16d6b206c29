"""The counters as Prometheus asks them, of a recorder that really heard something."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests.integration.link.peer import until
from tests.unit.dashboard.recorder.voice import INTAKE, event, report, seal
from viewkeeper.agent.adapters.link import Link, LinkSettings
from viewkeeper.dashboard import server
from viewkeeper.sim.broker import Broker, installed_kinds
from viewkeeper.sim.demo.play import StoryError
from viewkeeper.sim.demo.recording import DemoRecorder, counters


@pytest.mark.parametrize("kind", ["mosquitto", "iotcore"])
def test_the_demos_recorder_counts_what_it_verified_kept_and_confirmed(kind, tmp_path: Path):
    if kind not in installed_kinds():
        pytest.skip(f"{kind} is not installed here")
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(Broker.start(kind))
        recorder = DemoRecorder.start(tmp_path, INTAKE.register, broker)
        stack.enter_context(contextlib.closing(recorder))
        page = server.start(
            INTAKE.register, broker.ws_url, port=0, api=recorder.api, metrics=recorder.metrics
        )
        stack.enter_context(contextlib.closing(page))
        until(lambda: recorder.recorder.health()["connected"])
        with pytest.raises(StoryError):
            counters(page.url)
        settings = LinkSettings(
            host=broker.host,
            port=broker.tcp_port,
            site="old-town",
            camera="cam-07",
            prefer_v311=5 not in broker.versions,
            resend_s=0.5,
        )
        link = Link(settings, lambda order: None)
        stack.callback(link.stop)
        link.start()
        link.publish_report(seal(report(), 1))
        link.publish_event("camera_struck", seal(event(), 2))
        until(lambda: link.counts.sent and link.counts.unconfirmed == 0, 30.0)
        until(lambda: recorder.recorder.health()["kept"] == 2, 30.0)
        told = counters(page.url)
    assert told["kept"] == 2
    assert told["verified"] >= 2
    assert told["receipts"] >= 1
