"""Signed checkpoints: a device commits to its whole ledger up to here (RFC 6962 §2.1)."""

from __future__ import annotations

from dataclasses import dataclass

from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.common import DEVICE_ID, HASH
from viewkeeper.protocol.fields import Int, ListOf, at, pack, parse

MAX_CHECKPOINT_BYTES = 3072
MAX_PROOF = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Size and Merkle root of a device's ledger at a moment."""

    device: str = at(1, DEVICE_ID)
    size: int = at(2, Int())
    root: bytes = at(3, HASH)
    utc_ms: int = at(4, Int())
    since: int | None = at(5, Int(1), optional=True)
    """The size the witness countersigned last; absent before the first."""
    proof: tuple[bytes, ...] | None = at(6, ListOf(HASH, 0, MAX_PROOF), optional=True)
    """That the ledger of size ``since`` is the beginning of this one (RFC 6962 §2.1.2)."""


def seal_checkpoint(checkpoint: Checkpoint, signer: cose.Signer) -> bytes:
    """Sign a checkpoint for the wire."""
    return cose.sign1(cbor.encode(pack(checkpoint)), signer, cose.Domain.CHECKPOINT)


def unseal_checkpoint(message: bytes, lookup: cose.KeyLookup) -> Checkpoint:
    """Verify and read a checkpoint.

    Raises:
        RefusalError: with the reason of the first thing that is wrong.
    """
    opened = cose.open_sign1(
        message, lookup, cose.Domain.CHECKPOINT, max_bytes=MAX_CHECKPOINT_BYTES
    )
    return parse(Checkpoint, cbor.decode(opened.payload))
