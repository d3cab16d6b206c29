"""What a recorder has on its disk, told to the camera so that it may let go of it.

Not signed: a receipt orders nothing and proves nothing. Whoever may write one can make a camera
forget what a broker has acknowledged, as the broker itself could; the hole in the row of numbers
shows it. A site's ACL leaves the topic to the recorder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from viewkeeper.protocol import cbor
from viewkeeper.protocol.common import SHORT_HASH
from viewkeeper.protocol.fields import Int, ListOf, Nested, at, pack, parse

MAX_RECEIPT_BYTES = 4096
MAX_BOOTS, MAX_NUMBERS = 16, 256
Place = tuple[bytes, int]
"""Boot and sequence: where in a camera's row a record stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOfBoot:
    """Records of one boot that are kept."""

    boot: bytes = at(1, SHORT_HASH)
    sequences: tuple[int, ...] = at(2, ListOf(Int(), 1, MAX_NUMBERS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Records that a recorder keeps; those it kept before are named again when they come again."""

    boots: tuple[KeptOfBoot, ...] = at(1, ListOf(Nested(KeptOfBoot), 1, MAX_BOOTS))


def receipts(places: Iterable[Place]) -> Iterator[bytes]:
    """As many messages as it takes."""
    by_boot: dict[bytes, list[int]] = {}
    for boot, sequence in places:
        by_boot.setdefault(boot, []).append(sequence)
    for boot, sequences in by_boot.items():
        for begin in range(0, len(sequences), MAX_NUMBERS):
            part = KeptOfBoot(boot=boot, sequences=tuple(sequences[begin : begin + MAX_NUMBERS]))
            yield cbor.encode(pack(Receipt(boots=(part,))))


def places_of(message: bytes) -> tuple[Place, ...]:
    """Which records a receipt names.

    Raises:
        EncodingRefusal, ContentRefusal: it is none.
    """
    receipt = parse(Receipt, cbor.decode(message, max_bytes=MAX_RECEIPT_BYTES))
    return tuple((one.boot, sequence) for one in receipt.boots for sequence in one.sequences)
