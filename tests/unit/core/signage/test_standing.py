"""Which of several words about the sign counts."""

import datetime as dt
from dataclasses import replace

import pytest

from viewkeeper.agent.core.signage.lamp import UNKNOWN, SignageStatus, is_fault
from viewkeeper.agent.core.signage.standing import ShownText, stand
from viewkeeper.protocol.orders import SignText
from viewkeeper.protocol.signage import SignPhoto
from viewkeeper.protocol.vocabulary import LitState, SignageSource, SignageState

S, F = SignageState, SignageSource
TEXT = SignText(operator="合肥市公安局", purpose="p", phone="0551-1234", lit_required=True)
PHOTO = SignPhoto(
    photo_hash=bytes(32), taken_on="2026-08-01", inspector="Li Wei", valid_days=90,
    operator="合肥市公安局", phone="0551 1234",
)  # fmt: skip
SENSED = SignageStatus(S.PRESENT, LitState.LIT, 300.0)
IN_TIME, LATE = dt.date(2026, 10, 30), dt.date(2026, 10, 31)


def status(**changes):
    given = {
        "seen": S.UNKNOWN, "sensed": UNKNOWN, "shown": None, "photo": None, "text": TEXT,
        "today": IN_TIME,
    }  # fmt: skip
    return stand(**{**given, **changes})


def test_nothing_known_is_unknown_and_no_fault():
    assert status() == UNKNOWN
    assert not is_fault(status(), lit_required=False)


@pytest.mark.parametrize("seen", [S.PRESENT, S.OBSCURED, S.MISSING, S.REPLACED])
def test_what_the_camera_sees_comes_first_and_the_lamp_stays_an_axis_of_its_own(seen):
    found = status(seen=seen, sensed=SENSED, photo=PHOTO)
    assert (found.state, found.lit, found.source) == (seen, LitState.LIT, F.VIEW)


def test_a_sensor_comes_before_a_photo():
    missing = replace(SENSED, state=S.MISSING)
    assert status(sensed=missing, photo=PHOTO).source is F.SENSOR
    assert status(sensed=missing, photo=PHOTO).state is S.MISSING


def test_a_photo_counts_through_its_last_day_and_then_expires():
    fresh, old = status(photo=PHOTO), status(photo=PHOTO, today=LATE)
    assert (fresh.state, fresh.source, fresh.photo_until) == (S.PRESENT, F.PHOTO, "2026-10-30")
    assert old.state is S.PHOTO_EXPIRED
    assert is_fault(old, lit_required=False)


def test_a_photo_cannot_expire_by_a_clock_that_is_not_trusted():
    assert status(photo=PHOTO, today=None).state is S.PRESENT


def test_a_day_that_is_none_never_counted():
    assert status(photo=replace(PHOTO, taken_on="2026-02-30")).state is S.PHOTO_EXPIRED


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"operator": "合肥市 公安局"}, S.PRESENT),
        ({"phone": "(0551) 1234"}, S.PRESENT),
        ({"operator": "别的单位"}, S.TEXT_MISMATCH),
        ({"phone": "0551-4321"}, S.TEXT_MISMATCH),
    ],
)
def test_the_board_s_text_is_held_against_the_registered_one(change, state):
    assert status(photo=replace(PHOTO, **change)).state is state
    assert status(photo=replace(PHOTO, **change), seen=S.PRESENT).state is state
    assert status(photo=replace(PHOTO, **change), seen=S.MISSING).state is S.MISSING


def test_a_display_speaks_for_itself():
    right, wrong = ShownText(TEXT.operator, TEXT.phone), ShownText("x", TEXT.phone)
    assert status(shown=right).source is F.DISPLAY
    assert status(shown=wrong).state is S.TEXT_MISMATCH


def test_an_unlit_lamp_on_a_fresh_photo_is_told_where_nothing_else_senses_it():
    assert status(photo=replace(PHOTO, lit=False)).lit is LitState.UNLIT
    assert status(photo=replace(PHOTO, lit=False), sensed=SENSED).lit is LitState.LIT
    assert status(photo=replace(PHOTO, lit=False), today=LATE).lit is LitState.UNKNOWN
