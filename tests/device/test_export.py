"""A device's audit bundle, over a console and from a folder, as the desk's own audit reads it."""

import json
import shutil
import subprocess
import time

import pytest

from tests.device.runner import MICROPYTHON, ROOT, device_tool, needs_micropython
from tests.device.test_flash import Console
from viewkeeper.authority import cli
from viewkeeper.authority.desk import Desk
from viewkeeper.protocol import cose

pytestmark = [needs_micropython, pytest.mark.timeout(240)]
tool = device_tool("export")


def board_in(folder, desk_folder):
    """A board's flash with a program and an enrolled device in it."""
    left_out = shutil.ignore_patterns("tools", "*.toml", ".*", "*.md", "*.mk", "__pycache__")
    shutil.copytree(ROOT / "device", folder / "slot-a" / "device", ignore=left_out)
    settings = {"storage": f"{folder}/storage", "hfov_mdeg": 60000, "assume_synchronised": True}
    (folder / "settings.json").write_text(json.dumps(settings), "utf-8")

    def tell(*words):
        command = [*MICROPYTHON, str(folder / "slot-a/device/main.py"), f"{folder}/settings.json"]
        environment = {"MICROPYPATH": f"{folder}/slot-a:.frozen"}
        done = subprocess.run(
            [*command, *words], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    desk = Desk.create(desk_folder, ["Wang Fang"], now_s=int(time.time()))
    enrolment = desk.enrol(
        camera="dev-0001",
        site="yard",
        device_key=cose.VerifyKey(cose.Algorithm.ED25519, bytes.fromhex(tell("key"))),
        now_s=int(time.time()),
        title="Gate",
        hfov_deg=60.0,
    )
    (folder / "bundle.cbor").write_bytes(enrolment.encode())
    tell("enrol", str(folder / "bundle.cbor"))
    return tell


def audited(bundle, desk, capsys):
    code = cli.main(["audit", str(bundle), "--desk", str(desk), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_bundle_comes_over_the_console_and_passes_the_audit(tmp_path, capsys):
    console = Console(tmp_path / "board")
    try:
        board_in(console.root, tmp_path / "desk")
        bundle = tmp_path / "dev.zip"
        words = [console.port, str(bundle), "--root", str(console.root)]
        assert tool.main(words) == 0, capsys.readouterr().err
        assert f"{bundle}: 1 entries; verify with" in capsys.readouterr().out
        code, found = audited(bundle, tmp_path / "desk", capsys)
        assert code == 0, found
        assert tool.main(words) == 1
        assert "is there already" in capsys.readouterr().err
    finally:
        console.close()


def test_a_folder_gives_the_same_and_a_changed_entry_is_found(tmp_path, capsys):
    folder = tmp_path / "board"
    folder.mkdir()
    tell = board_in(folder, tmp_path / "desk")
    storage = folder / "storage"
    assert tool.main([str(storage), str(tmp_path / "early.zip")]) == 1
    assert "main.py settings.json audit" in capsys.readouterr().err

    assert tell("audit") == "ready: 1 entries"
    assert tool.main([str(storage), str(tmp_path / "good.zip")]) == 0
    capsys.readouterr()
    assert audited(tmp_path / "good.zip", tmp_path / "desk", capsys)[0] == 0

    ledger = bytearray((storage / "ledger").read_bytes())
    ledger[len(ledger) // 2] ^= 1
    (storage / "ledger").write_bytes(ledger)
    assert tool.main([str(storage), str(tmp_path / "bad.zip")]) == 0
    capsys.readouterr()
    assert audited(tmp_path / "bad.zip", tmp_path / "desk", capsys)[0] == 1
