"""Signed records from a camera: what a backend reads, and what it must not believe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.checkpoints import Checkpoint, seal_checkpoint
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.records import (
    Alarm,
    Body,
    ClockFix,
    Event,
    Gap,
    Header,
    HealthReport,
    MoveReport,
    Reading,
    Record,
    Report,
    SignageReport,
    UpdateProgress,
    VerdictRecord,
    ViewReport,
    seal,
)
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    ClockTrust,
    Corroboration,
    EventKind,
    LifecycleState,
    LitState,
    OrderKind,
    SignageState,
    TamperState,
    UpdateStage,
    ViewCause,
    ViewVerdict,
)

_KEY = w.DEVICE_SIGNER.verify_key
_UTC_MS = (w.START_S + 7200) * 1000
_MOVE = MoveReport(
    pan_mdeg=3010,
    tilt_mdeg=-40,
    roll_mdeg=120,
    zoom_ppm=999_100,
    pan_error_mdeg=35,
    tilt_error_mdeg=33,
    roll_error_mdeg=90,
    zoom_error_ppm=1500,
)


def _record(body: Body, sequence: int = 7) -> Record:
    header = Header(
        device=w.DEVICE,
        boot=bytes.fromhex("0011223344556677"),
        sequence=sequence,
        utc_ms=_UTC_MS,
        mono_ms=123_456,
        clock=ClockTrust.SYNCHRONISED,
    )
    return Record(header, body)


def _report(view: ViewReport) -> Report:
    return Report(
        view=view,
        signage=SignageReport(state=SignageState.PRESENT, lit=LitState.LIT, current_ma=148),
        health=HealthReport(
            frame_rate_mhz=25_000,
            storage_free_permille=712,
            temperature_dc=415,
            memory_kib=92_160,
            cpu_permille=180,
            uptime_s=86_400,
            findings=(),
        ),
        lifecycle=LifecycleState.FILED,
        config_sequence=3,
        config_hash=bytes.fromhex("a1a2a3a4a5a6a7a8"),
        ledger_size=42,
        ledger_root=bytes(range(16)),
        refusals=1,
        last_refusal=Reason.UNSIGNED,
    )


def _good() -> dict[str, Record]:
    moved = ViewReport(
        verdict=ViewVerdict.MOVED, move=_MOVE, lost_permille=61, since_ms=_UTC_MS, latched=True
    )
    unsure = ViewReport(
        verdict=ViewVerdict.CANNOT_TELL, cause=ViewCause.COVERED, since_ms=_UTC_MS, latched=False
    )
    at_night = ViewReport(
        verdict=ViewVerdict.SAME,
        move=_MOVE,
        since_ms=_UTC_MS,
        latched=False,
        learned=2,
        by=bytes.fromhex("b1b2b3b4b5b6b7b8"),
        corroboration=(Corroboration.TILTED_PICTURE_SAME, Corroboration.TAMPER_PICTURE_SAME),
    )
    return {
        "report-at-night": _record(_report(at_night)),
        "report-moved": _record(_report(moved)),
        "report-cannot-tell": _record(_report(unsure), 8),
        "event": _record(
            Event(
                event=EventKind.CAMERA_COVERED,
                started_ms=_UTC_MS,
                confidence_permille=930,
                alarm_method=5,
                alarm_type=13,
            )
        ),
        "alarm": _record(
            Alarm(
                alarm=AlarmKind.VIEW_MOVED,
                since_ms=_UTC_MS,
                detail="3.01° to the right",
                alarm_method=5,
                alarm_type=11,
            )
        ),
        "alarm-ended": _record(
            Alarm(
                alarm=AlarmKind.VIEW_MOVED,
                since_ms=_UTC_MS,
                detail="",
                alarm_method=5,
                alarm_type=11,
                ended_ms=_UTC_MS + 90_000,
            )
        ),
        "report-alarms": _record(
            replace(_report(moved), alarms=(AlarmKind.VIEW_MOVED, AlarmKind.SIGN_FAULT)), 9
        ),
        "report-no-alarms": _record(replace(_report(unsure), alarms=()), 10),
        "gap-superseded": _record(
            Gap(
                first_sequence=3,
                last_sequence=9,
                lost=0,
                boot=bytes.fromhex("8899aabbccddeeff"),
                superseded=5,
            )
        ),
        "gap-unconfirmed": _record(
            Gap(
                first_sequence=3,
                last_sequence=9,
                lost=0,
                boot=bytes.fromhex("8899aabbccddeeff"),
                unconfirmed=2,
            )
        ),
        "verdict": _record(
            VerdictRecord(
                order=OrderKind.CONFIG,
                order_hash=bytes(32),
                accepted=False,
                reason=Reason.UNSIGNED.value,
                detail="no signed envelope",
                clock=ClockTrust.FLOOR,
            )
        ),
        "gap": _record(Gap(first_sequence=3, last_sequence=9, lost=7)),
        "clock-fix": _record(ClockFix(step_ms=-120_000)),
        "reading": _record(
            Reading(
                gravity_ug=(-12_000, 991_000, 130_500),
                temperature_dc=253,
                case=TamperState.CLOSED,
                sign_present=True,
                lamp=True,
                current_ma=212,
                knocks=1,
                boots=17,
                watchdog_resets=2,
                challenge=bytes.fromhex("c1c2c3c4c5c6c7c8"),
            )
        ),
        "update-taken": _record(
            UpdateProgress(stage=UpdateStage.TAKEN, version="1.2.0", running="1.1.0")
        ),
        "update-refused": _record(
            UpdateProgress(stage=UpdateStage.REFUSED, reason=Reason.ROLLED_BACK.value)
        ),
    }


def _bad(good: bytes, record: Record) -> list[tuple[str, str, bytes, Reason]]:
    payload = record.encode()
    value = cbor.decode(payload)
    assert isinstance(value, dict)
    report = value[8]
    assert isinstance(report, dict)
    view = report[1]
    assert isinstance(view, dict)

    def signed(changed: dict[int | str, cbor.Value]) -> bytes:
        return cose.sign1(cbor.encode(changed), w.DEVICE_SIGNER, cose.Domain.RECORD)

    def viewed(changed: dict[int | str, cbor.Value]) -> bytes:
        return signed({**value, 8: {**report, 1: {**view, **changed}}})

    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    other = w.signer("device cam-18")
    range_, kind = Reason.FIELD_RANGE, Reason.FIELD_TYPE
    return [
        ("empty", "nothing", b"", Reason.NOT_COSE),
        ("bare", "the payload alone", payload, Reason.NOT_COSE),
        ("flipped", "one bit", bytes(flipped), Reason.BAD_SIGNATURE),
        ("truncated", "all but the last byte", good[:-1], Reason.TRUNCATED),
        ("trailing", "a byte after it", good + b"\0", Reason.TRAILING_BYTES),
        ("other-camera", "another camera's key", seal(record, other), Reason.UNKNOWN_KEY),
        (
            "order",
            "an order in its place",
            w.signed(w.order(w.config()), w.CONFIG_LI),
            Reason.UNKNOWN_KEY,
        ),
        (
            "domain",
            "signed as a checkpoint",
            cose.sign1(payload, w.DEVICE_SIGNER, cose.Domain.CHECKPOINT),
            Reason.BAD_SIGNATURE,
        ),
        (
            "multi",
            "an envelope for many",
            cose.sign(payload, [w.DEVICE_SIGNER], cose.Domain.RECORD),
            Reason.NOT_COSE,
        ),
        ("large", "more than a record may take", b"\xd2" + bytes(4200), Reason.TOO_LARGE),
        ("kind", "a kind nobody knows", signed({**value, 1: 99}), Reason.WRONG_KIND),
        ("verdict", "a verdict nobody knows", viewed({1: 4}), range_),
        ("verdict-null", "no verdict", viewed({1: None}), kind),
        ("cause", "a cause nobody knows", viewed({2: 99}), range_),
        ("corroboration", "a bit nobody knows", viewed({9: 2**15}), range_),
        ("device", "a device with a slash", signed({**value, 2: "cam/17"}), range_),
        ("boot", "a boot id of seven bytes", signed({**value, 3: bytes(7)}), range_),
        ("extra", "a field nobody knows", signed({**value, 44: 0}), Reason.FIELD_UNKNOWN),
        (
            "missing",
            "no sequence",
            signed({k: v for k, v in value.items() if k != 4}),
            Reason.FIELD_MISSING,
        ),
    ]


def document() -> dict[str, Any]:
    """The file ``records.json``."""
    records = _good()
    report = records["report-moved"]
    checkpoint = Checkpoint(device=w.DEVICE, size=42, root=bytes(range(32)), utc_ms=_UTC_MS)
    return {
        "about": "Records of one camera. Good ones verify under device_key and decode; bad ones "
        "are refused with this reason.",
        "device_key": _KEY.raw.hex(),
        "kid": _KEY.kid.hex(),
        "external_aad": cose.Domain.RECORD.external_aad.hex(),
        "good": [
            {
                "id": name,
                "kind": record.kind.name.lower(),
                "payload": record.encode().hex(),
                "message": seal(record, w.DEVICE_SIGNER).hex(),
            }
            for name, record in records.items()
        ],
        "bad": [
            {"id": name, "why": why, "message": message.hex(), "reason": reason.value}
            for name, why, message, reason in _bad(seal(report, w.DEVICE_SIGNER), report)
        ],
        "checkpoint": seal_checkpoint(checkpoint, w.DEVICE_SIGNER).hex(),
    }
