"""A program for a device, as a signed bundle: what the holders of the role ``update`` vouch for.

    VKU1, length of the envelope (4 bytes), COSE_Sign over the statement, then the files end to end

The statement names every file with its SHA-256, so the files need no signature of their own. A
counter that only grows keeps an old, broken program from coming back. A bundle is for a target,
not for one device: it orders nothing.

Over MQTT the desk offers the envelope, and the device asks for the files in pieces: what it has
after a cut or a restart decides what it asks for next. Offsets count from the first file's start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.common import HASH, SHORT_HASH
from viewkeeper.protocol.errors import ContentRefusal, Reason
from viewkeeper.protocol.fields import Bytes, Int, ListOf, Nested, Text, at, pack, parse
from viewkeeper.protocol.orders import UNIX_S

MAGIC = b"VKU1"
MAX_STATEMENT_BYTES = 16_384
MAX_ENVELOPE_BYTES = MAX_STATEMENT_BYTES + 4096
MAX_FILE_BYTES = 4_194_304
"""A whole image; the largest partition of a board is its bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateFile:
    """One file of the program."""

    path: str = at(1, Text(1, 80, "[a-z0-9_/]{1,76}[.](mpy|py|bin)"))
    size: int = at(2, Int(0, MAX_FILE_BYTES))
    digest: bytes = at(3, HASH)
    """SHA-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What is signed."""

    target: str = at(1, Text(1, 24, "[a-z0-9_]{1,24}"))
    """An architecture of mpy-cross, ``plain``, or a board's name for a whole image."""
    version: str = at(2, Text(1, 24, "[a-z0-9.+-]{1,24}"))
    counter: int = at(3, Int(1))
    """Larger than that of any program before it."""
    issued_at: int = at(4, UNIX_S)
    files: tuple[UpdateFile, ...] = at(5, ListOf(Nested(UpdateFile), 1, 128))


MAX_PIECE_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateWant:
    """A device asks for a piece; nothing rests on it, so it is not signed."""

    digest: bytes = at(1, SHORT_HASH)
    """Beginning of the SHA-256 of the offered envelope."""
    offset: int = at(2, Int())
    length: int = at(3, Int(0, MAX_PIECE_BYTES))
    """0: it has all, and tries it."""
    reason: str | None = at(4, Text(1, 40, "[a-z_]{1,40}"), optional=True)
    """Why it will not have the offer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePiece:
    """A piece of the files; their digests in the statement decide whether it is right."""

    digest: bytes = at(1, SHORT_HASH)
    offset: int = at(2, Int())
    data: bytes = at(3, Bytes(1, MAX_PIECE_BYTES))


def split(bundle: bytes) -> tuple[bytes, bytes]:
    """(signed envelope, files end to end) of a bundle.

    Raises:
        ContentRefusal: it is none.
    """
    end = 8 + int.from_bytes(bundle[4:8], "big")
    if bundle[:4] != MAGIC or len(bundle) < end or end > 8 + MAX_ENVELOPE_BYTES:
        raise ContentRefusal(Reason.NOT_COSE, "this is no bundle")
    return bundle[8:end], bundle[end:]


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
