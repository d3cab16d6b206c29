"""COSE_Sign1 messages of a key that is known beforehand, checked with what that allows to prepare.

A receiver of many messages a second need not decode each envelope: with key, algorithm and domain
given, every byte of it is given but the payload and the signature. What does not look so goes
the long way (``cose.open_sign1``), which accepts the same messages and has the reasons.
"""

from __future__ import annotations

from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.errors import EncodingRefusal, EnvelopeRefusal, Reason
from viewkeeper.protocol.keys import checker

_SIGNATURE_BYTES = 64
_SIGNATURE_HEAD = cbor.head(2, _SIGNATURE_BYTES)
_TAIL_BYTES = len(_SIGNATURE_HEAD) + _SIGNATURE_BYTES


class _Blank:
    """Signs nothing; remembers what it was asked to sign."""

    def __init__(self, key: cose.VerifyKey) -> None:
        self.verify_key = key
        self.structure = b""

    def sign(self, message: bytes) -> bytes:
        self.structure = message
        return bytes(_SIGNATURE_BYTES)


class KnownSigner:
    """One key and one domain.

    Args:
        key: whose signature is expected.
        domain: what it must be for.
        max_bytes: a longer message is refused before anything else.
    """

    __slots__ = ("_domain", "_front", "_holds", "_key", "_lookup", "_max_bytes", "_structure")

    def __init__(self, key: cose.VerifyKey, domain: cose.Domain, *, max_bytes: int) -> None:
        self._key, self._domain, self._max_bytes = key, domain, max_bytes
        self._lookup, self._holds = cose.lookup_in([key]), checker(key)
        blank = _Blank(key)
        empty = cose.sign1(b"", blank, domain)
        # Both end with the payload, which when empty is its head of one byte.
        self._front = empty[: -_TAIL_BYTES - 1]
        self._structure = blank.structure[:-1]

    def open(self, message: bytes) -> bytes:
        """The verified payload.

        Raises:
            EncodingRefusal, EnvelopeRefusal: as ``cose.open_sign1``.
        """
        if len(message) > self._max_bytes:
            raise EncodingRefusal(
                Reason.TOO_LARGE, f"{len(message)} bytes where at most {self._max_bytes} are read"
            )
        tail_at = len(message) - _TAIL_BYTES
        wrapped = message[len(self._front) : max(0, tail_at)]  # the payload behind its head
        head_bytes = _head_bytes(len(wrapped))
        if not (
            wrapped
            and message.startswith(self._front)
            and message.startswith(_SIGNATURE_HEAD, tail_at)
            and wrapped.startswith(cbor.head(2, len(wrapped) - head_bytes))
        ):
            return self._the_long_way(message)
        if not self._holds(message[-_SIGNATURE_BYTES:], self._structure + wrapped):
            raise EnvelopeRefusal(
                Reason.BAD_SIGNATURE, f"the signature of {self._key.kid.hex()} fails"
            )
        return wrapped[head_bytes:]

    def _the_long_way(self, message: bytes) -> bytes:
        opened = cose.open_sign1(message, self._lookup, self._domain, max_bytes=self._max_bytes)
        return opened.payload


def _head_bytes(total: int) -> int:
    """How many of so many bytes are the shortest head of a byte string that fills the rest."""
    if total <= 24:
        return 1
    return 2 if total <= 257 else 3
