"""A known key's messages: what the quick way accepts and what the long way does are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, RefusalError
from viewkeeper.protocol.known_signer import KnownSigner

SIGNER = cose.SoftwareSigner.from_seed(bytes(32))
OTHER = cose.SoftwareSigner.from_seed(bytes([1]) * 32)
DOMAIN = cose.Domain.RECORD
KNOWN = KnownSigner(SIGNER.verify_key, DOMAIN, max_bytes=4096)
LOOKUP = cose.lookup_in([SIGNER.verify_key])


def outcome(message: bytes, *, quick: bool) -> bytes | Reason:
    try:
        if quick:
            return KNOWN.open(message)
        return cose.open_sign1(message, LOOKUP, DOMAIN, max_bytes=4096).payload
    except RefusalError as refusal:
        return refusal.reason


@pytest.mark.parametrize("size", [0, 1, 22, 23, 24, 25, 254, 255, 256, 257, 1000, 3900])
def test_a_payload_of_any_length_is_given_back(size: int):
    payload = bytes(range(256)) * 16
    assert KNOWN.open(cose.sign1(payload[:size], SIGNER, DOMAIN)) == payload[:size]


@given(st.binary(max_size=300), st.integers(0), st.integers(0, 255))
def test_a_changed_byte_is_refused_for_the_same_reason_either_way(
    payload: bytes, at: int, byte: int
):
    changed = bytearray(cose.sign1(payload, SIGNER, DOMAIN))
    changed[at % len(changed)] = byte
    assert outcome(bytes(changed), quick=True) == outcome(bytes(changed), quick=False)


@given(st.binary(max_size=300), st.integers(0), st.integers(0))
def test_a_message_cut_or_lengthened_is_refused_for_the_same_reason_either_way(
    payload: bytes, drop: int, more: int
):
    whole = cose.sign1(payload, SIGNER, DOMAIN)
    for message in (
        whole[: drop % len(whole)],
        whole[drop % len(whole) :],
        whole + bytes(more % 9),
    ):
        assert outcome(message, quick=True) == outcome(message, quick=False)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (cose.sign1(b"x", OTHER, DOMAIN), Reason.UNKNOWN_KEY),
        (cose.sign1(b"x", SIGNER, cose.Domain.CHECKPOINT), Reason.BAD_SIGNATURE),
        (bytes(4097), Reason.TOO_LARGE),
        (b"", Reason.NOT_COSE),
    ],
)
def test_what_another_said_or_for_another_purpose_is_refused(message: bytes, reason: Reason):
    assert outcome(message, quick=True) is reason
