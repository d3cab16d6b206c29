"""What a board of sensors feels of its mount, as the page shows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.desk import Voice, everybody, report
from tests.browser.test_accessibility import complaints
from viewkeeper.protocol.records import MountReport
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


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_board_without_a_camera_shows_its_mount_in_the_place_of_a_view(
    gate: Voice, visit: Visit, language: str, picture: Callable[[Page, str], Path]
) -> None:
    page = visit(everybody(gate), language=language)
    mount = MountReport(
        verdict=ViewVerdict.MOVED, tilt_mdeg=-3020, roll_mdeg=4110, error_mdeg=150, since_ms=5
    )
    whole = report(ViewVerdict.CANNOT_TELL, ViewCause.NO_CAMERA, measured=False)
    body = dataclasses.replace(whole, mount=mount)
    gate.publish(gate.topics.report, gate.sign(body), retain=True)
    level = page.locator("[data-mount=moved]")
    expect(level).to_contain_text("−3.02°")
    expect(level).to_contain_text("+4.11°")
    expect(page.locator(".frames")).to_have_count(0)
    expect(page.locator("a[href^='#/compare'], a[href^='#/zones']")).to_have_count(0)
    assert complaints(page) == []
    picture(page, f"board-{language}")
