"""Site plans: a picture a site, and where its cameras stand in it.

Kept apart from the register, which the signing desk writes anew. Read strictly: whatever is
unknown, missing or out of range is refused with the place where it stands.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from viewkeeper.dashboard.numbers import number
from viewkeeper.dashboard.pictures import EXTENSIONS, Picture, look
from viewkeeper.dashboard.register import Camera, Register
from viewkeeper.protocol.errors import Reason, SetupError

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 50_000_000
"""A small file may unfold into a picture that no browser holds."""
FOLDER = "plans"


@dataclass(frozen=True, slots=True)
class Pin:
    """A camera in a plan.

    Attributes:
        x, y: pixels from the picture's upper left corner.
        azimuth_deg: compass direction of the registered view, where known.
    """

    x: float
    y: float
    azimuth_deg: float | None


@dataclass(frozen=True, slots=True)
class Plan:
    """One site's picture.

    Attributes:
        north_deg: where north is in it, clockwise from straight up.
        pins: by camera.
        row: its row of the file without ``cameras``, for the page that places them.
    """

    site: str
    picture: Picture
    content: bytes
    north_deg: float
    pins: Mapping[str, Pin]
    row: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def path(self) -> str:
        """Where the picture is served, below the page."""
        return f"{FOLDER}/{self.site}.{EXTENSIONS[self.picture.mime_type]}"

    def public(self) -> dict[str, Any]:
        """What the page is told of it (``config.json``)."""
        return {
            "site": self.site,
            "image": self.path,
            "width": self.picture.width,
            "height": self.picture.height,
            "north_deg": self.north_deg,
            "row": dict(self.row),
            "cameras": {
                name: {"x": round(pin.x, 2), "y": round(pin.y, 2), "azimuth_deg": pin.azimuth_deg}
                for name, pin in self.pins.items()
            },
        }


def load_plans(path: Path, register: Register) -> tuple[Plan, ...]:
    """Read a file of plans and the pictures it names, which are looked for beside it.

    Raises:
        SetupError: a file is missing or says something impossible; naming the place.
    """
    try:
        value = json.loads(_read(path, MAX_BYTES))
    except (UnicodeDecodeError, ValueError) as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path} is not JSON: {error}") from error
    if not isinstance(value, dict) or set(cast("dict[str, Any]", value)) != {"plans"}:
        raise _wrong('it must be {"plans": [...]}')
    rows = cast("dict[str, Any]", value)["plans"]
    if not isinstance(rows, list):
        raise _wrong("plans must be a list")
    found: list[Plan] = []
    for at, row in enumerate(cast("list[object]", rows)):
        plan = _plan(row, f"plans[{at}]", path.parent, register)
        if plan.site in {one.site for one in found}:
            raise _wrong(f"site {plan.site} has two plans")
        found.append(plan)
    return tuple(found)


def _plan(row: object, where: str, folder: Path, register: Register) -> Plan:
    rest = _object(row, where)
    kept = {name: value for name, value in rest.items() if name != "cameras"}
    site, image = rest.pop("site", None), rest.pop("image", None)
    cameras = {one.camera: one for one in register.cameras if one.site == site}
    if not cameras:
        raise _wrong(f"{where}.site: the register has no camera of a site {site!r}")
    if not isinstance(image, str) or not image:
        raise _wrong(f"{where}.image must name a PNG or JPEG file")
    picture, content = _picture(folder / image)
    north = _number(rest.pop("north_deg", 0), -360, 360, f"{where}.north_deg")
    pins = _surveyed(rest, where, north, cameras, picture)
    for name, one in _object(rest.pop("cameras", {}), f"{where}.cameras").items():
        if name not in cameras:
            raise _wrong(f"{where}.cameras: the register has no camera {site}/{name}")
        pins[name] = _pin(one, f"{where}.cameras.{name}", cameras[name], picture)
    if rest:
        raise _wrong(f"{where} has unknown entries: {', '.join(sorted(rest))}")
    return Plan(str(site), picture, content, north, pins, kept)


def _surveyed(
    rest: dict[str, Any],
    where: str,
    north_deg: float,
    cameras: Mapping[str, Camera],
    picture: Picture,
) -> dict[str, Pin]:
    """Cameras by their position in the register, where the plan says its scale and origin."""
    scale, origin = rest.pop("metres_per_pixel", None), rest.pop("origin", None)
    if scale is None and origin is None:
        return {}
    if scale is None or origin is None:
        raise _wrong(f"{where}: metres_per_pixel and origin belong together")
    metres = _number(scale, 1e-4, 1e4, f"{where}.metres_per_pixel")
    x0, y0 = _pair(origin, f"{where}.origin")
    north = math.radians(north_deg)
    pins: dict[str, Pin] = {}
    for name, one in cameras.items():
        if one.position is None:
            continue
        east_px, north_px = one.position[0] / metres, one.position[1] / metres
        x = x0 + east_px * math.cos(north) + north_px * math.sin(north)
        y = y0 + east_px * math.sin(north) - north_px * math.cos(north)
        # What stands outside this picture is left to the map of coordinates.
        if 0 <= x <= picture.width and 0 <= y <= picture.height:
            pins[name] = Pin(x, y, one.azimuth_deg)
    return pins


def _pin(row: object, where: str, camera: Camera, picture: Picture) -> Pin:
    rest = _object(row, where)
    x, y = _pair(rest.pop("at", None), f"{where}.at")
    if not (0 <= x <= picture.width and 0 <= y <= picture.height):
        raise _wrong(
            f"{where}.at lies outside the picture of {picture.width} × {picture.height} pixels"
        )
    azimuth = rest.pop("azimuth_deg", camera.azimuth_deg)
    if azimuth is not None:
        azimuth = _number(azimuth, -360, 360, f"{where}.azimuth_deg")
    if rest:
        raise _wrong(f"{where} has unknown entries: {', '.join(sorted(rest))}")
    return Pin(x, y, azimuth)


def _picture(path: Path) -> tuple[Picture, bytes]:
    content = _read(path, MAX_BYTES)
    picture = look(content)
    if picture is None:
        raise SetupError(Reason.FILE_UNREADABLE, f"plan {path}: use a PNG or JPEG picture")
    if picture.width * picture.height > MAX_PIXELS:
        raise SetupError(
            Reason.TOO_LARGE,
            f"plan {path}: {picture.width} × {picture.height} pixels; "
            f"at most {MAX_PIXELS // 1_000_000} million are shown",
        )
    return picture, content


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except FileNotFoundError as error:
        raise SetupError(Reason.FILE_MISSING, f"there is no file {path}") from error
    except OSError as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"cannot read {path}: {error}") from error
    if len(content) > most:
        raise SetupError(Reason.TOO_LARGE, f"{path} is larger than {most // 1024 // 1024} MiB")
    return content


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(f"{where} must be an object")
    return dict(cast("dict[str, Any]", value))


def _pair(value: object, where: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(cast("list[object]", value)) != 2:
        raise _wrong(f"{where} must be [x, y] in pixels of the picture")
    x, y = (_number(item, -1e6, 1e6, where) for item in cast("list[object]", value))
    return x, y


def _number(value: object, low: float, high: float, where: str) -> float:
    return number(value, low, high, where, _wrong)


def _wrong(what: str) -> SetupError:
    return SetupError(Reason.SETTING, f"the file of plans is wrong: {what}")
