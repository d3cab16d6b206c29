"""A recorder countersigns a real camera's ledger, and the audit finds it in the bundle."""

import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.integration.test_set_up import SETTINGS
from viewkeeper.dashboard.recorder import key
from viewkeeper.dashboard.recorder.intake import Intake
from viewkeeper.dashboard.recorder.listener import Recorder
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.recorder.subscription import BrokerAddress
from viewkeeper.dashboard.recorder.witness import Witness
from viewkeeper.dashboard.register import load_register
from viewkeeper.sim.broker import Broker

pytestmark = pytest.mark.e2e


def run(module, *words):
    done = subprocess.run(
        [sys.executable, "-m", f"viewkeeper.{module}.cli", *map(str, words)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def awaited(holds):
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("did not come true in half a minute")


def test_a_recorder_countersigns_and_the_audit_checks_it(tmp_path):
    frames = tmp_path / "frames"
    frames.mkdir()
    tiles = np.random.default_rng(1).integers(30, 220, (15, 20), np.uint8)
    picture = np.kron(tiles, np.ones((16, 16), np.uint8)).tobytes()
    (frames / "0.pgm").write_bytes(b"P5\n320 240\n255\n" + picture)
    desk, settings = tmp_path / "desk", tmp_path / "agent.toml"
    public = run("dashboard", "key", tmp_path / "recorder.key").strip()
    run("authority", "init", desk, "--person", "Li Wei", "--no-passphrase")
    run("authority", "key", "import", desk, "recorder", "--person", "Recorder of Hefei",
        "--role", "witness", "--public", public)  # fmt: skip
    with Broker.start("mosquitto") as broker:
        settings.write_text(SETTINGS.format(host=broker.host, port=broker.tcp_port), "utf-8")
        device = run("agent", "key", "--config", settings).strip()
        bundle, register = tmp_path / "cam-1.enrolment", tmp_path / "register.json"
        run("authority", "camera", "enrol", desk, "--camera", "cam-1", "--site", "hefei",
            "--device-key", device, "--hfov-deg", 60, "--out", bundle)  # fmt: skip
        run("agent", "enrol", "--config", settings, "--bundle", bundle)
        run("authority", "register", "export", desk, "--out", register)
        recording = Recording(tmp_path / "desk.sqlite")
        recorder = Recorder(
            Intake(load_register(register)),
            recording,
            BrokerAddress(host=broker.host, port=broker.tcp_port),
            lambda: int(1000 * time.time()),
            witness=Witness(key.load(tmp_path / "recorder.key"), recording),
        )
        agent = subprocess.Popen(
            [sys.executable, "-m", "viewkeeper.agent.cli", "run", "--config", str(settings)],
            stderr=subprocess.DEVNULL,
        )
        try:
            # A keyset is obeyed live or not at all: the camera must be there.
            awaited(lambda: int(str(recorder.health()["kept"])) >= 1)
            rotation = run("authority", "keyset", "rotate", desk, "--camera", "cam-1",
                           "--add", "recorder", "--yes")  # fmt: skip
            (order,) = re.findall(r"\S+\.cose", rotation)
            run("authority", "send", desk, order, "--host", broker.host, "--port", broker.tcp_port)
            awaited(lambda: int(str(recorder.health()["countersigned"])) >= 1)
            awaited(lambda: list((tmp_path / "state" / "witness").glob("*")))
        finally:
            agent.send_signal(signal.SIGTERM)
            agent.wait(20)
            recorder.close()
    inspection = tmp_path / "cam-1.zip"
    run("agent", "export", "--config", settings, "--out", inspection)
    audit = run("authority", "audit", inspection, "--desk", desk)
    assert re.search(r"\[yes\] checkpoints kept by others agree: [1-9]", audit), audit
