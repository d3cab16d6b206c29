"""Stop and wait over a bad wire: everything once, in order, whatever is lost."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from viewkeeper.agent.adapters.board.delivery import RESEND_MOST_S, Delivery
from viewkeeper.agent.adapters.board.frames import Frame, FrameKind, Splitter


class End:
    """One end, and what it heard."""

    def __init__(self, session: bytes) -> None:
        self.heard: list[bytes] = []
        self.starts, self.room = 0, True
        self.splitter = Splitter()
        self.delivery = Delivery(session, self._take, self._begin)

    def _take(self, frame: Frame) -> bool:
        if self.room:
            self.heard.append(frame.payload)
        return self.room

    def _begin(self) -> None:
        self.starts += 1


def carried(data: bytes, chance: random.Random, loss: float) -> bytes:
    if not data or chance.random() >= loss:
        return data
    if chance.random() < 0.5:
        return b""
    at = chance.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 0x20,)) + data[at + 1 :]


def run(ends: tuple[End, End], chance: random.Random, loss: float, turns: int = 20_000) -> None:
    now_s = 0.0
    for _ in range(turns):
        if not any(len(end.delivery) for end in ends):
            return
        for end, other in (ends, ends[::-1]):
            coming = carried(end.delivery.due(now_s), chance, loss)
            for frame in other.splitter.feed(coming):
                answer = carried(other.delivery.take(frame), chance, loss)
                for back in end.splitter.feed(answer):
                    end.delivery.take(back)
        now_s += 0.25
    raise AssertionError("it did not come to rest")


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 0.4]), st.integers(0, 80))
def test_everything_arrives_once_and_in_order(seed: int, loss: float, count: int) -> None:
    chance = random.Random(seed)
    one, two = End(b"1111"), End(b"2222")
    said = [number.to_bytes(3, "big") for number in range(count)]
    for payload in said:
        one.delivery.put(FrameKind.DATA, payload)
    two.delivery.put(FrameKind.READING, b"felt")
    run((one, two), chance, loss)
    assert (two.heard, one.heard) == (said, [b"felt"])
    assert (one.starts, two.starts) == (1, 1)


def test_who_begins_anew_is_heard_whatever_number_the_last_frame_had() -> None:
    chance = random.Random(5)
    one, two = End(b"1111"), End(b"2222")
    for _ in range(3):
        one.delivery.put(FrameKind.DATA, b"before")
    run((one, two), chance, 0.0)
    again = End(b"3333")
    for _ in range(3):
        again.delivery.put(FrameKind.DATA, b"after")
    run((again, two), chance, 0.0)
    assert two.heard == [b"before"] * 3 + [b"after"] * 3
    assert two.starts == 2


def test_what_there_is_no_room_for_comes_again_and_nothing_after_it_overtakes() -> None:
    one, two = End(b"1111"), End(b"2222")
    run((one, two), random.Random(1), 0.0)
    two.room = False
    one.delivery.put(FrameKind.DATA, b"first")
    one.delivery.put(FrameKind.DATA, b"second")
    for frame in two.splitter.feed(one.delivery.due(0.0)):
        assert two.delivery.take(frame) == b""
    assert one.delivery.due(0.1) == b""
    two.room = True
    for frame in two.splitter.feed(one.delivery.due(RESEND_MOST_S)):
        one.delivery.take(Frame(FrameKind.ACK, frame.number))
        two.delivery.take(frame)
    assert two.heard == [b"first"]
