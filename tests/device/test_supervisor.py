"""Watchdog, boot counter and safe mode: the rules, and a device that really keeps crashing."""

import json
import os
import select
import signal
import subprocess
import time

import pytest

from device.core import supervisor
from tests.device.runner import ROOT, needs_micropython
from viewkeeper.protocol.vocabulary import ViewVerdict
from viewkeeper.sim.broker import Broker, installed_kinds
from viewkeeper.sim.demo.world import World

PATIENCE_S = 60.0
BITE_S = 6.0  # of the watchdog that the test plays; the device feeds every second


def test_one_task_that_stands_still_is_enough():
    watch = supervisor.Supervisor({"look": 100, "link": 1000}, 0)
    watch.tick("look", 90)
    assert watch.may_feed(150)
    assert watch.late(191) == ["look"]
    watch.tick("look", 195)
    assert watch.may_feed(200)
    assert watch.late(1001) == ["look", "link"]


def test_a_start_is_good_only_after_minutes_of_all_tasks():
    watch = supervisor.Supervisor({"look": 100}, 0)
    watch.tick("look", supervisor.WELL_MS - 1)
    assert not watch.is_well(supervisor.WELL_MS - 1)
    assert watch.is_well(supervisor.WELL_MS)
    assert not watch.is_well(supervisor.WELL_MS + 200)


def test_starts_are_counted_until_one_is_good():
    kept = None
    for count in range(1, 300):
        starts, kept = supervisor.started(kept)
        assert starts == min(count, supervisor.MAX_STARTS)
        assert supervisor.is_safe_mode(starts) == (count > supervisor.SAFE_AFTER)
    assert supervisor.started(supervisor.WELL)[0] == 1
    assert supervisor.started(b"")[0] == 1


class Kernel:
    """Init and /dev/watchdog: starts the device when it ends, and kills it when it is not fed."""

    def __init__(self, command, environment, fifo, log):
        self._command, self._environment = command, environment
        self._fifo, self._log = fifo, log
        self.starts = self.bites = 0
        os.mkfifo(fifo)
        self._read = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)  # never at its end
        self._process, self._fed_at = None, 0.0

    def turn(self):
        """A moment of the kernel's life."""
        now = time.monotonic()
        if self._process is None or self._process.poll() is not None:
            self.starts += 1
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command, stdout=log, stderr=log, env=self._environment
                )
            self._fed_at = now + 5.0  # an interpreter takes its time on a busy machine
        if select.select([self._read], [], [], 0.2)[0] and os.read(self._read, 4096):
            self._fed_at = max(self._fed_at, now)
        elif now - self._fed_at > BITE_S:
            self.bites += 1
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def until(self, holds, what):
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, (what, self._log.read_text()[-2000:])
            self.turn()

    def close(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        os.close(self._read)


@pytest.fixture
def world(tmp_path):
    with Broker.start("mosquitto") as broker, World(tmp_path / "world", broker) as world:
        yield world


# A device whose camera driver hangs for ever or raises what nobody expected, once a file says so.
FAULTY = """
import json, sys
sys.path.insert(0, ".")
from device.hal import unix
from device.watch import Watch
settings = sys.argv[1]
fault = sys.argv[2]
def told():
    try:
        with open(fault) as file:
            return file.read()
    except OSError:
        return ""
honest = Watch._look
async def look(self):
    what = told()
    while what == "hang":
        pass
    if what == "crash":
        raise RuntimeError("a fault of the program")
    return await honest(self)
Watch._look = look
from device.main import main
sys.exit(main([settings]))
"""


@needs_micropython
@pytest.mark.skipif("mosquitto" not in installed_kinds(), reason="no mosquitto here")
@pytest.mark.timeout(240)
def test_a_device_that_hangs_and_crashes_ends_in_safe_mode_and_an_order_mends_it(world, tmp_path):
    device = world.add_device("dev-0001", "Back gate")
    view_hash = device.register_view()
    fifo, fault, script = tmp_path / "watchdog", tmp_path / "fault", tmp_path / "faulty.py"
    script.write_text(FAULTY, "utf-8")
    settings = json.loads(device.settings.read_text("utf-8"))
    device.settings.write_text(json.dumps({**settings, "watchdog": str(fifo)}), "utf-8")
    command = [*device._command[:3], str(script), str(device.settings), str(fault)]
    kernel = Kernel(command, {**device._environment, "MICROPYPATH": f"{ROOT}:.frozen"},
                    fifo, device.log)  # fmt: skip
    try:
        see = world.observer.seen
        kernel.until(lambda: see(device.name).report is not None, "it does not come up")
        fault.write_text("hang", "utf-8")
        kernel.until(lambda: kernel.bites >= 1, "the watchdog does not bite")
        fault.write_text("crash", "utf-8")
        kernel.until(
            lambda: "safe_mode" in see(device.name).alarms and see(device.name).status == "online",
            "no safe mode",
        )
        assert kernel.starts == supervisor.SAFE_AFTER + 1
        safe = kernel.starts
        log = device.log.read_text()
        assert "a fault of the program" in log
        report = see(device.name).report
        assert report.view.verdict is ViewVerdict.CANNOT_TELL  # it does not look
        assert "safe_mode" in [alarm.value for alarm in report.alarms]

        # It is there, and takes the order that mends it: then it starts anew, and looks.
        fault.unlink()
        world.order(device, world.configuration(view_hash))
        kernel.until(lambda: kernel.starts == safe + 1, "it does not start anew")
        kernel.until(
            lambda: see(device.name).report.view.verdict is ViewVerdict.SAME, "it does not look"
        )
        assert "safe_mode" not in [alarm.value for alarm in see(device.name).report.alarms]
        assert kernel.starts == safe + 1
        assert see(device.name).refused == []
    finally:
        kernel.close()
