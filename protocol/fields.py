"""Messages as frozen dataclasses whose fields say how they travel.

A field is declared with ``at(key, kind)``; from that one declaration come encoding,
strict decoding (nothing missing, nothing unknown, everything in range) and the CDDL of
``schema.cddl``. Optional fields travel by being there or not, never as null.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any, TypeVar, cast

from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import ContentRefusal, Reason
from viewkeeper.protocol.kinds import (
    MAX_SAFE_INT,
    Bool,
    Bytes,
    Choice,
    Code,
    Int,
    Kind,
    ListOf,
    NumberOf,
    SetOf,
    Text,
)

__all__ = [
    "KIND_KEY",
    "MAX_SAFE_INT",
    "Bool",
    "Bytes",
    "Choice",
    "Code",
    "Int",
    "Kind",
    "ListOf",
    "Nested",
    "NumberOf",
    "SetOf",
    "Text",
    "at",
    "cddl_name",
    "cddl_rule",
    "pack",
    "pack_tagged",
    "parse",
    "parse_tagged",
]

T = TypeVar("T")
B = TypeVar("B")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Nested(Kind):
    """Another message of this module's making."""

    message: type[Any]

    def pack(self, value: Any) -> cbor.Value:
        return pack(value)

    def parse(self, value: cbor.Value, path: str) -> Any:
        return parse(self.message, value, path)

    def cddl(self) -> str:
        return cddl_name(self.message)


def at(key: int, kind: Kind, *, optional: bool = False) -> Any:
    """Declare a dataclass field that travels under the integer ``key``."""
    metadata = {"key": key, "kind": kind, "optional": optional}
    return field(default=None, metadata=metadata) if optional else field(metadata=metadata)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Planned:
    """One field, as parsing needs it."""

    name: str
    key: int
    kind: Kind
    optional: bool


@cache
def _plan(message: type[Any]) -> tuple[_Planned, ...]:
    """The fields of a message; looked up once, for ``dataclasses.fields`` sorts them out anew."""
    return tuple(
        _Planned(spec.name, spec.metadata["key"], spec.metadata["kind"], spec.metadata["optional"])
        for spec in fields(message)
    )


def pack(message: Any) -> dict[int | str, cbor.Value]:
    """The map a message travels as.

    Raises:
        ContentRefusal: a field outside its range (a caller's error).
    """
    packed: dict[int | str, cbor.Value] = {}
    for spec in _plan(cast("type[Any]", type(message))):
        value = getattr(message, spec.name)
        if value is None and spec.optional:
            continue
        try:
            packed[spec.key] = spec.kind.pack(value)
        except ContentRefusal as error:
            name = f"{type(message).__name__}.{spec.name}"
            raise ContentRefusal(error.reason, f"{name}: {error.hint}") from error
    return packed


_ABSENT = object()


@cache
def _readers(message: type[Any]) -> tuple[tuple[str, int, Callable[[Any, str], Any], bool], ...]:
    """The plan again, laid out for the loop that reads every field of every message."""
    return tuple((spec.name, spec.key, spec.kind.parse, spec.optional) for spec in _plan(message))


def parse(message: type[T], value: cbor.Value, path: str = "") -> T:
    """Build a message from the map it travels as; nothing missing, nothing unknown.

    Raises:
        ContentRefusal: naming the field.
    """
    where = path or cddl_name(message)
    if not isinstance(value, dict):
        raise ContentRefusal(Reason.FIELD_TYPE, f"{where} must be a map")
    table = cast("Mapping[int | str, Any]", value)
    found: dict[str, Any] = {}
    for name, key, parse_item, optional in _readers(message):
        item = table.get(key, _ABSENT)
        if item is _ABSENT:
            if not optional:
                raise ContentRefusal(Reason.FIELD_MISSING, f"{where}.{name} is missing")
            continue
        try:
            found[name] = parse_item(item, name)
        except ContentRefusal as error:  # its hint begins with the name it was given
            raise ContentRefusal(error.reason, f"{where}.{error.hint}") from error
    if len(found) != len(table):
        known = {spec.key for spec in _plan(message)}
        unknown = ", ".join(str(key) for key in table if key not in known)
        raise ContentRefusal(Reason.FIELD_UNKNOWN, f"{where} has unknown keys: {unknown}")
    return message(**found)


KIND_KEY = 1
"""Where a header and body that travel in one map say what kind of body it is."""


def pack_tagged(kind: int, header: Any, body: Any, *, body_key: int) -> bytes:
    """One map of the kind, the header's fields and, under ``body_key``, the body."""
    return cbor.encode({KIND_KEY: kind, **pack(header), body_key: pack(body)})


def parse_tagged(
    data: bytes,
    name: str,
    header: type[T],
    bodies: Mapping[int, type[B]],
    *,
    body_key: int,
    max_bytes: int,
) -> tuple[T, B]:
    """The inverse, for the kinds in ``bodies`` alone.

    Raises:
        EncodingRefusal, ContentRefusal: naming what is wrong.
    """
    value = cbor.decode(data, max_bytes=max_bytes)
    if not isinstance(value, dict):
        raise ContentRefusal(Reason.FIELD_TYPE, f"{name} must be a map")
    rest = dict(value)
    kind, body = rest.pop(KIND_KEY, None), rest.pop(body_key, None)
    if not isinstance(kind, int) or isinstance(kind, bool) or kind not in bodies:
        known = ", ".join(str(int(each)) for each in bodies)
        raise ContentRefusal(Reason.WRONG_KIND, f"{name} kind must be {known}")
    return parse(header, rest, name), parse(bodies[kind], body)


@cache
def cddl_name(message: type[Any]) -> str:
    """``LifecycleStep`` -> ``lifecycle-step``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", message.__name__).lower()


def cddl_rule(message: type[Any]) -> str:
    """The CDDL rule (RFC 8610) of one message."""
    doc = (message.__doc__ or "").strip().splitlines()[0]
    lines = [f"; {doc}", f"{cddl_name(message)} = {{"]
    for spec in fields(message):
        mark = "? " if spec.metadata["optional"] else ""
        key, kind = spec.metadata["key"], spec.metadata["kind"].cddl()
        told = ": ".join(filter(None, (spec.name, spec.metadata["kind"].remark())))
        lines.append(f"  {mark}{key} => {kind},  ; {told}")
    assert all(spec.default in (MISSING, None) for spec in fields(message))
    return "\n".join([*lines, "}"])
