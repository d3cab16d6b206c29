"""What goes out next, and what an acknowledgement means. Knows no socket and no thread of its own.

Two kinds of things leave a camera:

- *standing* payloads, retained: only the newest of a topic matters; renewed on every
  connection, since the broker may have lost them
- *rows* of the outbox, each of which matters: on their own topic while the connection they were
  made in lives, afterwards on ``history``, in order and at a limited rate

An alarm or a configuration's verdict is both: a row, and what stands on its topic.

A broker writes its memory some time after it has acknowledged, and is killed or loses its power in
between: a row whose acknowledgement is younger than ``settle_s`` when the connection breaks is sent
once more, by ``history``; receivers drop what they have. Twice acknowledged is done: where no
connection lasts, each row goes twice and not for ever.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from viewkeeper.agent.adapters.link.messages import Lost, Outgoing
from viewkeeper.agent.adapters.link.outbox import Outbox
from viewkeeper.agent.adapters.link.rows import Row, add_loss, identity_of

HISTORY_PAGE_ROWS = 64


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands, or shall stand, on a retained topic.

    Attributes:
        row: number of the outbox row with the same payload; 0 where there is none.
        held: whether it must outlive this process.
        delivered: whether a broker ever acknowledged it, in whichever connection.
    """

    message: Outgoing
    version: int
    sent: int = 0
    acknowledged: int = 0
    row: int = 0
    held: bool = False
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A publication to make now, and whose acknowledgement it will be."""

    message: Outgoing
    standing: tuple[str, int] | None = None  # topic, version
    row: int = 0


class Sender:
    """Chooses the next publication. Thread-safe.

    Args:
        outbox: where rows wait.
        history_topic: where rows of earlier connections go.
        dress: turns (topic, payload, retain) into a publication with its properties.
        history_rate_hz: rows a second on ``history`` at most.
        settle_s: how long an acknowledged row is kept.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        outbox: Outbox,
        history_topic: str,
        dress: Callable[[str, bytes, bool], Outgoing],
        *,
        history_rate_hz: float,
        clock: Callable[[], float],
        settle_s: float = 0.0,
    ) -> None:
        self._outbox, self._history_topic, self._dress = outbox, history_topic, dress
        self._period_s, self._clock = 1.0 / history_rate_hz, clock
        self._settle_s = settle_s
        self._settling: deque[tuple[float, int]] = deque()  # acknowledged when, row
        self._doubted: set[int] = set()  # rows acknowledged in an earlier connection only
        self._lock = threading.Lock()
        self._version = 0
        self._standing: dict[str, Standing] = {}
        self._correlation: dict[int, bytes] = {}
        self._superseded: dict[bytes, Lost] = {}
        self._in_flight: dict[int, tuple[float, Job]] = {}
        self._live_after = outbox.last_number
        self._history_after, self._history_until = 0, 0
        self._page: list[Row] = []
        self._next_history_s = 0.0
        for topic, payload in outbox.kept.items():
            self._put(topic, payload, held=True)

    # from any thread

    def stand(self, topic: str, payload: bytes, *, numbered: bool = False) -> None:
        """Let ``payload`` stand on a topic as long as this process lives.

        ``numbered``: it is a sealed record, and what it replaces has a place in the row.
        """
        with self._lock:
            before = self._standing.get(topic)
            if numbered and before is not None and not before.delivered:
                identity = identity_of(before.message.payload)
                if identity is not None:
                    add_loss(self._superseded, identity)
            self._put(topic, payload)

    def post(
        self, topic: str, payload: bytes, *, stands: bool = False, correlation: bytes | None = None
    ) -> None:
        """Send a record that matters; ``stands``: and let it stand on its topic for good."""
        with self._lock:
            number = self._outbox.add(topic, payload, retain=stands)
            if correlation is not None:
                self._correlation[number] = correlation
            if stands:
                self._outbox.keep(topic, payload)
                self._put(topic, payload, held=True, row=number)

    def post_gap(self, payload: bytes) -> None:
        """Send word of a loss; nothing is dropped to make room for it."""
        self._outbox.add(self._history_topic, payload, unbounded=True)

    def take_superseded(self) -> tuple[Lost, ...]:
        """Records replaced before a broker acknowledged them, a boot at a time; once."""
        with self._lock:
            taken, self._superseded = self._superseded, {}
        return tuple(replace(one, count=0, superseded=one.count) for one in taken.values())

    def clear(self, topic: str) -> None:
        """Take away what stands on a topic, also from the broker."""
        with self._lock:
            self._outbox.keep(topic, b"")
            self._put(topic, b"", held=True)

    def _put(self, topic: str, payload: bytes, *, held: bool = False, row: int = 0) -> None:
        self._version += 1
        message = self._dress(topic, payload, True)
        before = self._standing.get(topic)
        sent, acknowledged = (before.sent, before.acknowledged) if before else (0, 0)
        self._standing[topic] = Standing(message, self._version, sent, acknowledged, row, held)

    def standing(self, prefix: str) -> tuple[str, ...]:
        """Topics below a prefix on which something stands."""
        with self._lock:
            return tuple(
                topic
                for topic, item in self._standing.items()
                if topic.startswith(prefix) and item.message.payload
            )

    # from the link's thread

    def begin(self) -> None:
        """A new connection: everything that stands goes out again, older rows by ``history``."""
        with self._lock:
            self._in_flight.clear()
            doubted = self._doubted | {number for _, number in self._settling}
            self._doubted = {number for number in doubted if self._outbox.holds(number)}
            self._settling.clear()
            self._correlation.clear()
            self._live_after = self._history_until = self._outbox.last_number
            self._history_after, self._page = 0, []
            self._standing = {
                topic: replace(item, sent=0, acknowledged=0)
                for topic, item in self._standing.items()
            }

    def next(self, *, history: bool = True) -> Job | None:
        """The next publication, or ``None`` while there is nothing that may go now."""
        job = self._next_live() or self._next_standing()
        return job or (self._next_history() if history else None)

    def _next_live(self) -> Job | None:
        rows = self._outbox.rows_after(self._live_after, 1)
        if not rows:
            return None
        row = rows[0]
        self._live_after = row.number
        with self._lock:  # post() holds it until all that belongs to the row is in place
            message = self._dress(row.topic, row.payload, row.retain)
            correlation = self._correlation.pop(row.number, None)
            if correlation is not None:
                message = replace(message, correlation_data=correlation)
            item = self._standing.get(row.topic)
            standing = None
            if row.retain and item is not None and item.row == row.number:
                standing = (row.topic, item.version)
                self._standing[row.topic] = replace(item, sent=item.version)
        return Job(message, standing, row.number)

    def _next_standing(self) -> Job | None:
        with self._lock:
            for topic, item in self._standing.items():
                # One of a topic at a time: on a slow link the newest overtakes the others.
                if item.sent == item.acknowledged and item.sent != item.version:
                    self._standing[topic] = replace(item, sent=item.version)
                    return Job(item.message, (topic, item.version))
        return None

    def _next_history(self) -> Job | None:
        if self._clock() < self._next_history_s:
            return None
        if not self._page:
            page = self._outbox.rows_after(self._history_after, HISTORY_PAGE_ROWS)
            self._page = [row for row in page if row.number <= self._history_until]
        if not self._page:
            return None
        row = self._page.pop(0)
        self._history_after = row.number
        self._next_history_s = self._clock() + self._period_s
        return Job(self._dress(self._history_topic, row.payload, False), None, row.number)

    def history_in_s(self) -> float | None:
        """Seconds until a row may go by ``history``; ``None`` where none waits."""
        if not self._page and not self._history_left():
            return None
        return max(0.0, self._next_history_s - self._clock())

    def _history_left(self) -> bool:
        following = self._outbox.number_after(self._history_after)
        return following is not None and following <= self._history_until

    def in_flight(self) -> int:
        """Publications that wait for their acknowledgement."""
        return len(self._in_flight)

    def sent(self, packet_id: int, job: Job) -> None:
        """A publication was handed to the socket under this packet id."""
        self._in_flight[packet_id] = (self._clock(), job)

    def oldest_age_s(self) -> float:
        """How long the oldest publication has waited for its acknowledgement."""
        first = next(iter(self._in_flight.values()), None)
        return 0.0 if first is None else self._clock() - first[0]

    def acknowledged(self, packet_id: int, *, refused: bool) -> Job | None:
        """The broker answered. A refused row goes on waiting, for a later connection."""
        _, job = self._in_flight.pop(packet_id, (0.0, None))
        if job is None:
            return None
        if job.row and not refused:
            if job.row in self._doubted:
                self._doubted.discard(job.row)
                self._outbox.done(job.row)
            else:
                self._settling.append((self._clock(), job.row))
                self.settle()
        if job.standing is not None:
            self._settle(*job.standing, refused=refused)
        return job

    def settle(self) -> None:
        """Forget rows that were acknowledged long enough ago."""
        before_s = self._clock() - self._settle_s
        while self._settling and self._settling[0][0] <= before_s:
            self._outbox.done(self._settling.popleft()[1])

    def unacknowledged(self) -> int:
        """Rows that the broker has not acknowledged in this connection or before."""
        return self._outbox.waiting - len(self._settling)

    def _settle(self, topic: str, version: int, *, refused: bool) -> None:
        with self._lock:
            item = self._standing.get(topic)
            if item is None or version <= item.acknowledged:
                return
            cleared = not item.message.payload and version == item.version and not refused
            if cleared:
                del self._standing[topic]
                if item.held:
                    self._outbox.keep(topic, None)
            else:
                self._standing[topic] = replace(
                    item,
                    acknowledged=version,
                    sent=max(item.sent, version),
                    delivered=item.delivered or (version == item.version and not refused),
                )
