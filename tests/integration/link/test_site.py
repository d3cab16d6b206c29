"""The site's broker with its real configuration: who may do what, and who is let in."""

from __future__ import annotations

from typing import Any

import paho.mqtt.client as paho
import pytest

from tests.integration.link.conftest import Agent, Site
from tests.integration.link.peer import Peer, until
from viewkeeper.agent.adapters.link import LinkSettings, TlsSettings
from viewkeeper.agent.adapters.link.connection import Connection, ConnectionFailed
from viewkeeper.agent.adapters.link.versions import Version
from viewkeeper.sim.site_config import tool

BASE = "viewkeeper/v1/s1"
DENIED = "Not authorized"


@pytest.fixture
def camera(site: Site, agents: Any) -> Agent:
    return agents(site.port, host="localhost", tls=TlsSettings(**site.paths("s1/c1")))


@pytest.fixture
def desk(site: Site, peers: Any) -> Peer:
    return peers(site.port, tls=site.tls("desk.main"))


@pytest.fixture
def other(site: Site, peers: Any) -> Peer:
    """Camera c2's certificate in the hands of someone who does not run our agent."""
    return peers(site.port, "#", tls=site.tls("s1/c2"))


def test_a_camera_reports_and_obeys_over_mutual_tls(desk: Peer, camera: Agent):
    camera.started()
    camera.link.publish_report(b"report")
    camera.link.publish_event("camera_covered", b"event")
    camera.link.set_alarm("view_moved", b"alarm")
    desk.wait_for("c1/report", b"report")
    desk.wait_for("c1/event/camera_covered", b"event")
    desk.wait_for("c1/alarm/view_moved", b"alarm")
    assert not desk.publish(f"{BASE}/c1/config/desired", b"order", retain=True).is_failure
    until(lambda: camera.orders)
    assert camera.orders[0].payload == b"order"
    assert camera.link.counts.refused == 0


@pytest.mark.parametrize(
    "rest", ["status", "report", "state", "event/camera_covered", "alarm/x", "history", "reply"]
)
def test_a_camera_cannot_write_for_another(site: Site, desk: Peer, other: Peer, rest: str):
    assert str(other.publish(f"{BASE}/c1/{rest}", b"forged by c2", retain=True)) == DENIED
    assert not other.publish(f"{BASE}/c2/{rest}", b"its own").is_failure
    desk.wait_for(f"c2/{rest}", b"its own")
    assert b"forged by c2" not in [heard.payload for heard in desk.heard]


@pytest.mark.parametrize(
    "rest", ["config/desired", "keyset", "lifecycle", "grant", "command/identify"]
)
@pytest.mark.parametrize("target", ["c1", "c2"])
def test_a_camera_cannot_give_orders(other: Peer, rest: str, target: str):
    assert str(other.publish(f"{BASE}/{target}/{rest}", b"forged")) == DENIED


def test_a_camera_does_not_hear_anothers_orders_nor_reports(desk: Peer, other: Peer, camera: Agent):
    camera.started()
    camera.link.publish_report(b"for the desk")
    desk.publish(f"{BASE}/c1/grant", b"secret of c1")
    desk.publish(f"{BASE}/c2/grant", b"for c2")
    other.wait_for("c2/grant", b"for c2")
    until(lambda: camera.orders)
    assert {heard.topic for heard in other.heard} <= {
        f"{BASE}/c2/{rest}" for rest in ("config/desired", "keyset", "lifecycle", "grant")
    }


@pytest.mark.parametrize("name", ["dashboard.wall", "recorder.main"])
def test_onlookers_see_everything_and_write_nothing(
    site: Site, peers: Any, camera: Agent, name: str
):
    onlooker = peers(site.port, tls=site.tls(name))
    camera.started()
    camera.link.publish_report(b"seen")
    onlooker.wait_for("c1/report", b"seen")
    for rest in ("config/desired", "command/identify", "report", "status"):
        assert str(onlooker.publish(f"{BASE}/c1/{rest}", b"forged")) == DENIED


@pytest.mark.parametrize("rest", ["witness", "receipt"])
def test_a_recorder_countersigns_and_says_what_it_keeps_and_only_the_camera_meant_hears_it(
    site: Site, peers: Any, other: Peer, desk: Peer, rest: str
):
    recorder = peers(site.port, tls=site.tls("recorder.main"))
    for camera in ("c1", "c2"):
        answer = recorder.publish(f"{BASE}/{camera}/{rest}", b"seen " + camera.encode())
        assert not answer.is_failure
    other.wait_for(f"c2/{rest}", b"seen c2")
    assert b"seen c1" not in [heard.payload for heard in other.heard]
    onlooker = peers(site.port, tls=site.tls("dashboard.wall"))
    for anybody in (other, desk, onlooker):
        assert str(anybody.publish(f"{BASE}/c2/{rest}", b"forged")) == DENIED


def test_a_camera_enters_looks_into_its_own_register_alone(other: Peer):
    assert not other.publish(f"{BASE}/c2/access", b"entry").is_failure
    assert str(other.publish(f"{BASE}/c1/access", b"forged")) == DENIED


def test_the_desk_cannot_speak_for_a_camera(desk: Peer):
    assert str(desk.publish(f"{BASE}/c1/report", b"forged")) == DENIED


def test_another_cameras_client_id_does_not_push_it_off(site: Site, peers: Any, camera: Agent):
    camera.started()
    intruder = peers(site.port, None, tls=site.tls("s1/c2"), client_id="s1/c1")
    until(lambda: intruder.connack is not None)
    assert not intruder.publish(f"{BASE}/c2/state", b"{}").is_failure
    assert camera.link.connected
    assert camera.states == [True]


def test_a_refusal_is_visible_at_the_camera(site: Site, agents: Any):
    impostor = agents(
        site.port, "c1", host="localhost", tls=TlsSettings(**site.paths("s1/c2"))
    ).started()
    impostor.link.publish_event("camera_covered", b"forged")
    until(lambda: impostor.link.counts.refused >= 1)
    until(lambda: DENIED in impostor.link.counts.last_error)
    assert impostor.link.counts.waiting == 1


@pytest.mark.parametrize("name", ["s1/expired", "s1/struck-off"])
def test_an_expired_or_revoked_certificate_is_not_let_in(site: Site, agents: Any, name: str):
    agent = agents(site.port, host="localhost", tls=TlsSettings(**site.paths(name)))
    agent.link.start()
    until(lambda: agent.link.counts.failures >= 2)
    assert agent.link.counts.connects == 0
    assert agent.link.counts.last_error != ""


def test_a_client_without_a_certificate_is_not_let_in(site: Site, agents: Any):
    agent = agents(site.port, host="localhost", tls=TlsSettings(ca=site.folder / "ca.crt"))
    agent.link.start()
    until(lambda: agent.link.counts.failures >= 2)
    assert agent.link.counts.connects == 0


def test_a_camera_does_not_talk_to_a_broker_it_cannot_verify(site: Site, tmp_path: Any):
    stranger = tool("certs").Authority(tmp_path, site.authority.now)
    stranger.init(["localhost"])
    paths = {**site.paths("s1/c1"), "ca": tmp_path / "ca.crt"}
    settings = LinkSettings(
        host="localhost", port=site.port, site="s1", camera="c1", tls=TlsSettings(**paths)
    )
    connection = Connection(settings, Version.V5, lambda mid, text: None, lambda message: None)
    with pytest.raises(ConnectionFailed, match="CERTIFICATE_VERIFY_FAILED"):
        connection.open(0)


def test_a_revoked_camera_is_shut_out_once_the_broker_has_read_the_list(site: Site, agents: Any):
    site.authority.issue("camera", "s1/soon-gone")
    paths = TlsSettings(**site.paths("s1/soon-gone"))
    agents(site.port, "soon-gone", host="localhost", tls=paths).started().link.stop()
    site.authority.revoke("s1/soon-gone")
    site.reload()

    def shut_out() -> bool:
        agent = agents(site.port, "soon-gone", host="localhost", tls=paths)
        agent.link.start()
        until(lambda: agent.link.counts.connects or agent.link.counts.failures)
        agent.link.stop()
        return agent.link.counts.connects == 0

    # A broker reads the list some time after it was told to.
    until(shut_out, 30.0)
    assert shut_out()


def test_an_oversized_packet_ends_the_connection_that_sent_it(site: Site, desk: Peer):
    with Peer(site.port, None, tls=site.tls("s1/c2")) as flooder:
        until(lambda: flooder.connack is not None)
        lost: list[object] = []
        flooder.client.on_disconnect = lambda c, u, flags, code, p: lost.append(code)
        flooder.client.publish(f"{BASE}/c2/report", bytes(100_000), 1)
        until(lambda: lost)
    assert not any(len(heard.payload) > 65_536 for heard in desk.heard)


def test_version_3_1_1_is_held_to_the_same_acl(site: Site, desk: Peer, peers: Any):
    old = peers(site.port, "#", tls=site.tls("s1/c2"), version=paho.MQTTv311)
    old.publish(f"{BASE}/c1/report", b"forged in 3.1.1")
    old.publish(f"{BASE}/c2/report", b"own in 3.1.1")
    desk.wait_for("c2/report", b"own in 3.1.1")
    assert b"forged in 3.1.1" not in [heard.payload for heard in desk.heard]
