"""Seeed Studio XIAO ESP32-S3 Sense with its OV2640: a microcontroller camera.

GPIO numbers, of the maker's page on camera and pins. The port must hold the module ``camera``
(micropython-camera-API); MicroPython itself has none. SDA and SCL of the header are 5 and 6; the
camera's own bus is another one.
"""

I2C = {"id": 0, "sda": 5, "scl": 6, "freq": 400_000}
SENSES = {
    "accelerometer": {"chip": "lsm6dso", "address": 0x6A, "axes": "+x+y+z"},
    "current": {"address": 0x40, "shunt_mohm": 100},
    "case_open_level": 1,
    "sign_present_level": 0,
}
PINS = {"case": 1, "sign": 2, "lamp": 3}
OUTPUTS = ("lamp",)
CAMERA = {
    "data_pins": [15, 17, 18, 16, 14, 12, 11, 48],
    "vsync_pin": 38,
    "href_pin": 47,
    "sda_pin": 40,
    "scl_pin": 39,
    "pclk_pin": 13,
    "xclk_pin": 10,
    "xclk_freq": 20_000_000,
    "powerdown_pin": -1,
    "reset_pin": -1,
}
