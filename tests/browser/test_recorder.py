"""The recorder's memory on the page: history verified again, alarms acknowledged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, open_tab
from tests.browser.desk import (
    Broker,
    Desk,
    Voice,
    everybody,
    now_ms,
    recording_desk,
    report,
)
from viewkeeper.protocol.vocabulary import AlarmKind, EventKind, ViewVerdict

pytestmark = pytest.mark.e2e
MINUTE_MS = 60_000


@pytest.fixture
def desk(broker: Broker, gate: Voice, tmp_path: Path) -> Iterator[Desk]:
    with recording_desk(broker, everybody(gate), tmp_path / "desk.sqlite") as running:
        yield running


def a_day(gate: Voice) -> int:
    """Records of a day gone by, sent late; returns how many."""
    now = now_ms()
    for step in range(96):
        at = now - (96 - step) * 15 * MINUTE_MS
        warm = 0.15 * ((step - 40) / 40)
        body = report(pan_deg=warm, tilt_deg=-warm / 2, roll_deg=warm)
        if 60 <= step < 66:
            body = report(verdict=ViewVerdict.CANNOT_TELL, measured=False)
        if step >= 84:
            body = report(verdict=ViewVerdict.MOVED, pan_deg=3.0, tilt_deg=-0.8, roll_deg=1.2)
        gate.publish(gate.topics.history, gate.sign(body, utc_ms=at))
    gate.event(EventKind.CAMERA_STRUCK, topic=gate.topics.history)
    return 97


def test_a_page_opened_late_sees_the_day_before(
    gate: Voice, desk: Desk, visit: Visit, picture: Callable[[Page, str], Path]
) -> None:
    gate.publish(gate.topics.status, b"online", retain=True)
    gate.publish(gate.topics.status, b"offline", retain=True)
    gate.publish(gate.topics.status, b"online", retain=True)
    desk.await_records(0)
    count = a_day(gate)
    gate.report(verdict=ViewVerdict.MOVED, pan_deg=3.0, tilt_deg=-0.8, roll_deg=1.2)
    gate.alarm(AlarmKind.VIEW_MOVED, "pan +3.0 deg, tilt -0.8 deg, roll +1.2 deg")
    gate.verdict("bad_signature")
    desk.await_records(count + 3)
    page = visit(everybody(gate), api=desk.api)
    expect(page.locator("[data-history=loaded]")).to_be_visible()
    expect(page.locator("[data-verdict=moved]")).to_be_visible()
    expect(page.locator("[data-event=event]")).to_contain_text("Camera struck")
    expect(page.locator("[data-event=offline]")).to_contain_text("noted by the recorder")
    expect(page.locator(".drift-row .trace")).to_have_count(8)  # two runs on each of four axes
    expect(page.locator(".drift-row .blind").first).to_be_visible()
    picture(page, "day")


def test_history_never_becomes_the_present(gate: Voice, desk: Desk, visit: Visit) -> None:
    old = gate.sign(report(verdict=ViewVerdict.MOVED, pan_deg=3.0), utc_ms=now_ms() - MINUTE_MS)
    gate.publish(gate.topics.history, old)
    desk.await_records(1)
    page = visit(everybody(gate), api=desk.api)
    expect(page.locator("[data-history=loaded]")).to_be_visible()
    expect(page.locator("[data-camera]")).to_have_attribute("data-verdict", "none")
    expect(page.locator(".drift-row:not(.marks)")).to_have_count(4)


def test_a_recorder_that_lies_is_found_out(gate: Voice, desk: Desk, visit: Visit) -> None:
    gate.event(EventKind.CAMERA_STRUCK)
    desk.await_records(1)
    with sqlite3.connect(desk.path) as db:
        (message,) = db.execute("SELECT message FROM records").fetchone()
        changed = message.replace(b"camera_struck", b"camera_moved_")
        db.execute("UPDATE records SET message = ?", (changed,))
    db.close()
    page = visit(everybody(gate), api=desk.api)
    expect(page.locator("[data-history=loaded]")).to_be_visible()
    open_tab(page, "unverified", 1)
    expect(page.locator("[data-refused=bad_signature]")).to_contain_text("on recorder")
    expect(page.locator("[data-event=event]")).to_have_count(0)


def test_an_alarm_is_acknowledged_with_name_and_note(
    gate: Voice, desk: Desk, visit: Visit, picture: Callable[[Page, str], Path]
) -> None:
    gate.report(verdict=ViewVerdict.MOVED, pan_deg=3.0)
    gate.alarm(AlarmKind.VIEW_MOVED, "pan +3.0 deg")
    desk.await_records(2)
    page = visit(everybody(gate), api=desk.api)
    expect(page.locator("[data-history=loaded]")).to_be_visible()
    page.locator("[data-acknowledge]").click()
    expect(page.locator("input[name=who]")).to_be_focused()
    page.keyboard.type("Li Ming")
    page.keyboard.press("Tab")
    page.keyboard.type("ladder against the pole")
    page.keyboard.press("Enter")
    done = page.locator("[data-acknowledged]")
    expect(done).to_contain_text("Acknowledged by Li Ming at")
    expect(done).to_contain_text("ladder against the pole")
    picture(page, "acknowledged")
    page.reload()
    expect(done).to_contain_text("Li Ming")
    expect(page.locator("[data-alarm]")).to_have_count(1)
    (kept,) = desk.recording.acknowledgements()
    assert (kept.who, kept.note) == ("Li Ming", "ladder against the pole")


def test_a_recorder_that_does_not_answer_is_told_and_the_rest_goes_on(
    gate: Voice, desk: Desk, visit: Visit
) -> None:
    page = visit(everybody(gate), api=desk.api)
    page.route("**/api/**", lambda route: route.abort())
    page.reload()
    expect(page.locator("[data-recorder=lost]")).to_be_visible()
    expect(page.locator("[data-history=failed]")).to_be_visible()
    gate.report()
    expect(page.locator("[data-verdict=same]")).to_be_visible()


def test_without_a_recorder_there_is_nothing_to_acknowledge_with(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate))
    gate.alarm(AlarmKind.VIEW_MOVED)
    expect(page.locator("[data-alarm]")).to_be_visible()
    expect(page.locator("[data-acknowledge]")).to_have_count(0)
