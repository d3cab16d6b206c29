"""What is being signed, in plain words, and how it differs from what stands now."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields, is_dataclass
from typing import Any

from viewkeeper.protocol.orders import Order, OrderBody

_UNITS = (("_mdeg", "°", 1000), ("_ppm", " %", 10_000), ("_ms", " s", 1000), ("_s", " s", 1))


def sentences(value: Any, prefix: str = "") -> dict[str, str]:
    """Every field of a message as name → words, nested names joined by dots."""
    words: dict[str, str] = {}
    for spec in fields(value):
        name, item = f"{prefix}{spec.name}", getattr(value, spec.name)
        if is_dataclass(item):
            words |= sentences(item, f"{name}.")
        elif isinstance(item, tuple) and item and is_dataclass(item[0]):
            for number, each in enumerate(item, 1):
                words |= sentences(each, f"{name}[{number}].")
        else:
            shown, words_of = _shown(spec.name, item)
            words[f"{prefix}{shown}"] = words_of
    return words


def differences(old: OrderBody | None, new: OrderBody) -> list[str]:
    """Line by line what changes: ``~`` changed, ``+`` new, ``-`` gone."""
    before = sentences(old) if old is not None else {}
    after = sentences(new)
    lines: list[str] = []
    for name, words in after.items():
        if name not in before:
            lines.append(f"+ {name}: {words}")
        elif before[name] != words:
            lines.append(f"~ {name}: {before[name]} → {words}")
    lines += [f"- {name}: {words}" for name, words in before.items() if name not in after]
    return lines


def introduction(order: Order, signers: list[str]) -> list[str]:
    """To whom, which in the row, valid while when, signed by whom."""
    header = order.header
    kind = order.kind.name.lower()
    return [
        f"{kind} order {header.sequence} for camera {header.audience} (epoch {header.epoch})",
        f"valid {moment(header.not_before)} to {moment(header.expires_at)}",
        f"signed by {', '.join(signers)}",
    ]


def moment(unix_s: int) -> str:
    """UTC to the minute."""
    return dt.datetime.fromtimestamp(unix_s, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")


def _shown(name: str, value: Any) -> tuple[str, str]:
    if value is None:
        return name, "–"
    if isinstance(value, bool):
        return name, "yes" if value else "no"
    if isinstance(value, bytes):
        return name, value.hex()
    if isinstance(value, tuple):
        return name, ", ".join(_item(item) for item in value)
    if isinstance(value, int):
        if name in ("issued_at", "not_before", "not_after", "from_s", "to_s"):
            return name, moment(value)
        for suffix, unit, scale in _UNITS:
            if name.endswith(suffix):
                return name.removesuffix(suffix), f"{value / scale:g}{unit}"
    return name, str(value)


def _item(item: Any) -> str:
    return f"({', '.join(str(part) for part in item)})" if isinstance(item, tuple) else str(item)
