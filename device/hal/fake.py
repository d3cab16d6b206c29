"""A bus with chips that behave as their datasheets say, register by register; for a desk.

The drivers talk to these as to silicon: wrong address, wrong order, a forgotten start and a silent
bus show as they would there. What the chips feel comes from a file that somebody else writes, so
a whole device can be tilted, struck and opened on a desk. Not for a board.
"""

import json
from math import cos, pi, sin

EIO = 5


class World:
    """What the chips feel, read anew whenever asked; of several files the last one wins.

    JSON: ``tilt_deg``, ``roll_deg``, ``strikes``, ``shaking_g``, ``temperature_c``, ``lamp_ma``,
    ``case_open``, ``sign_present``, ``silent`` (addresses that do not answer).
    """

    def __init__(self, paths=()):
        self._paths, self.told = paths, {}

    def get(self, name, otherwise):
        for path in self._paths:
            try:
                with open(path) as file:
                    self.told.update(json.load(file))
            except (OSError, ValueError):
                pass  # being written: what was told before holds
        return self.told.get(name, otherwise)

    def up_g(self):
        """What an accelerometer along the camera's axes measures at rest."""
        tilt = self.get("tilt_deg", 0.0) * pi / 180
        roll = self.told.get("roll_deg", 0.0) * pi / 180
        return (-sin(roll) * cos(tilt), -cos(roll) * cos(tilt), sin(tilt))


class Bus:
    """Answers as ``machine.I2C`` does."""

    def __init__(self, world, chips):
        self._world, self._chips = world, chips

    def scan(self):
        silent = self._world.get("silent", ())
        return [address for address in sorted(self._chips) if address not in silent]

    def readfrom_mem(self, address, register, length):
        return bytes(self._chip(address).read(register, length))

    def writeto_mem(self, address, register, data):
        self._chip(address).write(register, bytes(data))

    def _chip(self, address):
        if address not in self.scan():
            raise OSError(EIO)
        return self._chips[address]


class _Registers:
    """Bytes by address that count on by themselves."""

    def __init__(self, world, start):
        self.world, self.start = world, start
        self.bytes = bytearray(128)
        self.reset()

    def reset(self):
        for at in range(128):
            self.bytes[at] = self.start.get(at, 0)

    def read(self, register, length):
        return [self.get(register + i) for i in range(length)]

    def write(self, register, data):
        for i, value in enumerate(data):
            self.set(register + i, value)

    def get(self, register):
        return self.bytes[register]

    def set(self, register, value):
        self.bytes[register] = value

    def put(self, register, value):
        """A number of two bytes, the low one first."""
        value = max(-32768, min(32767, round(value))) & 0xFFFF
        self.bytes[register], self.bytes[register + 1] = value & 255, value >> 8

    def felt_g(self):
        up, shake = self.world.up_g(), self.world.told.get("shaking_g", 0.0)
        self.turns = -getattr(self, "turns", -1)
        return [value + shake * self.turns for value in up]


class Lsm6dso(_Registers):
    """DS12140: powered down until CTRL1_XL says a rate; IF_INC and BDU; a latched wake-up."""

    def __init__(self, world):
        super().__init__(world, {0x0F: 0x6C, 0x12: 0x04})
        self._strikes = world.get("strikes", 0)

    def set(self, register, value):
        if register in (0x0F, 0x1B, 0x1E) or 0x20 <= register <= 0x2D:
            return  # read only
        if register == 0x12 and value & 1:
            self.reset()
            return
        self.bytes[register] = value

    def read(self, register, length):
        if not self.bytes[0x12] & 0x04:
            return [self.get(register)] * length  # IF_INC off: the same one again
        return super().read(register, length)

    def get(self, register):
        on = self.bytes[0x10] >> 4
        if register == 0x1E:
            return 0x05 if on else 0
        if register == 0x20:
            self.put(0x20, (self.world.get("temperature_c", 25.0) - 25) * 256)
        if register == 0x28 and on:
            full = {0: 2, 1: 16, 2: 4, 3: 8}[self.bytes[0x10] >> 2 & 3]
            for i, value in enumerate(self.felt_g()):
                self.put(0x28 + 2 * i, value * 1000 / (0.061 * full / 2))
        if register == 0x1B:
            return self._woken()
        return self.bytes[register]

    def _woken(self):
        """A strike of half a g, where it was listened for; reading forgets it."""
        strikes = self.world.get("strikes", 0)
        new, self._strikes = strikes > self._strikes, strikes
        step_g = 4 / (256 if self.bytes[0x5C] & 0x10 else 64)
        listens = self.bytes[0x58] & 0x80 and self.bytes[0x10] >> 4 and self.bytes[0x56] & 1
        return 0x08 if new and listens and step_g * (self.bytes[0x5B] & 0x3F) < 0.5 else 0


class Bmi270(_Registers):
    """BST-BMI270-DS000: silent until its program lies in it whole and in order."""

    def __init__(self, world, program):
        self._program, self._loaded, self._words = program, bytearray(len(program)), 0
        super().__init__(world, {0x00: 0x24, 0x40: 0xA8, 0x41: 0x02, 0x7C: 0x03})

    def reset(self):
        super().reset()
        self._loaded = bytearray(len(self._program))

    def write(self, register, data):
        if register == 0x5E:
            at = 2 * (self.bytes[0x5B] & 0x0F | self.bytes[0x5C] << 4)
            if not self.bytes[0x7C] & 1 and not self.bytes[0x59]:
                self._loaded[at : at + len(data)] = data
            return
        super().write(register, data)

    def set(self, register, value):
        if register == 0x7E and value == 0xB6:
            self.reset()
            return
        if register == 0x59 and value == 1:
            self.bytes[0x21] = 1 if self._loaded == self._program else 2
        if register not in (0x00, 0x21) and not 0x0C <= register <= 0x11:
            self.bytes[register] = value

    def get(self, register):
        started = self.bytes[0x21] == 1
        if register == 0x0C and started and self.bytes[0x7D] & 4:
            full = (2, 4, 8, 16)[self.bytes[0x41] & 3]
            for i, value in enumerate(self.felt_g()):
                self.put(0x0C + 2 * i, value * 32768 / full)
        if register == 0x22:
            told = (self.world.get("temperature_c", 25.0) - 23) * 512
            self.put(0x22, told if started and self.bytes[0x7D] & 8 else -32768)
        return self.bytes[register]


class Ina219:
    """SBOS448G: registers of two bytes, the high one first; the shunt in steps of 10 uV."""

    def __init__(self, world, shunt_mohm):
        self._world, self._shunt_mohm, self._configuration = world, shunt_mohm, 0x399F

    def write(self, register, data):
        if register == 0:
            self._configuration = data[0] << 8 | data[1]

    def read(self, register, length):
        value = self._configuration
        if register == 1:
            value = 0
            if self._configuration & 5 == 5:  # shunt, continuously
                value = round(self._world.get("lamp_ma", 0) * self._shunt_mohm / 10)
        return [value >> 8 & 255, value & 255][:length]


class FakePin:
    """A switch of the world, or a lamp that is told to burn."""

    def __init__(self, world, name, otherwise=0):
        self._world, self._name, self._value = world, name, otherwise

    def __call__(self, value=None):
        if value is not None:
            self._value = value
        return int(self._world.get(self._name, self._value))
