"""Where recordings are kept in these tests: an SQLite file, and a database of a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.sim import postgres

Opener = Callable[[], Recording]


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Postgres]:
    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed here: the Debian package is postgresql")
    pytest.importorskip("psycopg", reason="psycopg is not installed: viewkeeper[fleet]")
    with postgres.Postgres.start(durable=False) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each place a recording can be kept in."""
    if request.param == "sqlite":
        return str(tmp_path / "desk.sqlite")
    return request.getfixturevalue("server").new_url()


@pytest.fixture
def open_recording(where: str) -> Iterator[Opener]:
    """Opens the same recording each time it is called."""
    opened: list[Recording] = []

    def once_more() -> Recording:
        opened.append(Recording(where))
        return opened[-1]

    yield once_more
    for one in opened:
        one.close()


@pytest.fixture
def recording(open_recording: Opener) -> Recording:
    return open_recording()
