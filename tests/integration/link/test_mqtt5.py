"""What MQTT 5 adds, and what it takes to do without."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any

import pytest

from tests.integration.link.peer import until
from tests.unit.adapters.link.sealed import sealed
from viewkeeper.agent.adapters.link import Introduction, Lost, ReplyTo
from viewkeeper.protocol.vocabulary import OrderKind
from viewkeeper.sim.broker import Broker
from viewkeeper.sim.relay import Relay

BASE = "viewkeeper/v1/s1/c1"


def test_a_cut_camera_is_said_offline_after_the_delay(mosquitto: Broker, agents: Any, peers: Any):
    peer = peers(mosquitto.tcp_port)
    with Relay(mosquitto.tcp_port) as cable:
        agent = agents(cable.port, will_delay_s=3).started()
        peer.wait_for("/status", b"online")
        cut_s = time.monotonic()
        cable.open = False
        cable.cut()
        agent.away()
        told = peer.payloads("/status")
        if time.monotonic() - cut_s < 2.0:  # mosquitto counts in whole seconds
            assert told == [b"online"]
        peer.wait_for("/status", b"offline")


def test_a_camera_back_within_the_delay_was_never_offline(
    mosquitto: Broker, agents: Any, peers: Any
):
    peer, delay_s = peers(mosquitto.tcp_port), 3
    with Relay(mosquitto.tcp_port) as cable:
        agent = agents(cable.port, will_delay_s=delay_s).started()
        peer.wait_for("/status", b"online")
        for _ in range(10):
            told, connects = len(peer.payloads("/status")), agent.link.counts.connects
            cut_s = time.monotonic()
            cable.cut()
            until(lambda before=connects: agent.link.counts.connects > before)
            # The will is due that long after the broker noticed, so not before this. A machine
            # that was slower than the delay shows nothing: once more.
            if time.monotonic() - cut_s < delay_s - 1:
                break
        else:
            pytest.fail("this machine never brought the camera back in time")
        time.sleep(max(0.0, cut_s + delay_s + 2 - time.monotonic()))
        agent.link.stop()
        until(lambda: peer.payloads("/status")[-1:] == [b"offline"])
        assert peer.payloads("/status")[told:].count(b"offline") == 1


def test_publications_carry_type_and_expiry(mosquitto: Broker, agents: Any, peers: Any):
    peer = peers(mosquitto.tcp_port)
    agent = agents(mosquitto.tcp_port, telemetry_expiry_s=100, record_expiry_s=200).started()
    agent.link.publish_report(b"report")
    agent.link.publish_state(b"{}")
    agent.link.publish_event("camera_covered", b"event")
    agent.link.set_alarm("view_moved", b"alarm")
    cose = "application/cose"
    report = peer.wait_for("/report").properties
    assert (report.ContentType, report.MessageExpiryInterval) == (cose, 100)
    state = peer.wait_for("/state").properties
    assert (state.ContentType, state.PayloadFormatIndicator) == ("application/json", 1)
    event = peer.wait_for("/event/camera_covered").properties
    assert (event.ContentType, event.MessageExpiryInterval) == (cose, 200)
    assert not hasattr(peer.wait_for("/alarm/view_moved").properties, "MessageExpiryInterval")
    assert peer.wait_for("/status").properties.ContentType == "text/plain"


def test_a_verdict_goes_where_its_order_asked_but_only_below_reply(
    mosquitto: Broker, agents: Any, peers: Any
):
    peer = peers(mosquitto.tcp_port)
    agent = agents(mosquitto.tcp_port).started()
    mine = f"{BASE}/reply/desk-7"
    for response in (mine, f"{BASE}/status", "viewkeeper/v1/s1/c2/reply"):
        peer.publish(
            f"{BASE}/command/identify", b"o", ResponseTopic=response, CorrelationData=b"mark"
        )
    until(lambda: len(agent.orders) == 3)
    for number, order in enumerate(agent.orders):
        assert order.reply == ReplyTo(order.reply.response_topic, b"mark")
        agent.link.publish_verdict(OrderKind.COMMAND, bytes([number]), order.reply)
    heard = [peer.wait_for("", bytes([number])) for number in range(3)]
    assert [item.topic for item in heard] == [mine, f"{BASE}/reply", f"{BASE}/reply"]
    assert [item.properties.CorrelationData for item in heard] == [b"mark"] * 3


def test_a_retained_order_is_seen_as_such_even_by_a_connected_camera(
    mosquitto: Broker, agents: Any, peers: Any
):
    peer = peers(mosquitto.tcp_port)
    agent = agents(mosquitto.tcp_port).started()
    peer.publish(f"{BASE}/grant", b"to be kept", retain=True)
    peer.publish(f"{BASE}/command/identify", b"not to be kept")
    until(lambda: len(agent.orders) == 2)
    assert [order.retained for order in agent.orders] == [True, False]


def test_a_configuration_verdict_stands_retained(mosquitto: Broker, agents: Any, peers: Any):
    agent = agents(mosquitto.tcp_port).started()
    agent.link.publish_verdict(OrderKind.CONFIG, b"accepted")
    until(lambda: agent.link.counts.waiting == 0)
    late = peers(mosquitto.tcp_port)
    assert late.wait_for("/config/applied", b"accepted").retained


def test_an_order_that_stands_comes_again_in_a_kept_session(
    mosquitto: Broker, agents: Any, peers: Any
):
    desk = peers(mosquitto.tcp_port, None)
    desk.publish(f"{BASE}/config/desired", b"configuration", retain=True)
    for _ in range(2):
        agent = agents(mosquitto.tcp_port).started()
        until(lambda agent=agent: agent.orders)
        agent.link.stop()


def test_the_camera_introduces_itself_again_when_home_assistant_is_born(
    mosquitto: Broker, agents: Any, peers: Any
):
    home = peers(mosquitto.tcp_port, "homeassistant/#")
    agent = agents(mosquitto.tcp_port, introduction=Introduction()).started()
    topic = "/binary_sensor/s1_c1/view_moved/config"
    first = home.wait_for(topic)
    assert json.loads(first.payload)["device_class"] == "tamper"
    assert first.properties.ContentType == "application/json"
    before = len(home.payloads(topic))
    home.publish("homeassistant/status", b"online")
    until(lambda: len(home.payloads(topic)) > before)
    late = peers(mosquitto.tcp_port, "homeassistant/#")
    assert late.wait_for(topic).retained
    agent.link.withdraw()
    home.wait_for(topic, b"")
    until(lambda: not peers(mosquitto.tcp_port, "homeassistant/#").heard)
    assert agent.orders == []


def test_a_withdrawn_camera_introduces_itself_no_more_after_a_restart_of_broker_or_home(
    mosquitto: Broker, agents: Any, peers: Any
):
    agent = agents(mosquitto.tcp_port, introduction=Introduction()).started()
    topic = "/binary_sensor/s1_c1/view_moved/config"
    peers(mosquitto.tcp_port, "homeassistant/#").wait_for(topic)
    agent.link.withdraw()
    until(lambda: not peers(mosquitto.tcp_port, "homeassistant/#").heard)
    mosquitto.kill()
    agent.away()
    mosquitto.restart()
    agent.back()
    home = peers(mosquitto.tcp_port, "homeassistant/#")
    home.publish("homeassistant/status", b"online")
    agent.link.publish_event("camera_covered", b"it heard the birth before this was sent")
    until(lambda: agent.link.counts.waiting == 0)
    assert home.payloads(topic) == []


def test_reports_replaced_while_the_broker_was_away_are_told_as_superseded(
    mosquitto: Broker, agents: Any, peers: Any
):
    told: list[Lost] = []

    def gap(lost: Lost) -> bytes:
        told.append(lost)
        return b"a gap"

    peer = peers(mosquitto.tcp_port)
    agent = agents(mosquitto.tcp_port, on_gap=gap).started()
    agent.link.publish_report(sealed(1))
    peer.wait_for("/report", sealed(1))
    mosquitto.kill()
    agent.away()
    for sequence in (2, 3, 4):
        agent.link.publish_report(sealed(sequence))
    mosquitto.restart()
    agent.back()
    late = peers(mosquitto.tcp_port)
    late.wait_for("/report", sealed(4))
    until(lambda: told)
    assert told == [Lost(b"bootboot", 2, 3, 0, superseded=2)]
    until(lambda: agent.link.counts.waiting == 0)


class HangUp(threading.Thread):
    """A broker that takes the connection, reads CONNECT and answers it with fixed bytes."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(daemon=True)
        self._answer = answer
        self.levels: list[int] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]

    def run(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                data = connection.recv(4096)
                at = data.find(b"\x00\x04MQTT")
                self.levels.append(data[at + 6])
                if self._answer:
                    connection.sendall(self._answer)

    def stop(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


def levels_asked(answer: bytes, agents: Any, wanted: int) -> list[int]:
    broker = HangUp(answer)
    broker.start()
    try:
        agents(broker.port).link.start()
        until(lambda: len(broker.levels) >= wanted)
        return broker.levels[:wanted]
    finally:
        broker.stop()


def test_a_broker_that_refuses_mqtt_5_by_name_is_asked_for_3_1_1_at_once(agents: Any):
    assert levels_asked(b"\x20\x03\x00\x84\x00", agents, 2) == [5, 4]


def test_the_refusal_of_an_old_broker_in_its_own_words_is_understood(agents: Any):
    # CONNACK of MQTT 3.1.1: two bytes, return code 1, unacceptable protocol version.
    assert levels_asked(b"\x20\x02\x00\x01", agents, 2) == [5, 4]


def test_a_broker_that_hangs_up_without_a_word_gets_a_second_chance(agents: Any):
    assert levels_asked(b"", agents, 5) == [5, 5, 4, 4, 5]


def test_a_broker_that_refuses_the_camera_is_not_asked_in_another_version(agents: Any):
    assert levels_asked(b"\x20\x03\x00\x87\x00", agents, 4) == [5, 5, 5, 5]


def test_what_a_broker_acknowledged_and_forgot_comes_again(agents: Any, peers: Any):
    with Broker.start("mosquitto", durable=False) as forgetful:
        agent = agents(forgetful.tcp_port, receipt_s=90.0).started()
        agent.link.publish_event("camera_covered", b"acknowledged")
        until(lambda: agent.link.counts.sent == 1)
        assert agent.link.counts.waiting == 0
        forgetful.kill()
        agent.away()
        forgetful.restart()
        agent.back()
        # The first may have gone before this reader was there; nothing else would repeat it.
        late = peers(forgetful.tcp_port)
        agent.link.publish_event("camera_covered", b"the next")
        late.wait_for("/event/camera_covered", b"the next")
        until(lambda: agent.link.counts.sent >= 3)
        assert agent.link.counts.waiting == 0
