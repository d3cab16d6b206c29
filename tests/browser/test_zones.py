"""What is drawn on the page is what the signing desk reads, and nothing more happens with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.desk import Voice, everybody
from tests.browser.test_accessibility import complaints
from viewkeeper.authority.config_file import EXAMPLE, parse_config
from viewkeeper.protocol.vocabulary import EventKind, LineDirection, ZoneKind
from viewkeeper.protocol.zones import Zone

pytestmark = pytest.mark.e2e


def read(fragment: str) -> tuple[Zone, ...]:
    """The desk's reading of a whole configuration that holds the drawn zones."""
    config = parse_config(f'view_hash = "{"5a" * 32}"\n{EXAMPLE}\n{fragment}')
    assert config.zones is not None
    return config.zones


def drawn(page: Page) -> str:
    return page.locator(".zones textarea").input_value()


def click_at(page: Page, x: float, y: float) -> None:
    box = page.locator(".stage").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def test_an_area_drawn_with_the_mouse_is_read_by_the_desk(
    gate: Voice, visit: Visit, tmp_path: Path, picture: Callable[[Page, str], Path]
) -> None:
    page = visit(everybody(gate), path="#/zones/old-town/cam-07")
    image = tmp_path / "view.png"
    scene = Image.new("RGB", (320, 180), "lightsteelblue")
    scene.paste("dimgray", (0, 80, 320, 180))
    scene.paste("tan", (200, 20, 300, 110))
    scene.save(image)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("input[type=file]").set_input_files(image)
    expect(page.locator(".stage canvas")).to_have_attribute("width", "320")
    page.locator("[data-new=area]").click()
    page.locator("[name=zone-name]").fill("前院 forecourt")
    page.locator("[name=intrusion]").check()
    page.locator("[name=loitering]").check()
    page.locator("[name=fast_motion]").check()
    page.locator("[name=dwell_s]").fill("90")
    page.locator("[name=speed]").fill("1.25")
    for x, y in ((0.1, 0.6), (0.9, 0.6), (0.9, 0.95)):
        click_at(page, x, y)
    handle = page.locator("[data-handle='0-0']").bounding_box()
    assert handle is not None
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    box = page.locator(".stage").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.4 * box["height"], steps=4)
    page.mouse.up()
    expect(page.locator("[data-zones]")).to_have_attribute("data-faults", "0")
    (zone,) = read(drawn(page))
    assert (zone.name, zone.kind) == ("前院 forecourt", ZoneKind.AREA)
    assert zone.watch == (EventKind.INTRUSION, EventKind.LOITERING, EventKind.FAST_MOTION)
    assert (zone.dwell_s, zone.speed, zone.crowd) == (90, 12_500, None)
    for found, wanted in zip(zone.points, ((2000, 4000), (9000, 6000), (9000, 9500)), strict=True):
        assert found == pytest.approx(wanted, abs=40)  # half a pixel of the page
    assert complaints(page) == []
    picture(page, "zones")
    with page.expect_download() as saved:
        page.locator("[data-download]").click()
    assert saved.value.suggested_filename == "zones-old-town-cam-07.toml"
    assert Path(saved.value.path()).read_text(encoding="utf-8") == drawn(page)
    assert [url for url in asked if not url.startswith("blob:")] == []


def test_a_line_is_drawn_with_the_keyboard_alone(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate), path="#/zones/old-town/cam-07", language="zh")
    page.locator("[data-new=line]").focus()
    page.keyboard.press("Enter")
    page.locator("[name=zone-name]").focus()
    page.keyboard.type("出口")
    page.locator("[name=wrong_way]").focus()
    page.keyboard.press("Space")
    page.locator("[data-add-point]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("[data-add-point]")).to_be_disabled()
    before = read(drawn(page))[0].points[0]
    page.locator("[data-handle='0-0']").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Alt+ArrowDown")
    (zone,) = read(drawn(page))
    assert (zone.name, zone.direction) == ("出口", LineDirection.BACKWARD)
    assert zone.points[0] == (before[0] - 100, before[1] - 500 + 10)
    assert complaints(page) == []
    page.keyboard.press("Delete")
    expect(page.locator("[data-zone-fault=line]")).to_contain_text("警戒线需要两个端点")
    assert drawn(page) == ""


def test_forward_is_drawn_from_the_left_of_the_line_to_its_right(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate), path="#/zones/old-town/cam-07")
    page.locator("[data-new=line]").click()
    page.locator("[name=line_crossed]").check()
    page.locator("[name=direction]").select_option("forward")
    click_at(page, 0.5, 0.9)
    click_at(page, 0.5, 0.5)
    arrow = page.locator(".arrow").bounding_box()
    stage = page.locator(".stage").bounding_box()
    assert arrow is not None
    assert stage is not None
    # Walking up the picture, the right-hand side is the right of the picture.
    assert arrow["x"] > stage["x"] + stage["width"] / 2
    page.locator("[name=direction]").select_option("both")
    expect(page.locator(".arrow")).to_have_count(2)


def test_what_is_wrong_is_said_and_gives_no_text(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate), path="#/zones/old-town/cam-07")
    page.locator("[data-new=area]").click()
    for fault in ("name", "area", "watch"):
        expect(page.locator(f"[data-zone-fault={fault}]")).to_be_visible()
    page.locator("[name=crowd_density]").check()
    page.locator("[name=crowd]").fill("1")
    expect(page.locator("[data-zone-fault=crowd]")).to_contain_text("2 to 500")
    expect(page.locator("[data-download]")).to_be_disabled()
    page.locator("input[type=file]").set_input_files(
        {"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    expect(page.locator(".zones [role=alert]")).to_be_visible()
    page.locator("[data-remove]").click()
    expect(page.locator("[data-zones]")).to_have_attribute("data-faults", "0")


def test_the_camera_page_leads_there_and_back(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate))
    page.locator("a[href='#/zones/old-town/cam-07']").click()
    expect(page.locator("[data-zones='old-town/cam-07']")).to_be_visible()
    page.locator(".back a").last.click()
    expect(page.locator("[data-camera='old-town/cam-07']")).to_be_visible()
