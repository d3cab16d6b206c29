"""The map: where each camera hangs, looks by the register, and looks now."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.desk import Broker, Voice
from tests.browser.test_accessibility import complaints
from viewkeeper.dashboard.plans import Plan, load_plans
from viewkeeper.dashboard.register import Register
from viewkeeper.protocol.vocabulary import ViewVerdict

pytestmark = pytest.mark.e2e
NAMES = """() => {
  const sheet = document.querySelector(".sheet-window svg").getBoundingClientRect();
  const names = [...document.querySelectorAll(".pin-names text")].map((one) => {
    const { left, top, width, height } = one.getBoundingClientRect();
    const [rim, ink] = [2, 0.2 * height]; // the halo; above and below the letters
    return [left + rim, top + ink, left + width - rim, top + height - ink];
  });
  return [[sheet.left, sheet.right], ...names];
}"""


def test_each_camera_is_drawn_where_it_hangs_and_looks(
    broker: Broker, visit: Visit, picture: Callable[[Page, str], Path]
) -> None:
    voices = [Voice(broker, f"cam-{n}", f"Gate {n}") for n in range(4)]
    places = [(0.0, 0.0), (60.0, 0.0), (60.0, 40.0), None]
    cameras = [
        voice.entry(position=place, azimuth_deg=90.0 * n)
        for n, (voice, place) in enumerate(zip(voices, places, strict=True))
    ]
    page = visit(Register(tuple(cameras)))
    voices[1].report(verdict=ViewVerdict.MOVED, pan_deg=20.0)
    expect(page.locator("[data-verdict=moved]")).to_have_count(1)
    page.locator("button[data-map]").click()
    expect(page.locator("[data-pin]")).to_have_count(3)
    expect(page.locator(".sitemap")).to_contain_text("Not drawn: 1 (")
    pin = page.locator("[data-pin='old-town/cam-1']")
    expect(pin).to_have_attribute("aria-label", "Gate 1: Moved")
    expect(pin.locator(".now")).to_have_attribute("data-azimuth", "110.00")
    north = page.locator("[data-pin='old-town/cam-2'] .dot")
    assert float(north.get_attribute("cy") or "nan") == -40.0, "north is up"
    assert complaints(page) == []
    picture(page, "map")
    pin.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".card h2")).to_have_text("Gate 1")


UNDER = """() => {
  const names = [...document.querySelectorAll(".pin-names text")];
  const drawn = [...document.querySelectorAll(".pin path, .pin .dot")];
  // SVG paints in the document's order.
  const { DOCUMENT_POSITION_FOLLOWING: AFTER } = Node;
  const over = (name) => drawn.every((shape) => shape.compareDocumentPosition(name) & AFTER);
  return [names.length, drawn.length, names.every(over)];
}"""


def test_no_name_stands_on_another_or_leaves_the_sheet_or_lies_under_a_wedge(
    broker: Broker, visit: Visit
) -> None:
    voices = [Voice(broker, f"cam-{n}", f"A gate of some name {n}", f"{n}号门") for n in range(8)]
    cameras = [
        voice.entry(position=(4.0 * n, float(n % 2)), azimuth_deg=45.0 * n)
        for n, voice in enumerate(voices)
    ]
    page = visit(Register(tuple(cameras)), size=(390, 844))
    page.locator("button[data-map]").click()
    expect(page.locator("[data-pin]")).to_have_count(8)
    for language, word in {"en": "gate", "zh": "号"}.items():
        page.locator(f"[data-language={language}]").click()
        expect(page.locator(".pin-names text").first).to_contain_text(word)
        (left, right), *boxes = page.evaluate(NAMES)
        assert boxes, "the first has room"
        named, drawn, over = page.evaluate(UNDER)
        assert named == len(boxes)
        assert drawn >= 16
        assert over
        for number, one in enumerate(boxes):
            assert left <= one[0], "on the sheet"
            assert one[2] <= right, "on the sheet"
            for other in boxes[:number]:
                beside = one[2] <= other[0] or other[2] <= one[0]
                assert beside or one[3] <= other[1] or other[3] <= one[1]


@pytest.fixture
def planned(broker: Broker, tmp_path: Path) -> tuple[list[Voice], Register, tuple[Plan, ...]]:
    """Three cameras of one site: two in its plan, one with coordinates alone."""
    voices = [Voice(broker, f"cam-{n}", f"Gate {n}", f"{n}号门") for n in range(3)]
    cameras = [
        voice.entry(azimuth_deg=90.0 * n, position=(9.0, 9.0) if n == 2 else None)
        for n, voice in enumerate(voices)
    ]
    sheet = Image.new("RGB", (800, 500), "ivory")
    sheet.paste("tan", (100, 100, 400, 300))
    sheet.save(tmp_path / "town.png")
    row = {
        "site": "old-town",
        "image": "town.png",
        "north_deg": 90,
        "cameras": {"cam-0": {"at": [200, 150]}, "cam-1": {"at": [600, 400]}},
    }
    path = tmp_path / "plans.json"
    path.write_text(json.dumps({"plans": [row]}), encoding="utf-8")
    register = Register(tuple(cameras))
    return voices, register, load_plans(path, register)


@pytest.mark.parametrize(
    ("size", "language"), [((1440, 900), "en"), ((390, 844), "zh"), ((2560, 1440), "zh")]
)
def test_cameras_stand_in_the_plan_of_their_site(
    planned: tuple[list[Voice], Register, tuple[Plan, ...]],
    visit: Visit,
    picture: Callable[[Page, str], Path],
    size: tuple[int, int],
    language: str,
) -> None:
    voices, register, plans = planned
    page = visit(register, plans=plans, size=size, language=language)
    voices[1].report(verdict=ViewVerdict.MOVED, pan_deg=20.0)
    expect(page.locator("[data-filter=moved] b")).to_have_text("1")
    page.locator("button[data-map]").click()
    image = page.locator(".sitemap image")
    expect(image).to_have_attribute("href", "plans/old-town.png")
    shown = page.evaluate("""async () => {
        const picture = new Image();
        picture.src = document.querySelector(".sitemap image").getAttribute("href");
        await picture.decode();
        return [picture.naturalWidth, picture.naturalHeight];
    }""")
    assert shown == [800, 500], "the page's policy lets it through"
    dot = page.locator("[data-pin='old-town/cam-1'] .dot")
    assert (dot.get_attribute("cx"), dot.get_attribute("cy")) == ("600", "400")
    # Looks east (90), and east is down in a picture whose north points right: 180 from up.
    registered = page.locator("[data-pin='old-town/cam-1'] .registered").get_attribute("d") or ""
    assert registered.startswith("M600 400L")
    rim = float(registered.split("L")[1].split("A")[0].split(" ")[1])
    assert rim > 400
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert complaints(page) == []
    picture(page, f"plan-{language}-{size[0]}")
    page.locator("select[name=sheet]").select_option("coordinates")
    expect(page.locator("[data-pin]")).to_have_count(1)
    expect(page.locator("[data-pin='old-town/cam-2']")).to_be_visible()
    page.locator("[data-zoom='2']").click()
    expect(page.locator("[data-zoomed='2']")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert complaints(page) == []


def test_a_camera_is_placed_by_pointer_and_by_keyboard_and_the_text_is_what_the_server_reads(
    planned: tuple[list[Voice], Register, tuple[Plan, ...]], visit: Visit, tmp_path: Path
) -> None:
    _, register, plans = planned
    page = visit(register, plans=plans, path="#/placing/old-town")
    assert complaints(page) == []
    page.locator("select[name=camera]").select_option("cam-2")
    expect(page.locator("[data-place]")).to_contain_text("Not in the plan yet")
    box = page.locator("[data-stage]").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.locator("input[name=azimuth]").fill("-30")
    page.locator("select[name=camera]").select_option("cam-0")
    page.locator("[data-stage]").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    page.locator("select[name=camera]").select_option("cam-1")
    page.locator("[data-remove]").click()
    text = page.locator("textarea").input_value()
    path = tmp_path / "placed.json"
    path.write_text(f'{{"plans": [{text}]}}', encoding="utf-8")
    (plan,) = load_plans(path, register)
    assert set(plan.pins) == {"cam-0", "cam-2"}
    assert (plan.pins["cam-0"].x, plan.pins["cam-0"].y) == (208, 190)
    assert plan.pins["cam-2"].x == pytest.approx(400, abs=2)
    assert plan.pins["cam-2"].y == pytest.approx(250, abs=2)
    assert plan.pins["cam-2"].azimuth_deg == -30
    assert plan.north_deg == 90
    page.locator("[data-language=zh]").click()
    assert complaints(page) == []
