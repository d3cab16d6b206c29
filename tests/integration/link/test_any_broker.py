"""What holds with every broker, also in MQTT 3.1.1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.link.peer import until
from viewkeeper.agent.adapters.link import Lost
from viewkeeper.protocol.vocabulary import OrderKind
from viewkeeper.sim.broker import Broker

BASE = "viewkeeper/v1/s1/c1"


def test_a_late_reader_finds_birth_report_and_state(broker: Broker, agents: Any, peers: Any):
    agent = agents(broker.tcp_port)
    agent.link.publish_report(b"report one")
    agent.started()
    agent.link.publish_state(b"{}")
    first = peers(broker.tcp_port, version=broker.versions[-1])
    first.wait_for("/state", b"{}")
    late = peers(broker.tcp_port, version=broker.versions[-1])
    assert late.wait_for("/status").payload == b"online"
    assert late.wait_for("/report").retained
    assert late.wait_for("/state").payload == b"{}"


def test_a_stopped_agent_says_offline_itself(broker: Broker, agents: Any, peers: Any):
    peer = peers(broker.tcp_port, version=broker.versions[-1])
    agent = agents(broker.tcp_port).started()
    peer.wait_for("/status", b"online")
    agent.link.stop()
    peer.wait_for("/status", b"offline")
    assert agent.states == [True, False]


def test_an_order_that_stands_arrives_whenever_the_camera_comes(
    broker: Broker, agents: Any, peers: Any
):
    desk = peers(broker.tcp_port, None, version=broker.versions[-1])
    desk.publish(f"{BASE}/config/desired", b"configuration", retain=True)
    agent = agents(broker.tcp_port).started()
    until(lambda: agent.orders)
    assert agent.orders[0].kind is OrderKind.CONFIG
    assert agent.orders[0].payload == b"configuration"
    assert agent.orders[0].retained


def test_an_order_given_while_the_camera_was_away_arrives(broker: Broker, agents: Any, peers: Any):
    desk = peers(broker.tcp_port, None, version=broker.versions[-1])
    agents(broker.tcp_port).started().link.stop()
    desk.publish(f"{BASE}/command/identify", b"blink")
    agent = agents(broker.tcp_port).started()
    until(lambda: agent.orders)
    assert agent.orders[0].kind is OrderKind.COMMAND
    assert not agent.orders[0].retained


def test_each_kind_of_order_is_known_by_its_topic(broker: Broker, agents: Any, peers: Any):
    desk = peers(broker.tcp_port, None, version=broker.versions[-1])
    agent = agents(broker.tcp_port).started()
    for rest in ("config/desired", "keyset", "lifecycle", "grant", "command/new_nonce"):
        desk.publish(f"{BASE}/{rest}", rest.encode())
    until(lambda: len(agent.orders) == 5)
    assert [order.kind for order in agent.orders] == [
        OrderKind.CONFIG,
        OrderKind.KEYSET,
        OrderKind.LIFECYCLE,
        OrderKind.GRANT,
        OrderKind.COMMAND,
    ]


def test_a_broker_that_was_killed_and_came_back_knows_the_camera_again(
    broker: Broker, agents: Any, peers: Any
):
    agent = agents(broker.tcp_port).started()
    agent.link.publish_report(b"report one")
    agent.link.set_alarm("view_moved", b"alarm")
    until(lambda: agent.link.counts.waiting == 0)
    broker.kill()
    agent.away()
    agent.link.publish_report(b"report two")
    broker.restart()
    agent.back()
    late = peers(broker.tcp_port, version=broker.versions[-1])
    late.wait_for("/report", b"report two")
    late.wait_for("/alarm/view_moved", b"alarm")
    late.wait_for("/status", b"online")
    assert agent.states == [True, False, True]


def test_what_happened_while_the_broker_was_away_comes_by_history_in_order(
    broker: Broker, agents: Any, peers: Any, tmp_path: Path
):
    agent = agents(broker.tcp_port, outbox=tmp_path / "outbox").started()
    broker.kill()
    agent.away()
    sent = [f"event {number}".encode() for number in range(300)]
    for payload in sent:
        agent.link.publish_event("camera_covered", payload)
    broker.restart()
    peer = peers(broker.tcp_port, version=broker.versions[-1])
    until(lambda: agent.link.counts.waiting == 0, 20.0)
    until(lambda: peer.payloads("/history")[-1:] == sent[-1:])
    heard = peer.payloads("/history")
    # The peer may have come after the first ones; what it heard is in order and without holes.
    assert heard == sent[-len(heard) :]
    assert peer.payloads("/event/camera_covered") == []


def test_an_outage_longer_than_the_agents_life_is_told_afterwards(
    broker: Broker, agents: Any, peers: Any, tmp_path: Path
):
    peer = peers(broker.tcp_port, version=broker.versions[-1])
    unconnected = agents(1, outbox=tmp_path / "outbox")
    unconnected.link.start()
    unconnected.link.publish_event("camera_struck", b"one")
    unconnected.link.publish_verdict(OrderKind.CONFIG, b"two")
    unconnected.link.set_alarm("sign_fault", b"three")
    unconnected.link.stop()
    agent = agents(broker.tcp_port, outbox=tmp_path / "outbox").started()
    peer.wait_for("/history", b"three")
    assert peer.payloads("/history") == [b"one", b"two", b"three"]
    # What stands, stands on its own topic as well.
    peer.wait_for("/config/applied", b"two")
    peer.wait_for("/alarm/sign_fault", b"three")
    assert agent.link.standing_alarms == ("sign_fault",)


def test_an_alarm_cleared_while_offline_does_not_stand_afterwards(
    broker: Broker, agents: Any, peers: Any, tmp_path: Path
):
    first = agents(broker.tcp_port, outbox=tmp_path / "outbox").started()
    first.link.set_alarm("view_moved", b"alarm")
    until(lambda: first.link.counts.waiting == 0)
    first.link.stop()
    offline = agents(1, outbox=tmp_path / "outbox")
    assert offline.link.standing_alarms == ("view_moved",)
    offline.link.set_alarm("view_moved", None)
    offline.link.stop()
    agents(broker.tcp_port, outbox=tmp_path / "outbox").started()
    watching = peers(broker.tcp_port, version=broker.versions[-1])
    watching.wait_for("/status", b"online")
    until(
        lambda: (
            not any(heard.retained for heard in peers(broker.tcp_port, f"{BASE}/alarm/#").heard)
            if broker.kind == "mosquitto"
            else True
        )
    )


def test_raising_and_clearing_in_one_breath_leaves_nothing_standing(
    broker: Broker, agents: Any, peers: Any
):
    peer = peers(broker.tcp_port, version=broker.versions[-1])
    agent = agents(broker.tcp_port).started()
    agent.link.set_alarm("view_moved", b"alarm")
    agent.link.set_alarm("view_moved", None)
    peer.wait_for("/alarm/view_moved", b"")
    assert peer.payloads("/alarm/view_moved")[-1] == b""
    assert agent.link.standing_alarms == ()


def test_an_overflow_is_told_as_a_gap(broker: Broker, agents: Any, peers: Any):
    told: list[Lost] = []

    def seal(lost: Lost) -> bytes:
        told.append(lost)
        return b"gap"

    peer = peers(broker.tcp_port, version=broker.versions[-1])
    agent = agents(broker.tcp_port, outbox_rows=3, on_gap=seal)
    for number in range(5):
        agent.link.publish_event("camera_covered", bytes([number]))
    agent.started()
    peer.wait_for("/history", b"gap")
    peer.wait_for("/history", b"\x04")
    assert [lost.count for lost in told] == [2]
    assert b"\x01" not in peer.payloads("/history")


def test_a_failing_callback_does_not_end_the_link(broker: Broker, agents: Any, peers: Any):
    desk = peers(broker.tcp_port, version=broker.versions[-1])
    heard: list[bytes] = []

    def fail_once(order: Any) -> None:
        heard.append(order.payload)
        if len(heard) == 1:
            raise RuntimeError("the desk fell over")

    agent = agents(broker.tcp_port, on_order=fail_once).started()
    desk.publish(f"{BASE}/grant", b"first")
    desk.publish(f"{BASE}/grant", b"second")
    until(lambda: heard == [b"first", b"second"])
    assert agent.link.connected
