"""Damage to a ledger file: what a power cut can do, and what only a hand can."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewkeeper.agent.core.ledger.entries import (
    GENESIS,
    MAX_RECORD_BYTES,
    Entry,
    EntryKind,
    record_hash,
)
from viewkeeper.agent.core.ledger.frames import Damage, frame, scan
from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import RefusalError


def records(count, previous=GENESIS, first=0):
    made = []
    for index in range(first, first + count):
        entry = Entry(index, 1000 + index, EntryKind.NOTE, {"text": "x" * index}, previous)
        made.append(entry.encode())
        previous = record_hash(made[-1])
    return made


GOOD = records(6)
FILE = b"".join(frame(record) for record in GOOD)
STARTS = [sum(len(frame(record)) for record in GOOD[:n]) for n in range(7)]


def test_a_whole_file_reads():
    found = scan(FILE)
    assert (found.damage, found.records, found.good_bytes) == (Damage.NONE, tuple(GOOD), len(FILE))
    assert [entry.index for entry in found.entries()] == list(range(6))
    assert scan(b"").damage is Damage.NONE


@pytest.mark.parametrize("cut", range(1, len(frame(GOOD[5]))))
def test_a_write_cut_short_anywhere_is_a_torn_tail(cut):
    found = scan(FILE[: STARTS[5] + cut])
    assert (found.damage, len(found.records)) == (Damage.TORN_TAIL, 5)
    assert found.good_bytes == STARTS[5]


@pytest.mark.parametrize("length", [1, 7, 8, 100, 4096])
def test_pages_the_disk_never_filled_are_a_torn_tail(length):
    assert scan(FILE + bytes(length)).damage is Damage.TORN_TAIL


@given(st.integers(0, STARTS[5] * 8 - 1))
@settings(max_examples=300)
def test_any_bit_flipped_before_the_last_entry_is_tampering(bit):
    data = bytearray(FILE)
    data[bit // 8] ^= 1 << (bit % 8)
    found = scan(bytes(data))
    assert found.damage is Damage.TAMPERED
    assert "entry" in found.detail or "entries" in found.detail


def test_an_entry_changed_with_its_checksum_mended_is_tampering():
    forged = Entry(2, 5, EntryKind.NOTE, {"text": "nothing happened"}, record_hash(GOOD[1]))
    data = b"".join(frame(record) for record in [*GOOD[:2], forged.encode(), *GOOD[3:]])
    found = scan(data)
    assert (found.damage, len(found.records)) == (Damage.TAMPERED, 3)
    assert "entry 3 does not follow" in found.detail


def test_an_entry_taken_out_put_in_or_swapped_is_tampering():
    for shuffled in (
        [*GOOD[:2], *GOOD[3:]],
        [*GOOD[:2], GOOD[3], GOOD[2], *GOOD[4:]],
        [*GOOD[:3], GOOD[2], *GOOD[3:]],
        GOOD[1:],
    ):
        assert scan(b"".join(map(frame, shuffled))).damage is Damage.TAMPERED


def test_more_broken_bytes_than_one_write_are_tampering():
    noise = b"\xff" * (MAX_RECORD_BYTES + 9)
    assert scan(FILE + noise).damage is Damage.TAMPERED


def test_a_later_segment_joins_the_one_before():
    more = b"".join(map(frame, records(2, record_hash(GOOD[-1]), 6)))
    assert scan(more, first_index=6, previous=record_hash(GOOD[-1])).damage is Damage.NONE
    assert scan(more).damage is Damage.TAMPERED


@given(st.binary(max_size=400))
def test_scanning_never_raises(data):
    scan(data)
    scan(FILE + data)


@given(st.binary(max_size=120))
def test_decoding_any_record_refuses_or_round_trips(data):
    try:
        entry = Entry.decode(data)
    except RefusalError:
        return
    assert entry.encode() == data


@pytest.mark.parametrize(
    "value",
    [
        [],
        {1: 0, 2: 0, 3: "note", 4: {}},
        {1: 0, 2: 0, 3: "note", 4: {}, 5: bytes(32), 6: 0},
        {1: -1, 2: 0, 3: "note", 4: {}, 5: bytes(32)},
        {1: True, 2: 0, 3: "note", 4: {}, 5: bytes(32)},
        {1: 0, 2: 2**60, 3: "note", 4: {}, 5: bytes(32)},
        {1: 0, 2: 0, 3: "nothing", 4: {}, 5: bytes(32)},
        {1: 0, 2: 0, 3: "note", 4: {1: 2}, 5: bytes(32)},
        {1: 0, 2: 0, 3: "note", 4: [], 5: bytes(32)},
        {1: 0, 2: 0, 3: "note", 4: {}, 5: bytes(31)},
    ],
)
def test_a_record_of_another_shape_is_refused(value):
    with pytest.raises(RefusalError):
        Entry.decode(cbor.encode(value))


@pytest.mark.parametrize("size", [0, MAX_RECORD_BYTES + 1])
def test_a_record_has_a_size(size):
    with pytest.raises(ValueError, match="a record is"):
        frame(bytes(size))
