"""A recording in one SQLite file."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from viewkeeper.dashboard.recorder.database import Found, Values, failed, wrong_version
from viewkeeper.dashboard.recorder.tables import (
    ALARMS_BY_TIME,
    COUNTERSIGNED,
    SCHEMA,
    SCHEMA_VERSION,
)
from viewkeeper.protocol.errors import Reason, SetupError

_DIALECT = {"bytes": "BLOB", "integer": "INTEGER", "keyed": "WITHOUT ROWID", "rowid": ""}


class SqliteDatabase:
    """Implements ``Database``.

    Raises:
        SetupError: the file cannot be opened, or a newer program wrote it.
    """

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            # FULL: the broker forgets what it hears we have, so the disk must have it.
            self._db.execute("PRAGMA synchronous = FULL")
            self._prepare()
        except sqlite3.Error as error:
            raise SetupError(Reason.FILE_UNREADABLE, f"recording {path}: {error}") from error

    def _prepare(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        made = {0: SCHEMA, 1: COUNTERSIGNED, SCHEMA_VERSION: ""}.get(version)
        if made is None:
            raise wrong_version(version, SCHEMA_VERSION)
        if made:
            tables = made.format_map(_DIALECT)
            self._db.executescript(
                f"BEGIN; {tables} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            )
        self._db.executescript(ALARMS_BY_TIME)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def writing(self) -> Iterator[_Session]:
        with self._lock, _named_faults():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield _Session(self._db)
            except BaseException:
                self._roll_back()
                raise
            try:
                self._db.execute("COMMIT")
            except sqlite3.Error:
                # Left open, the transaction would refuse the next one.
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def ask(self, query: str, *values: object) -> list[Found]:
        with self._lock, _named_faults():
            return self._db.execute(query, values).fetchall()


class _Session:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def execute(self, statement: str, *values: object) -> int:
        return self._db.execute(statement, values).rowcount

    def many(self, statement: str, rows: Sequence[Values]) -> int:
        return self._db.executemany(statement, rows).rowcount

    def first(self, query: str, *values: object) -> Found | None:
        return self._db.execute(query, values).fetchone()


@contextmanager
def _named_faults() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise failed(error) from error
