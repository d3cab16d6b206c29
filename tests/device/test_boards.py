"""The board files and hal of ESP32 and RP2, under MicroPython, against a machine that is written
after the ports' documentation: its arguments are checked, its bus carries the datasheets' chips."""

import importlib
import json

import pytest

from tests.device.runner import ROOT, needs_micropython, run

BOARDS = sorted(path.stem for path in (ROOT / "device" / "boards").glob("*.py"))
# GPIO that a board has at all, and that are free of flash, PSRAM and USB.
USABLE = {
    "pico_w": set(range(23)) | {26, 27, 28},
    "xiao_esp32s3_sense": set(range(1, 10)) | set(range(10, 19)) | {38, 39, 40, 43, 44, 47, 48},
    "esp32_cam": set(range(6)) | set(range(12, 16)) | {18, 19, 21, 22, 23, 25, 26, 27}
    | {32, 33, 34, 35, 36, 39},
}  # fmt: skip
INPUT_ONLY = {"esp32_cam": {34, 35, 36, 39}}

MACHINE = """
import asyncio, json, sys, time
from device.hal import fake
class Module: pass
class Pin:
    IN, OUT, PULL_UP = 0, 1, 2
    made = {}
    def __init__(self, number, mode=-1, pull=-1, *, value=None):
        assert isinstance(number, int)
        self.number, self.mode, self.level = number, mode, 1 if value is None else value
        Pin.made[number] = self
    def __call__(self, value=None):
        if value is not None:
            assert self.mode == Pin.OUT
            self.level = value
        return self.level
world = fake.World()
chips = {0x6A: fake.Lsm6dso(world), 0x40: fake.Ina219(world, 100)}
class I2C(fake.Bus):
    def __init__(self, id, *, scl, sda, freq=400000, timeout=50000):
        assert scl.number != sda.number and freq <= 400000
        super().__init__(world, chips)
fed = []
class WDT:
    def __init__(self, id=0, timeout=5000):
        assert timeout <= 8388
    def feed(self):
        fed.append(1)
class Restarted(Exception): pass
def reset():
    raise Restarted
machine, network, ntptime, camera = Module(), Module(), Module(), Module()
machine.Pin, machine.I2C, machine.WDT, machine.reset = Pin, I2C, WDT, reset
class WLAN:
    def __init__(self, interface):
        assert interface == 7
        self.on = self.tries = 0
    def active(self, on): self.on = on
    def isconnected(self): return self.tries > 0
    def connect(self, ssid, key):
        assert self.on and (ssid, key) == ("yard", "secret")
        self.tries += 1
network.WLAN, network.STA_IF = WLAN, 7
asked = []
def settime(): asked.append(1)
ntptime.settime = settime
class PixelFormat: GRAYSCALE = 3
class FrameSize: QVGA = 5
class Camera:
    freed = 0
    def __init__(self, *, pixel_format, frame_size, data_pins, vsync_pin, href_pin, sda_pin,
                 scl_pin, pclk_pin, xclk_pin, xclk_freq, powerdown_pin, reset_pin):
        assert (pixel_format, frame_size, len(data_pins)) == (3, 5, 8)
    def capture(self):
        return memoryview(open("picture", "rb").read())
    def free_buffer(self):
        Camera.freed += 1
camera.Camera, camera.PixelFormat, camera.FrameSize = Camera, PixelFormat, FrameSize
for name in ("machine", "network", "ntptime", "camera"):
    sys.modules[name] = globals()[name]
about = json.load(open("about.json"))
hal = __import__("device.hal." + about["hal"], None, None, ("Board",))
board = hal.Board({"board": about["board"], "storage": "kept",
                   "wifi": {"ssid": "yard", "key": "secret"}})
"""
LIVE = (
    MACHINE
    + """
from device.commands import command, load_key
world.told.update({"tilt_deg": 4.0, "temperature_c": 30.0, "lamp_ma": 200})
seed = load_key(board)
name = command(board, {"hfov_mdeg": 60000}, ["register"])
before = board.clock.now().trusted
async def join():
    task = asyncio.create_task(board.join())
    await asyncio.sleep(7)
    task.cancel()
asyncio.run(join())
board.feed()
board.feed()
try:
    board.restart()
    restarted = False
except Restarted:
    restarted = True
samples, temperature, knocked = asyncio.run(board.senses.gravity())
from device.core.tilt import Mount
mount = Mount.from_bytes(board.files.read(name + ".mount"))
case = board.about.PINS["case"]
Pin.made[case].level = 0
shut = board.senses.case_open()
lamp = board.senses.light(True)
print(json.dumps({"name": len(name), "mount": [mount.tilt, mount.roll], "temperature": temperature,
    "samples": len(samples), "trusted": [before, board.clock.now().trusted], "fed": len(fed),
    "restarted": restarted, "asked": len(asked), "shut": shut, "current": board.senses.current_ma(),
    "sign": board.senses.sign_present(), "lamp": lamp, "views": len(board.files.names(".view")),
    "freed": Camera.freed}))
"""
)


def about(name):
    module = importlib.import_module(f"device.boards.{name}")
    return module, "rp2" if name.startswith("pico") else "esp32"


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_uses_each_pin_once_and_only_pins_it_has(name):
    board, _ = about(name)
    used = [board.I2C["sda"], board.I2C["scl"], *board.PINS.values()]
    for what, pins in getattr(board, "CAMERA", {}).items():
        if what != "xclk_freq":
            used += [pin for pin in (pins if isinstance(pins, list) else [pins]) if pin >= 0]
    assert len(used) == len(set(used))
    assert set(used) <= USABLE[name]
    driven = [board.I2C["sda"], board.I2C["scl"], *(board.PINS[pin] for pin in board.OUTPUTS)]
    assert not set(driven) & INPUT_ONLY.get(name, set())
    axes = board.SENSES["accelerometer"]["axes"]
    assert sorted(axes[1::2]) == ["x", "y", "z"]
    assert set(axes[::2]) <= {"+", "-"}


@pytest.mark.parametrize("name", BOARDS)
def test_the_axes_of_a_board_keep_left_and_right(name):
    """A mirrored frame would call every roll by the wrong sign."""
    board, _ = about(name)
    axes = board.SENSES["accelerometer"]["axes"]
    order = ["xyz".index(letter) for letter in axes[1::2]]
    turns = sum(a > b for at, a in enumerate(order) for b in order[at + 1 :])
    assert (axes.count("-") + turns) % 2 == 0


@needs_micropython
@pytest.mark.parametrize("name", BOARDS)
def test_a_board_comes_up_registers_and_keeps_time(name, tmp_path):
    board, hal = about(name)
    row = bytes(range(0, 240, 3)) * 4
    picture = b"".join(row[at % 77 :] + row[: at % 77] for at in range(240))
    files = {"about.json": json.dumps({"hal": hal, "board": name}), "picture": picture}
    told = run(LIVE, tmp_path, files=files, heap="1M", path=ROOT)
    has_camera = hasattr(board, "CAMERA")
    assert told["name"] == 64
    assert told["views"] == has_camera
    assert told["freed"] == (5 if has_camera else 0)
    axes = board.SENSES["accelerometer"]["axes"]
    if axes == "+x+y+z":
        assert told["mount"] == pytest.approx([4.0, 0.0], abs=0.02)
    assert told["temperature"] == 30.0
    assert told["samples"] == 16
    assert told["trusted"] == [False, True]
    assert (told["fed"], told["restarted"], told["asked"]) == (2, True, 1)
    assert told["shut"] is False
    assert told["lamp"] is ("lamp" in board.PINS)
    assert told["sign"] is (False if "sign" in board.PINS else None)
    assert told["current"] == pytest.approx(200, abs=0.1)


MISSING = (
    MACHINE.replace('"ntptime", "camera")', '"ntptime")')
    + """
from device.commands import command
from device.core.view import ViewError
try:
    command(board, {"hfov_mdeg": 60000}, ["register"])
except ViewError as error:
    print(json.dumps(str(error)))
"""
)


@needs_micropython
def test_a_port_without_the_camera_module_is_told_what_to_do(tmp_path):
    files = {"about.json": json.dumps({"hal": "esp32", "board": "esp32_cam"})}
    told = run(MISSING, tmp_path, files=files, heap="1M", path=ROOT)
    assert "micropython-camera-API" in told
