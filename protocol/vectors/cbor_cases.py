"""Deterministic CBOR: bytes that read, and bytes that must not."""

from __future__ import annotations

from typing import Any

from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import Reason

_GOOD: list[tuple[str, str]] = [
    ("00", "0"),
    ("17", "23"),
    ("1818", "24, the shortest in two bytes"),
    ("18ff", "255"),
    ("190100", "256"),
    ("1a00010000", "65536"),
    ("1b0000000100000000", "2^32"),
    ("1bffffffffffffffff", "2^64-1"),
    ("20", "-1"),
    ("3818", "-25"),
    ("3bffffffffffffffff", "-2^64"),
    ("40", "an empty byte string"),
    ("4401020304", "four bytes"),
    ("60", "an empty text"),
    ("63e6b0b4", "水"),
    ("80", "an empty array"),
    ("83010203", "[1, 2, 3]"),
    ("a0", "an empty map"),
    ("a201020304", "{1: 2, 3: 4}"),
    ("a3000020006161f6", "keys 0, -1 and a in bytewise order"),
    ("a218ff002000", "255 before -1: bytewise, not length first (RFC 8949 §4.2.1)"),
    ("f4", "false"),
    ("f5", "true"),
    ("f6", "null"),
    ("81818181818181818181f6", "nested eleven deep"),
]
_BAD: list[tuple[str, Reason, str]] = [
    ("", Reason.TRUNCATED, "nothing"),
    ("18", Reason.TRUNCATED, "a head cut short"),
    ("1900", Reason.TRUNCATED, "a head of three bytes cut short"),
    ("1b00000000000000", Reason.TRUNCATED, "a head of nine bytes cut short"),
    ("4401", Reason.TRUNCATED, "a byte string cut short"),
    ("6361", Reason.TRUNCATED, "a text cut short"),
    ("8201", Reason.TRUNCATED, "an array cut short"),
    ("a201", Reason.TRUNCATED, "a map cut short"),
    ("a10102ff", Reason.TRAILING_BYTES, "a byte after the map"),
    ("0000", Reason.TRAILING_BYTES, "two items"),
    ("1800", Reason.NOT_DETERMINISTIC, "0 in two bytes"),
    ("1817", Reason.NOT_DETERMINISTIC, "23 in two bytes"),
    ("190017", Reason.NOT_DETERMINISTIC, "23 in three bytes"),
    ("1900ff", Reason.NOT_DETERMINISTIC, "255 in three bytes"),
    ("1a0000ffff", Reason.NOT_DETERMINISTIC, "65535 in five bytes"),
    ("1b00000000ffffffff", Reason.NOT_DETERMINISTIC, "2^32-1 in nine bytes"),
    ("3817", Reason.NOT_DETERMINISTIC, "-24 in two bytes"),
    ("580101", Reason.NOT_DETERMINISTIC, "a length of 1 in two bytes"),
    ("780161", Reason.NOT_DETERMINISTIC, "a text's length in two bytes"),
    ("980101", Reason.NOT_DETERMINISTIC, "an array's length in two bytes"),
    ("b8010102", Reason.NOT_DETERMINISTIC, "a map's length in two bytes"),
    ("a203040102", Reason.NOT_DETERMINISTIC, "keys out of order"),
    ("a2616100200a", Reason.NOT_DETERMINISTIC, "text before a negative key"),
    ("a2200018ff00", Reason.NOT_DETERMINISTIC, "length-first order, the older rule"),
    ("a201020103", Reason.DUPLICATE_KEY, "the same key twice"),
    ("a2616101616102", Reason.DUPLICATE_KEY, "the same text key twice"),
    ("81a201020103", Reason.DUPLICATE_KEY, "the same key twice, further in"),
    ("a20100180100", Reason.DUPLICATE_KEY, "the same key in two lengths"),
    ("5f4101ff", Reason.INDEFINITE_LENGTH, "a byte string in pieces"),
    ("7f6161ff", Reason.INDEFINITE_LENGTH, "a text in pieces"),
    ("9f01ff", Reason.INDEFINITE_LENGTH, "an array without an end"),
    ("bf0102ff", Reason.INDEFINITE_LENGTH, "a map without an end"),
    ("ff", Reason.INDEFINITE_LENGTH, "a lone break"),
    ("1c", Reason.TYPE_NOT_ALLOWED, "reserved additional information 28"),
    ("3d", Reason.TYPE_NOT_ALLOWED, "reserved additional information 29"),
    ("fe", Reason.TYPE_NOT_ALLOWED, "reserved additional information 30"),
    ("f93c00", Reason.TYPE_NOT_ALLOWED, "a half float"),
    ("fa3f800000", Reason.TYPE_NOT_ALLOWED, "a float"),
    ("fb3ff0000000000000", Reason.TYPE_NOT_ALLOWED, "a double"),
    ("f97e00", Reason.TYPE_NOT_ALLOWED, "not a number"),
    ("f7", Reason.TYPE_NOT_ALLOWED, "undefined"),
    ("e0", Reason.TYPE_NOT_ALLOWED, "simple value 0"),
    ("f8ff", Reason.TYPE_NOT_ALLOWED, "simple value 255"),
    ("f814", Reason.TYPE_NOT_ALLOWED, "false in two bytes"),
    ("c000", Reason.TYPE_NOT_ALLOWED, "a date tag"),
    ("c2420100", Reason.TYPE_NOT_ALLOWED, "a bignum"),
    ("d81c00", Reason.TYPE_NOT_ALLOWED, "a shareable value (tag 28)"),
    ("d81d00", Reason.TYPE_NOT_ALLOWED, "a shared reference (tag 29)"),
    ("d8236161", Reason.TYPE_NOT_ALLOWED, "a regular expression (tag 35)"),
    ("d9d9f700", Reason.TYPE_NOT_ALLOWED, "self-described CBOR"),
    ("61ff", Reason.BAD_UTF8, "a byte that is never UTF-8"),
    ("62c080", Reason.BAD_UTF8, "an overlong NUL"),
    ("63eda080", Reason.BAD_UTF8, "a lone surrogate"),
    ("64f4908080", Reason.BAD_UTF8, "beyond U+10FFFF"),
    ("9affffffff", Reason.TRUNCATED, "an array that promises 2^32 items"),
    ("bbffffffffffffffff", Reason.TRUNCATED, "a map that promises 2^64 pairs"),
    ("5bffffffffffffffff", Reason.TRUNCATED, "a string that promises 2^64 bytes"),
    ("81" * 13 + "f6", Reason.TOO_DEEP, "nested thirteen deep"),
    ("a101" * 13 + "f6", Reason.TOO_DEEP, "maps nested thirteen deep"),
    ("81" * 5000 + "f6", Reason.TOO_DEEP, "nested five thousand deep"),
]


def document() -> dict[str, Any]:
    """The file ``cbor.json``."""
    good = [{"hex": text, "why": why} for text, why in _GOOD]
    bad = [{"hex": text, "reason": reason.value, "why": why} for text, reason, why in _BAD]
    return {
        "about": "Deterministic CBOR, the strict subset. Good bytes decode and encode to "
        "themselves; bad ones are refused with this reason.",
        "max_bytes": cbor.MAX_BYTES,
        "max_depth": cbor.MAX_DEPTH,
        "good": good,
        "bad": bad,
    }
