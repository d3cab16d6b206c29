"""What Prometheus reads is what happened."""

from __future__ import annotations

import re

from tests.unit.dashboard.recorder.voice import (
    CAMERA,
    NAME,
    alarm,
    board,
    event,
    kept,
    report,
)
from viewkeeper.dashboard.recorder.intake import Found, Refused
from viewkeeper.dashboard.recorder.metrics import Arrived, Histogram, Metrics
from viewkeeper.dashboard.recorder.recording import Added
from viewkeeper.dashboard.register import Camera, Register
from viewkeeper.protocol.cose import SoftwareSigner
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.records import Gap
from viewkeeper.protocol.vocabulary import ClockTrust, ViewVerdict

OTHER = Camera(
    site="old-town",
    camera="cam-08",
    title="South gate",
    device_key=SoftwareSigner.from_seed(bytes(32)).verify_key,
    hfov_deg=62.0,
)
LINE = re.compile(r'viewkeeper_[a-z_]+(\{[a-z]+="[^"]+"(,[a-z]+="[^"]+")*\})? [0-9.e+-]+')
NOW = 1_000_500


def read(metrics: Metrics, **more: object) -> dict[str, float]:
    given = {"waiting": 0, "connected": True, "faults": {}} | more
    text = metrics.text(NOW, **given)  # type: ignore[arg-type]
    found: dict[str, float] = {}
    announced: list[str] = []
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            announced.append(line.split()[2])
        elif not line.startswith("# HELP "):
            assert LINE.fullmatch(line), line
            name, number = line.rsplit(" ", 1)
            assert name.startswith(announced[-1])
            assert name not in found
            found[name.removeprefix("viewkeeper_")] = float(number)
    assert len(set(announced)) == len(announced)
    return found


def metrics_after(*batch: Found, retained: bool = False) -> dict[str, float]:
    metrics = Metrics(Register((CAMERA, OTHER)))
    added = Added(new=len(batch), known=0)
    metrics.stored([Arrived(one, retained) for one in batch], added, 0.02, NOW)
    return read(metrics)


def test_a_recorder_that_heard_nothing_says_so() -> None:
    found = read(Metrics(Register((CAMERA, OTHER))), connected=False, waiting=3)
    assert found["recorder_verified_total"] == 0
    assert found['cameras{verdict="none_heard"}'] == found["cameras_silent"] == 2
    assert found["recorder_connected"] == 0
    assert found["recorder_waiting_messages"] == 3


def test_records_and_refusals_are_counted_by_what_they_are() -> None:
    refused = [Refused(NAME, "report", Reason.BAD_SIGNATURE, "")] * 2
    found = metrics_after(kept(event(), 1), *refused, Refused(NAME, "x", Reason.NOT_COSE, ""))
    assert found["recorder_verified_total"] == 1
    assert found['recorder_refused_total{reason="bad_signature"}'] == 2
    assert found['recorder_refused_total{reason="not_cose"}'] == 1


def test_a_camera_counts_under_its_last_verdict() -> None:
    found = metrics_after(kept(report(), 1), kept(report(ViewVerdict.MOVED), 2))
    assert found['cameras{verdict="moved"}'] == 1
    assert found['cameras{verdict="same"}'] == 0
    assert found['cameras{verdict="none_heard"}'] == found["cameras_silent"] == 1


def test_a_board_without_a_camera_counts_under_what_its_mount_says() -> None:
    found = metrics_after(kept(board(ViewVerdict.SAME), 1))
    assert found['cameras{verdict="same"}'] == 1
    assert found['cameras{verdict="cannot_tell"}'] == 0
    found = metrics_after(kept(board(ViewVerdict.MOVED), 1))
    assert found['cameras{verdict="moved"}'] == 1


def test_a_camera_without_a_report_for_three_periods_is_silent() -> None:
    metrics = Metrics(Register((CAMERA,)))
    long_ago = NOW - 3 * 60_000
    metrics.stored([Arrived(kept(report(), 1), False)], Added(1, 0), 0.0, long_ago)
    assert read(metrics)["cameras_silent"] == 0
    metrics.stored([Arrived(kept(report(), 2), False)], Added(1, 0), 0.0, long_ago - 1)
    assert read(metrics)["cameras_silent"] == 1


def test_what_cameras_lost_is_added_up() -> None:
    gap = Gap(first_sequence=1, last_sequence=20, lost=7, superseded=3)
    found = metrics_after(kept(gap, 1), kept(Gap(first_sequence=21, last_sequence=21, lost=1), 2))
    assert found["recorder_gaps_total"] == 2
    assert found["recorder_lost_records_total"] == 8
    assert found["recorder_superseded_reports_total"] == 3


def test_lag_is_of_what_comes_live_by_a_clock_that_can_be_believed() -> None:
    live = kept(alarm(), 1)
    assert live.rest == "history"
    on_time = [Arrived(type(live)(NAME, "alarm/view_moved", live.record, live.message), False)]
    floor = kept(alarm(), 2, clock=ClockTrust.FLOOR)
    metrics = Metrics(Register((CAMERA,)))
    metrics.stored(on_time, Added(1, 0), 0.0, NOW)
    metrics.stored([Arrived(live, False), Arrived(floor, False)], Added(2, 0), 0.0, NOW)
    metrics.stored([Arrived(on_time[0].found, True)], Added(0, 1), 0.0, NOW)
    found = read(metrics)
    assert found["recorder_lag_seconds_count"] == 1
    assert found["recorder_lag_seconds_sum"] == 0.5
    assert found['recorder_lag_seconds_bucket{le="0.3"}'] == 0
    assert found['recorder_lag_seconds_bucket{le="1"}'] == 1


def test_faults_on_record_are_told_by_kind() -> None:
    found = read(Metrics(Register(())), faults={"ledger_forked": 2})
    assert found['recorder_faults{fault="ledger_forked"}'] == 2


def test_a_histogram_counts_up_to_each_bound() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        histogram.observe(value)
    assert histogram.samples() == [
        ("_bucket", {"le": "1"}, 2),
        ("_bucket", {"le": "2"}, 3),
        ("_bucket", {"le": "+Inf"}, 4),
        ("_sum", {}, 12.0),
        ("_count", {}, 4),
    ]
