"""Writes the device's tables from the declarations of ``protocol/`` and ``agent/core``.

One truth: messages, vocabularies, place classes, retention floors and lifecycle steps are
declared once, for the agent; what the device knows of them is written here by machine.
Run by ``make schema``; a test holds files and declarations equal.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from viewkeeper.agent.core.device_state import CLOSES_FLAG, COMMANDS, DeviceState
from viewkeeper.agent.core.policy import configuration, lifecycle, places
from viewkeeper.agent.core.policy.rules import Force
from viewkeeper.agent.core.trust.verify import ROLE_OF_COMMAND, ROLE_OF_KIND
from viewkeeper.protocol import cbor, orders, records, zones
from viewkeeper.protocol import fields as kinds
from viewkeeper.protocol.checkpoints import Checkpoint
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.lamp import LampWish
from viewkeeper.protocol.receipts import Receipt
from viewkeeper.protocol.updates import Update, UpdatePiece, UpdateWant
from viewkeeper.protocol.vocabulary import RecordKind
from viewkeeper.protocol.witnessing import Countersignature

CORE = Path(__file__).resolve().parents[1] / "core"
_MARK = "Written by device/tools/generate_core.py; change the declarations, not this file."
_RARE = (RecordKind.ACCESS, RecordKind.READING, RecordKind.UPDATE)
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def schema() -> str:
    """``schema.py``: orders and state, each message as bytes that ``fields.py`` reads."""
    order_kinds = ", ".join(
        f"{int(kind)}: {_name(body)}" for kind, body in orders.ORDER_BODIES.items()
    )
    domains = ", ".join(
        f'{int(kind)}: b"{domain.value}"' for kind, domain in orders.DOMAINS.items()
    )
    roots = [
        *orders.ORDER_BODIES.values(),
        *(orders.OrderHeader, orders.Place, Enrolment, DeviceState),
    ]
    head = [f'"""Orders and state as tables for ``fields.py``. {_MARK}"""', ""]
    tail = [f"ORDERS = {{{order_kinds}}}", f"DOMAINS = {{{domains}}}"]
    return "\n".join([*head, *map(_constant, roots), *tail, ""])


def update_schema() -> str:
    """``update_schema.py``: a program's statement; apart, for it is read once in a year."""
    head = [f'"""A program\'s statement as a table for ``fields.py``. {_MARK}"""', ""]
    return "\n".join([*head, *map(_constant, (Update, UpdateWant, UpdatePiece)), ""])


def witness_schema() -> str:
    """``witness_schema.py``: a countersignature; apart, for the desk needs no records."""
    head = [f'"""A countersignature as a table for ``fields.py``. {_MARK}"""', ""]
    return "\n".join([*head, _constant(Countersignature), ""])


def receipt_schema() -> str:
    """``receipt_schema.py``: what a recorder keeps; apart, for the desk needs none."""
    head = [f'"""A receipt as a table for ``fields.py``. {_MARK}"""', ""]
    return "\n".join([*head, _constant(Receipt), ""])


def lamp_schema() -> str:
    """``lamp_schema.py``: the camera's word to a board beside it; apart, few have such a line."""
    head = [f'"""A camera\'s wish for the lamp as a table for ``fields.py``. {_MARK}"""', ""]
    return "\n".join([*head, _constant(LampWish), ""])


def record_schema() -> str:
    """``record_schema.py``: what the device says."""
    common = {kind: body for kind, body in records.BODIES.items() if kind not in _RARE}
    roots = [records.Header, *common.values(), Checkpoint]
    head = [f'"""Records as tables for ``fields.py``. {_MARK}"""', ""]
    return "\n".join([*head, *map(_constant, roots), _by_kind(common), ""])


def rare_schema() -> str:
    """``rare_schema.py``: records that few devices say, or seldom; apart, to lie in RAM then."""
    rare = {kind: body for kind, body in records.BODIES.items() if kind in _RARE}
    head = [f'"""Rare records as tables for ``fields.py``. {_MARK}"""', ""]
    return "\n".join([*head, *map(_constant, rare.values()), _by_kind(rare), ""])


def _by_kind(bodies: Mapping[Any, type[Any]]) -> str:
    rows = ", ".join(f"{int(kind)}: {_name(body)}" for kind, body in bodies.items())
    return f"RECORDS = {{{rows}}}"


def rules() -> str:
    """``rules.py``: the tables of law and trust."""
    prohibited = [p.code for p in places.PLACE_CLASSES if p.ruling is places.Ruling.PROHIBITED]
    others = [p.code for p in places.PLACE_CLASSES if p.ruling is not places.Ruling.PROHIBITED]
    floors = {
        regime.value: (days, rule.source)
        for regime, (days, rule) in configuration.RETENTION_FLOOR_DAYS.items()
        if rule is not None
    }
    steps = [
        f"{step.source.value} {step.target.value} "
        f"{int(step.needs_config)}{int(step.needs_view)}{int(step.needs_pass)} {step.rule.source}"
        for step in lifecycle.STEPS
    ]
    spaces = "".join(chr(p) for p in range(sys.maxunicode + 1) if chr(p).isspace())
    remark = configuration.PLACE_REGIME
    assert remark.force is Force.REMARK
    values = {
        "VERSION": configuration.VERSION,
        "PROHIBITED": _words(prohibited),
        "OTHER_PLACES": _words(others),
        "ARTICLE_7": _words(places.ARTICLE_7_CODES),
        "RETENTION_FLOORS": floors,
        "STEPS": "\n".join(steps) + "\n",
        "SOURCE_PLACE": configuration.PLACE_ALLOWED.source,
        "SOURCE_CONSENT": configuration.CONSENT.source,
        "SOURCE_ORDER": lifecycle.ORDER_OF_STEPS.source,
        "SOURCE_VIEW": lifecycle.VIEW_ON_FILE.source,
        "REMARK_REGIME": remark.id,
        "ROLE_OF_KIND": {int(kind): role.value for kind, role in ROLE_OF_KIND.items()},
        "ROLE_OF_COMMAND": {name: role.value for name, role in ROLE_OF_COMMAND.items()},
        "COMMANDS": _words(COMMANDS),
        "CLOSES_FLAG": _words(CLOSES_FLAG),
        "SPACES": spaces,
        "FILING_DAYS": lifecycle.FILING_DAYS,
        "CHANGE_DAYS": lifecycle.CHANGE_DAYS,
        "OF_LINES": _words(each.value for each in zones.OF_LINES),
        "OF_AREAS": _words(each.value for each in zones.OF_AREAS),
        "WITH_DWELL": _words(each.value for each in zones.WITH_DWELL),
        "WITH_CROWD": _words(each.value for each in zones.WITH_CROWD),
        "WITH_SPEED": _words(each.value for each in zones.WITH_SPEED),
    }
    lines = [f"{name} = {value!a}" for name, value in values.items()]
    return "\n".join([f'"""What the law and its tables say. {_MARK}"""', "", *lines, ""])


def _words(words: Iterable[str]) -> str:
    """A set as one text, a fifth of a tuple's RAM: `` a b c ``."""
    return f" {' '.join(sorted(words))} "


def characters() -> str:
    """``characters.py``: code points no text may hold here, as ranges of 3 + 3 bytes.

    Control, direction and invisible characters, as on the agent; and every character that
    Unicode form NFC might change or reorder, for there is no table of NFC on a device.
    """
    ranges: list[list[int]] = []
    composing = _composing()
    for point in range(sys.maxunicode + 1):
        char = chr(point)
        if (
            unicodedata.category(char) in _INVISIBLE
            or unicodedata.combining(char)
            or point in composing
            or unicodedata.normalize("NFC", char) != char
        ):
            if ranges and ranges[-1][1] == point - 1:
                ranges[-1][1] = point
            else:
                ranges.append([point, point])
    table = b"".join(low.to_bytes(3, "big") + high.to_bytes(3, "big") for low, high in ranges)
    # As bytes: the text of their hexadecimal would lie in RAM beside them.
    rows = [f"    {_literal(table[start : start + 21])}" for start in range(0, len(table), 21)]
    head = f'"""Code points refused in texts, Unicode {unicodedata.unidata_version}. {_MARK}"""'
    body = ["RANGES = (", *rows, ")", ""]
    return "\n".join([head, "", *body])


def _literal(part: bytes) -> str:
    return 'b"' + "".join(f"\\x{byte:02x}" for byte in part) + '"'


def _composing() -> frozenset[int]:
    """Characters that may melt into the one before them."""
    found = set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))  # Hangul, by arithmetic
    for point in range(sys.maxunicode + 1):
        parts = unicodedata.decomposition(chr(point))
        if parts and not parts.startswith("<") and " " in parts:
            found.add(int(parts.split()[1], 16))
    return frozenset(found)


def _table(message: type[Any]) -> list[Any]:
    """The name of a message, then [key, name, optional, kind] a field; nested ones as bytes."""
    rows = [
        [spec.metadata["key"], spec.name, spec.metadata["optional"], _kind(spec.metadata["kind"])]
        for spec in fields(message)
    ]
    return [kinds.cddl_name(message), *rows]


def _kind(kind: kinds.Kind) -> list[Any]:
    match kind:
        case kinds.Int():
            return ["int", kind.low, kind.high]
        case kinds.Bool():
            return ["bool"]
        case kinds.Bytes():
            return ["bytes", kind.low, kind.high]
        case kinds.Text():
            return ["text", kind.low, kind.high, None if kind.pattern is None else _pattern(kind)]
        case kinds.Choice():
            return ["choice", [member.value for member in kind.vocabulary]]
        case kinds.Code():
            return ["code", " ".join(member.value for member in kind.vocabulary)]
        case kinds.SetOf():
            return ["set", " ".join(member.value for member in kind.vocabulary)]
        case kinds.NumberOf():
            return ["number", [int(member) for member in kind.vocabulary]]
        case kinds.ListOf():
            return ["list", kind.low, kind.high, _kind(kind.item)]
        case kinds.Nested():
            return ["map", cbor.encode(_table(kind.message))]
    raise TypeError(f"{kind} has no form on a device")


def _constant(message: type[Any]) -> str:
    return f"{_name(message)} = {cbor.encode(_table(message))!r}"


def _pattern(kind: kinds.Text) -> str:
    """The same language for a ``re`` without {n,m}, the length being checked before."""
    text = kind.pattern or ""
    text = re.sub(r"(\[[^]]*\])\{(\d+)(?:,(\d+))?\}", _unrolled, text)
    return f"^{text}$"


def _unrolled(found: re.Match[str]) -> str:
    one, low, high = found[1], int(found[2]), int(found[3] or found[2])
    if high <= 4:
        return one * low + f"{one}?" * (high - low)
    return one + ("+" if low else "*")


def _name(message: type[Any]) -> str:
    return kinds.cddl_name(message).replace("-", "_").upper()


FILES = {
    "schema.py": schema,
    "record_schema.py": record_schema,
    "rare_schema.py": rare_schema,
    "update_schema.py": update_schema,
    "witness_schema.py": witness_schema,
    "lamp_schema.py": lamp_schema,
    "receipt_schema.py": receipt_schema,
    "rules.py": rules,
    "characters.py": characters,
}


def text_of(name: str) -> str:
    """One whole file."""
    return f"# ruff: noqa: E501\n{FILES[name]()}"


def main() -> None:
    for name in FILES:
        (CORE / name).write_text(text_of(name), encoding="utf-8")


if __name__ == "__main__":
    main()
