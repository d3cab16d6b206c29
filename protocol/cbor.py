"""Deterministic CBOR (RFC 8949 §4.2.1), the strict subset this project speaks.

Allowed: unsigned and negative integers, byte and text strings, arrays, maps with
integer or text keys, false, true, null. No floats (numbers travel as scaled integers
with the unit in the field's name), no tags (``cose.py`` reads its own two at the very
front), no indefinite length.

One pass reads everything, and builds nothing for what a head merely promises, so that no
bomb gets further than its head. Deviations of form (longer heads, other order, a key twice)
are noticed on the way and refused once the structure is known to be whole.
cbor2's ``canonical=True`` sorts keys by length first, which is the older rule.
"""

from __future__ import annotations

from typing import cast

from viewkeeper.protocol.errors import EncodingRefusal, Reason

Value = int | bytes | str | bool | None | list["Value"] | dict["int | str", "Value"]

MAX_BYTES = 65_536
MAX_DEPTH = 12

_UINT, _NINT, _BSTR, _TSTR, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_FALSE, _TRUE, _NULL = b"\xf4", b"\xf5", b"\xf6"
_SIMPLE_VALUES: dict[int, bool | None] = {0xF4: False, 0xF5: True, 0xF6: None}
_DEVIATIONS = {
    Reason.BAD_UTF8: "a text string is not UTF-8",
    Reason.DUPLICATE_KEY: "a map holds the same key twice",
    Reason.TYPE_NOT_ALLOWED: "map keys are integers or text",
    Reason.NOT_DETERMINISTIC: "not in the form of RFC 8949 §4.2.1 (shortest, sorted)",
}
"""What is refused only once the structure is whole, the graver first."""


def encode(value: Value) -> bytes:
    """Encode ``value`` in the one form it has.

    Raises:
        EncodingRefusal: a value outside the subset (a caller's error: it is ours to mend).
    """
    out = bytearray()
    _encode_into(out, value, 1)
    return bytes(out)


def decode(data: bytes, *, max_bytes: int = MAX_BYTES) -> Value:
    """Decode ``data``, which must be one item in its one deterministic form.

    Raises:
        EncodingRefusal: with the reason that names the deviation.
    """
    if len(data) > max_bytes:
        raise EncodingRefusal(
            Reason.TOO_LARGE, f"{len(data)} bytes where at most {max_bytes} are read"
        )
    reader = _Reader(data)
    value = reader.item(1)
    if reader.position != len(data):
        left = len(data) - reader.position
        raise EncodingRefusal(Reason.TRAILING_BYTES, f"{left} bytes left over")
    for reason, hint in _DEVIATIONS.items():
        if reason in reader.deviations:
            raise EncodingRefusal(reason, hint)
    return value


def head(major: int, argument: int) -> bytes:
    """The shortest head of an item (RFC 8949 §3)."""
    if argument < 24:
        return bytes(((major << 5) | argument,))
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << (8 * size):
            return bytes(((major << 5) | info,)) + argument.to_bytes(size, "big")
    raise EncodingRefusal(Reason.TYPE_NOT_ALLOWED, "an integer does not fit 64 bits")


def _encode_into(out: bytearray, value: object, depth: int) -> None:
    if depth > MAX_DEPTH and isinstance(value, list | dict):
        raise EncodingRefusal(Reason.TOO_DEEP, f"nested deeper than {MAX_DEPTH}")
    if value is None:
        out += _NULL
    elif isinstance(value, bool):
        out += _TRUE if value else _FALSE
    elif isinstance(value, int):
        out += head(_UINT, value) if value >= 0 else head(_NINT, -1 - value)
    elif isinstance(value, bytes):
        out += head(_BSTR, len(value)) + value
    elif isinstance(value, str):
        try:
            text = value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise EncodingRefusal(Reason.BAD_UTF8, "a text holds a lone surrogate") from error
        out += head(_TSTR, len(text)) + text
    elif isinstance(value, list):
        items = cast("list[object]", value)
        out += head(_ARRAY, len(items))
        for item in items:
            _encode_into(out, item, depth + 1)
    elif isinstance(value, dict):
        _encode_map_into(out, cast("dict[object, object]", value), depth)
    else:
        raise EncodingRefusal(
            Reason.TYPE_NOT_ALLOWED, f"{type(value).__name__} is not a type of the profile"
        )


def _encode_map_into(out: bytearray, value: dict[object, object], depth: int) -> None:
    entries: list[tuple[bytes, object]] = []
    for key, item in value.items():
        if isinstance(key, bool) or not isinstance(key, int | str):
            raise EncodingRefusal(Reason.TYPE_NOT_ALLOWED, "map keys are integers or text")
        entries.append((encode(key), item))
    # RFC 8949 §4.2.1: bytewise order of the encoded keys, not length first.
    entries.sort(key=lambda entry: entry[0])
    out += head(_MAP, len(entries))
    for key_bytes, item in entries:
        out += key_bytes
        _encode_into(out, item, depth + 1)


class _Reader:
    """Where the reading stands, and the deviations of form met so far."""

    __slots__ = ("_data", "deviations", "position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0
        self.deviations: set[Reason] = set()

    def item(self, depth: int) -> Value:
        """The item at the position, which is ``depth`` containers deep."""
        data = self._data
        major, argument = self._head()
        if major == _UINT:
            return argument
        if major == _NINT:
            return -1 - argument
        if major == _SIMPLE:
            return _SIMPLE_VALUES[data[self.position - 1]]
        begin, left = self.position, len(data) - self.position
        if major in (_BSTR, _TSTR):
            if argument > left:
                raise EncodingRefusal(Reason.TRUNCATED, "a string runs past the end")
            self.position = begin + argument
            string = data[begin : self.position]
            return string if major == _BSTR else self._text(string)
        if depth > MAX_DEPTH:
            raise EncodingRefusal(Reason.TOO_DEEP, f"nested deeper than {MAX_DEPTH}")
        # Each item takes a byte at least: a count that cannot be true is refused before
        # anyone reserves room for it.
        if (2 * argument if major == _MAP else argument) > left:
            raise EncodingRefusal(Reason.TRUNCATED, "a container promises more than is there")
        if major == _MAP:
            return self._map(argument, depth + 1)
        return [self.item(depth + 1) for _ in range(argument)]

    def _map(self, pairs: int, depth: int) -> Value:
        data, found = self._data, dict[int | str, Value]()
        before = b""
        for _ in range(pairs):
            begin = self.position
            key = self.item(depth)
            key_bytes = data[begin : self.position]
            # RFC 8949 §4.2.1: bytewise order of the encoded keys, not length first.
            if key_bytes <= before:
                self.deviations.add(Reason.NOT_DETERMINISTIC)
            before = key_bytes
            value = self.item(depth)
            if isinstance(key, bool) or not isinstance(key, int | str):
                self.deviations.add(Reason.TYPE_NOT_ALLOWED)
            elif key in found:
                self.deviations.add(Reason.DUPLICATE_KEY)
            else:
                found[key] = value
        return found

    def _text(self, string: bytes) -> str:
        try:
            return string.decode("utf-8")
        except UnicodeDecodeError:
            self.deviations.add(Reason.BAD_UTF8)
            return ""

    def _head(self) -> tuple[int, int]:
        data, position = self._data, self.position
        if position >= len(data):
            raise EncodingRefusal(Reason.TRUNCATED, "the data ends early")
        initial = data[position]
        major, argument = initial >> 5, initial & 31
        position += 1
        if argument >= 24:
            if argument == 31:
                raise EncodingRefusal(Reason.INDEFINITE_LENGTH, "indefinite lengths are not read")
            if argument > 27:
                raise EncodingRefusal(
                    Reason.TYPE_NOT_ALLOWED, "a reserved additional information value"
                )
            size = 1 << (argument - 24)
            if position + size > len(data):
                raise EncodingRefusal(Reason.TRUNCATED, "the data ends inside a head")
            argument = int.from_bytes(data[position : position + size], "big")
            position += size
            # Shortest: more than one byte holds only what half of them could not.
            if argument < (24 if size == 1 else 1 << (4 * size)):
                self.deviations.add(Reason.NOT_DETERMINISTIC)
        if major == _TAG:
            raise EncodingRefusal(Reason.TYPE_NOT_ALLOWED, f"tag {argument} is not of the profile")
        if major == _SIMPLE and initial not in _SIMPLE_VALUES:
            raise EncodingRefusal(Reason.TYPE_NOT_ALLOWED, "no floats, no simple values but three")
        self.position = position
        return major, argument
