"""The real recorder, in a process of its own, on the fleet's register; and what it kept."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viewkeeper.agent.adapters.link.settings import TlsSettings
from viewkeeper.sim.errors import SimError
from viewkeeper.sim.fleet.camera import FleetCamera, Place

START_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The recording held against what brokers acknowledged to cameras.

    Attributes:
        acknowledged: records that a broker acknowledged to its camera.
        kept: records in the recording.
        lost: acknowledged, and not kept.
        unacknowledged: kept, and never acknowledged to the camera: its word of it was cut off.
        duplicated: rows beyond the first of one (camera, boot, sequence).
        refused, faults: messages that did not verify; one number with two records.
        lag_ms: from publication to the recording, of each acknowledged record, ascending.
        examples: a few of the lost, for a person.
    """

    acknowledged: int
    kept: int
    lost: int
    unacknowledged: int
    duplicated: int
    refused: int
    faults: int
    lag_ms: Sequence[int]
    examples: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Nothing acknowledged lost, nothing twice, nothing that did not verify."""
        return not (self.lost or self.duplicated or self.refused or self.faults)


class Desk:
    """``viewkeeper-dashboard serve`` with a recorder.

    Args:
        folder: for register, recording and log.
        cameras: who is in the register.
        host, port: the broker.
        tls: certificates for mutual TLS.
        mqtt: version, as the command line wants it.
        period_s: of a camera's reports.
    """

    def __init__(
        self,
        folder: Path,
        cameras: Sequence[FleetCamera],
        host: str,
        port: int,
        *,
        tls: TlsSettings | None = None,
        mqtt: str = "5",
        period_s: float = 10.0,
    ) -> None:
        self._folder, self.recording = folder, folder / "desk.sqlite"
        register = folder / "register.json"
        register.write_text(json.dumps(_register(cameras, period_s)), "utf-8")
        command = [
            *(sys.executable, "-m", "viewkeeper.dashboard.cli", "serve"),
            *("--register", str(register), "--broker-url", "ws://127.0.0.1:9"),
            *("--port", "0", "--record", str(self.recording)),
            *("--mqtt", f"{host}:{port}", "--mqtt-version", mqtt, "--name", "fleet"),
        ]
        if tls is not None:
            command += ["--mqtt-ca", str(tls.ca), "--mqtt-cert", str(tls.cert)]
            command += ["--mqtt-key", str(tls.key)]
        self._command = command
        self._process: subprocess.Popen[str] | None = None
        self._url = ""

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start it and wait until it hears the broker.

        Raises:
            SimError: it does not come up.
        """
        with (self._folder / "desk.log").open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                self._command, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self._process.stdout is not None
        watch = threading.Timer(START_TIMEOUT_S, self._process.kill)
        watch.start()
        line = self._process.stdout.readline()
        watch.cancel()
        match = re.match(r"(http://\S+)", line)
        if match is None:
            raise SimError(
                "no_recorder", f"the recorder does not start; see {self._folder}/desk.log"
            )
        self._url = match[1]

    def health(self) -> Mapping[str, Any]:
        """What it says of itself; empty while it says nothing."""
        with (
            contextlib.suppress(OSError, ValueError, urllib.error.URLError),
            urllib.request.urlopen(f"{self._url}api/recorder", timeout=5) as answer,  # noqa: S310
        ):
            return json.load(answer)
        return {}

    def stop(self) -> None:
        """Ctrl-C, as a person would."""
        if self._process is None:
            return
        self._process.send_signal(2)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def count(self) -> int:
        """Records kept so far."""
        with contextlib.closing(self._open()) as db:
            return int(db.execute("SELECT count(*) FROM records").fetchone()[0])

    def missing(self, acknowledged: Mapping[tuple[str, Place], int]) -> int:
        """How many acknowledged records are not kept, yet."""
        with contextlib.closing(self._open()) as db:
            kept = {(row[0], (row[1], row[2])) for row in db.execute(_PLACES)}
        return sum(one not in kept for one in acknowledged)

    def audit(self, acknowledged: Mapping[tuple[str, Place], int]) -> Audit:
        """Hold the recording against what was acknowledged (with the moment of publication)."""
        with contextlib.closing(self._open()) as db:
            rows = db.execute("SELECT camera, boot, sequence, received_ms FROM records").fetchall()
            refused = db.execute("SELECT count(*) FROM refusals").fetchone()[0]
            faults = db.execute("SELECT count(*) FROM faults").fetchone()[0]
        kept = {(row[0], (bytes(row[1]), row[2])): row[3] for row in rows}
        lost = [one for one in acknowledged if one not in kept]
        lag = sorted(
            kept[one] - sent_ms for one, sent_ms in acknowledged.items() if one in kept and sent_ms
        )
        return Audit(
            acknowledged=len(acknowledged),
            kept=len(rows),
            lost=len(lost),
            unacknowledged=sum(one not in acknowledged for one in kept),
            duplicated=len(rows) - len(kept),
            refused=refused,
            faults=faults,
            lag_ms=lag,
            examples=[f"{name} {boot.hex()}:{n}" for name, (boot, n) in lost[:5]],
        )

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.recording}?mode=ro", uri=True, timeout=30)


_PLACES = "SELECT camera, boot, sequence FROM records"


def _register(cameras: Sequence[FleetCamera], period_s: float) -> dict[str, Any]:
    return {
        "cameras": [
            {
                "site": one.topics.site,
                "camera": one.topics.camera,
                "title": one.name,
                "device_key": one.signer.verify_key.raw.hex(),
                "hfov_deg": 62.0,
                "report_period_s": max(1.0, period_s),
            }
            for one in cameras
        ]
    }
