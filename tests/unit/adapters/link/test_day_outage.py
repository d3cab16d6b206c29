"""A day without a network, by a clock of the test's own: all of it comes afterwards, in order."""

from __future__ import annotations

from pathlib import Path

from tests.unit.adapters.link.sealed import sealed
from viewkeeper.agent.adapters.link.messages import dress
from viewkeeper.agent.adapters.link.outbox import Outbox
from viewkeeper.agent.adapters.link.sender import Sender
from viewkeeper.agent.adapters.link.settings import LinkSettings
from viewkeeper.protocol.topics import Topics

MINE = Topics("s1", "c1")
DAY_S, EVERY_S = 86_400, 120
DEFAULTS = LinkSettings(host="broker", port=1883, site="s1", camera="c1")


class Clock:
    """Seconds, turned by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def opened(path: Path, clock: Clock) -> tuple[Outbox, Sender]:
    outbox = Outbox(
        path,
        most_rows=DEFAULTS.outbox_rows,
        most_bytes=DEFAULTS.outbox_bytes,
        linger_s=DEFAULTS.linger_s,
        clock=clock,
    )
    sender = Sender(
        outbox,
        MINE.history,
        dress(MINE, 60, 600),
        history_rate_hz=DEFAULTS.history_rate_hz,
        clock=clock,
    )
    return outbox, sender


def test_a_days_records_wait_on_the_card_and_are_replayed_in_order_at_the_rate_set(tmp_path: Path):
    clock, path = Clock(), tmp_path / "outbox.sqlite"
    outbox, sender = opened(path, clock)
    made: list[bytes] = []
    for second in range(0, DAY_S, EVERY_S):
        clock.now_s = float(second)
        made.append(sealed(len(made) + 1))
        sender.post(MINE.event("camera_covered"), made[-1])
        if outbox.due_in_s() == 0.0:
            outbox.flush()
        if second == DAY_S // 2:  # and a restart at noon
            outbox.close()
            outbox, sender = opened(path, clock)
    outbox.close()
    outbox, sender = opened(path, clock)
    assert outbox.waiting == len(made) == DAY_S // EVERY_S
    assert outbox.counts.lost == 0

    sender.begin()  # the network is back
    began_s, heard, packet_id = clock.now_s, [], 0
    while outbox.waiting:
        job = sender.next()
        if job is None:
            clock.now_s += sender.history_in_s() or 0.001
            continue
        assert job.message.topic == MINE.history
        assert not job.message.retain
        heard.append(job.message.payload)
        packet_id += 1
        sender.sent(packet_id, job)
        sender.acknowledged(packet_id, refused=False)
        allowed = 1 + DEFAULTS.history_rate_hz * (clock.now_s - began_s)
        assert len(heard) <= allowed + 1e-6
    assert heard == made
    outbox.close()


def test_what_happens_now_does_not_wait_behind_a_days_history(tmp_path: Path):
    clock = Clock()
    outbox, sender = opened(tmp_path / "outbox.sqlite", clock)
    for number in range(1, 101):
        sender.post(MINE.event("camera_covered"), sealed(number))
    sender.begin()
    sender.next()
    sender.post(MINE.event("camera_struck"), sealed(101))
    outbox.flush()
    job = sender.next()
    assert job is not None
    assert job.message.topic == MINE.event("camera_struck")
    outbox.close()
