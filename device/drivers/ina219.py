"""TI INA219 current sense over I2C, by its datasheet SBOS448G.

The shunt's voltage is read and divided by the shunt: the current register would need a
calibration that is lost whenever the chip loses power.
"""

from device.drivers.bus import Chip, signed

ADDRESS = 0x40
CONFIGURATION, SHUNT_VOLTAGE = 0x00, 0x01
START = b"\x39\x9f"  # 32 V, 320 mV, 12 bits, shunt and bus continuously: the reset value
LSB_UV = 10


class CurrentSense:
    """Raises OSError where the chip is silent."""

    def __init__(self, i2c, shunt_mohm, address=ADDRESS):
        self._chip, self._shunt_mohm = Chip(i2c, address), shunt_mohm
        self._chip.write(CONFIGURATION, START)

    def current_ma(self):
        """From IN+ to IN-."""
        high, low = self._chip.read(SHUNT_VOLTAGE, 2)
        return signed(high << 8 | low) * LSB_UV / self._shunt_mohm
