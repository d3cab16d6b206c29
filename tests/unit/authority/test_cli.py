"""The command line of the desk, as a person types it."""

import json

import pytest

from viewkeeper.authority.cli import main
from viewkeeper.authority.config_file import EXAMPLE, parse_config
from viewkeeper.authority.desk import Desk
from viewkeeper.dashboard.register import parse_register
from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.orders import Order
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import OrderKind, Role

KEY = w.DEVICE_SIGNER.verify_key.raw.hex()


@pytest.fixture
def desk(tmp_path, capsys):
    path = tmp_path / "desk"
    assert main(["init", str(path), "--person", "Li Wei", "--no-passphrase"]) == 0
    assert (
        main(
            [
                "camera",
                "enrol",
                str(path),
                "--camera",
                "cam-1",
                "--site",
                "hefei",
                "--device-key",
                KEY,
            ]
        )
        == 0
    )
    (tmp_path / "config.toml").write_text(EXAMPLE, encoding="utf-8")
    capsys.readouterr()
    return path


def sign(desk, *more):
    file = desk.parent / "config.toml"
    return main(["config", "sign", str(desk), "--camera", "cam-1", "--file", str(file), *more])


def test_signing_shows_in_plain_words_and_writes_the_order(desk, tmp_path, capsys):
    out = tmp_path / "order.cose"
    assert sign(desk, "--yes", "--out", str(out)) == 0
    shown = capsys.readouterr().out
    for words in (
        "config order 1 for camera cam-1",
        "signed by Li Wei",
        "retention_days: 30",
        "1°",
    ):
        assert words in shown
    order = Order.decode(cose.unverified_payload(out.read_bytes()), OrderKind.CONFIG)
    assert order.body == parse_config(EXAMPLE)


def test_signing_asks_and_takes_no_for_an_answer(desk, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _question: "n")
    assert sign(desk) == 1
    assert "not signed" in capsys.readouterr().out
    assert Desk(desk).camera("cam-1").rows == {"keyset": Desk(desk).camera("cam-1").rows["keyset"]}


def test_signing_without_anybody_to_ask_is_an_error(desk, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert sign(desk) == 2
    assert "--yes" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["key", "show", "nowhere"],
        ["register", "show", "nowhere"],
        ["config", "sign", "DESK", "--camera", "cam-9", "--file", "FILE", "--yes"],
        ["config", "sign", "DESK", "--camera", "cam-1", "--file", "nothing.toml", "--yes"],
        ["camera", "enrol", "DESK", "--camera", "cam-1", "--site", "x", "--device-key", KEY],
        ["camera", "enrol", "DESK", "--camera", "cam-2", "--site", "x", "--device-key", "00" * 32],
        ["camera", "enrol", "DESK", "--camera", "cam-2", "--site", "x", "--device-key", "nokey"],
        ["send", "DESK", "FILE"],
        ["send", "DESK", "nothing.cose"],
        [
            "lifecycle",
            "sign",
            "DESK",
            "--camera",
            "cam-1",
            "--to",
            "registered",
            "--on",
            "today",
            "--document",
            "X",
            "--yes",
        ],
        ["command", "sign", "DESK", "--camera", "cam-1", "--name", "Identify!", "--yes"],
    ],
)
def test_an_error_is_one_clear_line_and_exit_status_2(desk, tmp_path, capsys, arguments):
    places = {"DESK": str(desk), "FILE": str(tmp_path / "config.toml")}
    assert main([places.get(word, word) for word in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("viewkeeper-authority: ")
    assert error.count("\n") == 1


def test_every_command_explains_itself(capsys):
    for words in (
        [],
        ["init"],
        ["key"],
        ["key", "new"],
        ["camera", "enrol"],
        ["config", "sign"],
        ["lifecycle", "sign"],
        ["command", "sign"],
        ["send"],
        ["register", "export"],
    ):
        with pytest.raises(SystemExit) as caught:
            main([*words, "--help"])
        assert caught.value.code == 0
    assert "Exit status" in capsys.readouterr().out


def test_a_new_key_is_shown_as_not_counting_yet(desk, capsys):
    assert (
        main(
            [
                "key",
                "new",
                str(desk),
                "spare",
                "--person",
                "Qian Yu",
                "--role",
                "root",
                "--no-passphrase",
            ]
        )
        == 0
    )
    assert main(["key", "show", str(desk)]) == 0
    assert "not in the keyset" in capsys.readouterr().out
    assert main(["key", "show", str(desk), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows if not row["in_keyset"]] == ["spare"]


def test_a_passphrase_can_come_from_a_file(tmp_path, capsys):
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n", encoding="utf-8")
    path = tmp_path / "desk"
    assert main(["init", str(path), "--person", "Li Wei", "--passphrase-file", str(secret)]) == 0
    main(["camera", "enrol", str(path), "--camera", "cam-1", "--site", "x", "--device-key", KEY])
    (tmp_path / "config.toml").write_text(EXAMPLE, encoding="utf-8")
    assert sign(path, "--yes", "--passphrase-file", str(secret)) == 0
    secret.write_text("wrong\n", encoding="utf-8")
    assert sign(path, "--yes", "--passphrase-file", str(secret)) == 2
    assert "wrong passphrase" in capsys.readouterr().err


def test_the_register_is_exported_for_the_dashboard(desk, tmp_path, capsys):
    out = tmp_path / "register.json"
    assert main(["register", "export", str(desk), "--out", str(out)]) == 0
    register = json.loads(out.read_text(encoding="utf-8"))
    assert register["cameras"][0]["device_key"] == KEY
    holders = {key.person for key in Desk(desk).keyset.keys if Role.CONFIGURATION in key.roles}
    assert {one["person"] for one in register["signers"]} == holders
    assert holders
    read = parse_register({**register, "cameras": []})
    assert read.signers[0].key.raw.hex() == register["signers"][0]["public"]
    assert read.witness_keys == ()
    assert main(["register", "show", str(desk)]) == 0
    assert "cam-1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("retention_days = 30", ""),
        ("retention_days = 30", "retention_days = true"),
        ("retention_days = 30", "retention_days = 30\nfoo = 1"),
        ('regime = "art7"', 'regime = "art8"'),
        ("pan_deg = 1.0", "pan_deg = 400.0"),
        ("pan_deg = 1.0", 'pan_deg = "1"'),
        ('codes = ["A1", "M01"]', "codes = [1]"),
        ('codes = ["A1", "M01"]', 'codes = ["a1"]'),
        ("[tolerance]", "[tolerances]"),
        ("[place]", "[place"),
        ('# view_hash = "64', 'view_hash = "zz" # "64'),
    ],
)
def test_a_configuration_with_a_mistake_names_it(old, new):
    assert old in EXAMPLE
    with pytest.raises(SetupError):
        parse_config(EXAMPLE.replace(old, new, 1))


def test_signing_says_what_the_camera_will_refuse_and_by_which_article(desk, capsys):
    text = EXAMPLE.replace('"M01"', '"X1"').replace("retention_days = 30", "retention_days = 7")
    (desk.parent / "config.toml").write_text(text, encoding="utf-8")
    assert sign(desk, "--yes") == 0
    shown = capsys.readouterr().out
    assert shown.count("the camera will REFUSE") == 2
    assert "Art. 8" in shown
    assert "Art. 17 [F]" in shown
