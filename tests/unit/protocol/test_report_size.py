"""How many bytes a signed report is: what a quiet camera sends, and the most there can be."""

from viewkeeper.protocol import cose, records
from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    ClockTrust,
    LifecycleState,
    LitState,
    SignageSource,
    SignageState,
    ViewVerdict,
    WatchState,
)

DEVICE = cose.SoftwareSigner.from_seed(b"\x07" * 32)
YEAR_MS = 365 * 86_400_000


def size_bytes(report: records.Report) -> int:
    header = records.Header(
        device="cam-0000-0000",
        boot=bytes(8),
        sequence=10**7,
        utc_ms=1_800_000_000_000,
        mono_ms=YEAR_MS,
        clock=ClockTrust.SYNCHRONISED,
    )
    return len(records.seal(records.Record(header, report), DEVICE))


def report(alarms: tuple[AlarmKind, ...] | None, *, everything: bool) -> records.Report:
    """An ordinary report; ``everything``: with each optional field of view, sign and law."""
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
            source=max(SignageSource, key=len) if everything else None,
            photo_until="2027-12-31" if everything else None,
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
        ledger_root=bytes(32),
        refusals=3,
        last_refusal="sequence_not_newer" if everything else None,
        filing_due_on="2027-12-31" if everything else None,
        events=records.EventsReport(
            state=WatchState.WATCHING,
            zones=4,
            unreported=2 if everything else 0,
            oldest_ms=1_800_000_000_000 if everything else None,
        ),
        alarms=alarms,
    )


def test_the_report_of_a_camera_with_nothing_wrong_keeps_to_400_bytes():
    assert size_bytes(report((), everything=False)) <= 400


def test_naming_no_alarm_costs_two_bytes():
    named, silent = report((), everything=True), report(None, everything=True)
    assert size_bytes(named) - size_bytes(silent) == 2


def test_a_report_with_every_optional_field_and_one_alarm_keeps_to_430_bytes():
    alarms = (AlarmKind.EVENT_UNREPORTED,)
    assert size_bytes(report(alarms, everything=True)) <= 430


if __name__ == "__main__":
    for alarms in ((), (AlarmKind.EVENT_UNREPORTED,), tuple(AlarmKind)):
        for everything in (False, True):
            print(len(alarms), everything, size_bytes(report(alarms, everything=everything)))
