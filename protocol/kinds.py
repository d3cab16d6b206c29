"""How one field travels: the kinds that ``fields.at`` takes.

A kind packs a value, parses it strictly (type and range) and says its CDDL. Kinds hold what
their declaration gives and are never compared, hence no ``eq`` and no ``repr`` to build:
every process that verifies an order pays for them at its start.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cache, lru_cache
from typing import Any

from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import ContentRefusal, Reason

MAX_SAFE_INT = 2**53
"""The largest integer every implementation holds exactly, JavaScript's included."""


@cache
def _members(vocabulary: type[StrEnum]) -> Mapping[str, StrEnum]:
    """Text to member: asking the enumeration itself takes several times as long."""
    return {member.value: member for member in vocabulary}


@cache
def _in_order(vocabulary: type[StrEnum]) -> tuple[StrEnum, ...]:
    return tuple(vocabulary)


@cache
def _places(vocabulary: type[StrEnum]) -> Mapping[str, int]:
    return {member.value: place for place, member in enumerate(vocabulary)}


@lru_cache(maxsize=4096)
def _subset(vocabulary: type[StrEnum], bits: int) -> tuple[StrEnum, ...]:
    return tuple(member for place, member in enumerate(vocabulary) if bits >> place & 1)


def _numbered(vocabulary: type[StrEnum]) -> str:
    return ", ".join(f"{place} {member.value}" for place, member in enumerate(vocabulary))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


class Kind:
    """How one field travels. ``pack`` and ``parse`` are each other's inverse."""

    def pack(self, value: Any) -> cbor.Value:
        raise NotImplementedError

    def parse(self, value: cbor.Value, path: str) -> Any:
        raise NotImplementedError

    def cddl(self) -> str:
        raise NotImplementedError

    def remark(self) -> str:
        """What the CDDL alone does not say; empty: nothing."""
        return ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Int(Kind):
    """An integer within ``low..high``."""

    low: int = 0
    high: int = MAX_SAFE_INT

    def pack(self, value: Any) -> cbor.Value:
        return self.parse(value, "value")

    def parse(self, value: cbor.Value, path: str) -> int:
        if type(value) is int and self.low <= value <= self.high:
            return value
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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
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
        if not (value.isascii() and value.isprintable()) and any(
            unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in value
        ):
            raise ContentRefusal(
                Reason.FIELD_RANGE, f"{path} holds a control, direction or invisible character"
            )
        if not value.isascii() and unicodedata.normalize("NFC", value) != value:
            raise ContentRefusal(Reason.FIELD_RANGE, f"{path} is not in Unicode form NFC")
        if self.pattern is not None and _compiled(self.pattern).fullmatch(value) is None:
            raise ContentRefusal(Reason.FIELD_RANGE, f"{path} does not match {self.pattern}")
        return value

    def cddl(self) -> str:
        if self.pattern is not None:
            return f'tstr .regexp "{self.pattern}"'
        # .size counts bytes of UTF-8; a character takes up to four.
        return f"tstr .size ({self.low}..{4 * self.high})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Choice(Kind):
    """One text of a closed vocabulary."""

    vocabulary: type[StrEnum]

    def pack(self, value: Any) -> cbor.Value:
        return self.vocabulary(value).value

    def parse(self, value: cbor.Value, path: str) -> StrEnum:
        if not isinstance(value, str):
            raise ContentRefusal(Reason.FIELD_TYPE, f"{path} must be text")
        found = _members(self.vocabulary).get(value)
        if found is None:
            raise ContentRefusal(
                Reason.FIELD_RANGE, f"{path} must be one of {', '.join(self.vocabulary)}"
            )
        return found

    def cddl(self) -> str:
        return " / ".join(f'"{member.value}"' for member in self.vocabulary)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Code(Kind):
    """One text of a closed vocabulary, as its place there: new members are appended."""

    vocabulary: type[StrEnum]

    def pack(self, value: Any) -> cbor.Value:
        return _places(self.vocabulary)[self.vocabulary(value).value]

    def parse(self, value: cbor.Value, path: str) -> StrEnum:
        members = _in_order(self.vocabulary)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ContentRefusal(Reason.FIELD_TYPE, f"{path} must be an integer")
        if not 0 <= value < len(members):
            raise ContentRefusal(
                Reason.FIELD_RANGE, f"{path} must be 0 to {len(members) - 1}, is {value}"
            )
        return members[value]

    def cddl(self) -> str:
        return f"0..{len(self.vocabulary) - 1}"

    def remark(self) -> str:
        return _numbered(self.vocabulary)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SetOf(Kind):
    """Some texts of a closed vocabulary, a bit each; read in the vocabulary's order."""

    vocabulary: type[StrEnum]

    def pack(self, value: Any) -> cbor.Value:
        places = _places(self.vocabulary)
        return sum(1 << place for place in {places[self.vocabulary(one).value] for one in value})

    def parse(self, value: cbor.Value, path: str) -> tuple[StrEnum, ...]:
        most = 2 ** len(self.vocabulary) - 1
        if not isinstance(value, int) or isinstance(value, bool):
            raise ContentRefusal(Reason.FIELD_TYPE, f"{path} must be an integer")
        if not 0 <= value <= most:
            raise ContentRefusal(Reason.FIELD_RANGE, f"{path} must be 0 to {most}, is {value}")
        return _subset(self.vocabulary, value)

    def cddl(self) -> str:
        return f"0..{2 ** len(self.vocabulary) - 1}"

    def remark(self) -> str:
        return f"a bit each: {_numbered(self.vocabulary)}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
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
