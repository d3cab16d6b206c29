"""What of the outbox is in memory: which rows wait, where each is, what the card has still to take.

Bookkeeping alone: no lock and no file; ``Outbox`` has both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from viewkeeper.agent.adapters.link.messages import Lost
from viewkeeper.agent.adapters.link.outbox_file import Contents
from viewkeeper.agent.adapters.link.rows import OutboxCounts, Row, add_loss, identity_of


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction is to write. ``losses``: ``None`` leaves those on the card."""

    rows: list[Row]
    gone: list[int]
    kept: dict[str, bytes | None]
    losses: list[Lost] | None

    @property
    def size(self) -> int:
        """Payload bytes in it."""
        kept = sum(len(payload) for payload in self.kept.values() if payload is not None)
        return kept + sum(len(row.payload) for row in self.rows)


class Backlog:
    """Rows in order of their coming, bounded; and the retained payloads that must outlive us.

    Args:
        contents: what the card held at the start.
        most_rows, most_bytes: bounds over rows and the sum of their payloads.

    Attributes:
        evicted: rows dropped for want of room, by number; ``None``: it is on the card.
        kept: topic to the retained payload that must outlive us.
        stale_since_s: since when the card holds rows that are done.
    """

    def __init__(self, contents: Contents, most_rows: int, most_bytes: int) -> None:
        self._most_rows, self._most_bytes = most_rows, most_bytes
        self._sizes = dict(contents.sizes)  # every row that waits, oldest first
        self._bytes = sum(self._sizes.values())
        self._fresh: dict[int, tuple[float, Row]] = {}  # not on the card yet
        self._gone: set[int] = set()  # on the card, not waiting any more
        self.evicted: list[tuple[int, Row | None]] = []
        self.kept = dict(contents.kept)
        self._kept_on_card = set(contents.kept)
        self._unkept: dict[str, float] = {}  # topics whose kept payload the card does not have
        self._losses = {loss.boot: loss for loss in contents.losses}
        self._losses_dirty = False
        self.stale_since_s: float | None = None
        self.counts = OutboxCounts()
        self.last_number = max(self._sizes, default=0)

    def __len__(self) -> int:
        return len(self._sizes)

    def __contains__(self, number: int) -> bool:
        return number in self._sizes

    def add(self, topic: str, payload: bytes, now_s: float, *, retain: bool, bounded: bool) -> int:
        """Take a row in; ``bounded``: and drop the oldest where there is no room for it."""
        self.last_number += 1
        row = Row(self.last_number, topic, payload, retain)
        self._sizes[row.number] = len(payload)
        self._bytes += len(payload)
        self._fresh[row.number] = (now_s, row)
        while bounded and (
            len(self._sizes) > self._most_rows
            or (self._bytes > self._most_bytes and len(self._sizes) > 1)
        ):
            self._evict_oldest(now_s)
        return row.number

    def _evict_oldest(self, now_s: float) -> None:
        number = next(iter(self._sizes))
        self._bytes -= self._sizes.pop(number)
        _, row = self._fresh.pop(number, (0.0, None))
        if row is None:
            self._forget(number, now_s)
        self.evicted.append((number, row))
        self.counts = self.counts.plus(lost=1)

    def done(self, number: int, now_s: float) -> None:
        """A row waits no more."""
        size = self._sizes.pop(number, None)
        if size is None:
            return
        self._bytes -= size
        if self._fresh.pop(number, None) is None:
            self._forget(number, now_s)

    def _forget(self, number: int, now_s: float) -> None:
        """A row that is on the card does not wait any more."""
        self._gone.add(number)
        if self.stale_since_s is None:
            self.stale_since_s = now_s

    def keep(self, topic: str, payload: bytes | None, now_s: float) -> None:
        """Remember the payload that stands retained on a topic; ``None`` forgets it."""
        if payload is None:
            self.kept.pop(topic, None)
            if topic not in self._kept_on_card:
                self._unkept.pop(topic, None)  # it came and went without touching the card
                return
        else:
            self.kept[topic] = payload
        self._unkept.setdefault(topic, now_s)

    def numbers_after(self, number: int) -> Iterator[int]:
        """Waiting rows above a number; those below may be many and are not looked at."""
        first = next(iter(self._sizes), self.last_number + 1)
        return (
            key for key in range(max(number + 1, first), self.last_number + 1) if key in self._sizes
        )

    def fresh(self, number: int) -> Row | None:
        """A row that is not on the card yet."""
        entry = self._fresh.get(number)
        return None if entry is None else entry[1]

    def made_s(self, number: int) -> float | None:
        """When a row came that is not on the card yet."""
        entry = self._fresh.get(number)
        return None if entry is None else entry[0]

    @property
    def has_fresh(self) -> bool:
        """Whether a row waits for the card."""
        return bool(self._fresh)

    @property
    def unkept_since_s(self) -> float | None:
        """Since when the card lacks something that stands."""
        return min(self._unkept.values(), default=None)

    # what the card is to take, and what it has taken

    def batch(self) -> Batch | None:
        """All that the card does not have; ``None``: nothing."""
        kept = {topic: self.kept.get(topic) for topic in self._unkept}
        losses = list(self._losses.values()) if self._losses_dirty else None
        rows = [row for _, row in self._fresh.values()]
        if not (rows or kept or self._gone or losses is not None):
            return None
        return Batch(rows, list(self._gone), kept, losses)

    def written(self, batch: Batch, now_s: float) -> None:
        """The card has it; what changed meanwhile is still to be written."""
        for row in batch.rows:
            if self._fresh.pop(row.number, None) is None:
                self._forget(row.number, now_s)  # done while it was being written
        self._gone.difference_update(batch.gone)
        self.stale_since_s = now_s if self._gone else None
        for topic, payload in batch.kept.items():
            if payload is None:
                self._kept_on_card.discard(topic)
            else:
                self._kept_on_card.add(topic)
            if self.kept.get(topic) == payload:
                self._unkept.pop(topic, None)
            else:  # it changed while it was being written
                self._unkept.setdefault(topic, now_s)
        self._losses_dirty = False
        self.counts = self.counts.plus(written_bytes=batch.size)

    def add_losses(self, rows: list[Row | None]) -> None:
        """Rows were lost: state which, where they can be read."""
        for row in rows:
            add_loss(self._losses, identity_of(row.payload) if row is not None else None)
        self._losses_dirty = True

    def take_losses(self, now_s: float) -> tuple[Lost, ...]:
        """From now on the caller's to tell."""
        losses = tuple(self._losses.values())
        self._losses = {}
        if losses:
            self._losses_dirty = True
            if self.stale_since_s is None:
                self.stale_since_s = now_s
        return losses

    def start_anew(self, now_s: float) -> None:
        """The card's file is beyond reading: what only it had is lost, the rest is written."""
        vanished = [key for key in self._sizes if key not in self._fresh]
        for number in vanished:
            self._bytes -= self._sizes.pop(number)
        self.add_losses([None] * len(vanished))
        self._gone = set()
        self._kept_on_card = set()
        self._unkept = dict.fromkeys(self.kept, now_s)
        self.counts = self.counts.plus(lost=len(vanished), write_failures=1)
