"""What a camera is given once, by hand, at enrolment: its name and its trust anchor.

Nothing verifies it on the camera, for there is nothing yet to verify it with: the person
who carries it compares the fingerprint. Everything after it is signed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from viewkeeper.protocol import cbor
from viewkeeper.protocol.common import DEVICE_ID
from viewkeeper.protocol.fields import Bytes, Nested, at, pack, parse
from viewkeeper.protocol.orders import ALGORITHM, UNIX_S, Keyset

MAX_ENROLMENT_BYTES = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A camera's name, its first keyset, and the key it will speak with."""

    device: str = at(1, DEVICE_ID)
    site: str = at(2, DEVICE_ID)
    keyset: Keyset = at(3, Nested(Keyset))
    enrolled_at: int = at(4, UNIX_S)
    """The first clock floor."""
    device_algorithm: int = at(5, ALGORITHM)
    device_key: bytes = at(6, Bytes(32, 133))

    def encode(self) -> bytes:
        return cbor.encode(pack(self))

    @classmethod
    def decode(cls, data: bytes) -> Enrolment:
        """Read a bundle.

        Raises:
            EncodingRefusal, ContentRefusal: naming what is wrong.
        """
        return parse(cls, cbor.decode(data, max_bytes=MAX_ENROLMENT_BYTES))

    @property
    def fingerprint(self) -> str:
        """For two people to read to each other: 32 hexadecimal digits in fours."""
        digest = hashlib.sha256(self.encode()).hexdigest()[:32]
        return " ".join(digest[start : start + 4] for start in range(0, 32, 4))
