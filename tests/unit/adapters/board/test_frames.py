"""Frames of the serial line, beside the device's own, which runs under CPython as well."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from device.net import line as device_line
from viewkeeper.agent.adapters.board.frames import MAX_CODED, MAX_PAYLOAD, Frame, Splitter, decode

THEIRS: Any = device_line
frames = st.builds(
    Frame,
    st.integers(0, 255),
    st.integers(0, 255),
    st.binary(max_size=MAX_PAYLOAD) | st.binary(max_size=MAX_PAYLOAD).map(lambda b: bytes(len(b))),
)


@given(frames)
def test_a_frame_comes_back_and_holds_no_zero_but_its_end(frame: Frame) -> None:
    coded = frame.encode()
    assert coded.index(0) == len(coded) - 1 <= MAX_CODED
    assert decode(coded[:-1]) == frame


@given(frames)
def test_the_device_writes_the_same_bytes_and_reads_ours(frame: Frame) -> None:
    coded = frame.encode()
    assert bytes(THEIRS.encode(frame.kind, frame.number, frame.payload)) == coded
    assert THEIRS.decode(coded[:-1]) == (frame.kind, frame.number, frame.payload)


@given(frames, st.data())
def test_a_turned_bit_is_seen_on_both_sides(frame: Frame, data: st.DataObject) -> None:
    coded = bytearray(frame.encode()[:-1])
    at = data.draw(st.integers(0, len(coded) - 1))
    coded[at] ^= 1 << data.draw(st.integers(0, 7))
    assert decode(bytes(coded)) is None
    assert THEIRS.decode(bytes(coded)) is None


@given(st.binary(max_size=600))
def test_noise_is_never_an_error(noise: bytes) -> None:
    assert decode(noise) is None or Splitter().feed(noise + b"\0")
    THEIRS.decode(noise)


def test_a_row_of_bytes_that_never_ends_is_dropped_and_the_next_frame_is_found() -> None:
    splitter = Splitter()
    assert list(splitter.feed(b"\x07" * 5000)) == []
    frame = Frame(ord("R"), 3, b"felt")
    assert list(splitter.feed(b"\0" + frame.encode())) == [frame]
    assert splitter.damaged == 1
