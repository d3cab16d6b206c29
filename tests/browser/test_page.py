"""What the operator sees: states, alarms, languages, the broker's coming and going."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, open_tab
from tests.browser.desk import Broker, Voice, everybody, report
from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    EventKind,
    ViewCause,
    ViewVerdict,
)

pytestmark = pytest.mark.e2e
Picture = Callable[[Page, str], Path]


def test_a_signed_report_appears_and_is_shown_verified(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate))
    card = page.locator("[data-camera='old-town/cam-07']")
    expect(card).to_have_attribute("data-verdict", "none")
    expect(card).to_contain_text("No report yet")
    gate.publish(gate.topics.status, b"online", retain=True)
    gate.report(pan_deg=0.12)
    expect(card).to_have_attribute("data-verdict", "same")
    expect(card).to_have_attribute("data-signature", "verified")
    expect(card).to_have_attribute("data-online", "true")
    expect(card.locator(".pills")).to_contain_text("Verified")
    expect(card.locator("[data-axis=pan]")).to_contain_text("+0.12° ± 0.04° right")
    expect(card.locator("[data-fact=sign]")).to_contain_text("present")
    expect(card.locator("[data-fact=lamp]")).to_contain_text("lit · 182 mA")
    expect(card.locator("[data-fact=lifecycle]")).to_contain_text("filed")
    expect(card.locator("[data-fact=config]")).to_contain_text("No. 4 8f2a11c09d3e4b57")
    expect(card.locator("[data-fact=ledger]")).to_contain_text("12 entries 0001020304050607")
    expect(card.locator("[data-fact=clock]")).to_contain_text("synchronised")


def test_a_retained_report_is_there_at_once_and_as_old_as_it_says(
    gate: Voice, visit: Visit, broker: Broker
) -> None:
    old = gate.sign(report(), utc_ms=1)
    gate.publish(gate.topics.report, old, retain=True)
    card = visit(everybody(gate)).locator("[data-camera]")
    expect(card).to_have_attribute("data-verdict", "same")
    expect(card).to_have_attribute("data-stale", "true")
    expect(card.locator(".pill.stale")).to_contain_text("Stale")


def test_a_knock_is_seen_in_numbers_and_in_the_drawing(
    gate: Voice, visit: Visit, picture: Picture
) -> None:
    page = visit(everybody(gate))
    for pan in (0.0, 0.05, -0.02):
        gate.report(pan_deg=pan)
    gate.report(verdict=ViewVerdict.MOVED, pan_deg=3.0, tilt_deg=-0.8, roll_deg=1.2)
    gate.event(EventKind.CAMERA_STRUCK)
    gate.alarm(AlarmKind.VIEW_MOVED, "pan +3.0 deg")
    card = page.locator("[data-verdict=moved]")
    expect(card).to_contain_text("Moved")
    expect(card.locator("[data-axis=pan]")).to_have_class("outside")
    expect(card.locator("[data-axis=tilt]")).to_contain_text("−0.80° ± 0.04° down")
    expect(card.locator("[data-axis=roll]")).to_contain_text("clockwise")
    expect(card.locator(".notices")).to_contain_text("6.1 % of the registered view is lost")
    # Turned right and down: the present centre lies right of and below the registered one.
    centre = card.locator(".frames .centre")
    assert float(centre.get_attribute("cx") or "nan") == pytest.approx(0.0872, abs=2e-3)
    assert float(centre.get_attribute("cy") or "nan") == pytest.approx(0.0233, abs=2e-3)
    expect(card.locator(".frames svg")).to_have_attribute(
        "aria-label",
        "The present view against the registered one: Pan +3.00° right, Tilt −0.80° down, "
        "Roll +1.20° clockwise, Zoom ×1.000.",
    )
    expect(card.locator(".log")).to_contain_text("Camera struck")
    expect(card.locator("[data-mark=event]")).to_have_count(1)
    expect(card.locator("[data-mark=alarm_began]")).to_have_count(1)
    expect(card.locator("[data-mark=event] title")).to_contain_text("Camera struck")
    expect(card.locator(".drift-row:not(.marks) svg").first).to_have_attribute(
        "aria-label", "Pan: 4 measurements, from −0.02° to +3.00°, now +3.00°"
    )
    picture(page, "moved")


def test_a_view_that_cannot_be_told_says_why_and_draws_nothing(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate))
    gate.report(verdict=ViewVerdict.CANNOT_TELL, cause=ViewCause.COVERED, measured=False)
    card = page.locator("[data-verdict=cannot_tell]")
    expect(card.locator(".verdict-text")).to_have_text("Cannot tell: covered")
    expect(card.locator(".frames svg")).to_have_attribute("data-present", "unknown")
    expect(card.locator(".axes")).to_have_count(0)


def test_an_alarm_stands_until_it_is_cleared(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate))
    gate.report()
    gate.alarm(AlarmKind.SIGN_FAULT, "lamp draws no current")
    standing = page.locator("[data-alarm=sign_fault]")
    expect(standing).to_contain_text("Sign at fault")
    expect(standing).to_contain_text("lamp draws no current")
    expect(page.locator("[aria-live]")).to_contain_text("North gate: Sign at fault")
    gate.clear(AlarmKind.SIGN_FAULT)
    expect(standing).to_have_count(0)
    ended = page.locator("[data-event=alarm_ended]")
    expect(ended).to_contain_text("Alarm ended: Sign at fault")
    expect(ended).to_contain_text("not signed")


def test_an_alarm_that_ended_while_the_broker_was_away_does_not_stay(
    gate: Voice, visit: Visit, broker: Broker
) -> None:
    page = visit(everybody(gate))
    gate.alarm(AlarmKind.VIEW_MOVED)
    expect(page.locator("[data-alarm]")).to_have_count(1)
    broker.stop()  # keeps nothing: the alarm is gone with it
    expect(page.locator("[data-broker=lost]")).to_be_visible()
    broker.start()
    expect(page.locator("[data-broker=connected]")).to_be_visible()
    expect(page.locator("[data-alarm]")).to_have_count(0)


def test_an_alarm_that_still_stands_survives_a_reconnection(
    gate: Voice, visit: Visit, broker: Broker
) -> None:
    market = Voice(broker, "cam-08")
    page = visit(everybody(gate, market))
    for voice in (gate, market):
        voice.alarm(AlarmKind.VIEW_MOVED)
    expect(page.locator("[data-alarm]")).to_have_count(2)
    broker.stop()
    expect(page.locator("[data-broker=lost]")).to_be_visible()
    broker.start()
    gate.alarm(AlarmKind.VIEW_MOVED)
    expect(page.locator("[data-broker=connected]")).to_be_visible()
    # What the broker keeps has arrived once the other camera's alarm is gone.
    expect(page.locator("[data-camera='old-town/cam-08'] [data-alarm]")).to_have_count(0)
    expect(page.locator("[data-camera='old-town/cam-07'] [data-alarm]")).to_have_count(1)


def test_the_broker_is_lost_and_comes_back(gate: Voice, visit: Visit, broker: Broker) -> None:
    page = visit(everybody(gate))
    gate.report()
    expect(page.locator("[data-verdict=same]")).to_be_visible()
    broker.stop()
    lost = page.locator("[data-broker=lost]")
    expect(lost).to_contain_text("connection lost")
    expect(page.locator("[data-verdict=same]")).to_be_visible()
    broker.start()
    expect(page.locator("[data-broker=connected]")).to_be_visible()
    gate.report(verdict=ViewVerdict.MOVED, pan_deg=3.0)
    expect(page.locator("[data-verdict=moved]")).to_be_visible()


def test_verdicts_on_orders_are_told_in_both_languages(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate))
    gate.report(last_refusal="bad_signature")
    gate.verdict("bad_signature")
    gate.verdict("accepted", accepted=True, sequence=6)
    open_tab(page, "orders", 2)
    refused, accepted = page.locator("[data-order=refused]"), page.locator("[data-order=accepted]")
    expect(refused).to_contain_text(
        "Configuration no. 5: refused: the signature does not hold (bad_signature)"
    )
    expect(accepted).to_contain_text("Configuration no. 6: accepted")
    expect(page.locator("[data-fact=refusals]")).to_contain_text("bad_signature")
    page.locator("[data-language=zh]").click()
    expect(refused).to_contain_text("配置第 5 号：已拒绝：签名不成立 (bad_signature)")


def test_the_language_is_switched_and_remembered(
    gate: Voice, visit: Visit, picture: Picture
) -> None:
    page = visit(everybody(gate))
    gate.report(verdict=ViewVerdict.MOVED, pan_deg=3.0)
    expect(page.locator(".verdict-text")).to_have_text("Moved")
    page.locator("[data-language=zh]").click()
    expect(page.locator(".verdict-text")).to_have_text("已移动")
    expect(page.locator("h2")).to_have_text("北门")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.reload()
    expect(page.locator("[data-broker=connected]")).to_contain_text("消息服务器：已连接")
    expect(page.locator(".verdict-text")).to_have_text("已移动")
    picture(page, "chinese")


def test_a_chinese_browser_is_greeted_in_chinese(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate), language="zh")
    expect(page.locator("[data-camera]")).to_contain_text("尚无报告")


def test_dark_and_light_are_chosen_and_remembered(
    gate: Voice, visit: Visit, picture: Picture
) -> None:
    page = visit(everybody(gate), theme="dark")
    gate.report()
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(14, 20, 26)"
    picture(page, "dark")
    page.locator("#theme").select_option("light")
    assert page.evaluate(ground) == "rgb(238, 241, 244)"
    page.reload()
    expect(page.locator("[data-verdict=same]")).to_be_visible()
    assert page.evaluate(ground) == "rgb(238, 241, 244)"


def test_records_that_were_queued_appear_as_history_and_change_no_state(
    gate: Voice, visit: Visit
) -> None:
    page = visit(everybody(gate))
    gate.report()
    expect(page.locator("[data-verdict=same]")).to_be_visible()
    gate.event(EventKind.CAMERA_COVERED, topic=gate.topics.history)
    late = gate.sign(report(verdict=ViewVerdict.MOVED, pan_deg=9.0))
    gate.publish(gate.topics.history, late)
    entry = page.locator("[data-event=event][data-source=history]")
    expect(entry).to_contain_text("Camera covered")
    expect(entry).to_contain_text("sent later")
    expect(page.locator("[data-verdict=same]")).to_be_visible()


def test_the_page_is_worked_by_keyboard_alone(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate))
    gate.report()
    gate.verdict("expired")
    expect(page.locator("[data-verdict=same]")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "tab":
            break
    expect(page.locator("[data-tab=events]")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-tab=orders]")).to_be_focused()
    expect(page.locator("[data-tab=orders]")).to_have_attribute("aria-selected", "true")
    expect(page.locator("[role=tabpanel]")).to_contain_text("expired")


def test_on_a_phone_nothing_is_wider_than_the_screen(
    gate: Voice, visit: Visit, picture: Picture
) -> None:
    page = visit(everybody(gate), size=(390, 844))
    gate.report(verdict=ViewVerdict.MOVED, pan_deg=3.0)
    gate.alarm(AlarmKind.VIEW_MOVED, "pan +3.0 deg")
    expect(page.locator("[data-alarm]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    picture(page, "phone")


def test_many_cameras_stand_worst_first_and_are_filtered(
    broker: Broker, visit: Visit, picture: Picture
) -> None:
    voices = [Voice(broker, f"cam-{n}", f"Gate {n}", f"{n}号门") for n in range(6)]
    page = visit(everybody(*voices))
    for voice in voices:
        voice.report()
    voices[4].report(verdict=ViewVerdict.MOVED, pan_deg=-14.0, tilt_deg=6.0, zoom=1.3)
    voices[2].report(verdict=ViewVerdict.OBSTRUCTED)
    voices[5].publish(voices[5].topics.status, b"offline", retain=True)
    order = (
        "[...document.querySelectorAll('[data-camera]')]"
        ".map((one) => one.dataset.camera.slice(-1)).join('')"
    )
    expect(page.locator("[data-verdict=same]")).to_have_count(4)
    expect(page.locator("[data-online=false]")).to_have_count(1)
    assert page.evaluate(order) == "425013"
    expect(page.locator("[data-filter=same]")).to_contain_text("4")
    picture(page, "wall")
    page.locator("[data-filter=moved]").click()
    expect(page.locator("[data-camera]")).to_have_count(1)
    page.locator("[data-filter=moved]").click()
    page.locator("input[type=search]").fill("2号")
    expect(page.locator("[data-camera='old-town/cam-2']")).to_have_count(1)
    expect(page.locator("[data-camera]")).to_have_count(1)
    page.locator("[data-camera] a").click()
    expect(page.locator(".card h2")).to_have_text("Gate 2")
    page.locator(".back a").click()
    expect(page.locator("[data-camera]")).to_have_count(6)
