from __future__ import annotations

import os
import socket
import time
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from viewkeeper.agent.adapters.link import connection as room
from viewkeeper.agent.adapters.link.connection import Connection
from viewkeeper.agent.adapters.link.messages import Outgoing
from viewkeeper.agent.adapters.link.settings import LinkSettings
from viewkeeper.agent.adapters.link.versions import Version


def test_a_subscription_that_is_granted_after_all_ends_its_warning():
    settings = LinkSettings(host="localhost", port=1883, site="s1", camera="c1")
    connection = Connection(settings, Version.V5, lambda mid, text: None, lambda message: None)
    answer: Any = connection._client.on_subscribe
    assert answer is not None
    refused = ReasonCode(PacketTypes.SUBACK, "Not authorized")
    granted = ReasonCode(PacketTypes.SUBACK, "Granted QoS 1")
    answer(connection._client, None, 1, [granted, refused], None)
    assert "refused a subscription" in connection.warning
    answer(connection._client, None, 2, [granted, granted], None)
    assert connection.warning == ""
    assert connection.subscribed


PINGREQ, PINGRESP = b"\xc0\x00", b"\xd0\x00"
CONNACK = b"\x20\x03\x00\x00\x00"


def test_a_camera_that_reports_does_not_ping_and_a_silent_one_does(monkeypatch: pytest.MonkeyPatch):
    offset_s = 0.0

    class Clock:
        monotonic = staticmethod(lambda: time.monotonic() + offset_s)

    monkeypatch.setattr(room, "time", Clock)
    monkeypatch.setattr(paho, "time_func", Clock.monotonic)
    wake, never = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings = LinkSettings(host="127.0.0.1", port=port, site="s1", camera="c1")
        connection = Connection(settings, Version.V5, lambda mid, text: None, lambda message: None)
        connection.dial()
        broker, _ = server.accept()
        with broker:
            broker.settimeout(10.0)
            assert broker.recv(4096)[:1] == b"\x10"
            broker.sendall(CONNACK)
            while not connection.accepted:
                assert connection.pump(1.0, wake)
            for turn in range(5):
                connection.publish(Outgoing("report", b"%d" % turn))
                assert broker.recv(4096)[:1] == b"\x32"
                offset_s += settings.keepalive_s - 10.0
                assert connection.pump(0.0, wake)
                broker.setblocking(False)
                with pytest.raises(BlockingIOError):
                    broker.recv(4096)
                broker.settimeout(10.0)
            offset_s += 10.0
            assert connection.pump(0.0, wake)
            assert broker.recv(4096) == PINGREQ
            broker.sendall(PINGRESP)
            assert connection.pump(1.0, wake)
            offset_s += settings.keepalive_s
            assert connection.pump(0.0, wake)
            assert broker.recv(4096) == PINGREQ
            offset_s += settings.keepalive_s
            assert not connection.pump(0.0, wake)
        connection.abandon()
    os.close(wake)
    os.close(never)
