"""A file of plans is read strictly, and places cameras where it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from viewkeeper.dashboard import plans
from viewkeeper.dashboard.plans import Pin, Plan, load_plans
from viewkeeper.dashboard.register import Camera, Register
from viewkeeper.protocol.cose import SoftwareSigner
from viewkeeper.protocol.errors import Reason, SetupError

KEY = SoftwareSigner.from_seed(bytes(32)).verify_key


def camera(name: str, **more: Any) -> Camera:
    return Camera(site="old-town", camera=name, title=name, device_key=KEY, hfov_deg=60.0, **more)


REGISTER = Register(
    (
        camera("gate", azimuth_deg=90.0, position=(10.0, 0.0)),
        camera("yard", position=(0.0, 10.0)),
        camera("away", position=(9000.0, 0.0)),
        camera("shed"),
    )
)


def load(folder: Path, **plan: Any) -> Plan:
    if not (folder / "town.png").exists():
        Image.new("RGB", (400, 300), "white").save(folder / "town.png")
    path = folder / "plans.json"
    row = {"site": "old-town", "image": "town.png", **plan}
    path.write_text(json.dumps({"plans": [row]}), encoding="utf-8")
    (found,) = load_plans(path, REGISTER)
    return found


def refused(folder: Path, **plan: Any) -> SetupError:
    with pytest.raises(SetupError) as caught:
        load(folder, **plan)
    return caught.value


def test_a_camera_stands_where_the_plan_says_and_looks_where_the_register_says(
    tmp_path: Path,
) -> None:
    plan = load(tmp_path, cameras={"gate": {"at": [40, 50]}, "shed": {"at": [1, 2]}})
    assert plan.pins == {"gate": Pin(40, 50, 90.0), "shed": Pin(1, 2, None)}
    told = plan.public()
    assert (told["image"], told["width"], told["height"]) == ("plans/old-town.png", 400, 300)


@pytest.mark.parametrize(
    ("north_deg", "gate", "yard"),
    [(0, (120, 200), (100, 180)), (90, (100, 220), (120, 200)), (-90, (100, 180), (80, 200))],
)
def test_a_scale_places_cameras_by_the_register_whichever_way_north_is(
    tmp_path: Path, north_deg: float, gate: tuple[int, int], yard: tuple[int, int]
) -> None:
    plan = load(tmp_path, north_deg=north_deg, metres_per_pixel=0.5, origin=[100, 200])
    assert (plan.pins["gate"].x, plan.pins["gate"].y) == pytest.approx(gate)
    assert (plan.pins["yard"].x, plan.pins["yard"].y) == pytest.approx(yard)
    assert set(plan.pins) == {"gate", "yard"}, "no position, or off the picture: not in it"


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ({"site": "elsewhere"}, "no camera of a site 'elsewhere'"),
        ({"image": 3}, "must name a PNG or JPEG file"),
        ({"image": "none.png"}, "there is no file"),
        ({"cameras": {"gat": {"at": [1, 2]}}}, "no camera old-town/gat"),
        ({"cameras": {"gate": {"at": [401, 2]}}}, "outside the picture of 400 × 300"),
        ({"cameras": {"gate": {"at": [1]}}}, "plans[0].cameras.gate.at must be [x, y]"),
        ({"cameras": {"gate": {"at": [1, 2], "azimuth": 3}}}, "unknown entries: azimuth"),
        ({"cameras": {"gate": {"at": [1, 2], "azimuth_deg": 1e9}}}, "must be -360 to 360"),
        ({"north_deg": "up"}, "north_deg must be a number"),
        ({"metres_per_pixel": 1}, "belong together"),
        ({"metres_per_pixel": 0, "origin": [0, 0]}, "must be 0.0001 to 10000"),
        ({"colour": "red"}, "unknown entries: colour"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, plan: dict[str, Any], says: str) -> None:
    assert says in refused(tmp_path, **plan).hint


def test_only_small_enough_png_and_jpeg_pictures_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "drawing.svg").write_text("<svg/>")
    assert "use a PNG or JPEG" in refused(tmp_path, image="drawing.svg").hint
    monkeypatch.setattr(plans, "MAX_PIXELS", 400 * 300 - 1)
    assert refused(tmp_path).reason is Reason.TOO_LARGE
    monkeypatch.setattr(plans, "MAX_BYTES", 200)
    assert refused(tmp_path).reason is Reason.TOO_LARGE


@pytest.mark.parametrize("text", ["", "[]", '{"plans": 3}', '{"plans": [], "more": 1}', "\ufeff"])
def test_a_file_that_is_no_file_of_plans_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plans.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SetupError):
        load_plans(path, REGISTER)


def test_one_site_has_one_plan(tmp_path: Path) -> None:
    load(tmp_path)
    path = tmp_path / "plans.json"
    (row,) = json.loads(path.read_text())["plans"]
    path.write_text(json.dumps({"plans": [row, row]}))
    with pytest.raises(SetupError, match="two plans"):
        load_plans(path, REGISTER)
