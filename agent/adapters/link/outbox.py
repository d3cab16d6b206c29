"""The outbox: records that wait until somebody has them for good.

Rule 1: ``add``, ``done`` and ``keep`` never touch the card; ``flush`` does, on its own thread.
Rule 2: a row is forgotten only after ``done`` or because the outbox is full, and then the loss
is counted until somebody has taken it over into a Gap record.
Rule 3: a row may go out when it is on the card (``may_go``): what a broker acknowledges survives
the camera's power cut from then on. A card that fails or hangs holds no row back for longer than
``linger_s``.
Rule 4: an SD card wears by what is written. Rows that come together are written together, and
rows that are done are wiped with the next ones, or some minutes later.

A power cut loses at most what had not gone out yet, and may bring back rows that were done:
receivers drop duplicates by (device, boot, sequence).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from viewkeeper.agent.adapters.link.backlog import Backlog
from viewkeeper.agent.adapters.link.messages import Lost
from viewkeeper.agent.adapters.link.outbox_file import (
    Contents,
    FileDamaged,
    FileFailed,
    OutboxFile,
)
from viewkeeper.agent.adapters.link.rows import OutboxCounts, Row

log = logging.getLogger(__name__)

GATHER_S = 0.25
"""Pause between two transactions: a burst of rows costs four a second."""
STALE_S = 600.0
"""Rows that are done stay on the card for so long at most: at worst they come twice."""


class Outbox:
    """Rows in order of their coming, bounded; and the retained payloads that must outlive us.

    Args:
        path: the SQLite file; ``None``: memory only.
        most_rows, most_bytes: bounds over rows and the sum of their payloads.
        linger_s: how long a row waits for a card that does not take it, and what stands for others
            to be written with.
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
        self._linger_s, self._clock = linger_s, clock
        self._memory = threading.Lock()  # short: only dictionaries behind it
        self._disk = threading.Lock()  # long: the card behind it
        self._not_before_s = clock()  # the next transaction
        self._file: OutboxFile | None = None
        contents = Contents({}, {}, ())
        if path is not None:
            self._file, contents = OutboxFile.open(path)
        self._backlog = Backlog(contents, most_rows, most_bytes)

    # memory only: for any thread

    def add(
        self, topic: str, payload: bytes, *, retain: bool = False, unbounded: bool = False
    ) -> int:
        """Take a row in; its number, higher than that of every row before it.

        Args:
            unbounded: drop nothing for it: word of a loss must not cause the next.
        """
        with self._memory:
            return self._backlog.add(
                topic, payload, self._clock(), retain=retain, bounded=not unbounded
            )

    def done(self, number: int) -> None:
        """Somebody has this row for good."""
        with self._memory:
            self._backlog.done(number, self._clock())

    def keep(self, topic: str, payload: bytes | None) -> None:
        """Remember the payload that stands retained on a topic; ``None`` forgets it."""
        with self._memory:
            self._backlog.keep(topic, payload, self._clock())

    @property
    def kept(self) -> dict[str, bytes]:
        """Topic to retained payload; empty where a clearing is not acknowledged yet."""
        with self._memory:
            return dict(self._backlog.kept)

    @property
    def waiting(self) -> int:
        """How many rows wait."""
        with self._memory:
            return len(self._backlog)

    @property
    def last_number(self) -> int:
        """The number of the newest row there ever was here; 0 where there was none."""
        with self._memory:
            return self._backlog.last_number

    @property
    def counts(self) -> OutboxCounts:
        with self._memory:
            return self._backlog.counts

    def number_after(self, number: int) -> int | None:
        """The number of the oldest waiting row above a number; ``None``: there is none."""
        with self._memory:
            return next(self._backlog.numbers_after(number), None)

    def holds(self, number: int) -> bool:
        """Whether a row still waits."""
        with self._memory:
            return number in self._backlog

    def may_go(self, number: int) -> bool:
        """Whether a row is on the card, or the card has had its time."""
        with self._memory:
            made_s = self._backlog.made_s(number)
            if made_s is None or self._file is None:
                return True
            return self._clock() - made_s >= self._linger_s

    def due_in_s(self) -> float | None:
        """Seconds until ``flush`` has something to do; ``None`` while it has nothing."""
        with self._memory:
            backlog, now_s = self._backlog, self._clock()
            if backlog.evicted:
                return 0.0
            if self._file is None:
                return None
            due: list[float] = []
            if backlog.has_fresh:
                due.append(now_s)
            if backlog.unkept_since_s is not None:
                due.append(backlog.unkept_since_s + self._linger_s)
            if backlog.stale_since_s is not None:
                due.append(backlog.stale_since_s + STALE_S)
            return max(0.0, max(min(due), self._not_before_s) - now_s) if due else None

    # may wait for the card: not for the agent's check loop

    def rows_after(self, number: int, limit: int) -> list[Row]:
        """The oldest waiting rows above a number, in order, at most ``limit``."""
        with self._memory:
            wanted = list(islice(self._backlog.numbers_after(number), limit))
            fresh = [row for key in wanted if (row := self._backlog.fresh(key)) is not None]
        if len(fresh) == len(wanted):  # a card that is being written to is not waited for
            return fresh
        with self._disk:
            with self._memory:
                wanted = [key for key in wanted if key in self._backlog]
                found = {
                    key: row for key in wanted if (row := self._backlog.fresh(key)) is not None
                }
            found.update(self._read([key for key in wanted if key not in found]))
            return [found[key] for key in wanted if key in found]

    def _read(self, numbers: list[int]) -> dict[int, Row]:
        if self._file is None or not numbers:
            return {}
        try:
            return self._file.read(numbers)
        except FileDamaged as error:
            self._start_anew(error)
        except FileFailed as error:
            self._failed(error)
        return {}

    def flush(self) -> int:
        """Write what waits for the card, and wipe what is done; the payload bytes written."""
        with self._disk:
            self._settle_evictions()
            if self._file is None:
                return 0
            with self._memory:
                batch = self._backlog.batch()
            if batch is None:
                return 0
            try:
                self._file.write(batch.rows, batch.gone, batch.kept, batch.losses)
            except FileDamaged as error:
                self._start_anew(error)
                return 0
            except FileFailed as error:
                self._failed(error)
                return 0
            with self._memory:
                self._backlog.written(batch, self._clock())
                self._not_before_s = self._clock() + GATHER_S
            return batch.size

    def _settle_evictions(self) -> None:
        """Find out whose rows were dropped, so that the loss can be stated exactly."""
        with self._memory:
            evicted, self._backlog.evicted = self._backlog.evicted, []
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
            self._backlog.add_losses([row or found.get(number) for number, row in evicted])

    def take_losses(self) -> tuple[Lost, ...]:
        """What was lost since the last time this was asked; from now on the caller's to tell."""
        with self._disk:
            self._settle_evictions()
        with self._memory:
            return self._backlog.take_losses(self._clock())

    def close(self) -> None:
        """Write everything that still waits and close the file."""
        self.flush()
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
            self._backlog.start_anew(self._clock())

    def _failed(self, error: FileFailed) -> None:
        log.warning("outbox: %s; records wait in memory", error)
        with self._memory:
            self._backlog.counts = self._backlog.counts.plus(write_failures=1)
            self._not_before_s = self._clock() + self._linger_s
