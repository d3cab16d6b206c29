"""The whole device for many turns, quicker than life, and a heap that stays flat."""

import contextlib
import itertools
import json
import os
import subprocess
import time

import pytest

from device.net.outbox import MAX_BYTES
from tests.device.figures import keep
from tests.device.runner import MICROPYTHON, compiled, needs_micropython
from viewkeeper.dashboard.register import parse_register
from viewkeeper.protocol.vocabulary import LifecycleState
from viewkeeper.sim.broker import Broker, installed_kinds
from viewkeeper.sim.demo.recording import DemoRecorder
from viewkeeper.sim.demo.world import World

TURNS = int(os.environ.get("VIEWKEEPER_SOAK_TURNS", "60"))
PATIENCE_S = 60 + TURNS

SOAK = """
import asyncio, gc, json, sys
slow = asyncio.sleep
asyncio.sleep = lambda seconds: slow(seconds / 40)
from device import watch
from device.main import main
look, turns, seen = watch.Watch._look, 0, []
async def counted(self):
    global turns
    await look(self)
    turns += 1
    if turns % (TURNS // 12) == 0:
        gc.collect()
        seen.append(gc.mem_alloc())
        with open("soak.json", "w") as file:
            json.dump(seen, file)
        if len(seen) == 12:
            sys.exit(0)
watch.Watch._look = counted
sys.exit(main(["settings.json"]))
"""


def drawn_once(device):
    """The camera's picture for each state of the stage: drawing is not what is tried here."""
    draw, drawn = device.pictures.picture, {}

    def picture():
        stage = (device.folder / "stage.json").read_bytes()
        if stage not in drawn:
            drawn[stage] = draw()
        return drawn[stage]

    return picture


@needs_micropython
@pytest.mark.skipif("mosquitto" not in installed_kinds(), reason="no mosquitto here")
@pytest.mark.timeout(PATIENCE_S + 120)
def test_the_whole_device_turns_and_turns_and_its_heap_stays_flat(tmp_path):
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(Broker.start("mosquitto"))
        world = stack.enter_context(World(tmp_path, broker))
        device = world.add_device("dev-0001", "Back gate")
        register = parse_register({"cameras": world.desk.register()})
        recorder = DemoRecorder.start(tmp_path, register, broker)  # gives receipts
        stack.enter_context(contextlib.closing(recorder))
        device.pictures.picture = drawn_once(device)
        config = world.configuration(device.register_view(), check_period_s=1.0)
        (device.folder / "soak.py").write_text(SOAK.replace("TURNS", str(TURNS)))
        with device.log.open("ab") as log:
            running = subprocess.Popen(
                [*MICROPYTHON, "-X", "heapsize=1M", "soak.py"],
                cwd=device.folder,
                env={**os.environ, "MICROPYPATH": f"{compiled()}:.frozen"},
                stdout=log,
                stderr=log,
            )
        try:
            assert world.observer.wait(device.name, lambda seen: seen.report, 60), (
                device.log.read_text()
            )
            order = world.signed(device, config)
            assert world.send(device, order).verdict.reason == "accepted"
            world.step(device, LifecycleState.REGISTERED, "T-REG-1")
            stranger = world.stranger_signs(device, config)
            ends = time.monotonic() + PATIENCE_S
            for turn in itertools.count():
                if running.poll() is not None or time.monotonic() > ends:
                    break
                if turn % 8 == 0:
                    device.stage.knock(pan_deg=3.0, tilt_deg=-2.0)
                elif turn % 8 == 4:
                    device.stage.straighten()
                elif turn % 8 in (2, 6):  # refused, and the one in force come again
                    world.send(device, stranger if turn % 8 == 2 else order)
                time.sleep(0.1)
            assert running.poll() == 0, device.log.read_text()[-2000:]
        finally:
            running.kill()
            running.wait()
        seen = world.observer.seen(device.name)
        assert seen.refused == []
        assert {"camera_moved"} <= {event.event.value for event in seen.events}
    heap = json.loads((device.folder / "soak.json").read_text())
    keep("whole", what="the whole device, on a broker", turns=TURNS, heap="1M", bytes=heap)
    # Messages without a receipt come and go; what is kept for ever would add up from sample to
    # sample.
    settled = heap[2:]
    assert max(settled) - min(settled) <= MAX_BYTES
    early, late = sum(settled[:4]) / 4, sum(settled[-4:]) / 4
    assert late - early <= 4_000
