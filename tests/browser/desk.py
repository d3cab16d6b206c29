"""A real broker and a camera's voice, for tests that look at the page in a real browser."""

from __future__ import annotations

import dataclasses
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paho.mqtt.enums import CallbackAPIVersion

from viewkeeper.dashboard.recorder.api import Api
from viewkeeper.dashboard.recorder.intake import Intake
from viewkeeper.dashboard.recorder.listener import Recorder
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.recorder.subscription import BrokerAddress
from viewkeeper.dashboard.register import Camera, Register
from viewkeeper.protocol import records
from viewkeeper.protocol.checkpoints import Checkpoint, seal_checkpoint
from viewkeeper.protocol.cose import SoftwareSigner
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.topics import Topics
from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    ClockTrust,
    EventKind,
    LifecycleState,
    LitState,
    OrderKind,
    SignageState,
    TamperState,
    ViewCause,
    ViewVerdict,
)

SITE = "old-town"
MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
TOLERANCE = {"pan_deg": 0.35, "tilt_deg": 0.35, "roll_deg": 0.7, "zoom": 0.012}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Broker:
    """A mosquitto of our own: MQTT for the camera, WebSocket for the page."""

    folder: Path
    options: str = "allow_anonymous true"
    tcp_port: int = field(default_factory=free_port)
    ws_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.ws_port}"

    def start(self) -> None:
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"{self.options}\npersistence false\nlistener {self.tcp_port} 127.0.0.1\n"
            f"listener {self.ws_port} 127.0.0.1\nprotocol websockets\n"
        )
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(MOSQUITTO), "-c", str(config)], stdout=log, stderr=log
            )
        for port in (self.tcp_port, self.ws_port):
            self.await_port(port)

    def await_port(self, port: int) -> None:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError((self.folder / "mosquitto.log").read_text())

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


class Voice:
    """One camera: signs records with its key and publishes them."""

    def __init__(self, broker: Broker, camera: str, title: str = "", title_zh: str = "") -> None:
        self.camera, self.title, self.title_zh = camera, title or camera, title_zh or camera
        self.signer = SoftwareSigner(Ed25519PrivateKey.generate())
        self.topics = Topics(SITE, camera)
        self.boot, self.sequence = secrets.token_bytes(8), 0
        self.broker = broker

    def entry(self, **more: Any) -> Camera:
        return Camera(
            site=SITE,
            camera=self.camera,
            title=self.title,
            title_zh=self.title_zh,
            device_key=self.signer.verify_key,
            **({"hfov_deg": 62.0, "tolerance": TOLERANCE} | more),
        )

    def sign(self, body: records.Body, **header: Any) -> bytes:
        """A sealed record, next in the row."""
        self.sequence += 1
        known = {
            "device": self.camera,
            "boot": self.boot,
            "sequence": self.sequence,
            "utc_ms": now_ms(),
            "mono_ms": 1000 * self.sequence,
            "clock": ClockTrust.SYNCHRONISED,
        }
        return records.seal(records.Record(records.Header(**(known | header)), body), self.signer)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        publish(self.broker, topic, payload, retain=retain)

    def report(self, **changes: Any) -> None:
        self.publish(self.topics.report, self.sign(report(**changes)), retain=True)

    def alarm(self, kind: AlarmKind, detail: str = "") -> None:
        body = records.Alarm(
            alarm=kind, since_ms=now_ms(), detail=detail, alarm_method=5, alarm_type=2
        )
        self.publish(self.topics.alarm(kind), self.sign(body), retain=True)

    def end(self, kind: AlarmKind) -> None:
        body = records.Alarm(
            alarm=kind,
            since_ms=now_ms(),
            detail="",
            alarm_method=5,
            alarm_type=2,
            ended_ms=now_ms(),
        )
        self.publish(self.topics.alarm(kind), self.sign(body))

    def clear(self, kind: AlarmKind) -> None:
        self.publish(self.topics.alarm(kind), b"", retain=True)

    def event(self, kind: EventKind, topic: str = "") -> None:
        body = records.Event(
            event=kind,
            started_ms=now_ms() - 900,
            ended_ms=now_ms(),
            confidence_permille=930,
            alarm_method=5,
            alarm_type=2,
        )
        self.publish(topic or self.topics.event(kind), self.sign(body))

    def verdict(self, reason: str, *, accepted: bool = False, sequence: int = 5) -> None:
        body = records.VerdictRecord(
            order=OrderKind.CONFIG,
            order_hash=bytes(32),
            accepted=accepted,
            reason=reason,
            detail="",
            sequence=sequence,
            clock=ClockTrust.SYNCHRONISED,
        )
        self.publish(self.topics.config_applied, self.sign(body), retain=True)

    def checkpoint(self, size: int, root: bytes) -> None:
        body = Checkpoint(device=self.camera, size=size, root=root, utc_ms=now_ms())
        self.publish(self.topics.checkpoint, seal_checkpoint(body, self.signer), retain=True)


@dataclass
class Desk:
    """A recorder at work."""

    recording: Recording
    recorder: Recorder
    api: Api
    path: Path

    def await_records(self, count: int) -> None:
        for _ in range(200):
            if self.recording.size() >= count:
                return
            time.sleep(0.05)
        raise AssertionError(f"{self.recording.size()} of {count} records")


@contextmanager
def recording_desk(broker: Broker, register: Register, path: Path) -> Iterator[Desk]:
    """A recorder of our own that listens."""
    recording = Recording(path)
    address = BrokerAddress(host="127.0.0.1", port=broker.tcp_port)
    recorder = Recorder(Intake(register), recording, address, now_ms)
    for _ in range(200):
        # Its subscription follows its connection: from what is heard on it is there.
        publish(broker, Topics("nowhere", "probe").status, b"online")
        if recorder.health()["heard"]:
            break
        time.sleep(0.05)
    try:
        yield Desk(recording, recorder, Api(recording, now_ms, recorder.health), path)
    finally:
        recorder.close()


def publish(broker: Broker, topic: str, payload: bytes, *, retain: bool = False) -> None:
    """Anybody's message: the test brokers ask no one who they are."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.connect("127.0.0.1", broker.tcp_port)
    client.loop_start()
    client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def report(
    verdict: ViewVerdict = ViewVerdict.SAME,
    cause: ViewCause | None = None,
    *,
    pan_deg: float = 0.0,
    tilt_deg: float = 0.0,
    roll_deg: float = 0.0,
    zoom: float = 1.0,
    measured: bool = True,
    lit: LitState = LitState.LIT,
    ledger_size: int = 12,
    ledger_root: bytes = bytes(range(32)),
    last_refusal: str | None = None,
    alarms: tuple[AlarmKind, ...] | None = None,
) -> records.Report:
    """A whole report; everything that is not asked for is well."""
    move = records.MoveReport(
        pan_mdeg=round(1000 * pan_deg),
        tilt_mdeg=round(1000 * tilt_deg),
        roll_mdeg=round(1000 * roll_deg),
        zoom_ppm=round(1e6 * zoom),
        pan_error_mdeg=40,
        tilt_error_mdeg=40,
        roll_error_mdeg=90,
        zoom_error_ppm=1500,
    )
    return records.Report(
        view=records.ViewReport(
            verdict=verdict,
            cause=cause,
            move=move if measured else None,
            lost_permille=61 if verdict is ViewVerdict.MOVED else None,
            since_ms=now_ms() - 5000,
            latched=verdict is ViewVerdict.MOVED,
        ),
        signage=records.SignageReport(state=SignageState.PRESENT, lit=lit, current_ma=182),
        health=records.HealthReport(
            frame_rate_mhz=24_980, storage_free_permille=613, uptime_s=93_211, findings=()
        ),
        lifecycle=LifecycleState.FILED,
        config_sequence=4,
        config_hash=bytes.fromhex("8f2a11c09d3e4b57"),
        ledger_size=ledger_size,
        ledger_root=ledger_root[:16],
        refusals=0 if last_refusal is None else 1,
        last_refusal=None if last_refusal is None else Reason(last_refusal),
        alarms=alarms,
    )


def board(
    verdict: ViewVerdict = ViewVerdict.SAME,
    *,
    cause: ViewCause | None = None,
    tilt_deg: float | None = 0.0,
    roll_deg: float | None = 0.0,
    case: TamperState = TamperState.CLOSED,
    **changes: Any,
) -> records.Report:
    """The report of a board without a camera, which feels its mount."""
    mount = records.MountReport(
        verdict=verdict,
        cause=cause,
        tilt_mdeg=None if tilt_deg is None else round(1000 * tilt_deg),
        roll_mdeg=None if roll_deg is None else round(1000 * roll_deg),
        error_mdeg=150,
        temperature_dc=-85,
        registered_dc=214,
        since_ms=now_ms() - 5000,
        case=case,
    )
    blind = report(ViewVerdict.CANNOT_TELL, ViewCause.NO_CAMERA, measured=False, **changes)
    return dataclasses.replace(blind, mount=mount)


def everybody(*voices: Voice, **more: Any) -> Register:
    return Register(tuple(voice.entry(**more) for voice in voices))


def now_ms() -> int:
    return int(1000 * time.time())
