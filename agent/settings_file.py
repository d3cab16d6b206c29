"""Reading the settings file: every key known, every value in its range, every path absolute.

A file that tries to set what only a signed configuration may (a tolerance, a place) is refused
with that explanation.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

from viewkeeper.agent import source_settings
from viewkeeper.agent.key_settings import faults_of
from viewkeeper.agent.settings import Settings, SignageSettings
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.topics import ID_PATTERN

BOARD_SPEEDS = (9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)
DISCOVERY_FORMS = ("off", "component", "device")
_SIGNED_WORDS = {"tolerance", "place", "sign", "retention", "retention_days", "lifecycle"}


def load(path: Path) -> Settings:
    """Read a settings file.

    Raises:
        SetupError: naming the file, the table and key, and the cure.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SetupError(
            Reason.FILE_MISSING, f"{path}: no such file; docs/agent.md shows a settings file"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path}: {error}") from None
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SetupError(Reason.SETTING, f"{path} is not TOML: {error}") from None
    return parse(tables, str(path), path.parent)


def parse(tables: dict[str, Any], where: str, base: Path) -> Settings:
    """Build settings from TOML tables; relative paths count from ``base``."""
    built: dict[str, Any] = {}
    hints = get_type_hints(Settings)
    required = {"camera", "source", "broker", "storage"}
    for name, content in tables.items():
        if name in _SIGNED_WORDS:
            raise SetupError(
                Reason.SETTING,
                f"{where}: [{name}] is set by a signed configuration only, not in this file",
            )
        if name not in hints or not isinstance(content, dict):
            raise SetupError(
                Reason.SETTING, f"{where}: unknown table [{name}]; known: {', '.join(hints)}"
            )
        built[name] = _table(hints[name], content, f"{where}: [{name}]")
    missing = sorted(required - built.keys())
    if missing:
        raise SetupError(Reason.SETTING, f"{where}: the table [{missing[0]}] is missing")
    settings = Settings(**built)
    _check(settings, where)
    return _with_paths(settings, base)


def _table(kind: type[Any], content: dict[str, Any], where: str) -> Any:
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for key, value in content.items():
        if key not in hints:
            raise SetupError(
                Reason.SETTING, f"{where} has an unknown key {key}; known: {', '.join(hints)}"
            )
        wanted = get_args(hints[key]) or (hints[key],)
        if float in wanted and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            raise SetupError(
                Reason.SETTING, f"{where} {key} must be {wanted[0].__name__}, is {value!r}"
            )
        values[key] = value
    try:
        return kind(**values)
    except TypeError:
        needed = [name for name in hints if name not in values]
        raise SetupError(Reason.SETTING, f"{where} lacks the key {needed[0]}") from None


def _check(settings: Settings, where: str) -> None:
    camera, broker = settings.camera, settings.broker
    _ = settings.topics  # raises on ids that cannot stand in a topic
    source_settings.check(settings.source, where)
    checks = (
        (
            camera.hfov_deg == 0 or 5 <= camera.hfov_deg <= 140,
            f"[camera] hfov_deg must be 5 to 140, is {camera.hfov_deg}",
        ),
        (bool(broker.host), "[broker] host is empty"),
        (
            0.05 <= settings.view.lesson_minutes <= 120,
            f"[view] lesson_minutes must be 0.05 to 120, is {settings.view.lesson_minutes}",
        ),
        (1 <= broker.port <= 65535, f"[broker] port must be 1 to 65535, is {broker.port}"),
        (
            0 < broker.reconnect_first_s <= broker.reconnect_most_s,
            "[broker] reconnect_first_s must be above 0 and at most reconnect_most_s",
        ),
        (
            0 <= broker.reconnect_spread_s <= 3600,
            f"[broker] reconnect_spread_s must be 0 to 3600, is {broker.reconnect_spread_s}",
        ),
        (
            0 <= broker.receipt_days <= 60,
            f"[broker] receipt_days must be 0 to 60, is {broker.receipt_days}",
        ),
        (
            settings.homeassistant.discovery in DISCOVERY_FORMS,
            f"[homeassistant] discovery must be one of {', '.join(DISCOVERY_FORMS)}",
        ),
        (
            0 < settings.signage.shunt_ohm <= 10,
            "[signage] shunt_ohm must be above 0 and at most 10",
        ),
        (
            _has_lamp_duty(settings.signage),
            '[signage] lit must be "always" or "dark", place a latitude and longitude like '
            '"31.82,117.23"',
        ),
        (
            0x40 <= settings.signage.ina219_address <= 0x4F,
            "[signage] ina219_address must be 0x40 to 0x4f",
        ),
        (
            settings.detections.kind != "frigate"
            or min(settings.detections.width, settings.detections.height) > 0,
            "[detections] frigate's boxes are in pixels of its detect stream: set width and height",
        ),
        (
            settings.detections.kind != "frigate" or bool(settings.detections.camera),
            "[detections] camera is the name by which Frigate knows this camera",
        ),
        (
            settings.detections.kind != "onvif_rules" or bool(settings.source.onvif_url),
            "[detections] onvif_rules are the camera's own: set onvif_url [source]",
        ),
        (
            bool(broker.cert_file) == bool(broker.key_file),
            "[broker] cert_file and key_file go together",
        ),
    )
    for text in (*faults_of(settings.key), *_faults_of_board(settings)):
        raise SetupError(Reason.SETTING, f"{where}: {text}")
    for holds, text in checks:
        if not holds:
            raise SetupError(Reason.SETTING, f"{where}: {text}")


def _has_lamp_duty(signage: SignageSettings) -> bool:
    try:
        return bool(signage.lamp_duty)
    except ValueError:
        return False


def _faults_of_board(settings: Settings) -> list[str]:
    board = settings.board
    if not board.port:
        if settings.signage.driver == "board":
            return ["[signage] driver board is what the board of [board] senses: set its port"]
        return []
    checks = (
        (re.fullmatch(ID_PATTERN, board.id) is not None, "[board] id must be 1 to 32 of a-z, 0-9"),
        (
            re.fullmatch("[0-9a-f]{64}", board.key) is not None,
            "[board] key must be 64 hexadecimal digits: the board prints it (main.py … key)",
        ),
        (
            board.baud in BOARD_SPEEDS,
            f"[board] baud must be one of {', '.join(map(str, BOARD_SPEEDS))}",
        ),
        (5 <= board.silent_s <= 3600, f"[board] silent_s must be 5 to 3600, is {board.silent_s}"),
        (
            bool(board.cert_file) == bool(board.key_file),
            "[board] cert_file and key_file go together",
        ),
        (
            not settings.accelerometer.path,
            "[accelerometer] and [board] both feel gravity: keep one of them",
        ),
    )
    return [text for holds, text in checks if not holds]


def _with_paths(settings: Settings, base: Path) -> Settings:
    """The same settings with every path absolute."""

    def absolute(text: str) -> str:
        return str((base / Path(text).expanduser()).resolve()) if text else text

    def rebuilt(part: Any, *names: str) -> Any:
        return replace(part, **{name: absolute(getattr(part, name)) for name in names})

    return replace(
        settings,
        source=rebuilt(settings.source, "path", "password_file", "ca_file"),
        broker=rebuilt(settings.broker, "password_file", "ca_file", "cert_file", "key_file"),
        storage=rebuilt(settings.storage, "dir"),
        key=rebuilt(settings.key, "path", "module", "pin_file"),
        signage=rebuilt(settings.signage, "path", "font"),
        accelerometer=rebuilt(settings.accelerometer, "path"),
        board=rebuilt(settings.board, "cert_file", "key_file"),
        detections=rebuilt(settings.detections, "path", "password_file"),
    )
