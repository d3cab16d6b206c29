"""ST LSM6DSO (and LSM6DSOX) accelerometer over I2C, by its datasheet DS12140.

Gravity at rest, the chip's temperature, and a knock that its own wake-up detector remembers, so
that nobody has to look while it happens.
"""

from device.drivers.bus import Chip, signed

ADDRESS = 0x6A  # SA0 low; 0x6B high
WHO_AM_I, IS = 0x0F, 0x6C
CTRL1_XL, CTRL2_G, CTRL3_C = 0x10, 0x11, 0x12
WAKE_UP_SRC, STATUS_REG, OUT_TEMP_L, OUTX_L_A = 0x1B, 0x1E, 0x20, 0x28
TAP_CFG0, TAP_CFG2, WAKE_UP_THS, WAKE_UP_DUR = 0x56, 0x58, 0x5B, 0x5C
_ODR_104_HZ, _FS_4_G = 0x40, 0x08
_BDU, _IF_INC, _SW_RESET = 0x40, 0x04, 0x01
_INT_CLR_ON_READ, _LIR = 0x40, 0x01
_INTERRUPTS_ENABLE = 0x80
_WAKE_THS_W = 0x10  # thresholds in steps of FS / 256
_XLDA, _WU_IA = 0x01, 0x08
LSB_G = 0.000122  # at 4 g
LSB_PER_K, ZERO_C = 256, 25
KNOCK_STEPS = 8  # of 4 g / 256: an eighth of g within one sample


class Accelerometer:
    """Raises OSError where the chip is silent or another one answers."""

    drift_g_per_k = 0.0001  # zero-g level change over temperature, typical

    def __init__(self, i2c, sleep_ms, address=ADDRESS):
        self._chip = chip = Chip(i2c, address)
        chip.must_be(WHO_AM_I, IS)
        chip.write(CTRL3_C, _SW_RESET)
        chip.wait(CTRL3_C, _SW_RESET, 0, sleep_ms)
        chip.write(CTRL3_C, _BDU | _IF_INC)
        chip.write(CTRL2_G, 0)  # the gyroscope sleeps
        chip.write(TAP_CFG0, _INT_CLR_ON_READ | _LIR)
        chip.write(WAKE_UP_DUR, _WAKE_THS_W)
        chip.write(WAKE_UP_THS, KNOCK_STEPS)
        chip.write(TAP_CFG2, _INTERRUPTS_ENABLE)
        chip.write(CTRL1_XL, _ODR_104_HZ | _FS_4_G)
        chip.wait(STATUS_REG, _XLDA, _XLDA, sleep_ms)
        chip.read(WAKE_UP_SRC)  # its own start is no knock

    def acceleration_g(self):
        """(x, y, z) in units of g; at rest it points up."""
        raw = self._chip.read(OUTX_L_A, 6)
        return tuple(signed(raw[i] | raw[i + 1] << 8) * LSB_G for i in (0, 2, 4))

    def temperature_c(self):
        raw = self._chip.read(OUT_TEMP_L, 2)
        return ZERO_C + signed(raw[0] | raw[1] << 8) / LSB_PER_K

    def knocked(self):
        """Whether there was a knock since the last call."""
        return bool(self._chip.read(WAKE_UP_SRC)[0] & _WU_IA)
