"""Bosch BMI270 accelerometer over I2C, by its datasheet BST-BMI270-DS000.

The chip measures nothing until 8 kB of Bosch's own program are loaded into it at every start;
they come with micropython-lib's package ``bmi270`` (``mpremote mip install bmi270``). That
package's driver is not used: it knows no temperature.
"""

from device.drivers.bus import Chip, signed

ADDRESS = 0x68  # SDO low; 0x69 high
CHIP_ID, IS = 0x00, 0x24
DATA_8, INTERNAL_STATUS, TEMPERATURE_0 = 0x0C, 0x21, 0x22
ACC_CONF, ACC_RANGE = 0x40, 0x41
INIT_CTRL, INIT_ADDR_0, INIT_ADDR_1, INIT_DATA = 0x59, 0x5B, 0x5C, 0x5E
PWR_CONF, PWR_CTRL, CMD = 0x7C, 0x7D, 0x7E
_SOFT_RESET, _INIT_OK = 0xB6, 0x01
_ODR_100_HZ_NORMAL = 0xA8  # filter performance on, four samples averaged
_4_G = 0x01
_ACC_AND_TEMPERATURE = 0x0C
_CHUNK = 32
LSB_G = 4 / 32768
ZERO_C = 23
KNOCK_G = 0.125


def program():
    """Bosch's program out of micropython-lib's package; OSError where it is not there."""
    try:
        from bmi270 import _CONFIG_DATA
    except ImportError:
        raise OSError("no package bmi270: mpremote mip install bmi270")
    return _CONFIG_DATA


class Accelerometer:
    """Raises OSError where the chip is silent, another one answers, or it does not start."""

    drift_g_per_k = 0.00025  # zero-g offset over temperature, typical

    def __init__(self, i2c, sleep_ms, address=ADDRESS, data=None):
        self._chip = chip = Chip(i2c, address)
        self._last = None
        chip.must_be(CHIP_ID, IS)
        chip.write(CMD, _SOFT_RESET)
        sleep_ms(2)
        chip.write(PWR_CONF, 0x00)  # no advanced power save while loading
        sleep_ms(1)
        chip.write(INIT_CTRL, 0x00)
        data = memoryview(program() if data is None else data)
        for at in range(0, len(data), _CHUNK):
            word = at // 2
            chip.write(INIT_ADDR_0, bytes((word & 0x0F, word >> 4)))
            chip.write(INIT_DATA, data[at : at + _CHUNK])
        chip.write(INIT_CTRL, 0x01)
        chip.wait(INTERNAL_STATUS, 0x0F, _INIT_OK, sleep_ms)
        chip.write(ACC_CONF, _ODR_100_HZ_NORMAL)
        chip.write(ACC_RANGE, _4_G)
        chip.write(PWR_CTRL, _ACC_AND_TEMPERATURE)
        sleep_ms(50)  # until the filters hold measured values alone

    def acceleration_g(self):
        """(x, y, z) in units of g; at rest it points up."""
        raw = self._chip.read(DATA_8, 6)
        self._last = tuple(signed(raw[i] | raw[i + 1] << 8) * LSB_G for i in (0, 2, 4))
        return self._last

    def temperature_c(self):
        raw = self._chip.read(TEMPERATURE_0, 2)
        told = raw[0] | raw[1] << 8
        if told == 0x8000:
            raise OSError("no temperature yet")
        return ZERO_C + signed(told) / 512

    def knocked(self):
        """Whether this moment differs from the last sample by a knock; nothing is remembered."""
        before = self._last
        now = self.acceleration_g()
        return before is not None and max(abs(a - b) for a, b in zip(before, now)) > KNOCK_G
