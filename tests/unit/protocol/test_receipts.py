"""Receipts name records; nothing else is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import RefusalError
from viewkeeper.protocol.receipts import MAX_RECEIPT_BYTES, places_of, receipts

places = st.tuples(st.binary(min_size=8, max_size=8), st.integers(0, 2**53))


@given(st.lists(places, max_size=600, unique=True))
def test_every_place_is_named_once_in_messages_that_are_read(given_places: list[tuple[bytes, int]]):
    messages = list(receipts(given_places))
    assert all(len(message) <= MAX_RECEIPT_BYTES for message in messages)
    named = [place for message in messages for place in places_of(message)]
    assert sorted(named) == sorted(given_places)


@pytest.mark.parametrize(
    "message",
    [b"", b"online", cbor.encode({1: []}), cbor.encode({1: [{1: b"short", 2: [1]}]}), bytes(5000)],
)
def test_other_bytes_are_no_receipt(message: bytes):
    with pytest.raises(RefusalError):
        places_of(message)
