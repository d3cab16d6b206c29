"""From states to the words of the wire: the report, its plain mirror, the alarms."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from viewkeeper.agent.core.assessment import Check, WatchState
from viewkeeper.agent.core.signage.lamp import SignageStatus, is_fault
from viewkeeper.agent.core.view.guard import GuardState
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.records import (
    Alarm,
    EventsReport,
    Header,
    HealthReport,
    MountReport,
    MoveReport,
    Report,
    SignageReport,
    ViewReport,
)
from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    ClockTrust,
    LifecycleState,
    TamperState,
    ViewCause,
    ViewVerdict,
)

STORAGE_LOW_SHARE = 0.05

GB28181_ALARMS: dict[AlarmKind, tuple[int, int]] = {
    AlarmKind.VIEW_MOVED: (5, 11),
    AlarmKind.VIEW_UNKNOWN: (5, 11),
    AlarmKind.VIEW_OBSTRUCTED: (5, 13),
    AlarmKind.SIGN_FAULT: (5, 11),
    AlarmKind.ORDER_REFUSED: (2, 2),
    AlarmKind.CLOCK_FAULT: (6, 1),
    AlarmKind.STORAGE_FAULT: (2, 3),
    AlarmKind.LEDGER_FAULT: (6, 1),
    AlarmKind.EVENT_UNREPORTED: (5, 1),
    AlarmKind.MOUNT_MOVED: (2, 2),
    AlarmKind.CASE_OPEN: (2, 2),
    AlarmKind.SAFE_MODE: (2, 1),
    AlarmKind.BOARD_FAULT: (2, 1),
}
"""AlarmMethod and AlarmType of GB/T 28181, the nearest there is; ours are finer."""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What the report says beside the picture.

    Attributes:
        storage_free_share, temperature_c, memory_kib, cpu_share: ``None`` if not measurable.
        frame_rate_hz: checks a second that got a frame, lately.
        config_hash: of the configuration in force; ``None`` before the first.
    """

    lifecycle: LifecycleState
    config_sequence: int
    config_hash: bytes | None
    ledger_size: int
    ledger_root: bytes
    refusals: int
    last_refusal: str | None
    uptime_s: float
    frame_rate_hz: float
    storage_free_share: float | None = None
    temperature_c: float | None = None
    memory_kib: int | None = None
    cpu_share: float | None = None
    filing_due_on: str | None = None
    events: EventsReport | None = None


def report_of(
    state: WatchState, check: Check, signage: SignageStatus, facts: DeviceFacts
) -> Report:
    """The periodic statement."""
    return Report(
        view=view_report(state, check),
        signage=SignageReport(
            state=signage.state,
            lit=signage.lit,
            current_ma=_rounded(signage.current_ma, 1, 0, 100_000),
            source=signage.source,
            photo_until=signage.photo_until,
        ),
        health=HealthReport(
            frame_rate_mhz=_clamped(facts.frame_rate_hz * 1000, 0, 1_000_000),
            storage_free_permille=_rounded(facts.storage_free_share, 1000, 0, 1000),
            temperature_dc=_rounded(facts.temperature_c, 10, -1000, 2000),
            memory_kib=facts.memory_kib,
            cpu_permille=_rounded(facts.cpu_share, 1000, 0, 64_000),
            uptime_s=int(facts.uptime_s),
            findings=tuple(ViewCause(finding.kind.value) for finding in check.health.findings),
        ),
        lifecycle=facts.lifecycle,
        config_sequence=facts.config_sequence,
        config_hash=None if facts.config_hash is None else facts.config_hash[:8],
        ledger_size=facts.ledger_size,
        ledger_root=facts.ledger_root[:16],
        refusals=facts.refusals,
        last_refusal=None if facts.last_refusal is None else Reason(facts.last_refusal),
        filing_due_on=facts.filing_due_on,
        events=facts.events,
    )


def view_report(state: WatchState, check: Check) -> ViewReport:
    """The verdict in integers: millidegrees, and zoom in parts per million."""
    belief, found, references = state.guard, check.estimate, state.references
    move = None
    # A latched move keeps its last measured numbers while the lens is blind; a view that
    # cannot be told and never was has none.
    if check.cause is not ViewCause.NOT_REGISTERED and (
        found.found or check.verdict is not ViewVerdict.CANNOT_TELL
    ):
        move = MoveReport(
            pan_mdeg=_mdeg(belief.move.pan_deg),
            tilt_mdeg=_mdeg(belief.move.tilt_deg),
            roll_mdeg=_mdeg(belief.move.roll_deg),
            zoom_ppm=_clamped(belief.move.zoom * 1e6, 0, 100_000_000),
            pan_error_mdeg=_mdeg(belief.stderr.pan_deg),
            tilt_error_mdeg=_mdeg(belief.stderr.tilt_deg),
            roll_error_mdeg=_mdeg(belief.stderr.roll_deg),
            zoom_error_ppm=_clamped(belief.stderr.zoom * 1e6, 0, 100_000_000),
        )
    return ViewReport(
        verdict=check.verdict,
        cause=check.cause,
        move=move,
        lost_permille=_lost_permille(belief, check),
        since_ms=max(0, int(belief.since_s * 1000)),
        latched=belief.latched,
        learned=None if references is None else len(references.learned) or None,
        by=None if check.by is None else check.by.digest[:8],
        corroboration=state.corroborated.words or None,
    )


def _lost_permille(belief: GuardState, check: Check) -> int | None:
    """What one thing hides, once that is the verdict; otherwise what this frame does not show.

    An obstructed view says the same share that made it so, steady and without the night's
    fainter lines, and keeps saying it through a frame that tells nothing.
    """
    if check.verdict is ViewVerdict.OBSTRUCTED:
        return _clamped(belief.hidden_share * 1000, 0, 1000)
    seen = check.estimate
    return _clamped((1 - seen.share_seen) * 1000, 0, 1000) if seen.found else None


def alarms_of(
    report: Report,
    *,
    lit_required: bool,
    signage: SignageStatus,
    clock: ClockTrust,
    now_ms: int,
    ledger_fault: str | None,
    board_fault: str | None = None,
) -> dict[AlarmKind, Alarm]:
    """The alarms that stand now. ``since_ms`` is the caller's to keep for those that stood."""
    view = report.view
    found: dict[AlarmKind, str] = {}
    if view.verdict is ViewVerdict.MOVED and view.move is not None:
        found[AlarmKind.VIEW_MOVED] = (
            f"pan {view.move.pan_mdeg / 1000:+.2f}°, tilt {view.move.tilt_mdeg / 1000:+.2f}°, "
            f"roll {view.move.roll_mdeg / 1000:+.2f}°, zoom {view.move.zoom_ppm / 1e6:.3f}"
        )
    elif view.verdict is ViewVerdict.OBSTRUCTED:
        found[AlarmKind.VIEW_OBSTRUCTED] = f"{(view.lost_permille or 0) // 10} % of the view lost"
    elif view.verdict is ViewVerdict.CANNOT_TELL and view.cause not in (
        ViewCause.STARTING,
        ViewCause.NOT_REGISTERED,
    ):
        found[AlarmKind.VIEW_UNKNOWN] = view.cause.value if view.cause else ""
    if is_fault(signage, lit_required=lit_required) or signage.silent is not None:
        silent = "" if signage.silent is None else f"; no reading: {signage.silent}"
        found[AlarmKind.SIGN_FAULT] = f"{signage.state.value}, {signage.lit.value}{silent}"[:160]
    if clock is not ClockTrust.SYNCHRONISED:
        found[AlarmKind.CLOCK_FAULT] = "the clock is not synchronised"
    free = report.health.storage_free_permille
    if free is not None and free < 1000 * STORAGE_LOW_SHARE:
        found[AlarmKind.STORAGE_FAULT] = f"{free / 10:.1f} % of the storage is free"
    if ledger_fault is not None:
        found[AlarmKind.LEDGER_FAULT] = ledger_fault
    found.update(_alarms_of_board(report.mount, board_fault))
    began_ms = dict.fromkeys(found, now_ms)
    if report.events is not None and report.events.unreported:
        count = report.events.unreported
        found[AlarmKind.EVENT_UNREPORTED] = f"{count} to report or dismiss by a signed order"
        began_ms[AlarmKind.EVENT_UNREPORTED] = report.events.oldest_ms or now_ms
    return {
        kind: Alarm(
            alarm=kind,
            since_ms=began_ms[kind],
            detail=detail,
            alarm_method=GB28181_ALARMS[kind][0],
            alarm_type=GB28181_ALARMS[kind][1],
        )
        for kind, detail in found.items()
    }


def _alarms_of_board(mount: MountReport | None, fault: str | None) -> dict[AlarmKind, str]:
    found: dict[AlarmKind, str] = {}
    if fault is not None:
        found[AlarmKind.BOARD_FAULT] = f"the board of sensors: {fault}"
    if mount is None:
        return found
    if mount.verdict is ViewVerdict.MOVED and mount.tilt_mdeg is not None:
        found[AlarmKind.MOUNT_MOVED] = (
            f"gravity: tilt {mount.tilt_mdeg / 1000:+.2f}°, "
            f"roll {(mount.roll_mdeg or 0) / 1000:+.2f}°"
        )
    if mount.case is TamperState.OPEN:
        found[AlarmKind.CASE_OPEN] = "the switch in the board's case says open"
    return found


def mirror_of(site: str, header: Header, report: Report) -> dict[str, Any]:
    """The plain mirror for dashboards that read JSON: floats, degrees and ratios."""
    view, move, health = report.view, report.view.move, report.health
    numbers = {
        "pan_deg": None if move is None else move.pan_mdeg / 1000,
        "tilt_deg": None if move is None else move.tilt_mdeg / 1000,
        "roll_deg": None if move is None else move.roll_mdeg / 1000,
        "zoom": None if move is None else move.zoom_ppm / 1e6,
        "pan_error_deg": None if move is None else move.pan_error_mdeg / 1000,
        "tilt_error_deg": None if move is None else move.tilt_error_mdeg / 1000,
        "roll_error_deg": None if move is None else move.roll_error_mdeg / 1000,
        "zoom_error": None if move is None else move.zoom_error_ppm / 1e6,
    }
    return {
        "device": header.device,
        "site": site,
        "utc_ms": header.utc_ms,
        "clock": header.clock.value,
        "view": {
            "verdict": view.verdict.value,
            "cause": None if view.cause is None else view.cause.value,
            **numbers,
            "lost_share": None if view.lost_permille is None else view.lost_permille / 1000,
            "since_ms": view.since_ms,
            "latched": view.latched,
            "learned": view.learned or 0,
            "by": None if view.by is None else view.by.hex(),
            "corroboration": [word.value for word in view.corroboration or ()],
        },
        "signage": {
            "state": report.signage.state.value,
            "lit": report.signage.lit.value,
            "current_ma": report.signage.current_ma,
            "source": None if report.signage.source is None else report.signage.source.value,
            "photo_until": report.signage.photo_until,
        },
        "health": {
            "frame_rate_hz": health.frame_rate_mhz / 1000,
            "storage_free": _share(health.storage_free_permille, 1000),
            "temperature_c": _share(health.temperature_dc, 10),
            "memory_kib": health.memory_kib,
            "cpu": _share(health.cpu_permille, 1000),
            "uptime_s": health.uptime_s,
            "findings": [finding.value for finding in health.findings],
        },
        "events": None
        if report.events is None
        else {
            "state": report.events.state.value,
            "zones": report.events.zones,
            "unreported": report.events.unreported,
            "oldest_ms": report.events.oldest_ms,
        },
        "alarms": None if report.alarms is None else [kind.value for kind in report.alarms],
        "mount": None if report.mount is None else _mirror_of_mount(report.mount),
        "lifecycle": report.lifecycle.value,
        "filing_due_on": report.filing_due_on,
        "config": {
            "sequence": report.config_sequence,
            "hash": None if report.config_hash is None else report.config_hash.hex(),
        },
        "ledger": {"size": report.ledger_size, "root": report.ledger_root.hex()},
        "refusals": report.refusals,
        "last_refusal": None if report.last_refusal is None else report.last_refusal.value,
    }


def _mirror_of_mount(mount: MountReport) -> dict[str, Any]:
    """What is known of it, in the record's own units; as a device's mirror has it."""
    told = {name.name: getattr(mount, name.name) for name in fields(mount)}
    return {name: getattr(v, "value", v) for name, v in told.items() if v is not None}


def _share(value: int | None, scale: int) -> float | None:
    return None if value is None else value / scale


def _mdeg(degrees: float) -> int:
    return _clamped(degrees * 1000, -360_000, 360_000)


def _clamped(value: float, low: int, high: int) -> int:
    return max(low, min(high, round(value)))


def _rounded(value: float | None, scale: float, low: int, high: int) -> int | None:
    return None if value is None else _clamped(value * scale, low, high)
