"""What a camera tells the board beside it over their serial line: burn the lamp, or not.

Signed with the camera's device key, which the board has in its settings. It names the reading
it answers, so that a recorded one tells nothing: the board takes it only while that reading is
its newest or the one before.
"""

from __future__ import annotations

from dataclasses import dataclass

from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.common import DEVICE_ID, SHORT_HASH
from viewkeeper.protocol.fields import Bool, Int, at, pack, parse

MAX_LAMP_BYTES = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class LampWish:
    """To one board, at one moment."""

    board: str = at(1, DEVICE_ID)
    boot: bytes = at(2, SHORT_HASH)
    sequence: int = at(3, Int())
    """Of the reading that is answered."""
    lit: bool = at(4, Bool())


def seal_wish(wish: LampWish, signer: cose.Signer) -> bytes:
    """Sign a wish for the line."""
    return cose.sign1(cbor.encode(pack(wish)), signer, cose.Domain.LAMP)


def unseal_wish(message: bytes, lookup: cose.KeyLookup) -> LampWish:
    """Verify and read a wish.

    Raises:
        RefusalError: with the reason of the first thing that is wrong.
    """
    opened = cose.open_sign1(message, lookup, cose.Domain.LAMP, max_bytes=MAX_LAMP_BYTES)
    return parse(LampWish, cbor.decode(opened.payload, max_bytes=MAX_LAMP_BYTES))
