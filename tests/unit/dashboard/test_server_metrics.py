"""Who may read the recorder's counters."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.dashboard.test_server import BROKER, REGISTER, ask
from viewkeeper.dashboard import server
from viewkeeper.dashboard.operators import new_operator, save_operators
from viewkeeper.dashboard.recorder.metrics import MIME_TYPE, Scrape
from viewkeeper.dashboard.signing_in import SignIn
from viewkeeper.protocol.errors import Reason, SetupError

PAGE = "viewkeeper_recorder_verified_total 7\n"


@pytest.fixture
def sign_in(tmp_path: Path) -> SignIn:
    path = tmp_path / "operators.json"
    made = new_operator("Li Ming", "a long password")
    save_operators(path, {made.name: made})
    return SignIn(path)


def test_on_this_machine_alone_nobody_is_asked() -> None:
    desk = server.start(REGISTER, BROKER, port=0, metrics=Scrape(lambda: PAGE))
    answer, body = ask(desk, "/metrics")
    assert (answer.status, body.decode()) == (200, PAGE)
    assert answer.getheader("Content-Type") == MIME_TYPE
    assert ask(desk, "/metrics", "POST")[0].status == 405
    desk.close()


def test_with_a_token_only_who_shows_it_is_answered(sign_in: SignIn) -> None:
    scrape = Scrape(lambda: PAGE, "a-token")
    desk = server.start(REGISTER, BROKER, port=0, sign_in=sign_in, metrics=scrape)
    assert ask(desk, "/metrics", Authorization="Bearer a-token")[1].decode() == PAGE
    for shown in ("Bearer b-token", "Bearer ", "a-token", "Basic a-token"):
        answer, body = ask(desk, "/metrics", Authorization=shown)
        assert answer.status == 401
        assert PAGE.encode() not in body
    assert ask(desk, "/metrics")[0].status == 401
    desk.close()


def test_where_others_reach_it_there_is_none_without_a_token(sign_in: SignIn) -> None:
    scrape = Scrape(lambda: PAGE)
    desk = server.start(REGISTER, BROKER, host="0.0.0.0", port=0, sign_in=sign_in, metrics=scrape)
    assert ask(desk, "/metrics")[0].status == 404
    desk.close()


def test_a_recording_that_does_not_answer_is_503() -> None:
    def fail() -> str:
        raise SetupError(Reason.STORE_FAILED, "the recording: gone")

    desk = server.start(REGISTER, BROKER, port=0, metrics=Scrape(fail))
    assert ask(desk, "/metrics")[0].status == 503
    desk.close()


def test_without_a_recorder_there_is_no_such_page() -> None:
    desk = server.start(REGISTER, BROKER, port=0)
    assert ask(desk, "/metrics")[0].status == 404
    desk.close()
