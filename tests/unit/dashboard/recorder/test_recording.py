"""The recording keeps each record once, notices forks, and forgets on time."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.dashboard.recorder.conftest import Opener
from tests.unit.dashboard.recorder.voice import (
    BOOT,
    NAME,
    alarm,
    event,
    kept,
    report,
    witnessed,
)
from viewkeeper.dashboard.recorder.intake import Notice, Refused
from viewkeeper.dashboard.recorder.recording import Added, Recording
from viewkeeper.dashboard.recorder.tables import DAY_MS, Acknowledgement
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.vocabulary import ViewVerdict

NOW = 100 * DAY_MS


def test_a_record_is_kept_once_and_survives_reopening(open_recording: Opener) -> None:
    one = kept(event(), 5)
    first = open_recording()
    assert first.add([one, one], NOW) == Added(new=1, known=1)
    assert first.add([one], NOW + 1) == Added(new=0, known=1)
    first.close()
    again = open_recording()
    assert again.size() == 1
    assert [row.message for row in again.happenings(NAME, 0, NOW, 10)] == [one.message]
    assert again.faults(NAME) == []


def test_one_number_signed_twice_keeps_the_first_and_tells(recording: Recording) -> None:
    first, second = kept(event(), 5), kept(alarm(), 5)
    recording.add([first, second], NOW)
    assert [row.message for row in recording.happenings(NAME, 0, NOW, 10)] == [first.message]
    assert recording.faults(NAME) == [(NOW, "forked", f"{BOOT.hex()}:5")]


def test_of_each_stretch_the_worst_report_stands_for_it(recording: Recording) -> None:
    verdicts = [ViewVerdict.SAME] * 50
    verdicts[17] = ViewVerdict.MOVED
    made = [kept(report(v), n + 1, utc_ms=1000 * n) for n, v in enumerate(verdicts)]
    recording.add(made, NOW)
    found = recording.reports(NAME, 0, 50_000, 5)
    assert len(found) == 5
    assert made[17].message in [row.message for row in found]
    assert [row.utc_ms for row in found] == sorted(row.utc_ms for row in found)
    assert len(recording.reports(NAME, 0, 50_000, 1000)) == 50


def test_happenings_are_the_latest_and_no_reports(recording: Recording) -> None:
    recording.add([kept(event(), n, utc_ms=n) for n in range(1, 8)], NOW)
    recording.add([kept(report(), 9, utc_ms=9)], NOW)
    assert [row.utc_ms for row in recording.happenings(NAME, 0, NOW, 3)] == [5, 6, 7]
    assert recording.happenings("old-town/other", 0, NOW, 3) == []


def test_a_ledger_that_forks_or_shrinks_is_told(recording: Recording) -> None:
    recording.add([witnessed(10, utc_ms=1), witnessed(12, utc_ms=2), witnessed(12, utc_ms=3)], NOW)
    assert recording.faults(NAME) == []
    recording.add([witnessed(12, b"\x01" * 32, utc_ms=4), witnessed(11, utc_ms=5)], NOW)
    assert [(fault, detail) for _, fault, detail in recording.faults(NAME)] == [
        ("ledger_forked", "12"),
        ("ledger_shrunk", "12 to 11"),
    ]


def test_only_changes_of_presence_are_noted(recording: Recording) -> None:
    for at, what in enumerate(["online", "online", "offline", "offline", "online"]):
        recording.add([Notice(NAME, what)], at)
    recording.add([Notice(NAME, "alarm_ended", "view_moved")], 9)
    assert recording.notices(NAME, 0, 10) == [
        (0, "online", ""),
        (2, "offline", ""),
        (4, "online", ""),
        (9, "alarm_ended", "view_moved"),
    ]


def test_an_emptied_alarm_topic_is_noted_unless_the_camera_signed_the_end(
    recording: Recording,
) -> None:
    emptied = Notice(NAME, "alarm_ended", "view_moved")
    over = replace(alarm(), ended_ms=NOW)
    raised, ended = kept(alarm(), 3), kept(over, 4)
    at = "alarm/view_moved"
    recording.add([replace(raised, rest=at), emptied], 1)
    assert recording.notices(NAME, 0, 10) == [(1, "alarm_ended", "view_moved")]
    recording.add([replace(ended, rest=at), emptied], 2)
    assert len(recording.notices(NAME, 0, 10)) == 1


def test_refusals_are_kept_newest_first(recording: Recording) -> None:
    for at in range(3):
        recording.add([Refused(NAME, "report", Reason.BAD_SIGNATURE, "hint")], at)
    assert [at for at, *_ in recording.refusals(NAME, 2)] == [2, 1]


def test_only_a_recorded_alarm_is_acknowledged(recording: Recording) -> None:
    recording.add([kept(alarm(), 3), kept(event(), 4)], NOW)

    def acknowledge(sequence: int, who: str = "Li") -> bool:
        return recording.acknowledge(
            Acknowledgement(
                camera=NAME, boot=BOOT, sequence=sequence, at_ms=NOW, who=who, note="seen"
            )
        )

    assert acknowledge(3)
    assert acknowledge(3, "Wang")
    assert not acknowledge(4)
    assert not acknowledge(99)
    assert [one.who for one in recording.acknowledgements()] == ["Wang", "Li"]


def test_reports_are_forgotten_sooner_than_the_rest(recording: Recording) -> None:
    recording.add([kept(report(), 1), kept(event(), 2), Notice(NAME, "online")], NOW)
    recording.prune(NOW + 91 * DAY_MS, report_days=90, other_days=400)
    assert recording.reports(NAME, 0, NOW, 10) == []
    assert recording.size() == 1
    recording.prune(NOW + 401 * DAY_MS, report_days=90, other_days=400)
    assert recording.size() == 0
    assert recording.notices(NAME, 0, 10) == []


def test_a_batch_is_kept_whole_or_not_at_all(recording: Recording) -> None:
    nameless = Notice(None, "online")  # type: ignore[arg-type]  # no database takes it
    with pytest.raises(SetupError, match=r"NOT NULL|not-null") as caught:
        recording.add([kept(event(), 1), nameless], NOW)
    assert caught.value.reason is Reason.STORE_FAILED
    assert recording.size() == 0
    assert recording.add([kept(event(), 1)], NOW).new == 1


def test_a_file_that_is_no_recording_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(SetupError, match="recording"):
        Recording(path)
    with pytest.raises(SetupError, match="recording"):
        Recording(tmp_path / "no" / "such" / "folder.sqlite")


def test_a_recording_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 7")
    db.close()
    with pytest.raises(SetupError, match="version 7"):
        Recording(path)


def test_alarms_of_all_cameras_are_found_by_time_without_reading_every_record(
    tmp_path: Path,
) -> None:
    path = tmp_path / "desk.sqlite"
    Recording(path).close()
    with sqlite3.connect(path) as db:
        plan = db.execute(
            "EXPLAIN QUERY PLAN SELECT camera FROM records WHERE kind = 3"
            " AND utc_ms BETWEEN 1 AND 2 ORDER BY utc_ms DESC"
        ).fetchall()
    db.close()
    assert any("alarms_by_time" in row[-1] for row in plan), plan
