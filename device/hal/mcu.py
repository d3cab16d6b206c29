"""What ESP32 and RP2 boards share: pins by a board's file, Wi-Fi, a clock from the network.

Settings: ``board`` names a module of ``device/boards``; ``wifi`` {ssid, key}; ``storage``.
"""

import asyncio
import os
import time

import machine
import network

from device.core.clock import Now
from device.hal.senses import Senses
from device.store.files import Files
from device.store.programs import Programs

EPOCH_SHIFT_S = 946_684_800 if time.gmtime(0)[0] == 2000 else 0  # boards count from 2000
WATCHDOG_MS = 8000  # an RP2040's can wait 8388 ms at most
JOIN_S, NTP_AGAIN_S = 30, 6 * 3600
LINE_BUFFER = 2048  # two frames and their echo, while a signature is computed
CLOCK_HOLDS_MS = 24 * 3_600_000  # a crystal of 20 ppm is off by two seconds in a day


class Clock:
    """The machine's own clock, believed for a day after the network set it."""

    ticks_ms, ticks_diff = time.ticks_ms, time.ticks_diff

    def __init__(self):
        self._last, self._mono_ms, self._set_ms = time.ticks_ms(), 0, None

    def was_set(self):
        """The wall clock is right at this moment."""
        self._set_ms = self.now().mono_ms

    def now(self):
        ticks = time.ticks_ms()
        self._mono_ms += max(0, time.ticks_diff(ticks, self._last))
        self._last = ticks
        trusted = self._set_ms is not None and self._mono_ms - self._set_ms < CLOCK_HOLDS_MS
        return Now((time.time() + EPOCH_SHIFT_S) * 1000, self._mono_ms, trusted)


class Board:
    """What ``device/app.py`` needs of a machine."""

    def __init__(self, settings):
        name = settings["board"]
        self.about = __import__("device.boards." + name, None, None, ("PINS",))
        folder = settings.get("storage", "/storage")
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there
        self.files, self.clock, self._settings = Files(folder), Clock(), settings
        self.camera = self._open_camera(settings)
        self.senses = self._open_senses()
        self.programs = Programs(self.files, settings.get("program", ""))
        self._watchdog = self._station = None

    async def join(self):
        """Join the network and keep the clock right; for ever."""
        about = self._settings.get("wifi")
        if about is None:
            return  # the camera beside this board is its way out
        self._station = station = network.WLAN(network.STA_IF)
        station.active(True)
        asked_s = None
        while True:
            if not station.isconnected():
                station.connect(about["ssid"], about["key"])
                for _ in range(JOIN_S):
                    await asyncio.sleep(1)
                    if station.isconnected():
                        break
            elif asked_s is None or time.time() - asked_s > NTP_AGAIN_S:
                asked_s = time.time() if self._ask_time() else None
            await asyncio.sleep(5)

    def open_line(self):
        """(reader, writer) of the UART to a camera; OSError where there is none."""
        about, default = self._settings["line"], getattr(self.about, "LINE", {})
        told = {name: about.get(name, default.get(name)) for name in ("uart", "tx", "rx")}
        if None in told.values():
            raise OSError("no uart, tx and rx for the line: name them in the settings")
        uart = machine.UART(
            told["uart"],
            baudrate=about.get("baud", 115_200),
            tx=machine.Pin(told["tx"]),
            rx=machine.Pin(told["rx"]),
            rxbuf=LINE_BUFFER,
            timeout=0,
        )
        return asyncio.StreamReader(uart), asyncio.StreamWriter(uart, {})

    def watchdog_reset(self):
        """Whether the watchdog made this start; an RP2040 says so of every reset by program."""
        return machine.reset_cause() == machine.WDT_RESET

    def feed(self):
        """Tell the watchdog that all is well; the first time starts it, and nothing stops it."""
        if self._watchdog is None:
            self._watchdog = machine.WDT(timeout=WATCHDOG_MS)
        self._watchdog.feed()

    def restart(self):
        machine.reset()

    def random(self, count):
        return os.urandom(count)

    def random_share(self):
        return int.from_bytes(os.urandom(2), "big") / 65536

    def _ask_time(self):
        import ntptime

        try:
            ntptime.settime()
        except (OSError, IndexError):
            return False
        self.clock.was_set()
        return True

    def _open_camera(self, settings):
        """``None``: this board has none."""
        return None

    def _open_senses(self):
        about, pins = self.about, {}
        for name, number in about.PINS.items():
            if name in about.OUTPUTS:
                pins[name] = machine.Pin(number, machine.Pin.OUT, value=0)
            else:
                pins[name] = machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_UP)
        bus = about.I2C
        i2c = machine.I2C(
            bus["id"],
            sda=machine.Pin(bus["sda"]),
            scl=machine.Pin(bus["scl"]),
            freq=bus["freq"],
        )
        return Senses(about.SENSES, i2c, pins, time.sleep_ms)
