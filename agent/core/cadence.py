"""When to say something: every period, and at once when something changed."""

from __future__ import annotations

from dataclasses import dataclass

from viewkeeper.protocol.records import Report

LEAST_GAP_S = 1.0
"""Between two reports, whatever changes: a flickering state must not flood the broker."""
NOTABLE_MOVE_MDEG = 250
NOTABLE_ZOOM_PPM = 10_000


@dataclass(frozen=True, slots=True)
class Said:
    """The report that went out last, and when (monotonic seconds)."""

    report: Report
    at_mono_s: float


def is_due(said: Said | None, now: Report, at_mono_s: float, period_s: float) -> bool:
    """Whether a report goes out now."""
    if said is None:
        return True
    elapsed_s = at_mono_s - said.at_mono_s
    if elapsed_s >= period_s:
        return True
    return elapsed_s >= LEAST_GAP_S and differs(said.report, now)


def differs(before: Report, now: Report) -> bool:
    """Whether two reports tell a person different things."""
    if _words(before) != _words(now):
        return True
    old, new = before.view.move, now.view.move
    if old is None or new is None:
        return (old is None) != (new is None)
    turned = max(
        abs(new.pan_mdeg - old.pan_mdeg),
        abs(new.tilt_mdeg - old.tilt_mdeg),
        abs(new.roll_mdeg - old.roll_mdeg),
    )
    return turned >= NOTABLE_MOVE_MDEG or abs(new.zoom_ppm - old.zoom_ppm) >= NOTABLE_ZOOM_PPM


def _words(report: Report) -> tuple[object, ...]:
    return (
        report.view.verdict,
        report.view.cause,
        report.view.latched,
        report.view.learned,
        report.view.corroboration,
        report.signage.state,
        report.signage.lit,
        report.signage.source,
        report.lifecycle,
        report.config_sequence,
        report.config_hash,
        report.refusals,
        report.health.findings,
        report.alarms,
        None if report.mount is None else (report.mount.verdict, report.mount.cause),
        None if report.events is None else (report.events.state, report.events.unreported),
    )
