"""The register of cameras that a dashboard shows, and what the page is told of it.

Read strictly: a wrong key here would make every honest record look forged, so whatever
is unknown, missing or out of range is refused with the place where it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from viewkeeper.dashboard.numbers import number
from viewkeeper.protocol import cose, topics
from viewkeeper.protocol.errors import EnvelopeRefusal, Reason, SetupError

TOLERANCE_FIELDS = ("pan_deg", "tilt_deg", "roll_deg", "zoom")


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """One camera of the register.

    Attributes:
        site, camera: the ids in its topics; ``camera`` is the device named in its records.
        title, title_zh: its name for people; ``title_zh`` falls back to ``title``.
        device_key: the key its records are verified with.
        hfov_deg: horizontal field of view of the registered view, 5..170, where it is known:
            without it no view is drawn. A board without a camera has none.
        aspect: width over height of its picture, 0.2..5.
        report_period_s: how often it reports; data three periods old counts as stale.
        tolerance: degrees of pan, tilt, roll and the zoom ratio's distance from 1, where
            the register knows them; drawn as a band, never used to judge.
        azimuth_deg, position: compass direction of the registered view, and (x, y) in
            metres east and north of any origin, for the map.
    """

    site: str
    camera: str
    title: str
    device_key: cose.VerifyKey
    hfov_deg: float | None = None
    title_zh: str | None = None
    aspect: float = 16 / 9
    report_period_s: float = 60.0
    tolerance: Mapping[str, float] | None = None
    azimuth_deg: float | None = None
    position: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        topics.Topics(self.site, self.camera)

    def public(self) -> dict[str, Any]:
        """What the page is told of it (``config.json``)."""
        known: dict[str, Any] = {
            "site": self.site,
            "camera": self.camera,
            "title": self.title,
            "title_zh": self.title_zh,
            "device_key": self.device_key.raw.hex(),
            "device_algorithm": int(self.device_key.algorithm),
            "kid": self.device_key.kid.hex(),
            "hfov_deg": self.hfov_deg,
            "aspect": self.aspect,
            "report_period_s": self.report_period_s,
            "tolerance": None if self.tolerance is None else dict(self.tolerance),
            "azimuth_deg": self.azimuth_deg,
            "position": self.position,
        }
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose signature the page believes for one thing, and the key it is made with."""

    person: str
    key: cose.VerifyKey

    def public(self) -> dict[str, Any]:
        """What the page is told (``config.json``)."""
        return {
            "person": self.person,
            "public": self.key.raw.hex(),
            "algorithm": int(self.key.algorithm),
        }


@dataclass(frozen=True, slots=True)
class Register:
    """All cameras of one dashboard, each (site, camera) once.

    Attributes:
        witness_keys: whose countersignatures of checkpoints are shown as such.
        signers: whose signatures under a configuration are.
        order_keys: whose signatures under keysets, lifecycle steps, grants and commands are.
    """

    cameras: tuple[Camera, ...]
    witness_keys: tuple[Person, ...] = ()
    signers: tuple[Person, ...] = ()
    order_keys: tuple[Person, ...] = ()

    def __post_init__(self) -> None:
        seen: set[tuple[str, str]] = set()
        for camera in self.cameras:
            name = (camera.site, camera.camera)
            if name in seen:
                raise _wrong(f"camera {camera.site}/{camera.camera} stands in it twice")
            seen.add(name)


def load_register(path: Path) -> Register:
    """Read a register file.

    Raises:
        SetupError: the file is missing, not JSON, or says something impossible.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SetupError(Reason.FILE_MISSING, f"there is no register file {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"cannot read {path}: {error}") from error
    try:
        value = json.loads(text)
    except ValueError as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path} is not JSON: {error}") from error
    return parse_register(value)


def parse_register(value: object) -> Register:
    """Build a register from decoded JSON: ``{"cameras": [{...}, ...]}``.

    ``witness_keys``, ``signers`` and ``order_keys``, lists of ``{"person", "public"}``, may stand
    beside.

    Raises:
        SetupError: naming the camera and the field.
    """
    if not isinstance(value, dict) or not isinstance(value.get("cameras"), list):
        raise _wrong('it must be {"cameras": [...]}')
    table = cast("dict[str, Any]", value)
    if strange := set(table) - {"cameras", "witness_keys", "signers", "order_keys"}:
        raise _wrong(f"unknown entries: {', '.join(sorted(strange))}")
    rows = cast("list[object]", table["cameras"])
    return Register(
        tuple(_camera(row, f"cameras[{at}]") for at, row in enumerate(rows)),
        witness_keys=_people(table, "witness_keys"),
        signers=_people(table, "signers"),
        order_keys=_people(table, "order_keys"),
    )


def _people(table: dict[str, Any], name: str) -> tuple[Person, ...]:
    rows = table.get(name, [])
    if not isinstance(rows, list):
        raise _wrong(f"{name} must be a list")
    found: list[Person] = []
    for at, row in enumerate(cast("list[object]", rows)):
        where = f"{name}[{at}]"
        if not isinstance(row, dict):
            raise _wrong(f"{where} must be an object")
        rest = dict(cast("dict[str, Any]", row))
        person = _text(rest, "person", where)
        algorithm = rest.pop("algorithm", int(cose.Algorithm.ED25519))
        key = _key(rest.pop("public", ""), algorithm, where, name="public")
        kid = rest.pop("kid", key.kid.hex())
        if kid != key.kid.hex():
            raise _wrong(f"{where}.kid does not belong to public (it would be {key.kid.hex()})")
        if rest:
            raise _wrong(f"{where} has unknown entries: {', '.join(sorted(rest))}")
        found.append(Person(person, key))
    return tuple(found)


def _camera(row: object, where: str) -> Camera:
    if not isinstance(row, dict):
        raise _wrong(f"{where} must be an object")
    rest = dict(cast("dict[str, Any]", row))
    site, camera, title = (_text(rest, name, where) for name in ("site", "camera", "title"))
    algorithm = rest.pop("device_algorithm", int(cose.Algorithm.ED25519))
    key = _key(_text(rest, "device_key", where), algorithm, where)
    kid = rest.pop("kid", None)
    if kid is not None and kid != key.kid.hex():
        raise _wrong(f"{where}.kid does not belong to device_key (it would be {key.kid.hex()})")
    made = Camera(
        site=site,
        camera=camera,
        title=title,
        device_key=key,
        hfov_deg=_optional(rest.pop("hfov_deg", None), 5, 170, f"{where}.hfov_deg"),
        title_zh=_text(rest, "title_zh", where) if "title_zh" in rest else None,
        aspect=_number(rest.pop("aspect", 16 / 9), 0.2, 5, f"{where}.aspect"),
        report_period_s=_number(
            rest.pop("report_period_s", 60), 0.1, 86_400, f"{where}.report_period_s"
        ),
        tolerance=_tolerance(rest.pop("tolerance", None), f"{where}.tolerance"),
        azimuth_deg=_optional(rest.pop("azimuth_deg", None), -360, 360, f"{where}.azimuth_deg"),
        position=_position(rest.pop("position", None), f"{where}.position"),
    )
    rest.pop("enrolled_at", None)  # the desk's own, of no use to a page
    if rest:
        raise _wrong(f"{where} has unknown entries: {', '.join(sorted(rest))}")
    return made


def _text(rest: dict[str, Any], name: str, where: str) -> str:
    value = rest.pop(name, None)
    if not isinstance(value, str) or not 1 <= len(value) <= 120:
        raise _wrong(f"{where}.{name} must be a text of 1 to 120 characters")
    return value


def _key(text: object, algorithm: object, where: str, name: str = "device_key") -> cose.VerifyKey:
    """A raw public key in hexadecimal."""
    known = ", ".join(f"{int(each)} ({each.name})" for each in cose.Algorithm)
    if isinstance(algorithm, bool) or algorithm not in set(cose.Algorithm):
        raise _wrong(f"{where}: the algorithm of {name} must be one of {known}")
    kind = cose.Algorithm(cast("int", algorithm))
    digits = 64 if kind is cose.Algorithm.ED25519 else 130
    if not isinstance(text, str) or re.fullmatch(f"[0-9a-fA-F]{{{digits}}}", text) is None:
        raise _wrong(f"{where}.{name} must be {digits} hexadecimal digits (raw {kind.name})")
    try:
        return cose.VerifyKey(kind, bytes.fromhex(text))
    except EnvelopeRefusal as error:
        raise SetupError(error.reason, f"{where}.{name}: {error.hint}") from error


def _number(value: object, low: float, high: float, where: str) -> float:
    return number(value, low, high, where, _wrong)


def _optional(value: object, low: float, high: float, where: str) -> float | None:
    return None if value is None else _number(value, low, high, where)


def _position(value: object, where: str) -> tuple[float, float] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(cast("list[object]", value)) != 2:
        raise _wrong(f"{where} must be [x, y] in metres")
    x, y = (_number(item, -1e7, 1e7, where) for item in cast("list[object]", value))
    return x, y


def _tolerance(value: object, where: str) -> Mapping[str, float] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(cast("dict[str, Any]", value)) != set(TOLERANCE_FIELDS):
        raise _wrong(f"{where} must hold exactly {', '.join(TOLERANCE_FIELDS)}")
    table = cast("dict[str, object]", value)
    return {
        name: _number(table[name], 0.0001, 45 if name != "zoom" else 0.9, f"{where}.{name}")
        for name in TOLERANCE_FIELDS
    }


def _wrong(what: str) -> SetupError:
    return SetupError(Reason.SETTING, f"the register is wrong: {what}")
