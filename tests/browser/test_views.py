"""Every view, on a phone and on a wall, in both languages: it fits, it is usable, it is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.desk import Broker, Desk, Voice, board, now_ms, recording_desk
from tests.browser.test_accessibility import complaints
from tests.browser.test_flags import flag, waits
from tests.browser.test_sign import obey
from viewkeeper.dashboard.plans import Plan, load_plans
from viewkeeper.dashboard.register import Person, Register
from viewkeeper.protocol import cose
from viewkeeper.protocol.vocabulary import AlarmKind, EventKind, ViewCause, ViewVerdict

pytestmark = pytest.mark.e2e
VIEWS = {
    "overview": "#/",
    "camera": "#/camera/old-town/cam-07",
    "turned": "#/camera/old-town/cam-08",
    "board": "#/camera/old-town/cam-09",
    "alarms": "#/alarms",
    "zones": "#/zones/old-town/cam-07",
    "compare": "#/compare/old-town/cam-08",
    "placing": "#/placing/old-town",
    "report": "#/report/old-town/cam-08",
}


@dataclass(frozen=True)
class Site:
    """One site with a camera of every kind, and what stands ready for them."""

    voices: tuple[Voice, ...]
    register: Register
    plans: tuple[Plan, ...]
    desk: Desk


@pytest.fixture
def site(broker: Broker, gate: Voice, ming: cose.SoftwareSigner, tmp_path: Path) -> Iterator[Site]:
    titles = {
        "cam-08": ("School lane", "学校巷"),
        "cam-09": ("Mast on the weir", "水坝立杆"),
        "cam-10": ("Market hall, east entrance", "菜市场东入口"),
        "cam-11": ("Ferry pier", "渡口"),
        "cam-12": ("Not heard of yet", "尚无消息"),
    }
    voices = (gate, *(Voice(broker, name, *title) for name, title in titles.items()))
    people = (Person("Li Ming", ming.verify_key),)
    cameras = tuple(
        voice.entry(position=(30.0 * (n % 3), 22.0 * (n // 3)), azimuth_deg=60.0 * n)
        for n, voice in enumerate(voices)
    )
    register = Register(cameras, signers=people, order_keys=people)
    sheet = Image.new("RGB", (900, 560), "ivory")
    for box in ((60, 60, 380, 240), (520, 60, 840, 240), (60, 340, 840, 500)):
        sheet.paste("tan", box)
    sheet.save(tmp_path / "town.png")
    pins = {
        voice.camera: {"at": [110 + 130 * n, 150 + 130 * (n % 3)], "azimuth_deg": 60 * n}
        for n, voice in enumerate(voices)
    }
    row = {"site": "old-town", "image": "town.png", "north_deg": 15, "cameras": pins}
    path = tmp_path / "plans.json"
    path.write_text(json.dumps({"plans": [row]}), encoding="utf-8")
    with recording_desk(broker, register, tmp_path / "desk.sqlite") as desk:
        yield Site(voices, register, load_plans(path, register), desk)


def speak(site: Site, ming: cose.SoftwareSigner) -> None:
    """One is well and has a flag, one is turned, one is a board, one is blind, one is hidden."""
    gate, lane, mast, market, pier, _ = site.voices
    for voice in site.voices[:5]:
        voice.publish(voice.topics.status, b"online", retain=True)
    obeyed = obey(gate, ming, photo=True)
    began = now_ms() - 125_000
    gate.publish(gate.topics.event(EventKind.WRONG_WAY), gate.sign(flag(began)))
    waits(gate, 1, began, config_hash=hashlib.sha256(obeyed.encode()).digest()[:8])
    lane.report(
        verdict=ViewVerdict.MOVED, pan_deg=6.2, tilt_deg=-2.4, roll_deg=1.0, zoom=1.04,
        alarms=(AlarmKind.VIEW_MOVED, AlarmKind.SIGN_FAULT), last_refusal="expired",
    )  # fmt: skip
    lane.alarm(AlarmKind.VIEW_MOVED, "pan +6.20°, tilt -2.40°, roll +1.00°, zoom 1.040")
    lane.alarm(AlarmKind.SIGN_FAULT, "missing, unknown")
    lane.event(EventKind.CAMERA_STRUCK)
    felt = board(ViewVerdict.MOVED, tilt_deg=4.1, roll_deg=-0.4)
    mast.publish(mast.topics.report, mast.sign(felt), retain=True)
    market.report(verdict=ViewVerdict.CANNOT_TELL, cause=ViewCause.COVERED, measured=False)
    pier.report(verdict=ViewVerdict.OBSTRUCTED)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [(390, 844), (1920, 1080)])
def test_every_view_fits_and_is_usable(
    site: Site,
    ming: cose.SoftwareSigner,
    visit: Visit,
    size: tuple[int, int],
    language: str,
    picture: Callable[[Page, str], Path],
) -> None:
    page = visit(site.register, plans=site.plans, api=site.desk.api, size=size, language=language)
    speak(site, ming)
    expect(page.locator("[data-verdict=obstructed]")).to_have_count(1)
    for name, at in VIEWS.items():
        page.evaluate("(at) => { location.hash = at; }", at)
        page.wait_for_timeout(400)  # drawings that the layout decides
        fits(page, f"{name} {size} {language}", size)
        whole(page, f"view-{name}-{language}-{size[0]}", size, picture)
        if name == "overview":
            page.locator("button[data-map]").click()
            expect(page.locator("[data-pin]")).to_have_count(len(site.voices))
            fits(page, f"map {size} {language}", size)
            picture(page, f"view-map-{language}-{size[0]}")
            page.locator("button[data-map]").click()


def fits(page: Page, name: str, size: tuple[int, int]) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name
    assert complaints(page) == [], name


def whole(
    page: Page, name: str, size: tuple[int, int], picture: Callable[[Page, str], Path]
) -> None:
    """The page from its top to its end, as far as a picture is of use."""
    height = min(4000, page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": size[0], "height": max(size[1], height)})
    picture(page, name)
    page.set_viewport_size({"width": size[0], "height": size[1]})
