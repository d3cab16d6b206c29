"""A configuration as a person writes it (TOML, degrees and per cent) and as it travels."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from viewkeeper.protocol.errors import Reason, RefusalError, SetupError
from viewkeeper.protocol.fields import pack, parse
from viewkeeper.protocol.orders import Config, Place, SignText, Tolerance
from viewkeeper.protocol.signage import PHOTO_VALID_DAYS, SignPhoto, SignRegion
from viewkeeper.protocol.vocabulary import EventKind, LineDirection, Regime, ZoneKind
from viewkeeper.protocol.zones import PLACE_SCALE, Zone

EXAMPLE = """\
# What a camera is told. Angles in degrees, zoom in per cent of the focal length.
check_period_s = 1.0
report_period_s = 60
retention_days = 30            # State Council Order 799 Art. 17: at least 30
# view_hash = "64 hexadecimal digits"   # printed by: viewkeeper-agent register

[tolerance]                    # no law gives these numbers
pan_deg = 1.0
tilt_deg = 1.0
roll_deg = 1.0
zoom_percent = 2.0

[place]
regime = "art7"                # art7, art9 or nonpublic
codes = ["A1", "M01"]          # docs: place codes of Order 799 and Anhui Order 270
near_secret_unit = false
# consent = "number of the unit's consent"
# gb28181_id = "34010000001320000001"

[sign]
operator = "合肥市公安局示范支队"
purpose = "维护公共安全"
phone = "0551-0000-0000"
lit_required = true

# Where the camera sees its own printed sign: shares of the registered view's width and height.
# [sign_region]                # viewkeeper-agent sign region checks and prints it
# left = 0.62
# top = 0.31
# right = 0.71
# bottom = 0.52
# template_hash = "64 hexadecimal digits"

# The last inspection photo, where it does not; the photo itself stays with the operator.
# [sign_photo]
# photo_hash = "64 hexadecimal digits"   # sha256sum photo.jpg
# taken_on = "2026-11-20"
# inspector = "Li Wei"
# operator = "合肥市公安局示范支队"        # as read on the board
# phone = "0551-0000-0000"               # as read on the board
# valid_days = 90                        # no law gives a number
# lit = true

# What is to be flagged where. The dashboard draws these; only a signed order makes them count.
# [[zones]]
# name = "forecourt"
# kind = "area"                # intrusion, loitering, object_left, object_removed (dwell_s),
# points = [[0.1, 0.6], [0.9, 0.6], [0.9, 0.95], [0.1, 0.95]]   # crowd_density, gathering,
# watch = ["intrusion", "loitering"]     # scattering (crowd), fast_motion (speed)
# dwell_s = 60
#
# [[zones]]
# name = "exit"
# kind = "line"                # line_crossed, wrong_way
# points = [[0.5, 0.9], [0.5, 0.5]]
# watch = ["wrong_way"]
# direction = "backward"       # from the line's right to its left, walking it in order
"""

Word = TypeVar("Word", bound=StrEnum)


def read_config(path: Path) -> Config:
    """Read a configuration.

    Raises:
        SetupError: naming the setting that is missing, unknown or out of range.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SetupError(Reason.FILE_MISSING, f"no such file: {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path}: {error}") from error
    return parse_config(text, str(path))


def parse_config(text: str, name: str = "configuration") -> Config:
    """The same from text."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SetupError(Reason.SETTING, f"{name}: not TOML: {error}") from error
    try:
        config = _config(_Table(name, table))
        # Packing and parsing again applies every range of the wire.
        return parse(Config, pack(config))
    except RefusalError as error:
        raise SetupError(Reason.SETTING, f"{name}: {error.hint}") from error


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class _Table:
    """A TOML table that must be used up."""

    def __init__(self, name: str, table: Mapping[str, Any]) -> None:
        self._name, self._rest = name, dict(table)

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
        if key not in self._rest:
            if default is ...:
                raise SetupError(Reason.SETTING, f"{self._name}: {key} is missing")
            return default
        value = self._rest.pop(key)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            names = " or ".join(each.__name__ for each in kinds)
            raise SetupError(Reason.SETTING, f"{self._name}: {key} must be {names}")
        return value

    def table(self, key: str) -> _Table:
        return _Table(f"{self._name}: [{key}]", self.take(key, dict))

    def has(self, key: str) -> bool:
        return key in self._rest

    def tables(self, key: str) -> list[_Table]:
        items = self.take(key, list, [])
        if not all(isinstance(item, dict) for item in items):
            raise SetupError(Reason.SETTING, f"{self._name}: write each of [[{key}]] as a table")
        return [_Table(f"{self._name}: [[{key}]] {n}", item) for n, item in enumerate(items, 1)]

    def word(self, key: str, words: type[Word], default: Any = ...) -> Word | Any:
        """A member of a closed vocabulary."""
        text = self.take(key, str, default)
        return text if text is default else self._member(key, text, words)

    def words(self, key: str, words: type[Word]) -> tuple[Word, ...]:
        return tuple(self._member(key, text, words) for text in self.take(key, list))

    def share(self, key: str) -> int:
        """0..1 as the wire's ten-thousandths."""
        return round(self.take(key, (int, float)) * PLACE_SCALE)

    def hash(self, key: str, default: Any = ...) -> bytes | None:
        text = self.take(key, str, default)
        if text is None:
            return None
        try:
            return bytes.fromhex(text)
        except ValueError:
            raise SetupError(
                Reason.SETTING, f"{self._name}: {key} must be 64 hexadecimal digits"
            ) from None

    def points(self, key: str) -> tuple[tuple[int, int], ...]:
        """Pairs of shares."""
        found: list[tuple[int, int]] = []
        for pair in self.take(key, list):
            numbers = [n for n in pair if _is_number(n)] if isinstance(pair, list) else []
            if len(numbers) != 2 or len(pair) != 2:
                raise SetupError(
                    Reason.SETTING, f"{self._name}: {key} must be pairs of numbers from 0 to 1"
                )
            found.append((round(numbers[0] * PLACE_SCALE), round(numbers[1] * PLACE_SCALE)))
        return tuple(found)

    def _member(self, key: str, text: Any, words: type[Word]) -> Word:
        try:
            return words(text)
        except ValueError:
            raise SetupError(
                Reason.SETTING, f"{self._name}: {key} must be of {', '.join(words)}, is {text!r}"
            ) from None

    def done(self) -> None:
        if self._rest:
            raise SetupError(
                Reason.SETTING, f"{self._name}: unknown setting {', '.join(self._rest)}"
            )


def _config(table: _Table) -> Config:
    number = (int, float)
    tolerance, place, sign = (table.table(key) for key in ("tolerance", "place", "sign"))
    view_hash = table.take("view_hash", str, None)
    zones = tuple(_zone(each) for each in table.tables("zones"))
    codes = place.take("codes", list)
    if not all(isinstance(code, str) for code in codes):
        raise SetupError(Reason.SETTING, "[place]: codes must be texts")
    try:
        regime = Regime(place.take("regime", str))
        view = None if view_hash is None else bytes.fromhex(view_hash)
    except ValueError as error:
        raise SetupError(
            Reason.SETTING, f"{error} (regime: {', '.join(Regime)}; view_hash: 64 hex digits)"
        ) from error
    config = Config(
        view_hash=view,
        tolerance=Tolerance(
            pan_mdeg=round(tolerance.take("pan_deg", number) * 1000),
            tilt_mdeg=round(tolerance.take("tilt_deg", number) * 1000),
            roll_mdeg=round(tolerance.take("roll_deg", number) * 1000),
            zoom_ppm=round(tolerance.take("zoom_percent", number) * 10_000),
        ),
        check_period_ms=round(table.take("check_period_s", number) * 1000),
        report_period_s=table.take("report_period_s", int),
        place=Place(
            regime=regime,
            codes=tuple(codes),
            gb28181_id=place.take("gb28181_id", str, None),
            near_secret_unit=place.take("near_secret_unit", bool),
            consent=place.take("consent", str, None),
        ),
        sign=SignText(
            operator=sign.take("operator", str),
            purpose=sign.take("purpose", str),
            phone=sign.take("phone", str),
            lit_required=sign.take("lit_required", bool),
        ),
        retention_days=table.take("retention_days", int),
        zones=zones or None,
        sign_region=_region(table.table("sign_region")) if table.has("sign_region") else None,
        sign_photo=_photo(table.table("sign_photo")) if table.has("sign_photo") else None,
    )
    for each in (tolerance, place, sign, table):
        each.done()
    return config


def _zone(table: _Table) -> Zone:
    speed = table.take("speed", (int, float), None)
    zone = Zone(
        name=table.take("name", str),
        kind=table.word("kind", ZoneKind),
        points=table.points("points"),
        watch=table.words("watch", EventKind),
        direction=table.word("direction", LineDirection, None),
        dwell_s=table.take("dwell_s", int, None),
        crowd=table.take("crowd", int, None),
        speed=None if speed is None else round(speed * PLACE_SCALE),
    )
    table.done()
    return zone


def _region(table: _Table) -> SignRegion:
    region = SignRegion(
        left=table.share("left"),
        top=table.share("top"),
        right=table.share("right"),
        bottom=table.share("bottom"),
        template_hash=table.hash("template_hash", None),
    )
    table.done()
    return region


def _photo(table: _Table) -> SignPhoto:
    photo_hash = table.hash("photo_hash")
    assert photo_hash is not None  # it has no default
    photo = SignPhoto(
        photo_hash=photo_hash,
        taken_on=table.take("taken_on", str),
        inspector=table.take("inspector", str),
        valid_days=table.take("valid_days", int, PHOTO_VALID_DAYS),
        operator=table.take("operator", str),
        phone=table.take("phone", str),
        lit=table.take("lit", bool, None),
    )
    table.done()
    return photo
