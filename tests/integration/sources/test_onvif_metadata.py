"""A camera's metadata track, over real RTSP, in place of the camera's own foreground."""

import time

import numpy as np
import pytest

from tests.support.rtsp_metadata import MetadataServer
from tests.support.staging import LENS, line
from viewkeeper.agent.adapters.detections import onvif_metadata
from viewkeeper.agent.catalogue import Adapters
from viewkeeper.agent.core.events.zones import ZonesState, step
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.settings import DetectionSettings
from viewkeeper.agent.source_settings import SourceSettings
from viewkeeper.protocol.vocabulary import EventKind, ViewVerdict

pytest.importorskip("av")
GREY = np.full((48, 64), 90, np.uint8)


def document(x, padding=0):
    """Somebody at x, -1..1, as ONVIF's Analytics Service Specification describes a scene."""
    return (
        '<?xml version="1.0"?><tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema">'
        '<tt:VideoAnalytics><tt:Frame UtcTime="2026-11-24T09:00:00Z"><tt:Object ObjectId="1">'
        f'<tt:Appearance><tt:Shape><tt:BoundingBox left="{x - 0.1}" top="0.2" right="{x + 0.1}" '
        f'bottom="-0.4"/></tt:Shape><tt:Class><tt:Type Likelihood="0.9">Human</tt:Type></tt:Class>'
        f"</tt:Appearance></tt:Object></tt:Frame></tt:VideoAnalytics>{' ' * padding}"
        "</tt:MetadataStream>"
    ).encode()


def feed_at(url):
    return Adapters().feed(DetectionSettings(kind="onvif"), SourceSettings(kind="rtsp", url=url))


def wait_for(holds, seconds=20.0):
    until = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def test_who_walks_in_the_metadata_crosses_the_signed_line():
    begun = time.monotonic()
    with MetadataServer(
        lambda: document(min(0.8, (time.monotonic() - begun) * 0.3 - 0.6))
    ) as camera:
        feed = feed_at(camera.url)
        state, flags = ZonesState(), []

        def crossed():
            nonlocal state
            state, now = step(
                state, (line("gate", ((5000, 0), (5000, 10_000))),), GREY, LENS,
                verdict=ViewVerdict.SAME, move=Move(), at_s=time.time(), outside=feed.newest(),
            )  # fmt: skip
            flags.extend(now)
            return flags

        wait_for(crossed)
        feed.close()
    assert [(f.kind, f.zone, f.detector) for f in flags] == [
        (EventKind.LINE_CROSSED, "gate", "onvif")
    ]


def test_a_document_larger_than_a_packet_is_put_together():
    with MetadataServer(lambda: document(0.0, padding=9000)) as camera:
        feed = feed_at(camera.url)
        seen = wait_for(feed.newest)
        feed.close()
    assert [round(box.left, 2) for box in seen.boxes] == [0.45]


def test_a_camera_that_comes_later_is_found_and_a_lost_one_is_silence(monkeypatch, caplog):
    monkeypatch.setattr(onvif_metadata, "REST_S", 0.2)
    feed = feed_at("rtsp://127.0.0.1:9/none")
    wait_for(lambda: "connection refused" in caplog.text)
    assert feed.newest() is None
    feed.close()
    assert caplog.text.count("connection refused") == 1
