"""Deterministic CBOR (RFC 8949 §4.2.1), the strict subset this project speaks.

Allowed: unsigned and negative integers, byte and text strings, arrays, maps with
integer or text keys, false, true, null. No floats (numbers travel as scaled integers
with the unit in the field's name), no tags (``cose.py`` reads its own two at the very
front), no indefinite length.

cbor2 does the decoding. Around it: a walk over the heads before decoding, so that no
bomb reaches the decoder, and a re-encoding after it that must give the same bytes.
cbor2's own ``canonical=True`` sorts keys by length first, which is the older rule.

A cbor2 that bounds depth and memory by itself and lets every tag be refused (6.3 does) decides
what is right in a tenth of the time: ``_quick`` gives the value or no answer at all, and whatever
it does not answer goes the long way, which has the reasons.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Never, cast

import cbor2

from viewkeeper.protocol.errors import EncodingRefusal, Reason

Value = int | bytes | str | bool | None | list["Value"] | dict["int | str", "Value"]

MAX_BYTES = 65_536
MAX_DEPTH = 12

_UINT, _NINT, _BSTR, _TSTR, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_FALSE, _TRUE, _NULL = b"\xf4", b"\xf5", b"\xf6"
_LEAVES = frozenset({int, bytes, str, bool, type(None)})


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
    if _LOADS_SAFELY and (quick := _quick(data)) is not _NO_ANSWER:
        return cast("Value", quick)
    pairs = _walk_heads(data)
    try:
        value = cast("Value", cbor2.loads(data))
    except UnicodeDecodeError as error:
        raise EncodingRefusal(Reason.BAD_UTF8, "a text string is not UTF-8") from error
    except (cbor2.CBORDecodeError, ValueError, TypeError, OverflowError) as error:
        # Heads were well-formed, so what is left for cbor2 to refuse is the text.
        raise EncodingRefusal(Reason.BAD_UTF8, "a text string is not UTF-8") from error
    if _count_pairs(value) != pairs:
        raise EncodingRefusal(Reason.DUPLICATE_KEY, "a map holds the same key twice")
    if encode(value) != data:
        raise EncodingRefusal(
            Reason.NOT_DETERMINISTIC, "not in the form of RFC 8949 §4.2.1 (shortest, sorted)"
        )
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


def _walk_heads(data: bytes) -> int:
    """Check every head without building anything; return the number of map pairs."""
    position, pairs = 0, 0
    open_items = [1]  # how many items each open container still expects
    while open_items:
        if open_items[-1] == 0:
            open_items.pop()
            continue
        open_items[-1] -= 1
        major, argument, position = _read_head(data, position)
        if major in (_BSTR, _TSTR):
            if argument > len(data) - position:
                raise EncodingRefusal(Reason.TRUNCATED, "a string runs past the end")
            position += argument
        elif major in (_ARRAY, _MAP):
            if len(open_items) > MAX_DEPTH:
                raise EncodingRefusal(Reason.TOO_DEEP, f"nested deeper than {MAX_DEPTH}")
            items = 2 * argument if major == _MAP else argument
            # Each item takes a byte at least: a count that cannot be true is refused
            # before anyone reserves room for it.
            if items > len(data) - position:
                raise EncodingRefusal(Reason.TRUNCATED, "a container promises more than is there")
            pairs += argument if major == _MAP else 0
            open_items.append(items)
    if position != len(data):
        raise EncodingRefusal(Reason.TRAILING_BYTES, f"{len(data) - position} bytes left over")
    return pairs


def _read_head(data: bytes, position: int) -> tuple[int, int, int]:
    if position >= len(data):
        raise EncodingRefusal(Reason.TRUNCATED, "the data ends early")
    initial = data[position]
    major, info = initial >> 5, initial & 31
    position += 1
    if info == 31:
        raise EncodingRefusal(Reason.INDEFINITE_LENGTH, "indefinite lengths are not read")
    if info > 27:
        raise EncodingRefusal(Reason.TYPE_NOT_ALLOWED, "a reserved additional information value")
    argument = info
    if info >= 24:
        size = 1 << (info - 24)
        if position + size > len(data):
            raise EncodingRefusal(Reason.TRUNCATED, "the data ends inside a head")
        argument = int.from_bytes(data[position : position + size], "big")
        position += size
    if major == _SIMPLE and initial not in (_FALSE[0], _TRUE[0], _NULL[0]):
        raise EncodingRefusal(Reason.TYPE_NOT_ALLOWED, "no floats, no simple values but three")
    if major == _TAG:
        raise EncodingRefusal(Reason.TYPE_NOT_ALLOWED, f"tag {argument} is not of the profile")
    return major, argument, position


def _count_pairs(value: object) -> int:
    if isinstance(value, dict):
        entries = cast("dict[object, object]", value)
        return len(entries) + sum(_count_pairs(item) for item in entries.values())
    if isinstance(value, list):
        return sum(_count_pairs(item) for item in cast("list[object]", value))
    return 0


class _EveryTag(Mapping[int, Any]):
    """Decoders of all tags there are: each refuses."""

    def __getitem__(self, tag: int) -> Any:
        return _refuse_tag

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 1


def _refuse_tag(*_: object) -> Never:
    raise ValueError("no tag is of the profile")


def _loads_safely() -> bool:
    try:
        known = inspect.signature(cbor2.loads).parameters
    except (TypeError, ValueError):
        return False
    return {"max_depth", "semantic_decoders", "allow_duplicate_keys"} <= set(known)


_NO_ANSWER = object()
_LOADS_SAFELY = _loads_safely()
_LIMITS: dict[str, Any] = {
    "max_depth": MAX_DEPTH,
    "semantic_decoders": _EveryTag(),
    "allow_indefinite": False,
    "allow_duplicate_keys": False,
}


def _quick(data: bytes) -> object:
    """The value where ``data`` is surely its one encoding, else ``_NO_ANSWER``."""
    try:
        value = cbor2.loads(data, **_LIMITS)
        if cbor2.dumps(value) == data and _is_ours(value, MAX_DEPTH):
            return value
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError):
        pass
    return _NO_ANSWER


def _is_ours(value: Any, levels: int) -> bool:
    """Whether a tree holds the subset's types alone, its maps sorted, no more than ``levels`` deep.

    Its lengths and integers are known to be encoded shortest, its texts to be UTF-8.
    """
    if type(value) is dict:
        table = cast("dict[Any, Any]", value)
        if not _is_sorted(table):
            return False
        items: Iterable[Any] = table.values()
    elif type(value) is list:
        items = cast("list[Any]", value)
    else:
        return type(value) in _LEAVES
    if levels == 0:
        return False
    for item in items:  # noqa: SIM110  # all() takes half as long again
        if type(item) not in _LEAVES and not _is_ours(item, levels - 1):
            return False
    return True


def _is_sorted(table: dict[Any, Any]) -> bool:
    """Whether the keys, all of them naturals or all text, ascend as their encodings do."""
    before = -1
    for key in table:
        if type(key) is not int or key <= before:
            break
        before = key
    else:
        return True
    if any(type(key) is not str for key in table):
        return False
    texts = [cast("str", key).encode() for key in table]
    return texts == sorted(texts, key=lambda text: (len(text), text))
