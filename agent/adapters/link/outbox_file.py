"""The outbox's file: SQLite, one transaction a flush. Knows no time and no bounds.

Write-ahead log with synchronous=FULL: a transaction is on the card when ``write`` returns, and
a power cut in the middle of one leaves the state before it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from viewkeeper.agent.adapters.link.messages import Lost
from viewkeeper.agent.adapters.link.rows import Row

_SCHEMA = """
CREATE TABLE IF NOT EXISTS row (
    number INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload BLOB NOT NULL, retain INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS kept (topic TEXT PRIMARY KEY, payload BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS loss (
    boot BLOB PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL
) WITHOUT ROWID;
"""
_PAGE_BYTES = 1024  # half a dozen records a page: less to write for each small transaction


class FileFailed(Exception):
    """The card did not take or give it now: full, read-only, busy."""


class FileDamaged(Exception):
    """The file is not a readable outbox any more."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What an outbox file held when it was opened."""

    sizes: dict[int, int]
    kept: dict[str, bytes]
    losses: tuple[Lost, ...]


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise FileFailed(f"{path.name}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise FileDamaged(f"{path.name}: {error}") from error


class OutboxFile:
    """An open outbox file. Not thread-safe: its owner holds a lock."""

    def __init__(self, path: Path, database: sqlite3.Connection | None) -> None:
        self._path = path
        self._database = database

    @classmethod
    def open(cls, path: Path) -> tuple[OutboxFile, Contents]:
        """Open or create. A damaged file is set aside; a card that fails leaves it empty."""
        file = cls(path, None)
        try:
            return file, file._load()
        except FileDamaged:
            file = file.replace_damaged()
        except FileFailed:
            file._database = None
        with contextlib.suppress(FileFailed, FileDamaged):
            return file, file._load()
        return file, Contents({}, {}, ())

    def _load(self) -> Contents:
        database = self._connected()
        with _translated(self._path):
            sizes = dict(
                database.execute("SELECT number, length(payload) FROM row ORDER BY number")
            )
            kept = dict(database.execute("SELECT topic, payload FROM kept"))
            losses = tuple(
                Lost(*row) for row in database.execute("SELECT boot, first, last, count FROM loss")
            )
        return Contents(sizes, kept, losses)

    def _connected(self) -> sqlite3.Connection:
        """The connection; made now if the card did not let us before."""
        if self._database is not None:
            return self._database
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileFailed(f"{self._path.parent}: {error}") from error
        with _translated(self._path):
            database = sqlite3.connect(
                self._path, timeout=5.0, isolation_level=None, check_same_thread=False
            )
            try:
                database.execute(f"PRAGMA page_size={_PAGE_BYTES}")
                database.execute("PRAGMA journal_mode=WAL")
                database.execute("PRAGMA synchronous=FULL")
                database.executescript(_SCHEMA)
            except sqlite3.Error:
                database.close()
                raise
        self._database = database
        return database

    def read(self, numbers: Sequence[int]) -> dict[int, Row]:
        """Rows by number; those that are not there are left out.

        Raises:
            FileFailed, FileDamaged
        """
        database = self._connected()
        found: dict[int, Row] = {}
        with _translated(self._path):
            for start in range(0, len(numbers), 500):  # SQLite's oldest bound is 999 variables
                part = numbers[start : start + 500]
                marks = ",".join("?" * len(part))
                query = f"SELECT number, topic, payload, retain FROM row WHERE number IN ({marks})"  # noqa: S608
                for number, topic, payload, retain in database.execute(query, part):
                    found[number] = Row(number, topic, payload, bool(retain))
        return found

    def write(
        self,
        rows: Sequence[Row],
        gone: Sequence[int],
        kept: dict[str, bytes | None],
        losses: Sequence[Lost] | None,
    ) -> None:
        """All of it or none of it.

        Raises:
            FileFailed, FileDamaged: then none of it.
        """
        database = self._connected()
        with _translated(self._path):
            database.execute("BEGIN IMMEDIATE")
            try:
                database.executemany(
                    "INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?)",
                    [(row.number, row.topic, row.payload, int(row.retain)) for row in rows],
                )
                database.executemany("DELETE FROM row WHERE number = ?", [(n,) for n in gone])
                for topic, payload in kept.items():
                    if payload is None:
                        database.execute("DELETE FROM kept WHERE topic = ?", (topic,))
                    else:
                        database.execute(
                            "INSERT OR REPLACE INTO kept VALUES (?, ?)", (topic, payload)
                        )
                if losses is not None:
                    database.execute("DELETE FROM loss")
                    database.executemany(
                        "INSERT INTO loss VALUES (?, ?, ?, ?)",
                        [(x.boot, x.first_sequence, x.last_sequence, x.count) for x in losses],
                    )
                database.execute("COMMIT")
            except sqlite3.Error:
                with contextlib.suppress(sqlite3.Error):
                    database.execute("ROLLBACK")
                raise

    def replace_damaged(self) -> OutboxFile:
        """Set the file aside as ``*.damaged``; a new one, not opened yet, in its place."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            old = self._path.with_name(self._path.name + suffix)
            with contextlib.suppress(OSError):
                old.replace(self._path.with_name(self._path.name + ".damaged" + suffix))
        return OutboxFile(self._path, None)

    def close(self) -> None:
        """Close it; what was written stays."""
        if self._database is not None:
            with contextlib.suppress(sqlite3.Error):
                self._database.close()
            self._database = None
