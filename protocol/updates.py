"""A program for a device, as a signed bundle: what the holders of the role ``update`` vouch for.

    VKU1, length of the envelope (4 bytes), COSE_Sign over the statement, then the files end to end

The statement names every file with its SHA-256, so the files need no signature of their own. A
counter that only grows keeps an old, broken program from coming back. A bundle is for a target,
not for one device: it orders nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.common import HASH
from viewkeeper.protocol.errors import ContentRefusal, Reason
from viewkeeper.protocol.fields import Int, ListOf, Nested, Text, at, pack, parse
from viewkeeper.protocol.orders import UNIX_S

MAGIC = b"VKU1"
MAX_STATEMENT_BYTES = 16_384
MAX_ENVELOPE_BYTES = MAX_STATEMENT_BYTES + 4096
MAX_FILE_BYTES = 262_144


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateFile:
    """One file of the program."""

    path: str = at(1, Text(1, 80, "[a-z0-9_/]{1,76}[.](mpy|py)"))
    size: int = at(2, Int(0, MAX_FILE_BYTES))
    digest: bytes = at(3, HASH)
    """SHA-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What is signed."""

    target: str = at(1, Text(1, 16, "[a-z0-9]{1,16}"))
    """An architecture of mpy-cross, or ``plain``."""
    version: str = at(2, Text(1, 24, "[a-z0-9.+-]{1,24}"))
    counter: int = at(3, Int(1))
    """Larger than that of any program before it."""
    issued_at: int = at(4, UNIX_S)
    files: tuple[UpdateFile, ...] = at(5, ListOf(Nested(UpdateFile), 1, 128))


def seal_update(
    contents: Mapping[str, bytes],
    signers: Sequence[cose.Signer],
    *,
    target: str,
    version: str,
    counter: int,
    issued_at: int,
) -> bytes:
    """The whole bundle.

    Raises:
        ContentRefusal: a path, a size or a name that no device would take.
    """
    files = tuple(
        UpdateFile(path=path, size=len(data), digest=sha256(data).digest())
        for path, data in sorted(contents.items())
    )
    update = Update(
        target=target, version=version, counter=counter, issued_at=issued_at, files=files
    )
    payload = cbor.encode(pack(update))
    parse(Update, cbor.decode(payload))  # what a device would refuse is refused here
    if len(payload) > MAX_STATEMENT_BYTES:
        raise ContentRefusal(Reason.TOO_LARGE, "too many files for one statement")
    envelope = cose.sign(payload, signers, cose.Domain.UPDATE)
    head = MAGIC + len(envelope).to_bytes(4, "big")
    return head + envelope + b"".join(contents[each.path] for each in files)
