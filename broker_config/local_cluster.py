"""A province's broker on this machine alone: three nats-servers and the gate before them.

    local_cluster.py FOLDER            (make cluster) stays up until Ctrl-C

For trying and for tests. Ports: 28893, 28903, 28913 for MQTT of the nodes, +1 for WebSocket;
18883 is the gate for cameras (n1 first), 18884 the one for desk and recorder (n3 first).
"""

from __future__ import annotations

import contextlib
import datetime
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import certs
import nats

HOST = "127.0.0.1"
CAMERAS_PORT, DESK_PORT = 18_883, 18_884
NODES = tuple(nats.Node(f"n{number}", HOST, 20_000 + 10 * number) for number in (1, 2, 3))
START_S = 60.0


class LocalCluster:
    """Three nodes and a gate, in a folder.

    Args:
        folder: empty, or of an earlier cluster.
        clients: (role, name) of everybody who gets a certificate.
        rate: new connections a second that the gate lets through.
    """

    def __init__(self, folder: Path, clients: Iterable[tuple[str, str]], *, rate: int) -> None:
        self.folder, self.certs = folder, folder / "certs"
        for program in ("nats-server", "haproxy"):
            if _path(program) is None:
                raise certs.CertsError(f"no {program} here: sudo apt install nats-server haproxy")
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.authority = certs.Authority(self.certs, datetime.datetime.now(datetime.UTC))
        if not (self.certs / "ca.key").exists():
            self.authority.init(["localhost", HOST])
            for node in NODES:
                self.authority.issue_node(node.name, ["localhost", HOST])
            for role, name in clients:
                self.authority.issue(role, name)
        # Nodes at "localhost": mutual TLS checks the name they are called by.
        store = str((folder / "store").resolve())
        nats.write(self.certs, folder / "conf", NODES, store=store, disk="2GB", lame_duck="30s")
        fronts = [
            ("cameras", f"{HOST}:{CAMERAS_PORT}", NODES),
            ("desk", f"{HOST}:{DESK_PORT}", NODES[::-1]),
        ]
        gate = nats.gate_conf(fronts, rate=rate, connections=9_000, backups=True)
        (folder / "conf" / "haproxy.cfg").write_text(gate, "utf-8")

    def start(self) -> None:
        """Bring everything up and wait until a node leads."""
        for node in NODES:
            self.start_node(node.name)
        self._run("haproxy", ["haproxy", "-f", str(self.folder / "conf" / "haproxy.cfg")])
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            logs = "".join(self.log(node.name) for node in NODES)
            if "new metadata leader" in logs and all(map(listens, (CAMERAS_PORT, DESK_PORT))):
                return
            time.sleep(0.2)
        self.stop()
        raise certs.CertsError(f"the cluster does not come up; its logs are in {self.folder}")

    def start_node(self, name: str) -> None:
        """Bring a node up and wait until it listens."""
        self._run(name, ["nats-server", "-c", str(self.folder / "conf" / f"{name}.conf")])
        port = nats.MQTT + next(node.shift for node in NODES if node.name == name)
        deadline = time.monotonic() + START_S
        while not listens(port):
            if time.monotonic() > deadline or self._running[name].poll() is not None:
                raise certs.CertsError(f"{name} does not come up: {self.log(name)[-300:]}")
            time.sleep(0.1)

    def kill(self, name: str) -> None:
        """A node is gone, without a word."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def renew_users(self) -> None:
        """Let the nodes know who has a certificate now."""
        told = nats.users_conf(self.authority.issued(), nats.ACL.read_text("utf-8"))
        (self.folder / "conf" / "users.conf").write_text(told, "utf-8")
        for node in NODES:
            if node.name in self._running:
                self._running[node.name].send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """End everything that was started here."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def log(self, name: str) -> str:
        """What a node wrote down."""
        path = self.folder / f"{name}.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def pid(self, name: str) -> int:
        """Of a node that runs."""
        return self._running[name].pid

    def _run(self, name: str, command: list[str]) -> None:
        program = _path(command[0])
        assert program is not None
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [program, *command[1:]], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1.0):
        return True
    return False


def _path(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


def main(arguments: list[str]) -> int:
    """Bring one up and stay."""
    if len(arguments) != 1:
        print("local_cluster: give a FOLDER", file=sys.stderr)
        return 1
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    clients = [("desk", "desk"), ("recorder", "fleet"), ("dashboard", "wall")]
    clients += [("camera", f"site-000/cam-{number:05d}") for number in range(50)]
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        cluster = LocalCluster(folder, clients, rate=200)
        cluster.start()
    except KeyboardInterrupt:
        return 0
    except certs.CertsError as error:
        print(f"local_cluster: {error}", file=sys.stderr)
        return 1
    print(
        f"three nodes and a gate are up; certificates in {cluster.certs}; Ctrl-C ends them. Try:\n"
        f"  viewkeeper-sim fleet --broker localhost:{CAMERAS_PORT} --recorder-broker "
        f"localhost:{DESK_PORT} --mqtt 3.1.1 --certs {cluster.certs} --cameras 50\n"
        f"  kill -9 {cluster.pid('n1')}   # node n1, meanwhile",
        flush=True,
    )
    try:
        while True:
            time.sleep(1.0)
    except KeyboardInterrupt:
        return 0
    finally:
        cluster.stop()


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
