"""The doctor before a serial line: a board that speaks, one that does not, and a stranger's."""

import json
import subprocess
import sys

import pytest

from tests.device.runner import needs_micropython
from tests.device.test_line import beside, listens
from tests.device.wire import Wire
from viewkeeper.sim.broker import Broker, installed_kinds
from viewkeeper.sim.demo.world import World

pytestmark = [
    needs_micropython,
    pytest.mark.skipif("mosquitto" not in installed_kinds(), reason="no mosquitto here"),
    pytest.mark.timeout(300),
]


def board_line(camera):
    """What the real command says of the board: (its exit code, health, detail)."""
    doctor = [sys.executable, "-m", "viewkeeper.sim.agent", "doctor", "--json"]
    done = subprocess.run(
        [*doctor, "--config", str(camera.config)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    [told] = [finding for finding in found if finding["thing"] == "board"]
    return done.returncode, told["health"], told["detail"]


def test_the_doctor_tells_a_silent_line_a_strange_board_and_the_right_one_apart(tmp_path):
    with (
        Broker.start("mosquitto") as broker,
        World(tmp_path, broker) as world,
        Wire() as wire,
    ):
        camera = world.add_camera("cam-0001", "Gate")
        board = world.add_device("gate-board", "Board at the gate")
        stranger = world.add_device("strange-board", "Another board")
        for device in (board, stranger):
            beside(device, wire.ends[1], world.desk.camera("cam-0001").key.raw.hex())
        listens(camera, wire.ends[0], "gate-board", world.desk.camera("gate-board").key.raw.hex())

        code, health, detail = board_line(camera)
        assert (code, health) == (1, "bad")
        assert "gate-board is silent on" in detail
        assert "tx and rx crossed" in detail  # and what to look at

        stranger.start()
        code, health, detail = board_line(camera)
        assert (code, health) == (1, "bad")
        assert "is not gate-board with the key of the settings: unknown_key" in detail
        stranger.kill()

        board.start()
        _, health, detail = board_line(camera)
        assert health == "good"
        assert detail.startswith("gate-board: down ")
        board.kill()

        text = camera.config.read_text("utf-8")
        camera.config.write_text(text.replace(wire.ends[0], str(tmp_path / "no-port")), "utf-8")
        code, health, detail = board_line(camera)
        assert (code, health) == (1, "bad")
        assert "no-port" in detail
