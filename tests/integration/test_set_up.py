"""Set-up and running on a real folder, a real key and a real broker."""

import json
import socket
import subprocess
import sys

import numpy as np
import pytest

from viewkeeper.agent.cli import main as agent
from viewkeeper.authority.cli import main as authority
from viewkeeper.sim.broker import Broker

pytestmark = pytest.mark.e2e

SETTINGS = """
[camera]
site = "hefei"
id = "cam-1"
hfov_deg = 60
[source]
kind = "files"
path = "frames"
loop = true
[broker]
host = "{host}"
port = {port}
[storage]
dir = "state"
"""


@pytest.fixture
def settings(tmp_path):
    frames = tmp_path / "frames"
    frames.mkdir()
    tiles = np.random.default_rng(1).integers(30, 220, (15, 20), np.uint8)
    luma = np.kron(tiles, np.ones((16, 16), np.uint8))
    for number in range(3):
        (frames / f"{number}.pgm").write_bytes(b"P5\n320 240\n255\n" + luma.tobytes())
    with Broker.start() as broker:
        path = tmp_path / "agent.toml"
        path.write_text(SETTINGS.format(host=broker.host, port=broker.tcp_port), "utf-8")
        yield path


def examined(settings, capsys):
    capsys.readouterr()
    code = agent(["doctor", "--config", str(settings), "--json"])
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return code, {finding["thing"]: finding for finding in found}


def test_a_camera_before_and_after_its_set_up(settings, capsys, tmp_path):
    code, before = examined(settings, capsys)
    assert code == 1
    assert before["storage"]["health"] == "bad"
    assert "viewkeeper-agent key" in before["storage"]["detail"]
    assert before["device key"]["health"] == "bad"
    assert before["broker"]["health"] == "good"
    assert before["camera"]["health"] == "warning"
    assert before["camera"]["detail"].endswith("recorded"), "a folder that is looped is no camera"

    agent(["key", "--config", str(settings)])
    key = capsys.readouterr().out.strip()
    desk, bundle = tmp_path / "desk", tmp_path / "cam-1.enrolment"
    authority(["init", str(desk), "--person", "Li Wei", "--no-passphrase"])
    enrol = ["camera", "enrol", str(desk), "--camera", "cam-1", "--site", "hefei"]
    enrol += ["--device-key", key, "--hfov-deg", "60", "--out", str(bundle)]
    assert authority(enrol) == 0
    assert agent(["enrol", "--config", str(settings), "--bundle", str(bundle)]) == 0

    code, after = examined(settings, capsys)
    assert code == 0, after
    assert after["enrolment"]["detail"].startswith("manufactured; no configuration yet")
    assert "MQTT 5 session" in after["broker"]["detail"]
    assert after["certificate"]["health"] == "warning"  # no TLS: said, and its cure


def test_each_fault_is_told_with_its_cure_and_stops_nothing_else(settings, capsys, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    text = settings.read_text("utf-8")
    broken = text.replace('path = "frames"', 'path = "nowhere"')
    broken = broken.replace(text.split("port = ")[1].split("\n")[0], str(port))
    settings.write_text(broken, "utf-8")
    (tmp_path / "state").mkdir(mode=0o755)
    (tmp_path / "state").chmod(0o755)
    code, found = examined(settings, capsys)
    assert code == 1
    assert "chmod 700" in found["storage"]["detail"]
    assert "no such file or folder" in found["camera"]["detail"]
    assert "is the broker running" in found["broker"]["detail"]


def test_a_person_reads_a_line_a_finding(settings, capsys):
    agent(["doctor", "--config", str(settings)])
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("BAD   device key: ") for line in lines)
    assert any(line.startswith("ok    libraries: numpy ") for line in lines)


def test_two_lenses_run_in_one_process_and_each_reports(settings, capsys, tmp_path):
    second = tmp_path / "second.toml"
    text = settings.read_text("utf-8").replace("loop = true\n", "")
    settings.write_text(text, "utf-8")
    second.write_text(text.replace("cam-1", "cam-2").replace('"state"', '"state-2"'), "utf-8")
    desk = tmp_path / "desk"
    authority(["init", str(desk), "--person", "Li Wei", "--no-passphrase"])
    for path, name in ((settings, "cam-1"), (second, "cam-2")):
        capsys.readouterr()
        agent(["key", "--config", str(path)])
        key, bundle = capsys.readouterr().out.strip(), tmp_path / f"{name}.enrolment"
        enrol = ["camera", "enrol", str(desk), "--camera", name, "--site", "hefei"]
        enrol += ["--device-key", key, "--hfov-deg", "60", "--out", str(bundle)]
        assert authority(enrol) == 0
        assert agent(["enrol", "--config", str(path), "--bundle", str(bundle)]) == 0
    words = [sys.executable, "-m", "viewkeeper.agent.cli", "run"]
    words += ["--config", str(settings), "--config", str(second)]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "hefei/cam-1: watching files" in ran.stderr
    assert "hefei/cam-2: watching files" in ran.stderr

    same = [*words[:-1], str(settings)]
    refused = subprocess.run(same, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert "each is a camera of its own" in refused.stderr
    assert "Traceback" not in refused.stderr
