"""Messages as dicts by field name, read and written by the tables of ``schema.py``.

A table is kept as CBOR, a tenth of what its tuples would take in RAM: the message's name,
then [key on the wire, name, optional, kind] a field. Reading is strict in the order of
``protocol/fields.py``: field by field, then what is unknown, then what the fields say
together. Absent fields are absent from the dict.
"""

import re

from device.core import cbor, schema
from device.core.characters import RANGES
from device.core.errors import Refusal
from device.core.together import check_together


def parse(table, value, rest=()):
    """The dict of a message; ``rest`` are keys that the caller reads."""
    if not isinstance(value, dict):
        raise Refusal("field_type", "a message must be a map")
    rows = _rows(table)
    found, known = {}, len([key for key in rest if key in value])
    for key, name, optional, kind in rows[1:]:
        if key not in value:
            if not optional:
                raise Refusal("field_missing", name)
            continue
        known += 1
        found[name] = _read(kind, value[key], name)
    if known != len(value):
        raise Refusal("field_unknown", "unknown keys")
    check_together(rows[0], found)
    return found


def pack(table, message):
    """The map a message travels as; ``parse`` is its inverse."""
    packed = {}
    rows = _rows(table)
    for key, name, optional, kind in rows[1:]:
        value = message.get(name)
        if value is None:
            if not optional:
                raise Refusal("field_missing", name)
            continue
        packed[key] = _write(kind, value, name)
    return packed


def parse_order(payload, kind, max_bytes=16384):
    """(header, body) of a payload that must be an order of one kind."""
    value = cbor.decode(payload, max_bytes)
    if not isinstance(value, dict):
        raise Refusal("field_type", "an order must be a map")
    told = value.get(1)
    if isinstance(told, bool) or told != kind:
        raise Refusal("wrong_kind", "another kind of order")
    header = parse(schema.ORDER_HEADER, value, (1, 9))
    return header, parse(schema.ORDERS[kind], value.get(9))


def _rows(table):
    # What is nested is lent, not copied.
    return cbor.decode(memoryview(table), lend=True) if isinstance(table, cbor.BYTES) else table


def _opened(kind):
    """A kind whose table is read once for a whole list."""
    return ["map", _rows(kind[1])] if kind[0] == "map" else kind


def _write(kind, value, name):
    if kind[0] == "map":
        return pack(kind[1], value)
    if kind[0] == "list":
        inner = _opened(kind[3])
        return [_write(inner, item, name) for item in value]
    if kind[0] == "code":
        return _place(kind[1].split(" "), value, name)
    if kind[0] == "set":
        words, bits = kind[1].split(" "), 0
        for item in value:
            bits |= 1 << _place(words, item, name)
        return bits
    _read(kind, value, name)
    return value


def _place(words, value, name):
    if value not in words:
        raise Refusal("field_range", name)
    return words.index(value)


def _read(kind, value, name):
    what = kind[0]
    if what == "code" or what == "set":
        return _named(kind, value, name)
    if what == "int" or what == "number":
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refusal("field_type", name + " must be an integer")
        good = value in kind[1] if what == "number" else kind[1] <= value <= kind[2]
        if not good:
            raise Refusal("field_range", name)
    elif what == "bool":
        if not isinstance(value, bool):
            raise Refusal("field_type", name + " must be true or false")
    elif what == "bytes":
        if not isinstance(value, bytes):
            raise Refusal("field_type", name + " must be a byte string")
        if not kind[1] <= len(value) <= kind[2]:
            raise Refusal("field_range", name)
    elif what == "list":
        if not isinstance(value, (list, tuple)):
            raise Refusal("field_type", name + " must be an array")
        if not kind[1] <= len(value) <= kind[2]:
            raise Refusal("field_range", name)
        inner = _opened(kind[3])
        return [_read(inner, item, name) for item in value]
    elif what == "map":
        return parse(kind[1], value)
    else:
        _check_text(kind, value, name)
    return value


def _named(kind, value, name):
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refusal("field_type", name + " must be an integer")
    words = kind[1].split(" ")
    if not 0 <= value < (len(words) if kind[0] == "code" else 1 << len(words)):
        raise Refusal("field_range", name)
    if kind[0] == "code":
        return words[value]
    return [word for at, word in enumerate(words) if value >> at & 1]


def _check_text(kind, value, name):
    if not isinstance(value, str):
        raise Refusal("field_type", name + " must be text")
    if kind[0] == "choice":
        if value not in kind[1]:
            raise Refusal("field_range", name)
        return
    if not kind[1] <= len(value) <= kind[2] or not is_plain(value):
        raise Refusal("field_range", name)
    if kind[3] is not None and re.match(kind[3], value) is None:
        raise Refusal("field_range", name)


def is_plain(text):
    """Whether a text holds no character that ``characters.py`` refuses."""
    # By its bytes: MicroPython keeps every character that is taken out of a text for good.
    point = more = 0
    for byte in text.encode():
        if byte >= 0xC0:
            more = 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
            point = byte & 0x3F >> more
            continue
        if byte >= 0x80:
            point, more = point << 6 | byte & 0x3F, more - 1
            if not more and _is_refused(point):
                return False
        elif byte < 32 or byte == 127:
            return False
    return True


def _is_refused(point):
    low, high = 0, len(RANGES) // 6
    while low < high:
        middle = (low + high) // 2
        at = 6 * middle
        if point > int.from_bytes(RANGES[at + 3 : at + 6], "big"):
            low = middle + 1
        elif point < int.from_bytes(RANGES[at : at + 3], "big"):
            high = middle
        else:
            return True
    return False
