"""RP2040 and RP2350: a board of sensors and a sign, beside a camera that others watch."""

from device.hal.mcu import Board

__all__ = ["Board"]
