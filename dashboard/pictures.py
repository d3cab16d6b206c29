"""What a picture file is and how large, by its first bytes alone. Nothing is decoded.

PNG (ISO/IEC 15948 §11.2.2) and JPEG (ITU-T T.81 §B.2.2) only: both are inert in a browser, while
an SVG may carry scripts.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

PNG, JPEG = "image/png", "image/jpeg"
EXTENSIONS = {PNG: "png", JPEG: "jpg"}
_PNG_HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
# Start-of-frame markers; C4, C8 and CC are tables, not frames.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})


@dataclass(frozen=True, slots=True)
class Picture:
    """Media type, and width and height in pixels as the file's head says them."""

    mime_type: str
    width: int
    height: int


def look(content: bytes) -> Picture | None:
    """``None`` for what is neither PNG nor JPEG, or ends before it says its size."""
    if content.startswith(_PNG_HEAD) and len(content) >= 24:
        width, height = struct.unpack_from(">II", content, 16)
        return Picture(PNG, width, height) if width and height else None
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg(content)
    return None


def _jpeg(content: bytes) -> Picture | None:
    at = 2
    while at + 9 <= len(content):
        if content[at] != 0xFF:
            return None
        marker = content[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return Picture(JPEG, width, height) if width and height else None
        else:
            (length,) = struct.unpack_from(">H", content, at + 2)
            if length < 2:
                return None
            at += 2 + length
    return None
