"""A configuration as a person writes it (TOML, degrees and per cent) and as it travels."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from viewkeeper.protocol.errors import Reason, RefusalError, SetupError
from viewkeeper.protocol.fields import pack, parse
from viewkeeper.protocol.orders import Config, Place, SignText, Tolerance
from viewkeeper.protocol.vocabulary import Regime

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
"""


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

    def done(self) -> None:
        if self._rest:
            raise SetupError(
                Reason.SETTING, f"{self._name}: unknown setting {', '.join(self._rest)}"
            )


def _config(table: _Table) -> Config:
    number = (int, float)
    tolerance, place, sign = (table.table(key) for key in ("tolerance", "place", "sign"))
    view_hash = table.take("view_hash", str, None)
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
    )
    for each in (tolerance, place, sign, table):
        each.done()
    return config
