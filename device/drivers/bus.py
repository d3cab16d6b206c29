"""Registers of a chip on an I2C bus: what every driver here shares."""


class Chip:
    """One chip; ``i2c`` is a ``machine.I2C`` or behaves like one."""

    def __init__(self, i2c, address):
        self._i2c, self._address = i2c, address

    def read(self, register, length=1):
        return self._i2c.readfrom_mem(self._address, register, length)

    def write(self, register, value):
        data = bytes((value,)) if isinstance(value, int) else value
        self._i2c.writeto_mem(self._address, register, data)

    def must_be(self, register, value):
        """OSError where the chip does not name itself so."""
        told = self.read(register)[0]
        if told != value:
            raise OSError("another chip at 0x%02x: 0x%02x" % (self._address, told))

    def wait(self, register, mask, value, sleep_ms, tries=30):
        """Until those bits are so; OSError where they never are."""
        for _ in range(tries):
            if self.read(register)[0] & mask == value:
                return
            sleep_ms(10)
        raise OSError("register 0x%02x never got ready" % register)


def signed(value):
    """Two bytes as a number of two's complement."""
    return value - 65536 if value & 0x8000 else value
