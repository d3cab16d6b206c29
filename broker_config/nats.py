"""A clustered broker for a province on nats-server: writes each node's configuration.

    nats.py CERTS OUT --node n1=10.0.0.1 --node n2=10.0.0.2 --node n3=10.0.0.3

CERTS is a folder of certs.py: a node has its pair from ``certs.py node CERTS n1 --server HOST``,
and everybody who has a client certificate there, and is not revoked, becomes a user with the rights
that the mosquitto ACL gives, too. OUT/n1.conf ... are then started with ``nats-server -c``; after
certificates were issued or revoked, write them again and ``nats-server --signal reload``.
OUT/haproxy.cfg is the gate before them: one address for all cameras, nodes that are gone left out,
and never more new connections a second than stated.

Three nodes are the least that go on when one is gone: what counts is kept by a majority (JetStream,
three replicas), and a publication is acknowledged when that majority has it.
"""

from __future__ import annotations

import argparse
import datetime
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import certs
from acl_file import RECORDER_SAYS

ACL = Path(__file__).parent / "acl.conf"
MQTT, WEBSOCKET, ROUTES, CLIENT, MONITOR = 8883, 8884, 6222, 4222, 8222

_NODE = """\
# Node {name} of the province's broker, written by broker_config/nats.py.
server_name: {name}
# NATS's own protocol: nobody needs it here.
listen: "127.0.0.1:{client}"
http: "127.0.0.1:{monitor}"
max_payload: 64KB
max_connections: {connections}
# So long a node that is stopped takes to move its clients: not all at one moment.
lame_duck_duration: "{lame_duck}"

jetstream {{ store_dir: "{store}/{name}", max_mem: 256MB, max_file: {disk} }}

cluster {{
  name: viewkeeper
  listen: "{host}:{routes}"
  routes: [{peers}]
  tls {{ {node_tls}, verify: true }}
}}

mqtt {{
  listen: "{host}:{mqtt}"
  # What a recorder may have on its way before it acknowledges.
  max_ack_pending: 1000
  ack_wait: "30s"
  tls {{ {node_tls}, verify_and_map: true, timeout: 15 }}
}}

# Dashboards.
websocket {{
  listen: "{host}:{websocket}"
  tls {{ {node_tls}, verify_and_map: true }}
}}

include "users.conf"
"""


_GATE = """\
# The gate before the province's brokers, written by broker_config/nats.py. TLS passes through.
global
  maxconn {connections}
defaults
  mode tcp
  timeout connect 5s
  timeout client 10m
  timeout server 10m
"""
_FRONT = """
frontend {name}
  bind {bind}
  # Never more new connections a second than the brokers were measured to take; the rest waits in
  # the listen queue, and a camera whose wait is over tries again after a pause by chance.
  rate-limit sessions {rate}
  backlog 65535
  default_backend {name}
backend {name}
  balance leastconn
  option allbackups
  option tcp-check
  default-server check inter 1s fall 2 rise 3 on-marked-down shutdown-sessions
"""


@dataclass(frozen=True, slots=True)
class Node:
    """One node: its name, address, and what is added to each of its port numbers."""

    name: str
    host: str
    shift: int = 0

    @classmethod
    def parse(cls, text: str) -> Node:
        """``n1=10.0.0.1`` or, where several share a machine, ``n1=127.0.0.1+10``."""
        match = re.fullmatch(r"([a-z0-9-]{1,32})=([A-Za-z0-9.-]+)(?:\+(\d{1,5}))?", text)
        if match is None:
            raise certs.CertsError(f"{text!r}: write NAME=HOST or NAME=HOST+SHIFT")
        return cls(match[1], match[2], int(match[3] or 0))


def node_conf(
    node: Node,
    nodes: Sequence[Node],
    folder: Path,
    *,
    store: str,
    disk: str = "100GB",
    connections: int = 200_000,
    lame_duck: str = "2m",
) -> str:
    """The configuration of one node.

    Args:
        node, nodes: which one, of which.
        folder: of certs.py, as the node sees it.
        store: where JetStream keeps its streams.
    """
    node_tls = ", ".join(
        f'{name}: "{folder / file}"'
        for name, file in (
            ("cert_file", f"node.{node.name}.crt"),
            ("key_file", f"node.{node.name}.key"),
            ("ca_file", "ca.crt"),
        )
    )
    peers = ", ".join(f'"tls://{one.host}:{ROUTES + one.shift}"' for one in nodes)
    return _NODE.format(
        name=node.name,
        host=node.host,
        client=CLIENT + node.shift,
        monitor=MONITOR + node.shift,
        routes=ROUTES + node.shift,
        mqtt=MQTT + node.shift,
        websocket=WEBSOCKET + node.shift,
        peers=peers,
        node_tls=node_tls,
        store=store,
        disk=disk,
        connections=connections,
        lame_duck=lame_duck,
    )


def gate_conf(
    fronts: Sequence[tuple[str, str, Sequence[Node]]],
    *,
    rate: int,
    connections: int = 200_000,
    backups: bool = False,
) -> str:
    """HAProxy's configuration.

    Args:
        fronts: name, HOST:PORT to listen on, nodes behind it.
        rate: new connections a second, of each front.
        connections: at one time.
        backups: use the nodes behind the first only when it is gone.
    """
    told = [_GATE.format(connections=connections)]
    for name, bind, nodes in fronts:
        told.append(_FRONT.format(name=name, bind=bind, rate=rate))
        for number, node in enumerate(nodes):
            backup = " backup" if backups and number else ""
            told.append(f"  server {node.name} {node.host}:{MQTT + node.shift}{backup}\n")
    return "".join(told)


def users_conf(issued: Sequence[Any], fixed: str) -> str:
    """Who may do what: the mosquitto ACL in NATS's words, a user a certificate."""
    says, hears = certs.camera_topics(fixed)
    users = [
        _user(client.name, *_rights(client, says, hears)) for client in issued if not client.revoked
    ]
    inside = ",\n    ".join(users)
    return (
        "accounts {\n  VIEWKEEPER: { jetstream: enabled, users: [\n    "
        f"{inside}\n  ] }}\n  SYS: {{ users: [] }}\n}}\nsystem_account: SYS\n"
    )


def _rights(client: Any, says: Sequence[str], hears: Sequence[str]) -> tuple[list[str], list[str]]:
    every = "viewkeeper/v1/+/+"
    orders = [f"{every}/{rest}" for rest in hears if rest not in RECORDER_SAYS]
    if client.role == "camera":
        base = f"viewkeeper/v1/{client.name}"
        return [f"{base}/{rest}" for rest in says], [f"{base}/{rest}" for rest in hears]
    if client.role == "bridge":
        base = f"viewkeeper/v1/{client.name.split('.')[1]}/+"
        return [f"{base}/{rest}" for rest in says], [f"{base}/{rest}" for rest in hears]
    if client.role == "homeassistant":
        return ["homeassistant/status"], [
            *(f"{every}/{name}" for name in ("state", "status")),
            "homeassistant/#",
        ]
    writes = {"desk": orders, "recorder": [f"{every}/{rest}" for rest in RECORDER_SAYS]}.get(
        client.role, []
    )
    return writes, ["viewkeeper/v1/#"]


def _user(name: str, publish: Sequence[str], subscribe: Sequence[str]) -> str:
    said = ", ".join(f'"{_subject(topic)}"' for topic in publish)
    # NATS delivers what an MQTT client subscribed at QoS 1 by a subject of its own; it lets no
    # MQTT client name that subject (a test tries).
    parents = [topic.removesuffix("/#") for topic in subscribe if topic.endswith("/#")]
    heard = ", ".join(f'"{_subject(topic)}"' for topic in (*subscribe, *parents, "$MQTT/sub/#"))
    deny = "" if said else 'deny: [">"]'
    return (
        f'{{ user: "CN={name}", permissions: {{ '
        f"publish: {{ {f'allow: [{said}]' if said else deny} }}, "
        f"subscribe: {{ allow: [{heard}] }} }} }}"
    )


def _subject(topic: str) -> str:
    return topic.replace("/", ".").replace("+", "*").replace("#", ">")


def write(
    folder: Path, out: Path, nodes: Sequence[Node], *, rate: int = 2000, **options: Any
) -> None:
    """Write OUT/NAME.conf for each node, OUT/users.conf for all, and OUT/haproxy.cfg before them.

    Raises:
        CertsError: what is missing, and the cure.
    """
    if len(nodes) < 3:
        raise certs.CertsError("give three nodes: two have no majority when one is gone")
    for node in nodes:
        if not (folder / f"node.{node.name}.crt").exists():
            raise certs.CertsError(
                f"{node.name} has no pair: certs.py node {folder} {node.name} --server {node.host}"
            )
    authority = certs.Authority(folder, datetime.datetime.now(datetime.UTC))
    out.mkdir(parents=True, exist_ok=True)
    for node in nodes:
        told = node_conf(node, nodes, folder.resolve(), **options)
        (out / f"{node.name}.conf").write_text(told, "utf-8")
    told = users_conf(authority.issued(), ACL.read_text("utf-8"))
    (out / "users.conf").write_text(told, "utf-8")
    gate = gate_conf([("cameras", f"*:{MQTT}", nodes)], rate=rate)
    (out / "haproxy.cfg").write_text(gate, "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 where it did what was asked."""
    parser = argparse.ArgumentParser(description="Configuration of a cluster of nats-servers.")
    parser.add_argument("certs", type=Path, help="folder of certs.py")
    parser.add_argument("out", type=Path, help="for the configurations")
    parser.add_argument(
        "--node", action="append", default=[], metavar="NAME=HOST[+SHIFT]", help="three or more"
    )
    parser.add_argument("--store", default="/var/lib/viewkeeper-nats", help="default %(default)s")
    parser.add_argument("--disk", default="100GB", help="of each node's store (%(default)s)")
    parser.add_argument(
        "--connect-rate", type=int, default=2000, help="new connections a second (%(default)s)"
    )
    options = parser.parse_args(arguments)
    try:
        nodes = [Node.parse(text) for text in options.node]
        write(
            options.certs,
            options.out,
            nodes,
            rate=options.connect_rate,
            store=options.store,
            disk=options.disk,
        )
    except (certs.CertsError, OSError) as error:
        print(f"nats: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
