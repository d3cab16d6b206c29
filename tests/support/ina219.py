"""An INA219 current sense as its datasheet has it, on an I2C bus of its own."""

from __future__ import annotations


class Chip:
    """16 bit registers, the high byte first."""

    def __init__(self, address: int = 0x40) -> None:
        self.address = address
        self.registers = {0x00: 0, 0x01: 0}
        self.closed = False

    def flows(self, current_ma: float, shunt_ohm: float = 0.1) -> None:
        self.registers[0x01] = round(current_ma / 1000 * shunt_ohm / 10e-6) & 0xFFFF

    def read_i2c_block_data(self, i2c_addr: int, register: int, length: int) -> list[int]:
        if i2c_addr != self.address:
            raise OSError(121, "Remote I/O error")
        return list(self.registers[register].to_bytes(2, "big"))[:length]

    def write_i2c_block_data(self, i2c_addr: int, register: int, data: list[int]) -> None:
        if i2c_addr != self.address:
            raise OSError(121, "Remote I/O error")
        self.registers[register] = int.from_bytes(bytes(data), "big")

    def close(self) -> None:
        self.closed = True
