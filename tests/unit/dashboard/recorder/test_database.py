"""Where a recording is kept, by what it is called."""

from __future__ import annotations

import sys

import pytest

from tests.unit.dashboard.recorder.conftest import Opener
from tests.unit.dashboard.recorder.voice import event, kept
from viewkeeper.dashboard.recorder.database import open_database
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.sim.postgres import Postgres


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("mysql://localhost/desk", "postgresql://HOST/DATABASE"),
        ("postgresql://u:secret@localhost/desk", "passfile"),
    ],
)
def test_a_place_that_is_none_is_refused_with_the_cure(where: str, told: str) -> None:
    with pytest.raises(SetupError, match=told) as caught:
        open_database(where)
    assert "secret" not in str(caught.value)


def test_without_psycopg_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "viewkeeper.dashboard.recorder.postgres", None)
    with pytest.raises(SetupError, match=r"viewkeeper\[fleet\]") as caught:
        open_database("postgresql://localhost/desk")
    assert caught.value.reason is Reason.LIBRARY_MISSING


def test_a_server_that_is_not_there_is_one_clear_error() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(SetupError, match=r"recording postgresql://127\.0\.0\.1:1") as caught:
        open_database("postgresql://127.0.0.1:1/desk")
    assert caught.value.hint.count("\n") == 0


def test_two_recorders_that_keep_the_same_keep_it_once(open_recording: Opener) -> None:
    first, second = open_recording(), open_recording()
    batch = [kept(event(), number) for number in range(1, 6)]
    assert first.add(batch[:3], 1).new == 3
    assert second.add(batch[::-1], 2).new == 2
    assert first.size() == second.size() == 5


def test_tables_of_a_newer_program_are_left_alone(server: Postgres) -> None:
    import psycopg

    url = server.new_url()
    Recording(url).close()
    with psycopg.connect(url) as db:
        db.execute("UPDATE viewkeeper_recording SET version = 7")
    with pytest.raises(SetupError, match="version 7"):
        Recording(url)


def test_what_was_kept_outlives_a_kill_of_the_server_and_the_recorder_goes_on(
    server: Postgres,
) -> None:
    recording = Recording(server.new_url())
    recording.add([kept(event(), 1)], 1)
    server.kill()
    with pytest.raises(SetupError) as caught:
        recording.add([kept(event(), 2)], 2)
    assert caught.value.reason is Reason.STORE_FAILED
    server.restart()
    assert recording.add([kept(event(), 1), kept(event(), 2)], 3).new == 1
    assert recording.size() == 2
    recording.close()
