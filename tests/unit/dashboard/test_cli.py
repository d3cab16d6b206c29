"""The command line says what is wrong in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from viewkeeper.dashboard import cli, server
from viewkeeper.protocol.cose import SoftwareSigner

ENTRY = {
    "site": "s",
    "camera": "c",
    "title": "Gate",
    "device_key": SoftwareSigner.from_seed(bytes(32)).verify_key.raw.hex(),
    "hfov_deg": 60,
}


@pytest.fixture
def register(tmp_path: Path) -> str:
    path = tmp_path / "register.json"
    path.write_text(json.dumps({"cameras": [ENTRY]}), encoding="utf-8")
    return str(path)


def test_help_shows_a_register_and_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["serve", "--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert '"device_key"' in said
    assert "viewkeeper-dashboard serve --register" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--register", "nowhere.json", "--broker-url", "ws://b:1"], "no register file"),
        (["--register", "REGISTER", "--broker-url", "mqtt://b:1"], "broker address"),
        (["--register", "REGISTER", "--broker-url", "ws://b:1", "--host", "256.0.0.1"], "listen"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_2(
    arguments: list[str], said: str, register: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [register if one == "REGISTER" else one for one in arguments]
    assert cli.main(["serve", *given, "--port", "0"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("viewkeeper-dashboard: ")
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_refused(
    port: str, register: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["serve", "--register", register, "--broker-url", "ws://b:1", "--port", port])
    assert left.value.code == 2
    assert "--port" in capsys.readouterr().err


def test_it_prints_the_address_and_stops_on_an_interrupt(
    register: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: server.Dashboard) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(server.Dashboard, "wait", interrupt)
    given = ["--register", register, "--broker-url", "ws://b:1", "--port", "0"]
    assert cli.main(["serve", *given]) == 0
    assert "http://127.0.0.1:" in capsys.readouterr().out
