"""How many bytes a signed report is: what a quiet camera sends, and the most there can be."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from viewkeeper.protocol import cose, records
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    ClockTrust,
    Corroboration,
    LifecycleState,
    LitState,
    SignageSource,
    SignageState,
    TamperState,
    ViewCause,
    ViewVerdict,
    WatchState,
)

DEVICE = cose.SoftwareSigner.from_seed(b"\x07" * 32)
YEAR_MS = 365 * 86_400_000
NOW_MS = 1_800_000_000_000
MOST_BYTES = 400


def size_bytes(report: records.Report) -> int:
    header = records.Header(
        device="cam-0000-0000",
        boot=bytes(8),
        sequence=10**7,
        utc_ms=NOW_MS,
        mono_ms=YEAR_MS,
        clock=ClockTrust.SYNCHRONISED,
    )
    return len(records.seal(records.Record(header, report), DEVICE))


def report(alarms: tuple[AlarmKind, ...] | None) -> records.Report:
    """Of a camera with nothing wrong."""
    move = records.MoveReport(
        pan_mdeg=-3200,
        tilt_mdeg=-1200,
        roll_mdeg=-300,
        zoom_ppm=1_001_000,
        pan_error_mdeg=40,
        tilt_error_mdeg=40,
        roll_error_mdeg=90,
        zoom_error_ppm=900,
    )
    return records.Report(
        view=records.ViewReport(
            verdict=ViewVerdict.SAME,
            move=move,
            lost_permille=40,
            since_ms=1_800_000_000_000,
            latched=False,
        ),
        signage=records.SignageReport(
            state=SignageState.PRESENT,
            lit=LitState.LIT,
            current_ma=300,
        ),
        health=records.HealthReport(
            frame_rate_mhz=25_000,
            storage_free_permille=900,
            temperature_dc=450,
            memory_kib=90_000,
            cpu_permille=400,
            uptime_s=YEAR_MS // 1000,
            findings=(),
        ),
        lifecycle=LifecycleState.IN_USE,
        config_sequence=1000,
        config_hash=bytes(8),
        ledger_size=10**6,
        ledger_root=bytes(16),
        refusals=3,
        events=records.EventsReport(
            state=WatchState.WATCHING,
            zones=4,
            unreported=0,
        ),
        alarms=alarms,
    )


def largest() -> records.Report:
    """The largest an agent says: each optional field, each number as wide as it gets."""
    move = records.MoveReport(
        pan_mdeg=-179_999,
        tilt_mdeg=-89_999,
        roll_mdeg=-179_999,
        zoom_ppm=3_000_000,
        pan_error_mdeg=90_000,
        tilt_error_mdeg=90_000,
        roll_error_mdeg=90_000,
        zoom_error_ppm=900_000,
    )
    return records.Report(
        view=records.ViewReport(
            verdict=ViewVerdict.OBSTRUCTED,
            cause=ViewCause.NO_CAMERA,
            move=move,
            lost_permille=999,
            since_ms=NOW_MS,
            latched=True,
            learned=16,
            by=bytes(8),
            corroboration=tuple(Corroboration),
        ),
        signage=records.SignageReport(
            state=SignageState.UNKNOWN,
            lit=LitState.UNKNOWN,
            current_ma=3000,
            source=SignageSource.PHOTO,
            photo_until="2027-12-31",
        ),
        health=records.HealthReport(
            frame_rate_mhz=60_000,
            storage_free_permille=900,
            temperature_dc=-350,
            memory_kib=900_000,
            cpu_permille=4000,
            uptime_s=10 * YEAR_MS // 1000,
            findings=tuple(ViewCause),
        ),
        lifecycle=LifecycleState.WITHDRAWN,
        config_sequence=100_000,
        config_hash=bytes(8),
        ledger_size=10**8,
        ledger_root=bytes(16),
        refusals=100_000,
        last_refusal=list(Reason)[-1],
        filing_due_on="2027-12-31",
        events=records.EventsReport(
            state=WatchState.SUSPENDED, zones=16, unreported=9999, oldest_ms=NOW_MS
        ),
        alarms=tuple(AlarmKind),
    )


def largest_of_a_device() -> records.Report:
    """The same of a board with sensors: it learns no reference, watches no zone, has no photo."""
    whole = largest()
    return replace(
        whole,
        view=replace(whole.view, learned=None, by=None, corroboration=None),
        signage=replace(whole.signage, photo_until=None),
        events=None,
        mount=records.MountReport(
            verdict=ViewVerdict.OBSTRUCTED,
            cause=ViewCause.NO_CAMERA,
            tilt_mdeg=-89_999,
            roll_mdeg=-179_999,
            error_mdeg=90_000,
            temperature_dc=-350,
            registered_dc=-350,
            since_ms=NOW_MS,
            case=TamperState.OPEN,
        ),
        program="10.20.3000+abcdef0",
    )


def absent(message: Any, path: str = "") -> set[str]:
    """Names of the optional fields that a report does not say."""
    found: set[str] = set()
    for spec in fields(message):
        value = getattr(message, spec.name)
        if value is None:
            found.add(path + spec.name)
        elif is_dataclass(value):
            found |= absent(value, f"{path}{spec.name}.")
    return found


def test_nothing_that_an_agent_can_say_is_missing_from_its_largest_report():
    assert absent(largest()) == {"mount", "program"}  # a device's
    of_agents = {"view.learned", "view.by", "view.corroboration", "signage.photo_until", "events"}
    assert absent(largest_of_a_device()) == of_agents


@pytest.mark.parametrize("make", [largest, largest_of_a_device])
def test_the_largest_report_keeps_to_400_bytes(make: Any):
    assert size_bytes(make()) <= MOST_BYTES


def test_the_report_of_a_camera_with_nothing_wrong_keeps_to_300_bytes():
    assert size_bytes(report(())) <= 300


def test_naming_alarms_costs_two_bytes_and_all_of_them_four():
    silent, none, every = (size_bytes(report(alarms)) for alarms in (None, (), tuple(AlarmKind)))
    assert (none - silent, every - silent) == (2, 4)


if __name__ == "__main__":
    for what, made in (
        ("an agent's, nothing wrong", report(())),
        ("an agent's largest", largest()),
        ("a device's largest", largest_of_a_device()),
    ):
        print(f"| {what} | {size_bytes(made)} |")
