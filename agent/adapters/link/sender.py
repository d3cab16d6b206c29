"""What goes out next, and what an acknowledgement means. Knows no socket and no thread of its own.

Two kinds of things leave a camera:

- *standing* payloads, retained: only the newest of a topic matters; renewed on every
  connection, since the broker may have lost them
- *rows* of the outbox, each of which matters: on their own topic while the connection they were
  made in lives, afterwards on ``history``, in order and at a limited rate

An alarm or a configuration's verdict is both: a row, and what stands on its topic.

What a broker has acknowledged is not kept yet: such a row is held and sent again, by ``history``,
as ``unconfirmed.py`` says, until a recorder's receipt names it; receivers drop what they have.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from viewkeeper.agent.adapters.link.history import History
from viewkeeper.agent.adapters.link.messages import Lost, Outgoing
from viewkeeper.agent.adapters.link.outbox import Outbox
from viewkeeper.agent.adapters.link.rows import add_loss, identity_of
from viewkeeper.agent.adapters.link.unconfirmed import Unconfirmed
from viewkeeper.protocol.receipts import Place


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
        clock: seconds, monotonic.
        hold_s: how long an acknowledged row is held for a recorder's receipt; 0: not at all.
        resend_s: how long a receipt may take before the row is sent again.
        tells: whether a row that no receipt came for is a loss to tell.
    """

    def __init__(
        self,
        outbox: Outbox,
        history_topic: str,
        dress: Callable[[str, bytes, bool], Outgoing],
        *,
        history_rate_hz: float,
        clock: Callable[[], float],
        hold_s: float = 0.0,
        resend_s: float = 300.0,
        tells: bool = False,
    ) -> None:
        self._outbox, self._history_topic, self._dress = outbox, history_topic, dress
        self._clock = clock
        self._unconfirmed = Unconfirmed(hold_s, resend_s)
        self._history = History(outbox, self._unconfirmed, history_rate_hz, clock)
        self._tells = tells
        self._lock = threading.Lock()
        self._version = 0
        self._standing: dict[str, Standing] = {}
        self._correlation: dict[int, bytes] = {}
        self._superseded: dict[bytes, Lost] = {}
        self._let_go: dict[bytes, Lost] = {}
        self._in_flight: dict[int, tuple[float, Job]] = {}
        self._live_after = outbox.last_number
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
            self._correlation.clear()
            self._live_after = self._outbox.last_number
            self._history.begin(self._live_after)
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
        if not self._outbox.may_go(row.number):
            return None  # the card does not have it yet, and those after it not either
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
        row = self._history.next()
        if row is None:
            return None
        return Job(self._dress(self._history_topic, row.payload, False), None, row.number)

    def history_in_s(self) -> float | None:
        """Seconds until a row may go by ``history``; ``None`` where none waits."""
        return self._history.due_in_s()

    def in_flight(self) -> int:
        """Publications that wait for their acknowledgement."""
        return len(self._in_flight)

    def sent(self, packet_id: int, job: Job) -> None:
        """A publication was handed to the socket under this packet id."""
        self._in_flight[packet_id] = (self._clock(), job)
        if job.row:
            self._unconfirmed.expect(job.row, identity_of(job.message.payload))

    def oldest_age_s(self) -> float:
        """How long the oldest publication has waited for its acknowledgement."""
        first = next(iter(self._in_flight.values()), None)
        return 0.0 if first is None else self._clock() - first[0]

    def acknowledged(self, packet_id: int, *, refused: bool) -> Job | None:
        """The broker answered. A refused row goes on waiting, for a later connection."""
        _, job = self._in_flight.pop(packet_id, (0.0, None))
        if job is None:
            return None
        if job.row and not refused and self._outbox.holds(job.row):
            place = identity_of(job.message.payload)
            if not self._unconfirmed.acknowledged(job.row, place, self._clock()):
                self._outbox.done(job.row)
        if job.standing is not None:
            self._settle(*job.standing, refused=refused)
        return job

    def confirmed(self, place: Place) -> None:
        """A recorder has a record on its disk."""
        number = self._unconfirmed.confirmed(place, self._clock())
        if number is not None:
            self._outbox.done(number)

    def let_go(self) -> tuple[Lost, ...]:
        """Let go of rows that no receipt came for in all the time set; what to tell of them."""
        for number, place in self._unconfirmed.expired(self._clock()):
            self._outbox.done(number)
            if self._tells:
                add_loss(self._let_go, place)
        taken, self._let_go = self._let_go, {}
        return tuple(replace(one, count=0, unconfirmed=one.count) for one in taken.values())

    def unacknowledged(self) -> int:
        """Rows that no broker has acknowledged yet."""
        return max(0, self._outbox.waiting - len(self._unconfirmed))

    def unconfirmed(self) -> int:
        """Rows that a broker has acknowledged and no recorder has confirmed yet."""
        return len(self._unconfirmed)

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
