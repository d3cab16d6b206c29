"""The README's way from nothing to a camera in use and a dashboard, command by command."""

import json
import re
import subprocess
import sys
import time
import urllib.request

import pytest

from viewkeeper.sim.broker import Broker, free_port
from viewkeeper.sim.demo.world import AGENT
from viewkeeper.sim.stage import Scene, Stage, write_stage

pytestmark = pytest.mark.e2e


def run(module, *words, expect=0):
    done = subprocess.run(
        [sys.executable, "-m", f"viewkeeper.{module}", *map(str, words)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    assert done.returncode == expect, f"{words}: {done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture
def broker():
    with Broker.start() as running:
        yield running


def test_a_pilot_from_nothing_to_a_camera_in_use(tmp_path, broker):
    desk, settings, stage = tmp_path / "desk", tmp_path / "agent.toml", tmp_path / "stage.json"
    write_stage(stage, Stage(scene=Scene(fps=10.0)))
    settings.write_text(
        AGENT.format(
            site="hefei",
            camera="cam-1",
            hfov_deg=60.0,
            stage=stage,
            host=broker.host,
            port=broker.tcp_port,
            state=tmp_path / "state",
        ),
        encoding="utf-8",
    )
    where = ("--host", broker.host, "--port", broker.tcp_port)

    run("authority.cli", "init", desk, "--person", "Li Wei", "--no-passphrase")
    key = run("agent.cli", "key", "--config", settings).strip()
    assert re.fullmatch("[0-9a-f]{64}", key)
    bundle = tmp_path / "cam-1.enrolment"
    enrolled = run(
        "authority.cli", "camera", "enrol", desk, "--camera", "cam-1", "--site", "hefei",
        "--device-key", key, "--hfov-deg", 60, "--out", bundle,
    )  # fmt: skip
    taken = run("agent.cli", "enrol", "--config", settings, "--bundle", bundle)
    fingerprint = taken.strip().splitlines()[-1]
    assert re.fullmatch("([0-9a-f]{4} ?){8}", fingerprint)
    assert fingerprint in enrolled
    digest = run(
        "sim.cli", "agent", "register", "--config", settings, "--frames", 6, "--interval", 0.2
    ).split()[-1]
    config = tmp_path / "cam-1.toml"
    example = run("authority.cli", "config", "example")
    config.write_text(
        re.sub(r"# view_hash = .*", f'view_hash = "{digest}"', example), encoding="utf-8"
    )
    agent = subprocess.Popen(
        [sys.executable, "-m", "viewkeeper.sim.cli", "agent", "run", "--config", str(settings)],
        stderr=subprocess.DEVNULL,
    )
    try:
        order = tmp_path / "config.cose"
        shown = run(
            "authority.cli", "config", "sign", desk, "--camera", "cam-1", "--file", config,
            "--out", order, "--yes",
        )  # fmt: skip
        assert "cam-1" in shown
        told = run("authority.cli", "send", desk, order, *where)
        assert "accepted" in told
        today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
        for state, more in (("registered", []), ("accepted", ["--passed"]), ("in_use", [])):
            step = tmp_path / f"{state}.cose"
            run(
                "authority.cli", "lifecycle", "sign", desk, "--camera", "cam-1", "--to", state,
                "--on", today, "--document", f"P-{state}", "--yes", "--out", step, *more,
            )  # fmt: skip
            assert "accepted" in run("authority.cli", "send", desk, step, *where)
        # the same order once more is a replay, or idempotent; an altered one is refused
        forged = tmp_path / "forged.cose"
        data = bytearray(order.read_bytes())
        data[-1] ^= 1
        forged.write_bytes(data)
        refused = run("authority.cli", "send", desk, forged, *where, expect=1)
        assert "bad_signature" in refused
    finally:
        agent.terminate()
        assert agent.wait(20) == 0

    bundle = tmp_path / "cam-1.zip"
    assert "entries" in run("agent.cli", "export", "--config", settings, "--out", bundle)
    told = run("authority.cli", "audit", bundle, "--desk", desk, "--html", tmp_path / "audit.html")
    assert "cam-1" in told
    assert "<html" in (tmp_path / "audit.html").read_text(encoding="utf-8")
    run("agent.cli", "export", "--config", settings, "--out", bundle, expect=2)

    register = tmp_path / "register.json"
    run("authority.cli", "register", "export", desk, "--out", register)
    port = free_port()
    dashboard = subprocess.Popen(
        [
            sys.executable, "-m", "viewkeeper.dashboard.cli", "serve", "--register",
            str(register), "--broker-url", broker.ws_url, "--port", str(port),
        ],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        cameras = fetch(f"http://127.0.0.1:{port}/config.json")["cameras"]
        assert [(row["camera"], row["device_key"]) for row in cameras] == [("cam-1", key)]
    finally:
        dashboard.terminate()
        dashboard.wait(10)


def fetch(url, patience_s=20.0):
    deadline = time.monotonic() + patience_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
