"""An MQTT broker for the demo and the tests: real, local, gone when its owner is.

Two kinds, chosen by trying (docs/decisions/0004-embedded-broker.md):

- ``mosquitto`` where it is installed: both MQTT versions on one port, also over WebSocket,
  retained messages survive a kill
- ``iotcore`` (rumqttd in a wheel, nothing to install beside it): MQTT 3.1.1 alone, over TCP and
  WebSocket; forgets everything when it goes. It has an MQTT 5 listener, too, but a publication
  with MQTT 5 properties cuts off every 3.1.1 subscriber, and its WebSocket is 3.1.1 only

Everything listens on 127.0.0.1 unless told otherwise, on ports that were free, without root and
without passwords: this is no broker for a site (broker_config/ is).
"""

from __future__ import annotations

import atexit
import contextlib
import getpass
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal

from viewkeeper.protocol.errors import Reason, SetupError

Kind = Literal["auto", "iotcore", "mosquitto"]
LOOPBACK = "127.0.0.1"
START_TIMEOUT_S = 15.0

_MOSQUITTO_CONF = """\
per_listener_settings false
allow_anonymous true
user {user}
{persistence}
max_inflight_messages 100
max_queued_messages 100000
log_type warning
log_type error
log_dest file {folder}/log
listener {tcp_port} {host}
listener {ws_port} {host}
protocol websockets
"""

# Its whole memory, after every change or so many seconds.
_MOSQUITTO_DURABLE = """\
persistence true
persistence_location {folder}/
autosave_on_changes {on_changes}
autosave_interval {interval}"""

_IOTCORE_LISTENER = """\
[{table}.1]
name = "{table}"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[{table}.1.connections]
connection_timeout_ms = 5000
max_payload_size = 1048576
max_inflight_count = 100
dynamic_filters = true
"""

_IOTCORE_CONF = """\
id = 0
[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
"""

# The child watches its standard input and goes when its parent does. rumqttd logs each packet
# as an error; only a broken start is worth a line.
_IOTCORE_CHILD = """\
import logging, os, sys, threading
sys.path[:] = [p for p in sys.path if p not in ("", ".")]
from iotcore import IotCoreBroker
logging.basicConfig(level=logging.CRITICAL)
logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
def watch():
    while os.read(0, 4096):
        pass
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
IotCoreBroker(config_path=sys.argv[1]).run_forever()
"""


def installed_kinds() -> tuple[Literal["mosquitto", "iotcore"], ...]:
    """The kinds that can be started here, the better one first."""
    kinds: list[Literal["mosquitto", "iotcore"]] = []
    if _mosquitto_path() is not None:
        kinds.append("mosquitto")
    if importlib.util.find_spec("iotcore") is not None:
        kinds.append("iotcore")
    return tuple(kinds)


def _mosquitto_path() -> str | None:
    # Debian puts it where an ordinary user's PATH does not look.
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def free_port(host: str = LOOPBACK) -> int:
    """A TCP port nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class Broker:
    """A running broker. Use ``Broker.start`` as a context manager.

    Attributes:
        kind: which one it is.
        host: the address it listens on.
        tcp_port: MQTT over TCP.
        ws_port: MQTT over WebSocket, any path, subprotocol ``mqtt``.
        versions: the protocol levels it speaks, as mqtt.js and paho call them: 4 is 3.1.1, 5 is
            5. A page that asks for 4 works with every kind.
        durable: whether what stands retained survives ``kill``.
        autosave_s: how often it writes what it remembers; 0: after each change.
        v5_port: iotcore's MQTT 5 listener where one was asked for; for the probe.
    """

    def __init__(
        self,
        kind: Literal["iotcore", "mosquitto"],
        *,
        tcp_port: int = 0,
        ws_port: int = 0,
        host: str = LOOPBACK,
        durable: bool = True,
        autosave_s: int = 0,
        v5_port: int | None = None,
    ) -> None:
        self.kind = kind
        self.host = host
        self.tcp_port = tcp_port or free_port(host)
        self.ws_port = ws_port or free_port(host)
        self.durable = durable and kind == "mosquitto"
        self.autosave_s = autosave_s
        self.v5_port = v5_port
        self.versions: tuple[int, ...] = (4, 5) if kind == "mosquitto" else (4,)
        self._folder = Path(tempfile.mkdtemp(prefix="viewkeeper-broker-"))
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.stop)

    @classmethod
    def start(
        cls,
        kind: Kind = "auto",
        tcp_port: int = 0,
        ws_port: int = 0,
        host: str = LOOPBACK,
        *,
        durable: bool = True,
        autosave_s: int = 0,
    ) -> Broker:
        """Start a broker and wait until it listens.

        Args:
            kind: ``auto``: mosquitto where installed, else iotcore.
            tcp_port, ws_port: 0: any free one.
            host: leave it at the loopback address unless others shall reach it: nobody is
                asked for a password.
            durable: keep what stands over a kill, where the kind can.
            autosave_s: write it so often, as a site's broker does each minute, and lose what came
                since; 0: after each change, at a fifth of the speed, and slower the more waits.

        Raises:
            SetupError: no such broker here, or it does not come up.
        """
        kinds = installed_kinds()
        if kind == "auto" and not kinds:
            raise SetupError(
                Reason.LIBRARY_MISSING,
                "no MQTT broker here: install iotcore with pip, or the package mosquitto",
            )
        if kind != "auto" and kind not in kinds:
            raise SetupError(Reason.LIBRARY_MISSING, f"{kind} is not installed here")
        chosen = kinds[0] if kind == "auto" else kind
        broker = cls(
            chosen,
            tcp_port=tcp_port,
            ws_port=ws_port,
            host=host,
            durable=durable,
            autosave_s=autosave_s,
        )
        try:
            broker.restart()
        except SetupError:
            broker.stop()
            raise
        return broker

    @property
    def ws_url(self) -> str:
        """Where a page connects."""
        return f"ws://{self.host}:{self.ws_port}/mqtt"

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Let the broker go away at once, without a goodbye to anybody."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

    def restart(self) -> None:
        """Bring it (back) up on the same ports and wait until it listens.

        Raises:
            SetupError: it does not come up.
        """
        self.kill()
        with (self._folder / "log").open("ab") as log:
            process = self._process = subprocess.Popen(
                self._command(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        for port in filter(None, (self.tcp_port, self.ws_port, self.v5_port)):
            while not self._listens(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    self.kill()
                    raise SetupError(
                        Reason.BROKER, f"{self.kind} does not come up on port {port}: {self._log()}"
                    )
                time.sleep(0.02)

    def stop(self) -> None:
        """End it and remove its files. Safe to call twice."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
        atexit.unregister(self.stop)

    def __enter__(self) -> Broker:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _listens(self, port: int) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((self.host, port), 1.0):
            return True
        return False

    def _log(self) -> str:
        with contextlib.suppress(OSError):
            lines = (self._folder / "log").read_text("utf-8", "replace").splitlines()
            return lines[-1] if lines else "no word from it"
        return "no word from it"

    def _command(self) -> list[str]:
        conf = self._folder / ("conf" if self.kind == "mosquitto" else "conf.toml")
        if self.kind == "mosquitto":
            durable = _MOSQUITTO_DURABLE.format(
                folder=self._folder,
                on_changes="false" if self.autosave_s else "true",
                interval=self.autosave_s or 1,
            )
            conf.write_text(
                _MOSQUITTO_CONF.format(
                    persistence=durable if self.durable else "persistence false",
                    user=getpass.getuser() if os.name == "posix" else "",
                    folder=self._folder,
                    host=self.host,
                    tcp_port=self.tcp_port,
                    ws_port=self.ws_port,
                ),
                "utf-8",
            )
            path = _mosquitto_path()
            assert path is not None
            return [path, "-c", str(conf)]
        listeners = [("v4", self.tcp_port), ("ws", self.ws_port)]
        if self.v5_port is not None:
            listeners.append(("v5", self.v5_port))
        text = _IOTCORE_CONF + "".join(
            _IOTCORE_LISTENER.format(table=table, host=self.host, port=port)
            for table, port in listeners
        )
        conf.write_text(text, "utf-8")
        return [sys.executable, "-c", _IOTCORE_CHILD, str(conf)]
