"""The camera's word to the board beside it: signed, for one board, to one reading."""

from __future__ import annotations

import pytest

from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, RefusalError
from viewkeeper.protocol.lamp import LampWish, seal_wish, unseal_wish
from viewkeeper.protocol.vectors import workshop as w

WISH = LampWish(board="gate-1", boot=bytes(8), sequence=41, lit=True)
KEYS = cose.lookup_in([w.DEVICE_SIGNER.verify_key])


def test_a_wish_comes_back_as_it_was_sealed() -> None:
    assert unseal_wish(seal_wish(WISH, w.DEVICE_SIGNER), KEYS) == WISH


def test_a_changed_bit_and_another_key_are_refused() -> None:
    message = bytearray(seal_wish(WISH, w.DEVICE_SIGNER))
    message[-1] ^= 1
    with pytest.raises(RefusalError) as caught:
        unseal_wish(bytes(message), KEYS)
    assert caught.value.reason is Reason.BAD_SIGNATURE
    with pytest.raises(RefusalError) as caught:
        unseal_wish(seal_wish(WISH, w.signer("another camera")), KEYS)
    assert caught.value.reason is Reason.UNKNOWN_KEY


def test_a_signature_made_for_a_record_is_no_wish() -> None:
    payload = cose.unverified_payload(seal_wish(WISH, w.DEVICE_SIGNER), max_bytes=512)
    message = cose.sign1(payload, w.DEVICE_SIGNER, cose.Domain.RECORD)
    with pytest.raises(RefusalError) as caught:
        unseal_wish(message, KEYS)
    assert caught.value.reason is Reason.BAD_SIGNATURE
