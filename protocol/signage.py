"""What the signed configuration says of the sign on the pole, beside its text.

The board's place in the registered view, where the camera sees it; the last inspection photo,
where it does not.
"""

from __future__ import annotations

from dataclasses import dataclass

from viewkeeper.protocol.errors import ContentRefusal, Reason
from viewkeeper.protocol.fields import Bool, Bytes, Int, Text, at
from viewkeeper.protocol.zones import SHARE

PHONE = Text(3, 24, "[0-9+() -]{3,24}")
PHOTO_VALID_DAYS = 90
"""[P] no law gives a number (REGULATION §10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignRegion:
    """Where the printed board is in the registered view, in ten-thousandths of its sides."""

    left: int = at(1, SHARE)
    top: int = at(2, SHARE)
    right: int = at(3, SHARE)
    bottom: int = at(4, SHARE)
    template_hash: bytes | None = at(5, Bytes(32, 32), optional=True)
    """Of the registered view's lines in there, as ``viewkeeper-agent sign region`` prints it."""

    def __post_init__(self) -> None:
        if not (self.left < self.right and self.top < self.bottom):
            raise ContentRefusal(Reason.FIELD_RANGE, "sign region: left < right and top < bottom")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignPhoto:
    """An inspector's photo of the sign: its hash, its day, what the board said. Never the photo."""

    photo_hash: bytes = at(1, Bytes(32, 32))
    """SHA-256 of the file that the operator keeps."""
    taken_on: str = at(2, Text(10, 10, "[0-9]{4}-[0-9]{2}-[0-9]{2}"))
    inspector: str = at(3, Text(1, 40))
    valid_days: int = at(4, Int(1, 366))
    operator: str = at(5, Text(1, 60))
    """As read on the board."""
    phone: str = at(6, PHONE)
    """As read on the board."""
    lit: bool | None = at(7, Bool(), optional=True)
    """Whether its lamp burned; absent where it has none."""
