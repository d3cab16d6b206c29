"""Messages as frozen dataclasses whose fields say how they travel.

A field is declared with ``at(key, kind)``; from that one declaration come encoding,
strict decoding (nothing missing, nothing unknown, everything in range) and the CDDL of
``schema.cddl``. Optional fields travel by being there or not, never as null.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import IntEnum, StrEnum
from typing import Any, TypeVar, cast

from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import ContentRefusal, Reason

T = TypeVar("T")
B = TypeVar("B")
MAX_SAFE_INT = 2**53
"""The largest integer every implementation holds exactly, JavaScript's included."""


class Kind:
    """How one field travels. ``pack`` and ``parse`` are each other's inverse."""

    def pack(self, value: Any) -> cbor.Value:
        raise NotImplementedError

    def parse(self, value: cbor.Value, path: str) -> Any:
        raise NotImplementedError

    def cddl(self) -> str:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Int(Kind):
    """An integer within ``low..high``."""

    low: int = 0
    high: int = MAX_SAFE_INT

    def pack(self, value: Any) -> cbor.Value:
        return self.parse(value, "value")

    def parse(self, value: cbor.Value, path: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ContentRefusal(Reason.FIELD_TYPE, f"{path} must be an integer")
        if not self.low <= value <= self.high:
            raise ContentRefusal(
                Reason.FIELD_RANGE, f"{path} must be {self.low} to {self.high}, is {value}"
            )
        return int(value)

    def cddl(self) -> str:
        if self.low < 0:  # a range as good, which more readers of CDDL understand
            return f"0..{self.high} / (nint .ge {self.low})"
        return f"{self.low}..{self.high}"


@dataclass(frozen=True, slots=True)
class Bool(Kind):
    """True or false."""

    def pack(self, value: Any) -> cbor.Value:
        return self.parse(value, "value")

    def parse(self, value: cbor.Value, path: str) -> bool:
        if not isinstance(value, bool):
            raise ContentRefusal(Reason.FIELD_TYPE, f"{path} must be true or false")
        return value

    def cddl(self) -> str:
        return "bool"


@dataclass(frozen=True, slots=True)
class Bytes(Kind):
    """A byte string of ``low..high`` bytes."""

    low: int
    high: int

    def pack(self, value: Any) -> cbor.Value:
        return self.parse(value, "value")

    def parse(self, value: cbor.Value, path: str) -> bytes:
        if not isinstance(value, bytes):
            raise ContentRefusal(Reason.FIELD_TYPE, f"{path} must be a byte string")
        if not self.low <= len(value) <= self.high:
            raise ContentRefusal(
                Reason.FIELD_RANGE,
                f"{path} must be {self.low} to {self.high} bytes, is {len(value)}",
            )
        return value

    def cddl(self) -> str:
        return f"bstr .size ({self.low}..{self.high})"


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """Text of ``low..high`` characters in NFC, without control or direction characters.

    Direction overrides and invisible characters make a text read otherwise than it is
    stored (Unicode TR36 §2), so no field may hold one.
    """

    low: int = 0
    high: int = 200
    pattern: str | None = None

    def pack(self, value: Any) -> cbor.Value:
        return self.parse(value, "value")

    def parse(self, value: cbor.Value, path: str) -> str:
        if not isinstance(value, str):
            raise ContentRefusal(Reason.FIELD_TYPE, f"{path} must be text")
        if not self.low <= len(value) <= self.high:
            raise ContentRefusal(
                Reason.FIELD_RANGE,
                f"{path} must be {self.low} to {self.high} characters, is {len(value)}",
            )
        if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in value):
            raise ContentRefusal(
                Reason.FIELD_RANGE, f"{path} holds a control, direction or invisible character"
            )
        if not value.isascii() and unicodedata.normalize("NFC", value) != value:
            raise ContentRefusal(Reason.FIELD_RANGE, f"{path} is not in Unicode form NFC")
        if self.pattern is not None and re.fullmatch(self.pattern, value) is None:
            raise ContentRefusal(Reason.FIELD_RANGE, f"{path} does not match {self.pattern}")
        return value

    def cddl(self) -> str:
        if self.pattern is not None:
            return f'tstr .regexp "{self.pattern}"'
        # .size counts bytes of UTF-8; a character takes up to four.
        return f"tstr .size ({self.low}..{4 * self.high})"


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """One text of a closed vocabulary."""

    vocabulary: type[StrEnum]

    def pack(self, value: Any) -> cbor.Value:
        return self.vocabulary(value).value

    def parse(self, value: cbor.Value, path: str) -> StrEnum:
        if not isinstance(value, str):
            raise ContentRefusal(Reason.FIELD_TYPE, f"{path} must be text")
        try:
            return self.vocabulary(value)
        except ValueError as error:
            raise ContentRefusal(
                Reason.FIELD_RANGE, f"{path} must be one of {', '.join(self.vocabulary)}"
            ) from error

    def cddl(self) -> str:
        return " / ".join(f'"{member.value}"' for member in self.vocabulary)


@dataclass(frozen=True, slots=True)
class NumberOf(Kind):
    """One number of a closed vocabulary."""

    vocabulary: type[IntEnum]

    def pack(self, value: Any) -> cbor.Value:
        return int(self.vocabulary(value))

    def parse(self, value: cbor.Value, path: str) -> IntEnum:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ContentRefusal(Reason.FIELD_TYPE, f"{path} must be an integer")
        try:
            return self.vocabulary(value)
        except ValueError as error:
            known = ", ".join(str(int(member)) for member in self.vocabulary)
            raise ContentRefusal(Reason.FIELD_RANGE, f"{path} must be one of {known}") from error

    def cddl(self) -> str:
        return " / ".join(str(int(member)) for member in self.vocabulary)


@dataclass(frozen=True, slots=True)
class ListOf(Kind):
    """``low..high`` items of one kind."""

    item: Kind
    low: int = 0
    high: int = 64

    def pack(self, value: Any) -> cbor.Value:
        return [self.item.pack(item) for item in value]

    def parse(self, value: cbor.Value, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise ContentRefusal(Reason.FIELD_TYPE, f"{path} must be an array")
        if not self.low <= len(value) <= self.high:
            raise ContentRefusal(
                Reason.FIELD_RANGE, f"{path} must have {self.low} to {self.high} items"
            )
        return tuple(self.item.parse(item, f"{path}[{i}]") for i, item in enumerate(value))

    def cddl(self) -> str:
        inner = self.item.cddl()
        return f"[{self.low}*{self.high} {f'({inner})' if ' / ' in inner else inner}]"


@dataclass(frozen=True, slots=True)
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


def pack(message: Any) -> dict[int | str, cbor.Value]:
    """The map a message travels as.

    Raises:
        ContentRefusal: a field outside its range (a caller's error).
    """
    packed: dict[int | str, cbor.Value] = {}
    for spec in fields(message):
        value = getattr(message, spec.name)
        if value is None and spec.metadata["optional"]:
            continue
        try:
            packed[spec.metadata["key"]] = spec.metadata["kind"].pack(value)
        except ContentRefusal as error:
            name = f"{type(message).__name__}.{spec.name}"
            raise ContentRefusal(error.reason, f"{name}: {error.hint}") from error
    return packed


def parse(message: type[T], value: cbor.Value, path: str = "") -> T:
    """Build a message from the map it travels as; nothing missing, nothing unknown.

    Raises:
        ContentRefusal: naming the field.
    """
    where = path or cddl_name(message)
    if not isinstance(value, dict):
        raise ContentRefusal(Reason.FIELD_TYPE, f"{where} must be a map")
    remaining = dict(cast("Mapping[int | str, cbor.Value]", value))
    found: dict[str, Any] = {}
    for spec in fields(cast("Any", message)):
        inner = f"{where}.{spec.name}"
        if spec.metadata["key"] not in remaining:
            if not spec.metadata["optional"]:
                raise ContentRefusal(Reason.FIELD_MISSING, f"{inner} is missing")
            continue
        found[spec.name] = spec.metadata["kind"].parse(remaining.pop(spec.metadata["key"]), inner)
    if remaining:
        unknown = ", ".join(str(key) for key in remaining)
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
        lines.append(f"  {mark}{key} => {kind},  ; {spec.name}")
    assert all(spec.default in (MISSING, None) for spec in fields(message))
    return "\n".join([*lines, "}"])
