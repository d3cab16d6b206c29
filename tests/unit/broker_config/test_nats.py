from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

import pytest

from viewkeeper.sim.site_config import acl_head, tool

CERTS = tool("certs")
NATS: Any = tool("nats")
FIXED = acl_head()
LATER = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)


def rights(name: str, *, revoked: bool = False) -> tuple[set[str], set[str]]:
    """What a client may publish and subscribe to, by the configuration."""
    told = NATS.users_conf([CERTS.Issued(name, 1, LATER, revoked)], FIXED)
    found = re.search(
        r'user: "CN=(\S+)", permissions: \{ publish: \{ (\w+): \[(.*?)\] \}, '
        r"subscribe: \{ allow: \[(.*?)\] \}",
        told,
    )
    assert found is not None, told
    assert found[1] == name
    publish = set(re.findall('"(.*?)"', found[3])) if found[2] == "allow" else set()
    return publish, set(re.findall('"(.*?)"', found[4])) - {"$MQTT.sub.>"}


def test_a_camera_has_its_own_subtree_and_nothing_else():
    publish, subscribe = rights("s1/c1")
    assert "viewkeeper.v1.s1.c1.report" in publish
    assert "viewkeeper.v1.s1.c1.config.desired" in subscribe
    assert all(one.startswith("viewkeeper.v1.s1.c1.") for one in publish | subscribe)
    assert not publish & subscribe


def test_a_bridge_has_its_sites_cameras():
    publish, subscribe = rights("bridge.s1")
    assert "viewkeeper.v1.s1.*.event.*" in publish
    assert "viewkeeper.v1.s1.*.command.*" in subscribe
    assert all(one.startswith("viewkeeper.v1.s1.*.") for one in publish | subscribe)


@pytest.mark.parametrize(
    ("name", "writes"),
    [
        ("dashboard.wall", set()),
        ("recorder.main", {"witness", "receipt"}),
        (
            "desk.main",
            {"config.desired", "keyset", "lifecycle", "grant", "command.*"}
            | {"update.offer", "update.piece"},
        ),
    ],
)
def test_desks_order_recorders_witness_and_dashboards_look(name: str, writes: set[str]):
    publish, subscribe = rights(name)
    assert publish == {f"viewkeeper.v1.*.*.{rest}" for rest in writes}
    assert subscribe == {"viewkeeper.v1.>", "viewkeeper.v1"}


def test_who_is_revoked_is_nobody():
    told = NATS.users_conf([CERTS.Issued("s1/c1", 1, LATER, True)], FIXED)
    assert "CN=s1/c1" not in told


def test_a_folder_without_what_is_needed_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    three = [f"--node=n{number}=10.0.0.{number}" for number in (1, 2, 3)]
    for wrong in (three[:2], ["--node=n1"], three):
        assert NATS.main([str(tmp_path), str(tmp_path / "out"), *wrong]) == 1
        told = capsys.readouterr().err
        assert told.startswith("nats: ")
        assert told.count("\n") == 1


def test_nodes_and_gate_are_written_for_real_hosts(tmp_path: Path):
    authority = CERTS.Authority(tmp_path, datetime.datetime.now(datetime.UTC))
    authority.init(["broker.example"])
    for number in (1, 2, 3):
        authority.issue_node(f"n{number}", [f"10.0.0.{number}"])
    authority.issue("camera", "s1/c1")
    nodes = [f"--node=n{number}=10.0.0.{number}" for number in (1, 2, 3)]
    out = tmp_path / "out"
    assert NATS.main([str(tmp_path), str(out), *nodes, "--connect-rate", "750"]) == 0
    node = (out / "n2.conf").read_text("utf-8")
    assert 'listen: "10.0.0.2:8883"' in node
    assert "verify_and_map: true" in node
    assert "tls://10.0.0.3:6222" in node
    gate = (out / "haproxy.cfg").read_text("utf-8")
    assert "rate-limit sessions 750" in gate
    assert gate.count("  server n") == 3
    assert "CN=s1/c1" in (out / "users.conf").read_text("utf-8")
