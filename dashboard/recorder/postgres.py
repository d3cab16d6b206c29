"""A recording in PostgreSQL: several recorders may share it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, cast

import psycopg

from viewkeeper.dashboard.recorder.database import Found, Values, failed, told_by, wrong_version
from viewkeeper.dashboard.recorder.tables import ALARMS_BY_TIME, SCHEMA, SCHEMA_VERSION
from viewkeeper.protocol.errors import Reason, SetupError

_DIALECT = {
    "bytes": "BYTEA",
    "integer": "BIGINT",
    "keyed": "",
    # SQLite numbers the rows of such a table by itself, under this name.
    "rowid": ", rowid BIGINT GENERATED ALWAYS AS IDENTITY",
}
_VERSION = "viewkeeper_recording"
_MAKING = 0x7669_6577
"""Advisory lock: recorders that start together must not make the tables twice."""
CONNECT_TIMEOUT_S = 10


class PostgresDatabase:
    """Implements ``Database``. A connection that was lost is made anew at the next call.

    Raises:
        SetupError: the server cannot be reached, or a newer program made the tables.
    """

    def __init__(self, url: str) -> None:
        self._url, self._lock = url, threading.Lock()
        self._present: psycopg.Connection[Found] | None = None
        try:
            self._prepare(self._connection())
        except psycopg.Error as error:
            hint = f"recording {url}: {told_by(error)}"
            raise SetupError(Reason.FILE_UNREADABLE, hint) from error

    def _prepare(self, db: psycopg.Connection[Found]) -> None:
        with db.transaction():
            db.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
            there = db.execute("SELECT to_regclass(%s)", (_VERSION,)).fetchone()
            if there is None or there[0] is None:
                tables = SCHEMA.format_map(_DIALECT)
                script = f"{tables} CREATE TABLE {_VERSION} (version BIGINT NOT NULL)"
                db.execute(cast("Any", script))
                db.execute(
                    cast("Any", f"INSERT INTO {_VERSION} VALUES (%s)"),  # noqa: S608
                    (SCHEMA_VERSION,),
                )
            found = db.execute(
                cast("Any", f"SELECT max(version) FROM {_VERSION}")  # noqa: S608
            ).fetchone()
            if found is None or found[0] != SCHEMA_VERSION:
                raise wrong_version(found and found[0], SCHEMA_VERSION)
            db.execute(ALARMS_BY_TIME)

    def _connection(self) -> psycopg.Connection[Found]:
        if self._present is None or self._present.closed:
            self._present = psycopg.connect(
                self._url,
                autocommit=True,
                connect_timeout=CONNECT_TIMEOUT_S,
                application_name="viewkeeper-recorder",
            )
        return self._present

    def close(self) -> None:
        with self._lock:
            if self._present is not None:
                self._present.close()

    @contextmanager
    def writing(self) -> Iterator[_Session]:
        with self._lock, self._named_faults():
            db = self._connection()
            with db.transaction():
                yield _Session(db)

    def ask(self, query: str, *values: object) -> list[Found]:
        with self._lock, self._named_faults():
            return self._connection().execute(_placed(query), values).fetchall()

    @contextmanager
    def _named_faults(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            if isinstance(error, psycopg.OperationalError) and self._present is not None:
                with contextlib.suppress(psycopg.Error):
                    self._present.close()
            raise failed(error) from error


class _Session:
    def __init__(self, db: psycopg.Connection[Found]) -> None:
        self._db = db

    def execute(self, statement: str, *values: object) -> int:
        return self._db.execute(_placed(statement), values).rowcount

    def many(self, statement: str, rows: Sequence[Values]) -> int:
        with self._db.cursor() as cursor:
            cursor.executemany(_placed(statement), rows)
            return cursor.rowcount

    def first(self, query: str, *values: object) -> Found | None:
        return self._db.execute(_placed(query), values).fetchone()


@lru_cache(maxsize=256)
def _placed(statement: str) -> Any:
    """``?`` is SQLite's mark of a value, ``%s`` psycopg's."""
    return statement.replace("?", "%s")
