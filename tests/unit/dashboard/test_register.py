"""The register is read strictly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from viewkeeper.dashboard.register import load_register, parse_register
from viewkeeper.protocol.cose import SoftwareSigner
from viewkeeper.protocol.errors import Reason, SetupError

KEY = SoftwareSigner.from_seed(bytes(32)).verify_key


def row(**changes: Any) -> dict[str, Any]:
    base = {
        "site": "old-town",
        "camera": "cam-07",
        "title": "North gate",
        "device_key": KEY.raw.hex(),
        "hfov_deg": 62.5,
    }
    return {name: value for name, value in {**base, **changes}.items() if value is not ...}


def test_what_the_page_is_told_names_the_key_by_its_own_hash() -> None:
    (camera,) = parse_register({"cameras": [row(title_zh="北门", position=[1, -2])]}).cameras
    told = camera.public()
    assert told["kid"] == KEY.kid.hex()
    assert told["device_key"] == KEY.raw.hex()
    assert told["title_zh"] == "北门"
    assert told["position"] == (1.0, -2.0)
    assert "tolerance" not in told


@pytest.mark.parametrize("hfov", [..., None])
def test_a_field_of_view_that_the_desk_does_not_know_is_not_told(hfov: object) -> None:
    (camera,) = parse_register({"cameras": [row(hfov_deg=hfov)]}).cameras
    assert "hfov_deg" not in camera.public()


def test_a_tolerance_is_whole_or_absent() -> None:
    whole = {"pan_deg": 0.4, "tilt_deg": 0.4, "roll_deg": 0.7, "zoom": 0.012}
    (camera,) = parse_register({"cameras": [row(tolerance=whole)]}).cameras
    assert camera.public()["tolerance"] == whole
    with pytest.raises(SetupError, match="must hold exactly"):
        parse_register({"cameras": [row(tolerance={"pan_deg": 0.4})]})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"site": "Old Town"}, "site id"),
        ({"camera": "a/b"}, "camera id"),
        ({"title": ""}, "title"),
        ({"title": ...}, "title"),
        ({"device_key": "00"}, "64 hexadecimal digits"),
        ({"device_key": "00" * 32}, "may be used"),
        ({"kid": "0011223344556677"}, "kid does not belong"),
        ({"hfov_deg": 200}, "5 to 170"),
        ({"hfov_deg": "62"}, "must be a number"),
        ({"hfov_deg": True}, "must be a number"),
        ({"hfov_deg": float("nan")}, "must be a number"),
        ({"report_period_s": 0}, "report_period_s"),
        ({"position": [1]}, "in metres"),
        ({"azimut_deg": 3}, "unknown entries: azimut_deg"),
    ],
)
def test_an_impossible_entry_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SetupError, match=said):
        parse_register({"cameras": [row(**changes)]})


@pytest.mark.parametrize(
    "value", [[], {}, {"cameras": {}}, {"cameras": [], "x": 1}, {"cameras": [3]}]
)
def test_another_shape_is_refused(value: object) -> None:
    with pytest.raises(SetupError, match="register is wrong"):
        parse_register(value)


def test_a_camera_stands_in_it_once() -> None:
    with pytest.raises(SetupError, match="twice"):
        parse_register({"cameras": [row(), row(title="again")]})


def test_a_file_is_read_or_its_fault_is_named(tmp_path: Path) -> None:
    path = tmp_path / "register.json"
    with pytest.raises(SetupError, match="no register file") as missing:
        load_register(path)
    assert missing.value.reason is Reason.FILE_MISSING
    path.write_text("{", encoding="utf-8")
    with pytest.raises(SetupError, match="not JSON"):
        load_register(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SetupError, match="cannot read"):
        load_register(path)
    path.write_text(json.dumps({"cameras": [row()]}), encoding="utf-8")
    assert load_register(path).cameras[0].camera == "cam-07"


def test_signers_and_witnesses_are_told_to_the_page() -> None:
    ming = {"person": "Li Ming", "public": KEY.raw.hex(), "kid": KEY.kid.hex()}
    people = {name: [ming] for name in ("signers", "witness_keys", "order_keys")}
    found = parse_register({"cameras": [row()], **people})
    told = {"person": "Li Ming", "public": KEY.raw.hex(), "algorithm": int(KEY.algorithm)}
    assert [one.public() for one in found.signers] == [told]
    assert [one.public() for one in found.witness_keys] == [told]
    assert [one.public() for one in found.order_keys] == [told]


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ({}, "must be a list"),
        (["x"], r"signers\[0\] must be an object"),
        ([{"public": KEY.raw.hex()}], "person must be a text"),
        ([{"person": "x"}], "public must be 64"),
        ([{"person": "x", "public": 5}], "public must be 64"),
        ([{"person": "x", "public": KEY.raw.hex(), "kid": "00"}], "kid does not belong"),
        ([{"person": "x", "public": KEY.raw.hex(), "role": "y"}], "unknown entries: role"),
        ([{"person": "x", "public": KEY.raw.hex(), "algorithm": 5}], "algorithm of public"),
    ],
)
def test_signers_are_read_strictly(people: object, said: str) -> None:
    with pytest.raises(SetupError, match=said):
        parse_register({"cameras": [row()], "signers": people})
