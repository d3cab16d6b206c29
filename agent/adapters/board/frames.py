"""Frames of the serial line: COBS, a number and a CRC-32; the device's half is device/net/line.py.

    content = kind (1) number (1) payload, CRC-32 of those (4, high byte first)

COBS (Cheshire and Baker, "Consistent Overhead Byte Stuffing", 1999) leaves zero for the end of a
frame alone, so a receiver that was cut off finds its place at the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, unique
from zlib import crc32

MAX_PAYLOAD = 512
MAX_CODED = 2 + (MAX_PAYLOAD + 6) * 255 // 254 + 1
_BLOCK = 254


@unique
class FrameKind(IntEnum):
    """What a frame is for."""

    ACK = ord("A")
    START = ord("S")
    """This end began anew; the payload says which start it is."""
    READING = ord("R")
    CHALLENGE = ord("C")
    LAMP = ord("L")
    OPEN = ord("O")
    """Of the way to the broker: asked for, or there."""
    DATA = ord("D")
    END = ord("X")


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; ``kind`` is a number that a newer board may know and we do not."""

    kind: int
    number: int
    payload: bytes = b""

    def encode(self) -> bytes:
        """The frame's bytes with their ending zero."""
        content = bytes((self.kind, self.number)) + self.payload
        content += crc32(content).to_bytes(4, "big")
        out = bytearray()
        for part in content.split(b"\0"):
            while len(part) >= _BLOCK:
                out.append(255)
                out += part[:_BLOCK]
                part = part[_BLOCK:]
            out.append(len(part) + 1)
            out += part
        out.append(0)
        return bytes(out)


def decode(coded: bytes) -> Frame | None:
    """A frame from its bytes without the zero; ``None``: it is damaged."""
    content, at = bytearray(), 0
    while at < len(coded):
        code = coded[at]
        if code == 0 or at + code > len(coded):
            return None
        content += coded[at + 1 : at + code]
        at += code
        if code < 255 and at < len(coded):
            content.append(0)
    if len(content) < 6 or crc32(content[:-4]) != int.from_bytes(content[-4:], "big"):
        return None
    return Frame(content[0], content[1], bytes(content[2:-4]))


class Splitter:
    """Takes bytes as they come and gives frames; counts what was damaged."""

    def __init__(self) -> None:
        self._coded = b""
        self.damaged = 0

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that these bytes complete."""
        *whole, self._coded = (self._coded + data).split(b"\0")
        for coded in whole:
            frame = decode(coded) if len(coded) <= MAX_CODED else None
            if frame is not None:
                yield frame
            elif coded:
                self.damaged += 1
        if len(self._coded) > MAX_CODED:
            self._coded = b""
            self.damaged += 1
