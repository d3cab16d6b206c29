"""Windows and floors: time for a camera that may not know it."""

import pytest

from tests.support.camera import NOW_S, Camera
from viewkeeper.agent.core.trust.clock import MAX_LEAD_S, SKEW_S, Now, check_window
from viewkeeper.protocol.errors import OrderRefusal, Reason
from viewkeeper.protocol.orders import OrderHeader
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import ClockTrust

FLOOR_S = w.START_S


def header(issued_at=FLOOR_S + 100, not_before=FLOOR_S + 50, expires_at=FLOOR_S + 1000):
    return OrderHeader(
        audience="cam-17",
        epoch=0,
        sequence=1,
        issued_at=issued_at,
        not_before=not_before,
        expires_at=expires_at,
    )


def reason_of(now, floor_s=FLOOR_S, **window):
    try:
        check_window(header(**window), now, floor_s)
    except OrderRefusal as refusal:
        return refusal.reason
    return None


@pytest.mark.parametrize(
    ("utc_s", "reason"),
    [
        (FLOOR_S + 49, Reason.NOT_YET_VALID),
        (FLOOR_S + 50, None),
        (FLOOR_S + 999, None),
        (FLOOR_S + 1000, Reason.EXPIRED),
        (2**40, Reason.EXPIRED),
        (0, Reason.NOT_YET_VALID),
    ],
)
def test_a_synchronised_clock_decides_to_the_second(utc_s, reason):
    assert reason_of(Now(utc_s, True)) is reason


@pytest.mark.parametrize("utc_s", [0, FLOOR_S + 5000, 2**40])
def test_a_clock_that_is_not_synchronised_decides_nothing(utc_s):
    assert reason_of(Now(utc_s, False)) is None


def test_the_floor_expires_orders_even_against_a_clock_set_back():
    assert reason_of(Now(FLOOR_S + 60, True), floor_s=FLOOR_S + 1000) is Reason.EXPIRED
    assert reason_of(Now(0, False), floor_s=FLOOR_S + 1000) is Reason.EXPIRED
    assert reason_of(Now(0, False), floor_s=FLOOR_S + 999) is None


@pytest.mark.parametrize(
    "window",
    [
        {"not_before": FLOOR_S + 1000},
        {"not_before": FLOOR_S + 2000},
        {"issued_at": FLOOR_S + 1000},
    ],
)
def test_a_window_that_ends_before_it_begins_is_refused_whatever_the_time(window):
    for now in (Now(FLOOR_S + 60, True), Now(0, False)):
        assert reason_of(now, **window) is Reason.INVERTED_WINDOW


def test_an_order_from_the_future_is_refused():
    far = {"issued_at": FLOOR_S + 500, "not_before": FLOOR_S}
    assert reason_of(Now(FLOOR_S + 500 - SKEW_S, True), **far) is None
    assert reason_of(Now(FLOOR_S + 499 - SKEW_S, True), **far) is Reason.NOT_YET_VALID


def test_one_order_leads_an_unsynchronised_camera_a_year_at_most():
    edge = FLOOR_S + MAX_LEAD_S
    now = Now(0, False)
    assert reason_of(now, issued_at=edge, not_before=edge, expires_at=edge + 9) is None
    assert (
        reason_of(now, issued_at=edge + 1, not_before=edge, expires_at=edge + 9)
        is Reason.NOT_YET_VALID
    )
    assert (
        reason_of(now, issued_at=edge, not_before=edge + 1, expires_at=edge + 9)
        is Reason.NOT_YET_VALID
    )


def test_only_obeyed_orders_move_the_floor():
    camera = Camera()
    assert camera.state.trust.clock_floor_s == w.START_S
    camera.receive(w.signed(w.order(w.config(), audience="cam-18"), w.CONFIG_LI))
    assert camera.state.trust.clock_floor_s == w.START_S
    camera.obeys(w.signed(w.order(w.config(), issued_at=w.START_S + 500), w.CONFIG_LI))
    assert camera.state.trust.clock_floor_s == w.START_S + 500
    older = w.order(w.config(), 2, previous=camera.head(), issued_at=w.START_S + 400)
    camera.obeys(w.signed(older, w.CONFIG_LI))
    assert camera.state.trust.clock_floor_s == w.START_S + 500


def test_the_verdict_says_what_the_time_rests_on():
    camera = Camera()
    message = w.signed(w.order(w.config()), w.CONFIG_LI)
    ruling = camera.receive(message, utc_s=0, trusted=False)
    assert (ruling.accepted, ruling.clock) == (True, ClockTrust.FLOOR)


def test_a_key_counts_only_within_its_own_time():
    entries = [
        *(person.entry() for person in w.STAFF if person is not w.CONFIG_LI),
        w.CONFIG_LI.entry(w.START_S + 3000, w.START_S + 9000),
    ]
    thresholds = w.THRESHOLDS
    for issued_at, utc_s, trusted, reason in [
        (w.START_S + 3600, NOW_S, True, Reason.ACCEPTED),
        (w.START_S + 3000, NOW_S, True, Reason.ACCEPTED),
        (w.START_S + 3000, w.START_S + 3000, True, Reason.ACCEPTED),
        (w.START_S + 2999, NOW_S, True, Reason.KEY_NOT_VALID_NOW),
        (w.START_S + 3600, w.START_S + 9000, True, Reason.KEY_NOT_VALID_NOW),
        (w.START_S + 3000, w.START_S + 2900, True, Reason.KEY_NOT_VALID_NOW),
        (w.START_S + 9000, 0, False, Reason.KEY_NOT_VALID_NOW),
        (w.START_S + 8999, 0, False, Reason.ACCEPTED),
    ]:
        camera = Camera(w.keyset(entries=entries, thresholds=thresholds))
        order = w.order(w.config(), issued_at=issued_at)
        ruling = camera.receive(w.signed(order, w.CONFIG_LI), utc_s=utc_s, trusted=trusted)
        assert ruling.reason is reason, (issued_at, utc_s, ruling.detail)
