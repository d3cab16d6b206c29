"""Fifty cameras on a real broker with a real recorder, through everything that goes wrong."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from tests.support.loops import apart
from viewkeeper.sim import cli
from viewkeeper.sim.broker import installed_kinds
from viewkeeper.sim.fleet import report
from viewkeeper.sim.fleet.outcome import Outcome
from viewkeeper.sim.fleet.plan import Fault, Plan
from viewkeeper.sim.fleet.run import Fleet

pytestmark = pytest.mark.e2e

if "mosquitto" not in installed_kinds():
    pytest.skip("the fleet needs mosquitto", allow_module_level=True)

FAULTS = (
    "power-cut@3+1",
    "broker-restart@6+1",
    "clock-jump@8+2",
    "slow-network@7+3",
    "link-cut@10+1",
)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    plan = Plan(
        cameras=50,
        seconds=14,
        period_s=1.0,
        connects_per_s=100,
        events_per_hour=600,
        tls=True,
        faults=tuple(Fault.parse(text) for text in FAULTS),
    )
    return apart(Fleet(plan, tmp_path_factory.mktemp("fleet")).run)


def test_nothing_acknowledged_is_lost_and_nothing_is_kept_twice(outcome: Outcome):
    audit = outcome.audit
    assert audit.acknowledged > 50
    assert (audit.lost, audit.duplicated) == (0, 0), audit.examples
    assert (audit.refused, audit.faults) == (0, 0)
    assert outcome.caught_up_s is not None


def test_every_camera_came_back_and_no_second_had_more_connects_than_stated(outcome: Outcome):
    assert outcome.tally.connects >= 3 * 50  # start, power cut, broker's restart, most of the cut
    assert 0 < outcome.tally.most_attempts <= 100
    assert outcome.connections is not None
    assert 0 < outcome.connections <= 100
    assert outcome.holds


def test_the_recording_knows_who_came_back_with_a_new_boot(outcome: Outcome):
    boots = {place[0] for (_, place) in outcome.tally.acknowledged}
    assert len(boots) >= 90


def test_its_report_says_so(outcome: Outcome):
    told = json.loads(json.dumps(report.summary(outcome)))
    assert told["holds"]
    assert told["records"]["lost"] == 0
    assert told["records"]["cameras_with_a_jumped_clock"] == 5
    assert "0 acknowledged and lost" in report.text(outcome)


def test_a_record_that_is_taken_out_of_the_recording_is_missed(tmp_path: Path):
    fleet = Fleet(Plan(cameras=5, seconds=3, period_s=0.5, connects_per_s=60), tmp_path)
    outcome = apart(fleet.run)
    assert outcome.holds
    with contextlib.closing(sqlite3.connect(fleet.desk.recording)) as db, db:
        db.execute("DELETE FROM records WHERE sequence = 1")
    assert fleet.desk.audit(outcome.tally.acknowledged).lost == 5


@pytest.mark.parametrize(
    "wrong",
    [
        ["--fault", "flood@3"],
        ["--cameras", "0"],
        ["--broker", "nowhere"],
        ["--mqtt", "3.1.1"],
        ["--fault", "power-cut@59+9"],
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
):
    assert cli.main(["fleet", *wrong]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert told.startswith("viewkeeper-sim: error: ")
