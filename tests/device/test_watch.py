"""The loops that look and feel: what an order changes while they wait harms nothing."""

import numpy as np

from device.core import tilt, view
from device.watch import Watch
from tests.device.test_view import picture
from tests.support.loops import run

CONFIG = {
    "view_hash": bytes(32),
    "check_period_ms": 100,
    "tolerance": {"pan_mdeg": 1000, "tilt_mdeg": 1000, "roll_mdeg": 1000, "zoom_ppm": 20_000},
    "sign": {"lit_required": True},
}
UP = (0.0, -1.0, 0.0)


class Clock:
    utc_ms = 0

    def now(self):
        self.utc_ms += 1000
        return self


class Files:
    def __init__(self):
        known = tilt.registered([UP] * 16, 20.0)
        seen = view.View(106, 80, 60_000, picture(1))
        self.kept = {
            bytes(32).hex() + ".view": seen.to_bytes(),
            bytes(32).hex() + ".mount": known.to_bytes(),
        }

    def read(self, name):
        return self.kept.get(name)


class Senses:
    feels, drift_g_per_k, lamp_limits = True, 0.0001, (150, 20, 1500)

    def __init__(self, while_waiting=lambda: None):
        self._while_waiting = while_waiting
        self.burns = None

    async def gravity(self):
        self._while_waiting()
        return [UP] * 16, 21.0, False

    def light(self, on):
        self.burns = on
        return True

    def current_ma(self):
        return 300 if self.burns else 0

    def case_open(self):
        return False

    def sign_present(self):
        return True


class Camera:
    def __init__(self, while_waiting=lambda: None):
        self._while_waiting = while_waiting

    async def grey(self):
        self._while_waiting()
        return picture(1)


class Board:
    clock, files = Clock(), Files()

    def __init__(self, camera, senses):
        self.camera, self.senses = camera, senses


def watch(camera=None, senses=None):
    config = {"now": None}
    flags = []
    board = Board(camera, senses)
    made = Watch(board, lambda: config["now"], flags.append, lambda name: None)
    return made, config, flags


def turn(made, times=1):
    for _ in range(times):
        run(made._look())
        if made._board.senses is not None:
            run(made._feel())


def test_an_order_that_comes_while_the_sensors_are_read_waits_for_the_next_look():
    made, config, _ = watch(senses=Senses(lambda: config.update(now=CONFIG) or made._take()))
    run(made._feel())
    assert made.mount.verdict == "cannot_tell"
    turn(made, 3)
    assert made.mount.verdict == "same"


def test_a_configuration_that_goes_while_a_picture_comes_leaves_the_device_at_work():
    made, config, _ = watch(camera=Camera(lambda: config.update(now=None) or made._take()))
    config["now"] = CONFIG
    run(made._look())
    turn(made)
    assert (made.guard.verdict, made.guard.cause) == ("cannot_tell", "not_registered")


def test_camera_and_sensors_are_judged_each_for_itself():
    made, config, flags = watch(Camera(), Senses())
    config["now"] = CONFIG
    turn(made, 3)
    assert (made.guard.verdict, made.mount.verdict) == ("same", "same")
    assert made.signage == {
        "state": "present", "lit": "lit", "source": "sensor", "current_ma": 300,
    }  # fmt: skip
    assert flags == []


def test_the_lamp_burns_when_the_signed_configuration_wants_it():
    made, config, _ = watch(senses=Senses())
    turn(made)
    assert made.signage["lit"] == "unlit"
    config["now"] = CONFIG
    turn(made)
    assert made.signage["lit"] == "lit"


def test_a_board_without_a_camera_flags_a_move_from_gravity():
    made, config, flags = watch(senses=Senses())
    config["now"] = CONFIG
    turn(made, 3)
    assert (made.guard.verdict, made.guard.cause) == ("cannot_tell", "no_camera")
    turned = tuple(np.roll(UP, 1))  # fallen on its side
    made._board.senses.gravity = lambda: _told(([turned] * 16, 21.0, True))
    turn(made, 4)
    assert made.mount.verdict == "moved"
    assert [flag["event"] for flag in flags] == ["camera_struck", "camera_moved"]
    made._board.senses.gravity = lambda: _told(([UP] * 16, 21.0, False))
    turn(made, 3)
    assert flags[-1]["event"] == "camera_moved"
    assert flags[-1]["ended_ms"] > flags[-1]["started_ms"]


async def _told(value):
    return value


def test_a_silent_sensor_is_said_at_once():
    made, config, _ = watch(senses=Senses())
    config["now"] = CONFIG
    turn(made, 3)

    async def silent():
        raise OSError(5)

    made._board.senses.gravity = silent
    turn(made)
    assert (made.mount.verdict, made.mount.cause) == ("cannot_tell", "signal_lost")
