"""A camera's voice without a broker: signed messages for the recorder's tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from viewkeeper.dashboard.recorder.intake import Intake, Kept, Witnessed
from viewkeeper.dashboard.register import Camera, Register
from viewkeeper.protocol import records
from viewkeeper.protocol.checkpoints import Checkpoint, seal_checkpoint
from viewkeeper.protocol.cose import SoftwareSigner
from viewkeeper.protocol.topics import Topics
from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    ClockTrust,
    EventKind,
    LifecycleState,
    LitState,
    SignageState,
    ViewCause,
    ViewVerdict,
)

NAME = "old-town/cam-07"
TOPICS = Topics("old-town", "cam-07")
SIGNER = SoftwareSigner.from_seed(bytes(range(32)))
BOOT = bytes.fromhex("0011223344556677")
CAMERA = Camera(
    site="old-town",
    camera="cam-07",
    title="North gate",
    device_key=SIGNER.verify_key,
    hfov_deg=62.0,
)
INTAKE = Intake(Register((CAMERA,)))


def seal(body: records.Body, sequence: int = 1, **header: Any) -> bytes:
    known = {
        "device": "cam-07",
        "boot": BOOT,
        "sequence": sequence,
        "utc_ms": 1_000_000,
        "mono_ms": 0,
        "clock": ClockTrust.SYNCHRONISED,
    }
    return records.seal(records.Record(records.Header(**(known | header)), body), SIGNER)


def report(verdict: ViewVerdict = ViewVerdict.SAME) -> records.Report:
    return records.Report(
        view=records.ViewReport(verdict=verdict, since_ms=0, latched=False),
        signage=records.SignageReport(state=SignageState.PRESENT, lit=LitState.LIT),
        health=records.HealthReport(frame_rate_mhz=25_000, uptime_s=1, findings=()),
        lifecycle=LifecycleState.FILED,
        config_sequence=1,
        ledger_size=1,
        ledger_root=bytes(16),
        refusals=0,
    )


def board(verdict: ViewVerdict) -> records.Report:
    """A device without a camera that feels its mount."""
    return replace(
        report(),
        view=records.ViewReport(
            verdict=ViewVerdict.CANNOT_TELL, cause=ViewCause.NO_CAMERA, since_ms=0, latched=False
        ),
        mount=records.MountReport(verdict=verdict, since_ms=0),
    )


def alarm() -> records.Alarm:
    return records.Alarm(
        alarm=AlarmKind.VIEW_MOVED, since_ms=0, detail="", alarm_method=5, alarm_type=2
    )


def event() -> records.Event:
    return records.Event(
        event=EventKind.CAMERA_STRUCK,
        started_ms=0,
        confidence_permille=900,
        alarm_method=5,
        alarm_type=2,
    )


def kept(body: records.Body, sequence: int = 1, **header: Any) -> Kept:
    found = INTAKE.read(TOPICS.history, seal(body, sequence, **header))
    assert isinstance(found, Kept)
    return found


def checkpoint(size: int, root: bytes = bytes(32), utc_ms: int = 1_000_000) -> bytes:
    body = Checkpoint(device="cam-07", size=size, root=root, utc_ms=utc_ms)
    return seal_checkpoint(body, SIGNER)


def witnessed(size: int, root: bytes = bytes(32), utc_ms: int = 1_000_000) -> Witnessed:
    found = INTAKE.read(TOPICS.checkpoint, checkpoint(size, root, utc_ms))
    assert isinstance(found, Witnessed)
    return found
