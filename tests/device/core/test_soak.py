"""Ten thousand turns of the core's own work, and the heap no fuller at the end."""

import os

import pytest

from tests.device.core.test_desk import BEGIN, deliveries
from tests.device.figures import keep
from tests.device.runner import HEAP, needs_micropython, run
from tests.device.test_view import picture

TURNS = int(os.environ.get("VIEWKEEPER_SOAK_TURNS", "300"))

SOAK = (
    BEGIN
    + """
from device.core.sealing import Sealer
os.mkdir("store")
files = Files("store")
enrol(files, message_of({"message": "bundle"}), seed)
desk = Desk(files, views, lambda n: entropy[:n])
sealer = Sealer(desk.device, b"bootboot", seed)
for delivery in about["deliveries"]:
    assert desk.receive(message_of(delivery), delivery["kind"], False, now_of(delivery))["accepted"]
last = about["deliveries"][-1]
message, now = message_of(last), now_of(last)
forged = bytearray(message)
forged[-1] ^= 1
forged = bytes(forged)
seen = []
for turn in range(TURNS + 1):
    standing = desk.standing()
    sealer.seal(2, {"event": "camera_struck", "started_ms": turn, "confidence_permille": 900,
                    "alarm_method": 5, "alarm_type": 11}, now)
    if turn % 10 == 0:
        assert desk.receive(message, last["kind"], False, now)["reason"] == "already_applied"
        assert not desk.receive(forged, last["kind"], False, now)["accepted"]
        desk.tick(now)
    if turn % (TURNS // 10) == 0:
        standing = None
        gc.collect()
        seen.append(gc.mem_alloc())
print(json.dumps(seen))
"""
)


@needs_micropython
@pytest.mark.timeout(3000)
def test_the_heap_is_no_fuller_after_many_turns(tmp_path):
    files, _ = deliveries()
    script = SOAK.replace("TURNS", str(TURNS))
    seen = run(script, tmp_path, files=files, timeout_s=2900)
    keep("core", what="the core: orders, refusals, records", turns=TURNS, heap=HEAP, bytes=seen)
    assert len(seen) == 11
    # The first tenth fills what is filled once; after it, not one block of 32 bytes more.
    assert max(seen[1:]) - min(seen[1:]) <= 1024
    assert abs(seen[-1] - seen[1]) <= 512


WHOLE = """
import asyncio, gc, json, time
from device.core import tilt
from device.core.view import View
from device.hal.fake import Bus, FakePin, Ina219, Lsm6dso, World
from device.hal.senses import Senses
from device.watch import Watch
import device.hal.senses as senses_module
senses_module.PAUSE_S = 0
grey = open("grey", "rb").read()
moved = open("moved", "rb").read()
known = View(106, 80, 60000, grey)
config = {"view_hash": b"x" * 32, "check_period_ms": 100, "sign": {"lit_required": True},
          "tolerance": {"pan_mdeg": 1000, "tilt_mdeg": 1000, "roll_mdeg": 1000, "zoom_ppm": 20000}}
class Files:
    def read(self, name):
        kept = tilt.Mount(0.0, 0.0, 25.0).to_bytes() if name.endswith(".mount") else None
        return kept if kept else known.to_bytes()
class Now:
    utc_ms = 0
    def now(self):
        self.utc_ms += 100
        return self
class Camera:
    turn = 0
    async def grey(self):
        self.turn += 1
        return grey if self.turn // 8 % 2 else moved
world = World()
about = {"accelerometer": {"chip": "lsm6dso", "address": 0x6A, "axes": "+x+y+z"},
         "current": {"address": 0x40, "shunt_mohm": 100}}
class Board:
    files, clock, camera = Files(), Now(), Camera()
    senses = Senses(about, Bus(world, {0x6A: Lsm6dso(world), 0x40: Ina219(world, 100)}),
                    {"case": FakePin(world, "case_open"), "lamp": FakePin(world, "lamp")},
                    time.sleep_ms)
flags = 0
def tell(flag):
    global flags
    flags += 1
watch = Watch(Board, lambda: config, tell, lambda name: None)
async def main():
    seen = []
    for turn in range(TURNS + 1):
        world.told["tilt_deg"] = 3.0 if turn // 8 % 2 else 0.0
        world.told["strikes"] = turn // 16
        await watch._look()
        await watch._feel()
        if turn % (TURNS // 10) == 0:
            gc.collect()
            seen.append(gc.mem_alloc())
    return seen
print(json.dumps([asyncio.run(main()), flags]))
"""


@needs_micropython
@pytest.mark.timeout(3000)
def test_looking_and_feeling_leaves_the_heap_as_it_was(tmp_path):
    files = {"grey": picture(1), "moved": picture(1, 3.0)}
    turns = TURNS if TURNS >= 1000 else 40
    script = WHOLE.replace("TURNS", str(turns))
    seen, flags = run(script, tmp_path, files=files, heap="512K", timeout_s=2900)
    keep("senses", what="view check and sensors", turns=turns, heap="512K", bytes=seen)
    assert flags > turns // 16
    assert max(seen[1:]) - min(seen[1:]) <= 1024
    assert abs(seen[-1] - seen[1]) <= 512
