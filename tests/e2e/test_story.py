"""`make demo DEMO=once`, on every broker there is here."""

import os
import re
import subprocess
import sys

import pytest

from viewkeeper.sim.broker import installed_kinds

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("kind", ["mosquitto", "iotcore"])
def test_the_story_ends_as_promised(kind, tmp_path):
    if kind not in installed_kinds():
        pytest.skip(f"{kind} is not installed here")
    command = [sys.executable, "-m", "viewkeeper.sim.cli", "demo", "--once", "--broker", kind]
    done = subprocess.run(
        [*command, "--folder", str(tmp_path), "--lang", "en"],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every outcome was as promised" in done.stdout
    told = re.search(r"Recorder: verified (\d+), kept (\d+), receipts (\d+) ", done.stdout)
    assert told is not None, done.stdout
    assert all(int(number) > 0 for number in told.groups())
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "cam-0001" / "agent.log").read_text().count("Traceback")
