"""What a board of sensors feels of its mount, as the page shows it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.desk import Broker, Voice, board, everybody, report
from tests.browser.test_accessibility import complaints
from viewkeeper.dashboard.register import Register
from viewkeeper.protocol.records import MountReport, Report
from viewkeeper.protocol.vocabulary import TamperState, ViewCause, ViewVerdict

pytestmark = pytest.mark.e2e


def test_a_mount_that_turned_and_an_open_case_are_told_in_both_languages(
    gate: Voice, visit: Visit
) -> None:
    page = visit(everybody(gate))
    mount = MountReport(
        verdict=ViewVerdict.MOVED,
        tilt_mdeg=-3020,
        roll_mdeg=110,
        error_mdeg=150,
        temperature_dc=-85,
        registered_dc=214,
        since_ms=5,
        case=TamperState.OPEN,
    )
    gate.publish(
        gate.topics.report,
        gate.sign(dataclasses.replace(report(), mount=mount, program="1.2.0")),
        retain=True,
    )
    expect(page.locator("[data-fact=program]")).to_contain_text("1.2.0")
    row, case = page.locator("[data-fact=mount]"), page.locator("[data-fact=case]")
    expect(row).to_contain_text("Moved · tilt −3.02°, roll +0.11°, ± 0.15°")
    expect(row).to_contain_text("-8.5 °C, 21.4 °C at registration")
    expect(case).to_contain_text("open")
    page.locator("[data-language=zh]").click()
    expect(row).to_contain_text("俯仰 −3.02°")
    expect(case).to_contain_text("打开")


def test_a_mount_that_cannot_be_felt_says_why_and_one_without_sensors_nothing(
    gate: Voice, visit: Visit
) -> None:
    page = visit(everybody(gate))
    gate.report()
    expect(page.locator("[data-fact=sign]")).to_be_visible()
    expect(page.locator("[data-fact=mount]")).to_have_count(0)
    mount = MountReport(verdict=ViewVerdict.CANNOT_TELL, cause=ViewCause.SHAKE, since_ms=5)
    gate.publish(
        gate.topics.report, gate.sign(dataclasses.replace(report(), mount=mount)), retain=True
    )
    expect(page.locator("[data-fact=mount]")).to_contain_text("camera shaking")
    expect(page.locator("[data-fact=case]")).to_have_count(0)


def say(voice: Voice, body: Report) -> None:
    voice.publish(voice.topics.report, voice.sign(body), retain=True)


SHOWN = {
    "en": ("Mount: Moved", "Tilt", "−3.02° ± 0.15° down", "Mount checked on site"),
    "zh": ("支架：已移动", "俯仰", "−3.02° ± 0.15° 偏下", "现场核对支架"),
}


@pytest.mark.parametrize("language", SHOWN)
def test_a_board_without_a_camera_shows_its_mount_in_the_place_of_a_view(
    gate: Voice, visit: Visit, language: str, picture: Callable[[Page, str], Path]
) -> None:
    said, axis, numbers, hand = SHOWN[language]
    page = visit(everybody(gate), language=language)
    say(gate, board())
    say(gate, board(ViewVerdict.MOVED, tilt_deg=-3.02, roll_deg=0.11))
    card = page.locator("[data-device=board][data-verdict=moved]")
    expect(card.locator(".head .verdict-text")).to_have_text(said)
    expect(card.locator("[data-mount=moved]")).to_be_visible()
    assert card.locator("[data-axis]").count() == 2
    expect(card.locator("[data-axis=tilt]")).to_contain_text(axis)
    expect(card.locator("[data-axis=tilt]")).to_contain_text(numbers)
    expect(card.locator("[data-axis=tilt]")).to_have_class("outside")
    expect(card.locator("[data-axis=roll]")).not_to_have_class("outside")
    expect(card.locator(".drift-row:not(.marks) svg")).to_have_count(2)
    expect(card.locator(".drift-row .band")).to_have_count(2)
    expect(card.locator("[data-event=mount]")).to_have_text(re.compile(re.escape(said)))
    expect(card.locator(".frames")).to_have_count(0)
    expect(card.locator("[data-fact=picture], [data-fact=frames]")).to_have_count(0)
    expect(page.locator("a[href^='#/compare'], a[href^='#/zones']")).to_have_count(0)
    assert complaints(page) == []
    picture(page, f"board-{language}")
    page.locator("a[href^='#/report']").click()
    paper = page.locator("[data-report]")
    expect(paper.locator("[data-mount=moved]")).to_be_visible()
    expect(paper.locator("header .verdict-text")).to_have_text(said)
    expect(paper.locator(".hand")).to_contain_text(hand)
    expect(paper.locator(".frames")).to_have_count(0)
    assert complaints(page) == []
    picture(page, f"board-report-{language}")


def test_a_moved_board_ranks_is_counted_and_is_found_as_a_moved_camera_is(
    broker: Broker, visit: Visit, picture: Callable[[Page, str], Path]
) -> None:
    voices = [Voice(broker, f"dev-{n}", f"Pole {n}", f"{n}号杆") for n in range(5)]
    places = [{"position": (20.0 * n, 0.0), "azimuth_deg": 90.0} for n in range(5)]
    page = visit(Register(tuple(v.entry(**where) for v, where in zip(voices, places, strict=True))))
    say(voices[0], report())
    say(voices[1], report(ViewVerdict.CANNOT_TELL, ViewCause.DARK, measured=False))
    say(voices[2], board())
    say(voices[3], board(ViewVerdict.MOVED, tilt_deg=2.5))
    say(voices[4], board(ViewVerdict.CANNOT_TELL, cause=ViewCause.STARTING, tilt_deg=None))
    expect(page.locator("[data-verdict=none]")).to_have_count(0)
    for name, count in {"moved": 1, "cannot_tell": 2, "same": 2}.items():
        expect(page.locator(f"[data-filter={name}] b")).to_have_text(str(count))
    order = page.locator("[data-camera]").evaluate_all(
        "(tiles) => tiles.map((one) => one.dataset.camera.at(-1)).join('')"
    )
    assert order == "31402"
    tile = page.locator("[data-camera='old-town/dev-3']")
    expect(tile.locator(".verdict-text")).to_have_text("Mount: Moved")
    expect(tile.locator("[data-mount=moved]")).to_be_visible()
    assert tile.locator("dt").all_text_contents() == ["Tilt", "Roll"]
    expect(page.locator("[data-camera='old-town/dev-2'] .verdict-text")).to_have_text("Mount: Same")
    page.locator("button[data-map]").click()
    pin = page.locator("[data-pin='old-town/dev-3']")
    expect(pin).to_have_attribute("aria-label", "Pole 3: Mount: Moved")
    expect(pin.locator("rect.dot")).to_have_count(1)
    expect(pin.locator(".registered, .now")).to_have_count(0)
    expect(page.locator("[data-pin='old-town/dev-0'] .now")).to_have_count(1)
    expect(page.locator(".sitemap figcaption")).to_contain_text("a board without a camera")
    assert complaints(page) == []
    picture(page, "boards")
    page.locator("[data-language=zh]").click()
    expect(pin).to_have_attribute("aria-label", "3号杆: 支架：已移动")
    page.locator("[data-filter=moved]").click()
    expect(page.locator("[data-camera]")).to_have_count(1)
    expect(tile).to_be_visible()


SAID = {"en": "No view is registered", "zh": "尚未登记视域"}


@pytest.mark.parametrize("language", SAID)
def test_a_camera_without_a_registered_view_says_so_and_what_to_do(
    gate: Voice, visit: Visit, language: str, picture: Callable[[Page, str], Path]
) -> None:
    page = visit(everybody(gate), language=language)
    gate.report(verdict=ViewVerdict.CANNOT_TELL, cause=ViewCause.NOT_REGISTERED, measured=False)
    told = page.locator("[data-noview=not_registered]")
    expect(told).to_contain_text(SAID[language])
    expect(told).to_contain_text("viewkeeper-agent register")
    expect(page.locator(".frames")).to_have_count(0)
    expect(page.locator("a[href^='#/zones']")).to_have_count(0)
    expect(page.locator("a[href^='#/compare']")).to_have_count(1)
    expect(page.locator("[data-fact=picture]")).to_be_visible()
    assert complaints(page) == []
    picture(page, f"not-registered-{language}")


def test_a_camera_whose_lens_nobody_knows_shows_its_numbers_without_a_drawing(
    gate: Voice, visit: Visit
) -> None:
    page = visit(everybody(gate, hfov_deg=None, position=(0.0, 0.0), azimuth_deg=90.0))
    gate.report(verdict=ViewVerdict.MOVED, pan_deg=3.0)
    expect(page.locator("[data-noview=no_lens]")).to_contain_text("hfov_deg")
    expect(page.locator("[data-axis=pan]")).to_contain_text("+3.00°")
    page.locator("a[href^='#/compare']").click()
    expect(page.locator(".compare")).to_contain_text("names no field of view")


def test_a_device_that_neither_sees_nor_feels_says_that(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate))
    gate.report(verdict=ViewVerdict.CANNOT_TELL, cause=ViewCause.NO_CAMERA, measured=False)
    expect(page.locator("[data-noview=no_camera]")).to_contain_text("nothing that feels the mount")
    expect(page.locator("a[href^='#/compare'], a[href^='#/zones']")).to_have_count(0)
