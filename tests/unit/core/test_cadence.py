import dataclasses

import pytest

from viewkeeper.agent.core.cadence import LEAST_GAP_S, Said, differs, is_due
from viewkeeper.protocol.records import (
    HealthReport,
    MoveReport,
    Report,
    SignageReport,
    ViewReport,
)
from viewkeeper.protocol.vocabulary import LifecycleState, LitState, SignageState, ViewVerdict

MOVE = MoveReport(
    pan_mdeg=0,
    tilt_mdeg=0,
    roll_mdeg=0,
    zoom_ppm=1_000_000,
    pan_error_mdeg=10,
    tilt_error_mdeg=10,
    roll_error_mdeg=10,
    zoom_error_ppm=100,
)
REPORT = Report(
    view=ViewReport(verdict=ViewVerdict.SAME, move=MOVE, since_ms=0, latched=False),
    signage=SignageReport(state=SignageState.PRESENT, lit=LitState.LIT),
    health=HealthReport(frame_rate_mhz=1000, uptime_s=1, findings=()),
    lifecycle=LifecycleState.IN_USE,
    config_sequence=1,
    ledger_size=1,
    ledger_root=bytes(16),
    refusals=0,
)


def moved(**changes):
    view = dataclasses.replace(REPORT.view, move=dataclasses.replace(MOVE, **changes))
    return dataclasses.replace(REPORT, view=view)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (REPORT, False),
        (dataclasses.replace(REPORT, ledger_size=2), False),
        (dataclasses.replace(REPORT, refusals=1), True),
        (dataclasses.replace(REPORT, lifecycle=LifecycleState.FILED), True),
        (moved(pan_mdeg=100), False),
        (moved(pan_mdeg=-300), True),
        (moved(roll_mdeg=300), True),
        (moved(zoom_ppm=1_020_000), True),
        (moved(pan_error_mdeg=500), False),
    ],
)
def test_only_what_tells_a_person_something_new_is_a_difference(now, expected):
    assert differs(REPORT, now) is expected


def test_numbers_that_come_or_go_are_a_difference():
    blind = dataclasses.replace(REPORT, view=dataclasses.replace(REPORT.view, move=None))
    assert differs(REPORT, blind)
    assert differs(blind, REPORT)
    assert not differs(blind, blind)


def test_the_first_report_and_every_period_are_due():
    assert is_due(None, REPORT, 0.0, 60.0)
    said = Said(REPORT, 100.0)
    assert not is_due(said, REPORT, 159.9, 60.0)
    assert is_due(said, REPORT, 160.0, 60.0)


def test_a_change_is_due_at_once_but_never_twice_within_the_least_gap():
    said, changed = Said(REPORT, 100.0), dataclasses.replace(REPORT, refusals=1)
    assert not is_due(said, changed, 100.0 + 0.5 * LEAST_GAP_S, 60.0)
    assert is_due(said, changed, 100.0 + LEAST_GAP_S, 60.0)
