"""What a recording needs of a database: the port; ``sqlite.py`` and ``postgres.py`` fill it.

Statements are written once, in the SQL both understand, with ``?`` for each value.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from viewkeeper.protocol.errors import Reason, SetupError

Values = Sequence[object]
Found = tuple[object, ...]
POSTGRES = ("postgresql://", "postgres://")


class Session(Protocol):
    """Statements of one transaction."""

    def execute(self, statement: str, *values: object) -> int:
        """Run one; how many rows it changed."""
        ...

    def many(self, statement: str, rows: Sequence[Values]) -> int:
        """Run one for each row; how many rows were changed in all."""
        ...

    def first(self, query: str, *values: object) -> Found | None:
        """The first row that is found."""
        ...


class Database(Protocol):
    """Where a recording is kept. Safe to use from several threads.

    Every method raises ``SetupError`` with ``store_failed`` when it does not do as asked.
    """

    def writing(self) -> AbstractContextManager[Session]:
        """A transaction: on disk when it ends, or not there at all after an exception."""
        ...

    def ask(self, query: str, *values: object) -> list[Found]:
        """All rows that are found."""
        ...

    def close(self) -> None: ...


def open_database(where: Path | str) -> Database:
    """SQLite at a path, PostgreSQL at a URL.

    Raises:
        SetupError: it cannot be opened, a newer program made it, or psycopg is missing.
    """
    if not is_url(where):
        from viewkeeper.dashboard.recorder.sqlite import SqliteDatabase

        return SqliteDatabase(where)
    try:
        from viewkeeper.dashboard.recorder.postgres import PostgresDatabase
    except ImportError as error:
        raise SetupError(
            Reason.LIBRARY_MISSING,
            f"PostgreSQL needs psycopg: pip install 'viewkeeper[fleet]' ({error})",
        ) from error
    return PostgresDatabase(str(where))


def is_url(where: Path | str) -> bool:
    """Whether it names a PostgreSQL server.

    Raises:
        SetupError: another kind of URL, or one that holds a password.
    """
    text = str(where)
    if not text.startswith(POSTGRES):
        if "://" in text:
            raise SetupError(Reason.SETTING, f"{text}: give a file, or postgresql://HOST/DATABASE")
        return False
    if urlsplit(text).password is not None:
        raise SetupError(
            Reason.SETTING,
            "a password in the URL is seen in the list of processes: "
            "put it in a file and add ?passfile=FILE (host:port:database:user:password, mode 600)",
        )
    return True


def failed(error: Exception) -> SetupError:
    """What a database that does not do as asked is told as."""
    return SetupError(Reason.STORE_FAILED, f"the recording: {told_by(error)}")


def told_by(error: Exception) -> str:
    """A database's own words, in one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def wrong_version(found: object, known: int) -> SetupError:
    """A recording this program cannot use."""
    return SetupError(
        Reason.FILE_UNREADABLE, f"the recording is of version {found}, this program knows {known}"
    )
