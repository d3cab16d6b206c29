"""Alarms of the past: read from the recorder, verified here, filtered, acknowledged, exported."""

from __future__ import annotations

import csv
import dataclasses
import io
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.desk import Broker, Desk, Voice, everybody, now_ms, recording_desk
from tests.browser.test_accessibility import complaints
from viewkeeper.dashboard.register import Register
from viewkeeper.protocol import records
from viewkeeper.protocol.vocabulary import AlarmKind

pytestmark = pytest.mark.e2e
HOUR_MS = 3_600_000
ROWS = "[data-alarm-row]"


@pytest.fixture
def pier(broker: Broker) -> Voice:
    return Voice(broker, "cam-08", "=Pier", "码头")


@pytest.fixture
def register(gate: Voice, pier: Voice) -> Register:
    return everybody(gate, pier)


@pytest.fixture
def desk(broker: Broker, register: Register, tmp_path: Path) -> Iterator[Desk]:
    with recording_desk(broker, register, tmp_path / "desk.sqlite") as running:
        yield running


def past(voice: Voice, kind: AlarmKind, began_h: float, ended_h: float | None, detail: str) -> None:
    """An alarm of some hours ago, with its signed end where it has one."""
    since = now_ms() - round(began_h * HOUR_MS)
    body = records.Alarm(alarm=kind, since_ms=since, detail=detail, alarm_method=5, alarm_type=2)
    voice.publish(voice.topics.history, voice.sign(body, utc_ms=since))
    if ended_h is not None:
        end = now_ms() - round(ended_h * HOUR_MS)
        body = dataclasses.replace(body, ended_ms=end)
        voice.publish(voice.topics.history, voice.sign(body, utc_ms=end))


def three_alarms(gate: Voice, pier: Voice, desk: Desk) -> None:
    """One ended and signed, one that the broker cleared, one that stands."""
    past(gate, AlarmKind.SIGN_FAULT, 20, 18, "lamp draws no current")
    past(pier, AlarmKind.VIEW_UNKNOWN, 30, None, 'covered, "again"')
    pier.clear(AlarmKind.VIEW_UNKNOWN)
    gate.report(alarms=(AlarmKind.VIEW_MOVED,))
    gate.alarm(AlarmKind.VIEW_MOVED, "pan +3.0 deg")
    desk.await_records(5)


def test_every_alarm_is_listed_with_its_end_and_on_whose_word(
    gate: Voice, pier: Voice, register: Register, desk: Desk, visit: Visit
) -> None:
    three_alarms(gate, pier, desk)
    page = visit(register, api=desk.api, path="#/alarms")
    expect(page.locator(ROWS)).to_have_count(3)
    expect(page.locator("[data-state=standing]")).to_have_count(1)  # the live record came
    states = "[...document.querySelectorAll('[data-alarm-row]')].map((one) => one.dataset.state)"
    assert page.evaluate(states) == ["standing", "ended", "cleared"], "newest first"
    ended = page.locator("[data-state=ended]")
    expect(ended).to_contain_text("lamp draws no current")
    expect(ended).to_contain_text("lasted 2 h")
    expect(page.locator("[data-state=cleared]")).to_contain_text("not signed")
    expect(page.locator("[data-history-state=loaded]")).to_contain_text("3 of 3 alarms shown")
    page.locator("select[name=state]").select_option("ended")
    expect(page.locator(ROWS)).to_have_count(1)
    page.locator("select[name=state]").select_option("all")
    page.locator("select[name=kind]").select_option("view_moved")
    expect(page.locator(ROWS)).to_have_count(1)
    page.locator("select[name=kind]").select_option("all")
    page.locator("input[name=search]").fill("码头")
    expect(page.locator(ROWS)).to_have_count(1)
    page.locator("input[name=search]").fill("")
    page.locator("select[name=days]").select_option("1")
    expect(page.locator(ROWS)).to_have_count(2)


def test_an_old_alarm_is_acknowledged_and_found_by_that(
    gate: Voice, pier: Voice, register: Register, desk: Desk, visit: Visit
) -> None:
    three_alarms(gate, pier, desk)
    page = visit(register, api=desk.api, path="#/alarms")
    page.locator("[data-state=ended] [data-acknowledge]").click()
    page.locator("input[name=who]").fill("Li Ming")
    page.locator("input[name=note]").fill("bulb changed")
    page.keyboard.press("Enter")
    done = page.locator("[data-state=ended] [data-acknowledged]")
    expect(done).to_contain_text("Acknowledged by Li Ming")
    expect(done).to_contain_text("bulb changed")
    page.locator("select[name=acked]").select_option("no")
    expect(page.locator(ROWS)).to_have_count(2)
    page.locator("select[name=acked]").select_option("yes")
    expect(page.locator(ROWS)).to_have_count(1)


def test_what_is_shown_is_downloaded_and_no_cell_is_a_formula(
    gate: Voice, pier: Voice, register: Register, desk: Desk, visit: Visit
) -> None:
    three_alarms(gate, pier, desk)
    page = visit(register, api=desk.api, path="#/alarms")
    page.locator("select[name=state]").select_option("cleared")
    expect(page.locator(ROWS)).to_have_count(1)
    with page.expect_download() as waiting:
        page.locator("[data-csv]").click()
    text = waiting.value.path().read_text(encoding="utf-8")
    assert text.startswith("\ufeff"), "spreadsheets then read it as UTF-8"
    head, row = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    told = dict(zip(head, row, strict=True))
    assert told["name"] == "'=Pier"
    assert told["detail"] == 'covered, "again"'
    assert (told["alarm"], told["state"], told["site"]) == ("view_unknown", "cleared", "old-town")
    assert told["began (UTC)"].endswith("Z")


def test_a_kept_message_that_was_changed_is_counted_and_not_shown(
    gate: Voice, pier: Voice, register: Register, desk: Desk, visit: Visit
) -> None:
    past(gate, AlarmKind.SIGN_FAULT, 20, None, "lamp draws no current")
    past(pier, AlarmKind.SIGN_FAULT, 21, None, "fine")
    desk.await_records(2)
    with sqlite3.connect(desk.path) as db:
        where = "WHERE camera LIKE '%cam-08'"
        (message,) = db.execute(f"SELECT message FROM records {where}").fetchone()
        db.execute(f"UPDATE records SET message = ? {where}", (message.replace(b"fine", b"well"),))
    db.close()
    page = visit(register, api=desk.api, path="#/alarms")
    expect(page.locator("[data-unverified='1']")).to_be_visible()
    expect(page.locator(ROWS)).to_have_count(1)


def test_the_broker_need_not_be_there(
    gate: Voice, pier: Voice, register: Register, desk: Desk, visit: Visit, broker: Broker
) -> None:
    past(gate, AlarmKind.SIGN_FAULT, 20, 18, "lamp draws no current")
    desk.await_records(2)
    broker.stop()
    page = visit(register, api=desk.api, path="#/alarms", connected=False)
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator("[data-broker=lost]")).to_be_visible()
    broker.start()


def test_without_a_recorder_the_page_says_what_it_would_need(
    gate: Voice, register: Register, visit: Visit
) -> None:
    page = visit(register, path="#/alarms")
    expect(page.locator(".history")).to_contain_text("--record")
    assert complaints(page) == []


@pytest.mark.parametrize(
    ("size", "language", "theme"),
    [((1440, 900), "en", "dark"), ((390, 844), "zh", "light"), ((2560, 1440), "zh", "dark")],
)
def test_the_list_is_readable_by_everybody_everywhere(
    gate: Voice,
    pier: Voice,
    register: Register,
    desk: Desk,
    visit: Visit,
    picture: Callable[[Page, str], Path],
    size: tuple[int, int],
    language: str,
    theme: str,
) -> None:
    three_alarms(gate, pier, desk)
    page = visit(register, api=desk.api, path="#/alarms", size=size, language=language, theme=theme)
    expect(page.locator(ROWS)).to_have_count(3)
    page.locator("[data-acknowledge]").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert complaints(page) == []
    picture(page, f"alarms-{language}-{size[0]}")


def test_the_pages_are_reached_by_keyboard(register: Register, visit: Visit) -> None:
    page = visit(register)
    page.locator(".nav a").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".history")).to_be_visible()
    expect(page.locator(".nav a[aria-current=page]")).to_have_text("Alarms")
    expect(page.locator("#main")).to_be_focused()
