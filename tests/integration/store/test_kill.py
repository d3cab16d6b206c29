"""kill -9 at random moments: old or new, nothing acknowledged is lost, nothing goes back.

``VIEWKEEPER_KILLS=500`` for the full number; a few by default.
"""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from viewkeeper.agent.enrolling import enrol, open_desk
from viewkeeper.protocol.vectors import workshop as w

KILLS = int(os.environ.get("VIEWKEEPER_KILLS", "8"))
LIFE = 20
PROGRAM = Path(__file__).with_name("obeying.py")


@pytest.mark.slow
@pytest.mark.timeout(300 + 10 * KILLS)
def test_a_killed_camera_forgets_nothing_it_acknowledged(tmp_path):
    chance = random.Random(20261124)
    acknowledged, entries, home = 0, 0, tmp_path
    for number in range(KILLS):
        if number % LIFE == 0:  # a young ledger: the number of kills shall not cost its square
            home = tmp_path / f"{number}"
            home.mkdir()
            enrol(home, w.enrolment().encode(), w.DEVICE_SIGNER)
            acknowledged, entries = 0, 0
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(home)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        first = process.stdout.readline().split()
        assert first[0] == "open", first
        assert int(first[1]) in (acknowledged, acknowledged + 1)
        time.sleep(chance.uniform(0.0, 0.15))
        process.kill()
        said = process.stdout.read().splitlines()
        process.wait()
        whole = [line.split() for line in said if line.startswith("kept") and line.count(" ") == 2]
        if whole:
            acknowledged, entries = int(whole[-1][1]), int(whole[-1][2])
        else:
            acknowledged = int(first[1])
        desk = open_desk(home)
        assert desk.config_sequence in (acknowledged, acknowledged + 1)
        assert desk.ledger.size >= entries
        acknowledged = desk.config_sequence
        desk.ledger.close()
    assert acknowledged > 0
