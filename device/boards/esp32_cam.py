"""AI-Thinker ESP32-CAM (ESP32 with PSRAM, OV2640): a microcontroller camera.

GPIO numbers, of the maker's schematic. What its card slot leaves free carries the sensors.
"""

I2C = {"id": 0, "sda": 14, "scl": 15, "freq": 400_000}
SENSES = {
    "accelerometer": {"chip": "lsm6dso", "address": 0x6A, "axes": "+x+y+z"},
    "current": {"address": 0x40, "shunt_mohm": 100},
    "case_open_level": 1,
}
PINS = {"case": 13}
OUTPUTS = ()
CAMERA = {
    "data_pins": [5, 18, 19, 21, 36, 39, 34, 35],
    "vsync_pin": 25,
    "href_pin": 23,
    "sda_pin": 26,
    "scl_pin": 27,
    "pclk_pin": 22,
    "xclk_pin": 0,
    "xclk_freq": 20_000_000,
    "powerdown_pin": 32,
    "reset_pin": -1,
}
