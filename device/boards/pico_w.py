"""Raspberry Pi Pico W and Pico 2 W (RP2040, RP2350): sensors and sign beside a camera.

Pin numbers are GP numbers, of the board's datasheet (RP-008312). I2C 0 lies on GP4 and GP5 there
by default. The switches pull their pins to ground.
"""

I2C = {"id": 0, "sda": 4, "scl": 5, "freq": 400_000}
SENSES = {
    # The chip flat on the board, USB upwards, the components to the back of the camera.
    "accelerometer": {"chip": "lsm6dso", "address": 0x6A, "axes": "+x-y-z"},
    "current": {"address": 0x40, "shunt_mohm": 100},
    "case_open_level": 1,
    "sign_present_level": 0,
}
PINS = {"case": 14, "sign": 15, "lamp": 16}
OUTPUTS = ("lamp",)
LINE = {"uart": 0, "tx": 0, "rx": 1}  # UART 0 by default (pins 1 and 2)
