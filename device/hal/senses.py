"""What a board of sensors gives: gravity, temperature, knocks, the lamp's current, switches.

Built from a board's description (``device/boards``); every chip and every pin may be missing.
A chip that does not answer at the start is tried again at every look.
"""

import asyncio

from device.core.lamp import LIT_FROM_MA, OFF_BELOW_MA, SHORT_ABOVE_MA
from device.core.tilt import in_camera_axes

SAMPLES, PAUSE_S = 16, 0.02  # a third of a second: a gust is longer, a lorry's rumble is not
_CHIPS = ("lsm6dso", "bmi270")


class Senses:
    """The sensors of a board.

    Args:
        description: a board's ``SENSES``: ``accelerometer`` {chip, address, axes}, ``current``
            {address, shunt_mohm, lit_from_ma, off_below_ma, short_above_ma}, ``case_open_level``,
            ``sign_present_level``.
        i2c: the bus.
        pins: ``case``, ``sign``, ``lamp`` by name, where they are there.
        sleep_ms: of the machine, for a chip's start.
    """

    def __init__(self, description, i2c, pins, sleep_ms):
        self._about, self._i2c, self._pins, self._sleep_ms = description, i2c, pins, sleep_ms
        self._gravity = self._current = None
        current = description.get("current") or {}
        self.lamp_limits = (
            current.get("lit_from_ma", LIT_FROM_MA),
            current.get("off_below_ma", OFF_BELOW_MA),
            current.get("short_above_ma", SHORT_ABOVE_MA),
        )

    @property
    def feels(self):
        """Whether there is an accelerometer at all."""
        return "accelerometer" in self._about

    @property
    def drift_g_per_k(self):
        return self._gravity.drift_g_per_k if self._gravity else 0.0

    async def gravity(self):
        """(samples in the camera's axes, temperature, whether it was knocked).

        Raises:
            OSError: the chip is silent.
        """
        try:
            return await self._feel()
        except OSError:
            self._gravity = None  # it may come back, and must be started then
            raise

    async def _feel(self):
        about = self._about["accelerometer"]
        if self._gravity is None:
            self._gravity = _started(about, self._i2c, self._sleep_ms)
        samples = []
        for _ in range(SAMPLES):
            samples.append(in_camera_axes(self._gravity.acceleration_g(), about["axes"]))
            await asyncio.sleep(PAUSE_S)
        return samples, self._gravity.temperature_c(), self._gravity.knocked()

    def current_ma(self):
        """Through the lamp; ``None``: not sensed, or the chip is silent."""
        about = self._about.get("current")
        if not about:
            return None
        try:
            if self._current is None:
                from device.drivers.ina219 import CurrentSense

                self._current = CurrentSense(self._i2c, about["shunt_mohm"], about["address"])
            return self._current.current_ma()
        except OSError:
            self._current = None
            return None

    def case_open(self):
        """``None``: no switch."""
        return self._level("case", "case_open_level")

    def sign_present(self):
        """``None``: no switch."""
        return self._level("sign", "sign_present_level")

    def light(self, on):
        """Burn the lamp or not; false where nothing here can switch it."""
        if "lamp" not in self._pins:
            return False
        self._pins["lamp"](1 if on else 0)
        return True

    def _level(self, pin, level):
        return self._pins[pin]() == self._about.get(level, 1) if pin in self._pins else None


def _started(about, i2c, sleep_ms):
    name = about["chip"]
    if name not in _CHIPS:
        raise OSError("no accelerometer %s: one of %s" % (name, ", ".join(_CHIPS)))
    if name == "lsm6dso":
        from device.drivers.lsm6dso import Accelerometer
    else:
        from device.drivers.bmi270 import Accelerometer
    return Accelerometer(i2c, sleep_ms, about["address"])


def fake_senses(paths, sleep_ms):
    """The senses of a desk: fake chips that feel what a file says."""
    from device.hal.fake import Bus, FakePin, Ina219, Lsm6dso, World

    about = {
        "accelerometer": {"chip": "lsm6dso", "address": 0x6A, "axes": "+x+y+z"},
        "current": {"address": 0x40, "shunt_mohm": 100},
    }
    world = World(paths)
    bus = Bus(world, {0x6A: Lsm6dso(world), 0x40: Ina219(world, 100)})
    pins = {
        "case": FakePin(world, "case_open"),
        "sign": FakePin(world, "sign_present", 1),
        "lamp": FakePin(world, "lamp", 0),
    }
    return Senses(about, bus, pins, sleep_ms)
