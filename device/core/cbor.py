"""Deterministic CBOR (RFC 8949 §4.2.1): the strict subset of ``protocol/cbor.py``.

Where several things are wrong the same one is named as there: first what the heads tell,
then text, then doubled keys, then keys of other types, then the form.
"""

from device.core.errors import Refusal

MAX_BYTES = 65536
MAX_DEPTH = 12
BYTES = (bytes, memoryview)  # what a byte string is read as
_LENT = 64


def encode(value):
    """The one encoding of ``value``."""
    out = bytearray()
    _encode_into(out, value, 1)
    return bytes(out)


def head(major, argument):
    """The shortest head of an item (RFC 8949 §3)."""
    if argument < 24:
        return bytes((major << 5 | argument,))
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << (8 * size):
            return bytes((major << 5 | info,)) + argument.to_bytes(size, "big")
    raise Refusal("type_not_allowed", "an integer does not fit 64 bits")


def _encode_into(out, value, depth):
    if value is None:
        out.append(0xF6)
    elif value is True:
        out.append(0xF5)
    elif value is False:
        out.append(0xF4)
    elif isinstance(value, int):
        out.extend(head(0, value) if value >= 0 else head(1, -1 - value))
    elif isinstance(value, (bytes, bytearray, memoryview)):
        out.extend(head(2, len(value)))
        out.extend(value)
    elif isinstance(value, str):
        text = value.encode()
        out.extend(head(3, len(text)))
        out.extend(text)
    elif isinstance(value, (list, tuple)):
        if depth > MAX_DEPTH:
            raise Refusal("too_deep")
        out.extend(head(4, len(value)))
        for item in value:
            _encode_into(out, item, depth + 1)
    elif isinstance(value, dict):
        if depth > MAX_DEPTH:
            raise Refusal("too_deep")
        entries = []
        for key in value:
            if isinstance(key, bool) or not isinstance(key, (int, str)):
                raise Refusal("type_not_allowed", "map keys are integers or text")
            entries.append((encode(key), key))
        entries.sort()  # bytewise order of the encoded keys, not length first
        out.extend(head(5, len(entries)))
        for key_bytes, key in entries:
            out.extend(key_bytes)
            _encode_into(out, value[key], depth + 1)
    else:
        raise Refusal("type_not_allowed")


def decode(data, max_bytes=MAX_BYTES, lend=False):
    """The value of ``data``, which must be one item in its one deterministic form.

    ``lend``: longer byte strings are views of ``data``, not copies; ``data`` is a memoryview.
    """
    if len(data) > max_bytes:
        raise Refusal("too_large", "more bytes than are read")
    pairs = _walk_heads(data)
    reader = _Reader(data, lend)
    value = reader.item()
    if reader.entries != pairs:
        raise Refusal("duplicate_key", "a map holds the same key twice")
    if reader.odd_key:
        raise Refusal("type_not_allowed", "map keys are integers or text")
    if reader.loose:
        raise Refusal("not_deterministic", "not shortest or not sorted")
    return value


def _walk_heads(data):
    """Check every head without building anything; the number of map pairs."""
    position, pairs, size = 0, 0, len(data)
    waiting = [1]  # how many items each open container still expects
    while waiting:
        if waiting[-1] == 0:
            waiting.pop()
            continue
        waiting[-1] -= 1
        if position >= size:
            raise Refusal("truncated", "the data ends early")
        initial = data[position]
        major, info = initial >> 5, initial & 31
        position += 1
        if info == 31:
            raise Refusal("indefinite_length")
        if info > 27:
            raise Refusal("type_not_allowed", "reserved additional information")
        argument = info
        if info >= 24:
            width = 1 << (info - 24)
            if position + width > size:
                raise Refusal("truncated", "the data ends inside a head")
            argument = int.from_bytes(data[position : position + width], "big")
            position += width
        if major == 7 and initial not in (0xF4, 0xF5, 0xF6):
            raise Refusal("type_not_allowed", "no floats, no simple values but three")
        if major == 6:
            raise Refusal("type_not_allowed", "no tags")
        if major in (2, 3):
            if argument > size - position:
                raise Refusal("truncated", "a string runs past the end")
            position += argument
        elif major in (4, 5):
            if len(waiting) > MAX_DEPTH:
                raise Refusal("too_deep")
            items = 2 * argument if major == 5 else argument
            # Each item takes a byte at least: an impossible count is refused before
            # anyone reserves room for it.
            if items > size - position:
                raise Refusal("truncated", "a container promises more than is there")
            if major == 5:
                pairs += argument
            waiting.append(items)
    if position != size:
        raise Refusal("trailing_bytes")
    return pairs


class _Reader:
    """Builds the value of data whose heads were walked; notes what is not of the form."""

    def __init__(self, data, lend):
        self.data, self.lend = data, lend
        self.position = 0
        self.entries = 0
        self.odd_key = False
        self.loose = False

    def item(self):
        data, position = self.data, self.position
        major, argument = data[position] >> 5, data[position] & 31
        position += 1
        if argument >= 24 and major != 7:
            width = 1 << (argument - 24)
            argument = int.from_bytes(data[position : position + width], "big")
            position += width
            if argument < (24 if width == 1 else 1 << (4 * width)):
                self.loose = True
        self.position = position
        if major == 0:
            return argument
        if major == 1:
            return -1 - argument
        if major in (2, 3):
            self.position += argument
            if self.lend and major == 2 and argument >= _LENT:
                return data[position : self.position]
            raw = bytes(data[position : self.position])
            if major == 2:
                return raw
            if not is_utf8(raw):
                raise Refusal("bad_utf8")
            return raw.decode()
        if major == 4:
            return [self.item() for _ in range(argument)]
        if major == 5:
            return self._map(argument)
        return None if argument == 22 else argument == 21

    def _map(self, count):
        value, before = {}, b""
        for _ in range(count):
            start = self.position
            key = self.item()
            raw = bytes(self.data[start : self.position])
            if isinstance(key, (list, dict, memoryview)):
                key, self.odd_key = (raw,), True
            elif isinstance(key, (bytes, bool)) or key is None:
                self.odd_key = True
            if raw <= before:
                self.loose = True
            before = raw
            value[key] = self.item()
        self.entries += len(value)
        return value


def is_utf8(raw):
    """Whether bytes are well-formed UTF-8 (Unicode 3.9 D92); MicroPython's own check is lax."""
    more, low, high = 0, 0x80, 0xBF
    for byte in raw:
        if more:
            if not low <= byte <= high:
                return False
            more, low, high = more - 1, 0x80, 0xBF
        elif byte >= 0x80:
            if 0xC2 <= byte <= 0xDF:
                more = 1
            elif 0xE0 <= byte <= 0xEF:
                more = 2
                low, high = (0xA0 if byte == 0xE0 else 0x80), (0x9F if byte == 0xED else 0xBF)
            elif 0xF0 <= byte <= 0xF4:
                more = 3
                low, high = (0x90 if byte == 0xF0 else 0x80), (0x8F if byte == 0xF4 else 0xBF)
            else:
                return False
    return more == 0
