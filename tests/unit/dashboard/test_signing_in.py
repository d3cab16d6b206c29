"""Who is not signed in gets the page's files and nothing else."""

from __future__ import annotations

import http.client
import io
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from viewkeeper.dashboard import cli, server
from viewkeeper.dashboard.operators import load_operators, new_operator, save_operators
from viewkeeper.dashboard.recorder.api import Request
from viewkeeper.dashboard.register import Camera, Register
from viewkeeper.dashboard.signing_in import (
    LONGEST_WAIT_OF_NAME_S,
    LONGEST_WAIT_S,
    SESSION_S,
    SIGN_IN,
    SIGN_OUT,
    SignIn,
    is_loopback,
)
from viewkeeper.protocol.cose import SoftwareSigner
from viewkeeper.protocol.errors import SetupError

BROKER = "ws://127.0.0.1:9001"
KEY = SoftwareSigner.from_seed(bytes(32)).verify_key
REGISTER = Register((Camera(site="s", camera="c", title="Gate", device_key=KEY, hfov_deg=60.0),))
PASSWORD, OTHER = "correct horse battery", "another long password"
JSON = {"content-type": "application/json"}


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def write(path: Path, **passwords: str) -> Path:
    """A file of operators whose hashes are cheap."""
    made = {
        name: new_operator(name, word, log2_cost=10, lanes=1) for name, word in passwords.items()
    }
    save_operators(path, made)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "operators.json", ming=PASSWORD, hua=OTHER)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(path: Path, clock: Clock) -> SignIn:
    return SignIn(path, clock)


def attempt(
    desk: SignIn, name: str, password: str, peer: str = "192.0.2.7", **headers: str
) -> tuple[int, str]:
    """Status and cookie."""
    body = json.dumps({"name": name, "password": password}).encode()
    answer, more = desk.answer(Request("POST", SIGN_IN, "", {**JSON, **headers}, body), peer)
    return answer.status, more.get("Set-Cookie", "")


def cookie(said: str) -> dict[str, str]:
    return {"cookie": said.split(";")[0]}


def test_the_right_password_opens_a_session_and_its_end_closes_it(desk: SignIn) -> None:
    status, said = attempt(desk, "ming", PASSWORD)
    assert status == 200
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(said.split("; "))
    assert "Secure" not in said
    assert desk.operator(cookie(said)) == "ming"
    desk.answer(Request("POST", SIGN_OUT, "", {**JSON, **cookie(said)}, b"{}"), "192.0.2.7")
    assert desk.operator(cookie(said)) is None


def test_behind_tls_the_cookie_never_travels_in_the_clear(desk: SignIn) -> None:
    _, said = attempt(desk, "ming", PASSWORD, **{"x-forwarded-proto": "https"})
    assert "Secure" in said.split("; ")


def test_two_sessions_have_nothing_in_common(desk: SignIn) -> None:
    one, two = (attempt(desk, "ming", PASSWORD)[1] for _ in range(2))
    assert cookie(one) != cookie(two)
    assert desk.operator(cookie(one)) == desk.operator(cookie(two)) == "ming"


@pytest.mark.parametrize(
    ("name", "password"),
    [("ming", OTHER), ("ming", ""), ("nobody", PASSWORD), ("", ""), ("ming", "x" * 100_000)],
)
def test_a_wrong_name_or_password_gets_the_same_answer(
    desk: SignIn, name: str, password: str
) -> None:
    assert attempt(desk, name, password) == (403, "")


@pytest.mark.parametrize(
    "said", ["", "viewkeeper_session=", "viewkeeper_session=guess", "\x00=;;", "a=b"]
)
def test_a_made_up_cookie_is_nobody(desk: SignIn, said: str) -> None:
    assert desk.operator({"cookie": said}) is None


def test_a_session_ends_by_itself(desk: SignIn, clock: Clock) -> None:
    _, said = attempt(desk, "ming", PASSWORD)
    clock.now_s += SESSION_S - 1
    assert desk.operator(cookie(said)) == "ming"
    clock.now_s += 2
    assert desk.operator(cookie(said)) is None


def test_a_new_password_ends_the_sessions_of_the_old_one(desk: SignIn, path: Path) -> None:
    _, ming = attempt(desk, "ming", PASSWORD)
    _, hua = attempt(desk, "hua", OTHER)
    kept = load_operators(path)["hua"]
    changed = new_operator("ming", "yet another password", log2_cost=10, lanes=1)
    save_operators(path, {"ming": changed, "hua": kept})
    assert desk.operator(cookie(ming)) is None
    assert desk.operator(cookie(hua)) == "hua"
    assert attempt(desk, "ming", PASSWORD)[0] == 403
    assert attempt(desk, "ming", "yet another password")[0] == 200


def test_a_file_that_became_unreadable_lets_nobody_in(desk: SignIn, path: Path) -> None:
    _, said = attempt(desk, "ming", PASSWORD)
    path.write_text("{", encoding="utf-8")
    assert desk.operator(cookie(said)) is None
    assert attempt(desk, "ming", PASSWORD)[0] == 403


def test_after_wrong_passwords_even_the_right_one_waits(desk: SignIn, clock: Clock) -> None:
    for _ in range(3):
        assert attempt(desk, "ming", OTHER)[0] == 403
    assert attempt(desk, "ming", PASSWORD)[0] == 429
    clock.now_s += 1.01
    assert attempt(desk, "ming", PASSWORD)[0] == 200
    assert attempt(desk, "ming", OTHER)[0] == 403  # counted anew


def test_a_guesser_waits_longer_and_the_owner_of_a_name_elsewhere_little(
    desk: SignIn, clock: Clock
) -> None:
    for _ in range(14):
        assert attempt(desk, "ming", OTHER, peer="198.51.100.1")[0] == 403
        clock.now_s += LONGEST_WAIT_S
    attempt(desk, "ming", OTHER, peer="198.51.100.1")
    clock.now_s += LONGEST_WAIT_OF_NAME_S + 0.1
    assert attempt(desk, "hua", OTHER, peer="198.51.100.1")[0] == 429
    assert attempt(desk, "ming", PASSWORD, peer="192.0.2.7")[0] == 200


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-type": "text/plain"}, b'{"name": "ming", "password": "x"}'),
        ({**JSON, "origin": "http://evil.example", "host": "desk"}, b'{"name": "a"}'),
        (JSON, b"{"),
        (JSON, b"[]"),
        (JSON, b'{"name": 5, "password": "x"}'),
    ],
)
def test_what_is_no_sign_in_is_refused(desk: SignIn, headers: dict[str, str], body: bytes) -> None:
    answer, more = desk.answer(Request("POST", SIGN_IN, "", headers, body), "192.0.2.7")
    assert (answer.status, dict(more)) == (400, {})


@pytest.fixture
def running(desk: SignIn) -> Iterator[server.Dashboard]:
    found = server.start(REGISTER, BROKER, port=0, sign_in=desk)
    yield found
    found.close()


def ask(
    running: server.Dashboard, method: str, path: str, value: object = None, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    parts = urlsplit(running.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    body = None if value is None else json.dumps(value)
    connection.request(method, path, body, {**JSON, **headers})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "asked", ["/config.json", "/config.json?x", "/api/history?camera=s/c", "/api/x"]
)
def test_strangers_read_neither_configuration_nor_history(
    running: server.Dashboard, method: str, asked: str
) -> None:
    answer, body = ask(running, method, asked)
    assert answer.status == 401
    assert b"Gate" not in body
    assert answer.getheader("Cache-Control") == "no-store"


def test_the_page_itself_is_public(running: server.Dashboard) -> None:
    assert ask(running, "GET", "/")[0].status == 200
    assert ask(running, "GET", "/i18n/zh.json")[0].status == 200


def test_who_signed_in_reads_the_configuration(running: server.Dashboard) -> None:
    answer, _ = ask(running, "POST", SIGN_IN, {"name": "ming", "password": PASSWORD})
    session = {"Cookie": str(answer.getheader("Set-Cookie")).split(";")[0]}
    answer, body = ask(running, "GET", "/config.json", **session)
    assert (answer.status, json.loads(body)["operator"]) == (200, "ming")
    assert ask(running, "GET", "/api/history?camera=s/c", **session)[0].status == 404
    assert ask(running, "POST", SIGN_OUT, {}, **session)[0].status == 200
    assert ask(running, "GET", "/config.json", **session)[0].status == 401


def test_a_server_that_others_reach_does_not_start_without_operators() -> None:
    with pytest.raises(SetupError, match="--operators FILE"):
        server.start(REGISTER, BROKER, host="0.0.0.0", port=0)


def test_a_server_that_others_reach_starts_with_operators(desk: SignIn) -> None:
    server.start(REGISTER, BROKER, host="0.0.0.0", port=0, sign_in=desk).close()


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("", False),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("localhost.example", False),
    ],
)
def test_only_loopback_is_this_machine_alone(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


def test_the_command_keeps_a_file_that_others_cannot_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "operators.json"
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    assert cli.main(["operator", "add", str(path), "Li Ming"]) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PASSWORD not in path.read_text(encoding="utf-8")
    assert load_operators(path)["Li Ming"].holds(PASSWORD)
    assert cli.main(["operator", "list", str(path)]) == 0
    assert capsys.readouterr().out == "Li Ming\n"
    assert cli.main(["operator", "remove", str(path), "Li Ming"]) == 0
    assert load_operators(path) == {}


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (["add", "FILE", "ming"], "short\n", "12 to 256 characters"),
        (["add", "FILE", " "], PASSWORD + "\n", "printable"),
        (["remove", "FILE", "nobody"], "", "names no 'nobody'"),
        (["list", "nowhere.json"], "", "no operators file"),
    ],
)
def test_a_wrong_command_is_one_line_and_changes_nothing(
    arguments: list[str],
    typed: str,
    said: str,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = path.read_bytes()
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    given = [str(path) if one == "FILE" else one for one in arguments]
    assert cli.main(["operator", *given]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert path.read_bytes() == before


def row(salt: str = "00" * 16, made: str = "00" * 32, cost: int = 15) -> str:
    one = {"name": "x", "salt": salt, "hash": made, "log2_cost": cost, "lanes": 1}
    return json.dumps({"operators": [one]})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"operators": 5}',
        '{"operators": [5]}',
        '{"operators": [{"name": "x"}]}',
        row(salt="00"),
        row(made="00"),
        row(cost=40),
    ],
)
def test_a_file_that_is_no_operators_file_is_refused(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SetupError, match="not an operators file"):
        load_operators(path)


def test_a_file_that_others_may_read_is_refused(path: Path) -> None:
    path.chmod(0o640)
    with pytest.raises(SetupError, match="chmod 600"):
        SignIn(path)
