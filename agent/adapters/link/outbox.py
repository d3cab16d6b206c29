"""The outbox: records that wait for the broker's word that it has them.

Rule 1: ``add``, ``done`` and ``keep`` never touch the card; ``flush`` does, on its own thread.
Rule 2: a row is forgotten only after ``done`` or because the outbox is full, and then the loss
is counted until somebody has taken it over into a Gap record.
Rule 3: an SD card wears by what is written. A record that is done within ``linger_s`` is never
written; the others are written many to a transaction. When one is done the sender says: for some
time after its acknowledgement it is not (``settle_s``).

A power cut loses at most what is younger than ``linger_s`` and not done, and may bring
back rows that were done: receivers drop duplicates by (device, boot, sequence).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from viewkeeper.agent.adapters.link.messages import Lost
from viewkeeper.agent.adapters.link.outbox_file import FileDamaged, FileFailed, OutboxFile
from viewkeeper.agent.adapters.link.rows import OutboxCounts, Row, add_loss, identity_of

log = logging.getLogger(__name__)

STALE_FOR = 10
"""Rows that are done stay on the card for this many times ``linger_s`` at most."""


class Outbox:
    """Rows in order of their coming, bounded; and the retained payloads that must outlive us.

    Args:
        path: the SQLite file; ``None``: memory only.
        most_rows, most_bytes: bounds over rows and the sum of their payloads.
        linger_s: how long a row may wait in memory for its acknowledgement.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        most_rows: int,
        most_bytes: int,
        linger_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._most_rows, self._most_bytes = most_rows, most_bytes
        self._linger_s, self._clock = linger_s, clock
        self._memory = threading.Lock()  # short: only dictionaries behind it
        self._disk = threading.Lock()  # long: the card behind it
        self._sizes: dict[int, int] = {}  # every row that waits, oldest first
        self._bytes = 0
        self._fresh: dict[int, tuple[float, Row]] = {}  # not on the card yet
        self._gone: set[int] = set()  # on the card, not waiting any more
        self._evicted: list[tuple[int, Row | None]] = []
        self._kept: dict[str, bytes] = {}
        self._kept_on_card: set[str] = set()
        self._unkept: dict[str, float] = {}  # topics whose kept payload the card does not have
        self._losses: dict[bytes, Lost] = {}
        self._losses_dirty = False
        self._stale_since_s: float | None = None  # since when the card holds rows that are done
        self._counts = OutboxCounts()
        self._file: OutboxFile | None = None
        if path is not None:
            self._file, contents = OutboxFile.open(path)
            self._sizes = dict(contents.sizes)
            self._bytes = sum(self._sizes.values())
            self._kept = dict(contents.kept)
            self._kept_on_card = set(contents.kept)
            self._losses = {loss.boot: loss for loss in contents.losses}
        self._last_id = max(self._sizes, default=0)

    # memory only: for any thread

    def add(
        self, topic: str, payload: bytes, *, retain: bool = False, unbounded: bool = False
    ) -> int:
        """Take a row in; its number, higher than that of every row before it.

        Args:
            unbounded: drop nothing for it: word of a loss must not cause the next.
        """
        with self._memory:
            self._last_id += 1
            row = Row(self._last_id, topic, payload, retain)
            self._sizes[row.number] = len(payload)
            self._bytes += len(payload)
            self._fresh[row.number] = (self._clock(), row)
            while not unbounded and (
                len(self._sizes) > self._most_rows
                or (self._bytes > self._most_bytes and len(self._sizes) > 1)
            ):
                self._evict_oldest()
            return row.number

    def _evict_oldest(self) -> None:
        number = next(iter(self._sizes))
        self._bytes -= self._sizes.pop(number)
        _, row = self._fresh.pop(number, (0.0, None))
        if row is None:
            self._forget(number)
        self._evicted.append((number, row))
        self._counts = self._counts.plus(lost=1)

    def done(self, number: int) -> None:
        """The broker has this row."""
        with self._memory:
            size = self._sizes.pop(number, None)
            if size is None:
                return
            self._bytes -= size
            if self._fresh.pop(number, None) is None:
                self._forget(number)

    def _forget(self, number: int) -> None:
        """A row that is on the card does not wait any more."""
        self._gone.add(number)
        if self._stale_since_s is None:
            self._stale_since_s = self._clock()

    def keep(self, topic: str, payload: bytes | None) -> None:
        """Remember the payload that stands retained on a topic; ``None`` forgets it."""
        with self._memory:
            if payload is None:
                self._kept.pop(topic, None)
                if topic not in self._kept_on_card:
                    self._unkept.pop(topic, None)  # it came and went without touching the card
                    return
            else:
                self._kept[topic] = payload
            self._unkept.setdefault(topic, self._clock())

    @property
    def kept(self) -> dict[str, bytes]:
        """Topic to retained payload; empty where a clearing is not acknowledged yet."""
        with self._memory:
            return dict(self._kept)

    @property
    def waiting(self) -> int:
        """How many rows wait."""
        with self._memory:
            return len(self._sizes)

    @property
    def last_number(self) -> int:
        """The number of the newest row there ever was here; 0 where there was none."""
        with self._memory:
            return self._last_id

    @property
    def counts(self) -> OutboxCounts:
        with self._memory:
            return self._counts

    def number_after(self, number: int) -> int | None:
        """The number of the oldest waiting row above a number; ``None``: there is none."""
        with self._memory:
            return next(self._numbers_after(number), None)

    def _numbers_after(self, number: int) -> Iterator[int]:
        """Waiting rows above a number; those below may be many and are not looked at."""
        first = next(iter(self._sizes), self._last_id + 1)
        return (
            key for key in range(max(number + 1, first), self._last_id + 1) if key in self._sizes
        )

    def holds(self, number: int) -> bool:
        """Whether a row still waits."""
        with self._memory:
            return number in self._sizes

    def due_in_s(self) -> float | None:
        """Seconds until ``flush`` has something to do; ``None`` while it has nothing."""
        with self._memory:
            if self._file is None:
                return 0.0 if self._evicted else None
            if self._evicted:
                return 0.0
            since = [at_s for at_s, _ in self._fresh.values()][:1] + list(self._unkept.values())
            if since:
                return max(0.0, min(since) + self._linger_s - self._clock())
            if self._stale_since_s is None:
                return None
            # Rows that are done may stay on the card for a while: at worst they come twice.
            return max(0.0, self._stale_since_s + STALE_FOR * self._linger_s - self._clock())

    # may wait for the card: not for the agent's check loop

    def rows_after(self, number: int, limit: int) -> list[Row]:
        """The oldest waiting rows above a number, in order, at most ``limit``."""
        with self._disk:
            with self._memory:
                wanted = list(islice(self._numbers_after(number), limit))
                fresh = {key: self._fresh[key][1] for key in wanted if key in self._fresh}
            missing = [key for key in wanted if key not in fresh]
            found = dict(fresh)
            if missing and self._file is not None:
                try:
                    found.update(self._file.read(missing))
                except FileDamaged as error:
                    self._start_anew(error)
                except FileFailed as error:
                    self._failed(error)
            return [found[key] for key in wanted if key in found]

    def flush(self, *, everything: bool = False) -> int:
        """Write what has lingered, and what is done; the payload bytes written.

        Args:
            everything: also what is younger than ``linger_s``.
        """
        with self._disk:
            self._settle_evictions()
            if self._file is None:
                return 0
            with self._memory:
                before = self._clock() - (0.0 if everything else self._linger_s)
                rows = [row for at_s, row in self._fresh.values() if everything or at_s <= before]
                topics = [t for t, at_s in self._unkept.items() if everything or at_s <= before]
                kept = {topic: self._kept.get(topic) for topic in topics}
                gone = list(self._gone)
                losses = list(self._losses.values()) if self._losses_dirty else None
                stale = bool(gone) or losses is not None
            if not (rows or kept or stale):
                return 0
            try:
                self._file.write(rows, gone, kept, losses)
            except FileDamaged as error:
                self._start_anew(error)
                return 0
            except FileFailed as error:
                self._failed(error)
                return 0
            return self._written(rows, gone, kept)

    def _written(self, rows: list[Row], gone: list[int], kept: dict[str, bytes | None]) -> int:
        size = sum(len(row.payload) for row in rows)
        size += sum(len(payload) for payload in kept.values() if payload is not None)
        with self._memory:
            for row in rows:
                if self._fresh.pop(row.number, None) is None:
                    self._forget(row.number)  # done while it was being written
            self._gone.difference_update(gone)
            self._stale_since_s = self._clock() if self._gone else None
            for topic, payload in kept.items():
                if payload is None:
                    self._kept_on_card.discard(topic)
                else:
                    self._kept_on_card.add(topic)
                if self._kept.get(topic) == payload:
                    self._unkept.pop(topic, None)
                else:  # it changed while it was being written
                    self._unkept.setdefault(topic, self._clock())
            self._losses_dirty = False
            self._counts = self._counts.plus(written_bytes=size)
        return size

    def _settle_evictions(self) -> None:
        """Find out whose rows were dropped, so that the loss can be stated exactly."""
        with self._memory:
            evicted, self._evicted = self._evicted, []
        if not evicted:
            return
        found: dict[int, Row] = {}
        stored = [number for number, row in evicted if row is None]
        if stored and self._file is not None:
            try:
                found = self._file.read(stored)
            except (FileDamaged, FileFailed) as error:
                log.warning("outbox: dropped records cannot be read any more: %s", error)
        with self._memory:
            for number, row in evicted:
                present = row if row is not None else found.get(number)
                add_loss(self._losses, identity_of(present.payload) if present else None)
            self._losses_dirty = True

    def take_losses(self) -> tuple[Lost, ...]:
        """What was lost since the last time this was asked; from now on the caller's to tell."""
        with self._disk:
            self._settle_evictions()
        with self._memory:
            losses = tuple(self._losses.values())
            self._losses = {}
            if losses and self._file is not None:
                self._losses_dirty = True
                if self._stale_since_s is None:
                    self._stale_since_s = self._clock()
            return losses

    def close(self) -> None:
        """Write everything that still waits and close the file."""
        self.flush(everything=True)
        with self._disk:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _start_anew(self, error: FileDamaged) -> None:
        """The file is beyond reading: set it aside, keep what memory has, count the rest lost."""
        assert self._file is not None
        log.error("outbox: %s; it is set aside and a new one begun", error)
        self._file = self._file.replace_damaged()
        with self._memory:
            vanished = [key for key in self._sizes if key not in self._fresh]
            for number in vanished:
                self._bytes -= self._sizes.pop(number)
                add_loss(self._losses, None)
            self._gone = set()
            self._kept_on_card = set()
            self._unkept = dict.fromkeys(self._kept, self._clock())
            self._losses_dirty = True
            self._counts = self._counts.plus(lost=len(vanished), write_failures=1)

    def _failed(self, error: FileFailed) -> None:
        log.warning("outbox: %s; records wait in memory", error)
        with self._memory:
            self._counts = self._counts.plus(write_failures=1)
