"""Pictures opened by the operator lie over each other by the numbers that the camera signed."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.desk import Voice, everybody
from tests.browser.test_accessibility import complaints
from viewkeeper.protocol.vocabulary import ViewCause, ViewVerdict
from viewkeeper.sim.camera.panorama import street_scene
from viewkeeper.sim.camera.pinhole import Lens, Pose
from viewkeeper.sim.camera.virtual import VirtualCamera

pytestmark = pytest.mark.e2e
MOVE = Pose(pan_deg=4.0, tilt_deg=-2.0, roll_deg=3.0, zoom=1.1)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What a camera in a street sees as registered, and turned."""
    folder = tmp_path_factory.mktemp("pictures")
    camera = VirtualCamera(street_scene(1, 1536), lens=Lens(62.0), size=(640, 360))
    paths = folder / "registered.png", folder / "present.png"
    for path, pose in zip(
        paths,
        (
            camera.registered,
            camera.registered.moved(
                pan_deg=MOVE.pan_deg, tilt_deg=MOVE.tilt_deg, roll_deg=MOVE.roll_deg, zoom=MOVE.zoom
            ),
        ),
        strict=True,
    ):
        camera.pose = pose
        Image.fromarray(camera.frame(0.0)[0].luma).save(path)
    return paths


def seen(page: Page) -> NDArray[np.float64]:
    """The middle of the stage as it is on the screen; every picture covers it."""
    shot = Image.open(io.BytesIO(page.locator(".stage").screenshot())).convert("L")
    grey = np.asarray(shot.resize((320, 180)), np.float64)
    return grey[60:120, 100:220]


def test_the_present_picture_is_turned_back_onto_the_registered_one(
    gate: Voice,
    visit: Visit,
    pictures: tuple[Path, Path],
    picture: Callable[[Page, str], Path],
) -> None:
    page = visit(everybody(gate), path="#/compare/old-town/cam-07")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    gate.report(
        verdict=ViewVerdict.MOVED,
        pan_deg=MOVE.pan_deg,
        tilt_deg=MOVE.tilt_deg,
        roll_deg=MOVE.roll_deg,
        zoom=MOVE.zoom,
    )
    expect(page.locator("[data-turned=true]")).to_be_visible()
    page.locator("input[name=registered]").set_input_files(pictures[0])
    page.locator("input[name=present]").set_input_files(pictures[1])
    share = page.locator("input[name=share]")
    share.fill("0")
    registered = seen(page)
    share.fill("100")
    turned = seen(page)
    picture(page, "compare")
    page.locator("input[name=back]").uncheck()
    expect(page.locator("[data-turned=false]")).to_be_visible()
    raw = seen(page)
    assert np.std(registered) > 5, "there is something to see"
    assert np.mean(abs(turned - registered)) < 0.4 * np.mean(abs(raw - registered))
    assert np.corrcoef(turned.ravel(), registered.ravel())[0, 1] > 0.9
    assert [url for url in asked if not url.startswith("blob:")] == [], "nothing was sent"


@pytest.mark.parametrize(("size", "language"), [((1440, 900), "en"), ((390, 844), "zh")])
def test_it_is_usable_by_everybody_and_says_when_there_is_nothing_to_turn_by(
    gate: Voice, visit: Visit, size: tuple[int, int], language: str, tmp_path: Path
) -> None:
    page = visit(everybody(gate), path="#/compare/old-town/cam-07", size=size, language=language)
    gate.report(verdict=ViewVerdict.CANNOT_TELL, cause=ViewCause.COVERED, measured=False)
    expect(page.locator("input[name=back]")).to_be_disabled()
    for way in ("blink", "difference", "over"):
        page.locator(f"[data-way={way}]").focus()
        page.keyboard.press("Enter")
        expect(page.locator(f"[data-way={way}]")).to_have_attribute("aria-pressed", "true")
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    wrong = tmp_path / "note.png"
    wrong.write_text("not a picture")
    page.locator("input[name=present]").set_input_files(wrong)
    expect(page.locator("[role=alert]")).to_be_visible()
