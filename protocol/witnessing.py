"""What a witness says: it saw a checkpoint, and that nothing it saw before contradicts it.

A camera could cut the tail of its own ledger, or be given an old copy of its card. The
recorder remembers: it countersigns each checkpoint and sends the statement back, retained
on the camera's ``witness`` topic. Its key stands in the keyset in the role ``witness``,
which lets it sign nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.checkpoints import Checkpoint
from viewkeeper.protocol.common import DEVICE_ID, HASH
from viewkeeper.protocol.fields import Bool, Int, at, pack, parse
from viewkeeper.protocol.merkle import holds_consistency

MAX_COUNTERSIGNATURE_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Countersignature:
    """A witness saw this checkpoint and none that contradicts it."""

    device: str = at(1, DEVICE_ID)
    size: int = at(2, Int())
    root: bytes = at(3, HASH)
    stated_ms: int = at(4, Int())
    """The camera's own time in the checkpoint."""
    seen_ms: int = at(5, Int())
    """The witness's time when it saw it."""
    proven: bool = at(6, Bool())
    """A proof showed that the ledger it countersigned before is the beginning of this one."""


def countersign(
    checkpoint: Checkpoint, signer: cose.Signer, *, seen_ms: int, proven: bool
) -> bytes:
    """What a witness sends back. It compared the checkpoint with its memory before."""
    statement = Countersignature(
        device=checkpoint.device,
        size=checkpoint.size,
        root=checkpoint.root,
        stated_ms=checkpoint.utc_ms,
        seen_ms=seen_ms,
        proven=proven,
    )
    return cose.sign1(cbor.encode(pack(statement)), signer, cose.Domain.WITNESS)


def read_countersignature(message: bytes, lookup: cose.KeyLookup) -> Countersignature:
    """Verify and read a countersignature.

    Args:
        message: as it came.
        lookup: over the keys of the role ``witness`` alone.

    Raises:
        RefusalError: with the reason of the first thing that is wrong.
    """
    opened = cose.open_sign1(
        message, lookup, cose.Domain.WITNESS, max_bytes=MAX_COUNTERSIGNATURE_BYTES
    )
    value = cbor.decode(opened.payload, max_bytes=MAX_COUNTERSIGNATURE_BYTES)
    return parse(Countersignature, value)


def follows(checkpoint: Checkpoint, known_size: int, known_root: bytes) -> bool | None:
    """Whether a checkpoint continues the ledger a witness knows.

    Args:
        checkpoint: verified.
        known_size, known_root: what was countersigned before.

    Returns:
        True: shown, by the same root or a proof that holds. False: it is another ledger.
        None: it cannot be told, for it brings no proof from that size.
    """
    if checkpoint.size == known_size:
        return checkpoint.root == known_root
    if checkpoint.size < known_size:
        return False
    if known_size == 0:
        return True
    if checkpoint.since != known_size or checkpoint.proof is None:
        return None
    return holds_consistency(
        known_size, checkpoint.size, known_root, checkpoint.root, checkpoint.proof
    )
