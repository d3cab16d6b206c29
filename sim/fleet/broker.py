"""A mosquitto for a fleet: its memory outlives it, it logs every connection, and it can do TLS.

With TLS it is the site's own configuration (`broker_config/mosquitto.conf`, ACL and authority);
only paths, ports and limits of number differ.
"""

from __future__ import annotations

import contextlib
import datetime
import getpass
import re
import shutil
import signal
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

from viewkeeper.agent.adapters.link.settings import TlsSettings
from viewkeeper.sim.broker import LOOPBACK, free_port
from viewkeeper.sim.errors import SimError
from viewkeeper.sim.site_config import acl_head, mosquitto_conf, tool

_PLAIN = """\
allow_anonymous true
listener {port} {host}
persistence true
persistence_location {folder}/
autosave_interval 3600
max_inflight_messages 1000
max_queued_messages 0
log_type error
log_type warning
log_type notice
connection_messages true
log_timestamp_format %s
log_dest file {folder}/broker.log
user {user}
"""


class FleetBroker:
    """A mosquitto in a folder.

    Attributes:
        port: of plain MQTT or, with TLS, of mutual TLS.
    """

    def __init__(self, folder: Path, *, tls: bool, cameras: list[str]) -> None:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if program is None:
            raise SimError("no_broker", "no mosquitto here: sudo apt install mosquitto")
        self._program, self._folder = program, folder
        self.port = free_port()
        self._authority: Any = None
        conf = _PLAIN.format(port=self.port, host=LOOPBACK, folder=folder, user=getpass.getuser())
        if tls:
            conf = self._site(cameras)
        (folder / "mosquitto.conf").write_text(conf, "utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Bring it up and wait until it listens.

        Raises:
            SimError: it does not come up.
        """
        command = [self._program, "-c", str(self._folder / "mosquitto.conf")]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, self.port), 1):
                return
            time.sleep(0.02)
        self.kill()
        raise SimError("no_broker", f"mosquitto does not come up; see {self._folder}/broker.log")

    def stop(self) -> None:
        """Let it write its memory and go."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Gone at once; what it had not written is lost."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()
        self._process = None

    def connections_by_second(self) -> Counter[int]:
        """How many connections it took in each second (Unix time), as it wrote down itself."""
        found: Counter[int] = Counter()
        with (self._folder / "broker.log").open(encoding="utf-8", errors="replace") as log:
            for line in log:
                match = re.match(r"(\d+): New connection from ", line)
                if match is not None:
                    found[int(match[1])] += 1
        return found

    def tls_of(self, name: str) -> TlsSettings | None:
        """The certificate pair of a client; ``None`` without TLS."""
        if self._authority is None:
            return None
        crt, key = (self._authority.path_of(name, suffix) for suffix in ("crt", "key"))
        return TlsSettings(self._folder / "ca.crt", crt, key)

    def _site(self, cameras: list[str]) -> str:
        certs = tool("certs")
        self._authority = certs.Authority(self._folder, datetime.datetime.now(datetime.UTC))
        self._authority.init(["localhost", LOOPBACK])
        for name in cameras:
            self._authority.issue("camera", name)
        self._authority.issue("recorder", "fleet")
        recorder = [one for one in self._authority.issued() if one.role != "camera"]
        (self._folder / "acl").write_text(certs.acl(recorder, acl_head()), "utf-8")
        log = self._folder / "broker.log"
        return mosquitto_conf(
            self._folder,
            self._folder,
            log,
            port=self.port,
            more=(
                ("max_connections 2000", "max_connections -1"),
                ("max_queued_messages 20000", "max_queued_messages 0"),
                ("max_queued_bytes 33554432\n", ""),
                (f"log_dest file {log}", f"log_dest file {log}\nlog_timestamp_format %s"),
            ),
        )
