"""The unix port: a tiny Linux IP camera, or a desk: camera over HTTP, a folder, a clock."""

import asyncio
import os
import time

from device.core.clock import Now
from device.core.shrink import shrink_factor, shrink_rows
from device.core.view import ViewError
from device.store.files import Files
from device.store.programs import Programs

PICTURE_TIMEOUT_S = 5
CS8_CREAD_CLOCAL, VTIME, VMIN = 0x8B0, 5, 6  # Linux
WDIOF_CARDRESET = 0x20  # include/uapi/linux/watchdog.h
EPOCH_SHIFT_S = 946_684_800 if time.gmtime(0)[0] == 2000 else 0  # boards count from 2000


class CameraError(ViewError):
    """There is no picture, and why."""


class HttpCamera:
    """Grey pictures of a camera's own web server: OpenIPC's ``/image.yuv420``.

    Args:
        host, port, path: of the picture; its first width * height bytes are the grey plane.
        width, height: pixels of that plane.
    """

    def __init__(self, host, port, path, width, height):
        self._where, self._path = (host, port), path
        self._factor = shrink_factor(width, height)
        self._width, self._rows = width, height // self._factor
        self.size = (width // self._factor, self._rows)
        self._length = width * height * 3 // 2
        # Taken once, while the heap is whole: a picture is by far the largest thing in it.
        self._grey = bytearray(self.size[0] * self._rows)
        self._strip = bytearray(width * self._factor)

    async def grey(self):
        """One picture of ``size``, row by row; lent: the next one lies in the same bytes.

        Raises:
            CameraError: no answer, no picture, or one of another size.
        """
        try:
            return await asyncio.wait_for(self._fetch(), PICTURE_TIMEOUT_S)
        except (OSError, EOFError, asyncio.TimeoutError, ValueError) as error:
            raise CameraError("camera: " + repr(error))

    async def _fetch(self):
        reader, writer = await asyncio.open_connection(*self._where)
        try:
            ask = "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n" % (self._path, self._where[0])
            writer.write(ask.encode())
            await writer.drain()
            status = (await reader.readline()).split()
            if len(status) < 2 or status[1] != b"200":
                raise ValueError("no picture at " + self._path)
            length = None
            line = await reader.readline()
            while line.strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                line = await reader.readline()
            if length not in (None, self._length):
                raise ValueError("a picture of another size: %d bytes" % length)
            across, out = self.size[0], memoryview(self._grey)
            strip = memoryview(self._strip)
            for at in range(0, len(out), across):
                filled = 0
                while filled < len(strip):
                    got = await reader.readinto(strip[filled:])
                    if not got:
                        raise EOFError("the picture ended early")
                    filled += got
                shrink_rows(self._strip, self._width, self._factor, out[at : at + across])
            return self._grey
        finally:
            writer.close()
            await writer.wait_closed()


class Clock:
    """The system's clock; ``synchronised`` is what the settings say of it."""

    ticks_ms, ticks_diff = time.ticks_ms, time.ticks_diff

    def __init__(self, synchronised):
        self._synchronised = synchronised
        self._last, self._mono_ms = time.ticks_ms(), 0

    def now(self):
        ticks = time.ticks_ms()
        self._mono_ms += max(0, time.ticks_diff(ticks, self._last))
        self._last = ticks
        utc_ms = int(time.time() * 1000) + EPOCH_SHIFT_S * 1000
        return Now(utc_ms, self._mono_ms, self._synchronised)


class Board:
    """What ``device/app.py`` needs of a machine.

    ``camera`` and ``senses`` are ``None`` where the settings name none. ``watchdog`` names a file
    as the kernel's ``/dev/watchdog``: whoever opens it must write to it in time.
    """

    def __init__(self, settings):
        folder = settings["storage"]
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there
        self.files = Files(folder)
        self.clock = Clock(settings.get("assume_synchronised", False))
        self.camera = self.senses = self._watchdog = None
        if "camera" in settings:
            about = settings["camera"]
            self.camera = HttpCamera(
                about["host"], about["port"], about["path"], about["width"], about["height"]
            )
        if "fake_senses" in settings:
            from device.hal.senses import fake_senses

            self.senses = fake_senses(settings["fake_senses"], time.sleep_ms)
        self._line, self._reset_cause = settings.get("line"), settings.get("watchdog_status")
        self._watchdog_path = settings.get("watchdog")
        root = settings.get("program")
        self.programs = Programs(self.files, root) if root else None

    def open_line(self):
        """(reader, writer) of the terminal that is the line, set to pass bytes as they are."""
        import termios

        port = open(self._line["path"], "r+b")
        told = termios.tcgetattr(port.fileno())
        told[0] = told[1] = told[3] = 0
        told[2] = CS8_CREAD_CLOCAL
        told[4] = told[5] = getattr(termios, "B%d" % self._line.get("baud", 115_200))
        told[6][VTIME] = told[6][VMIN] = 0  # a read gives what is there
        termios.tcsetattr(port.fileno(), termios.TCSANOW, told)
        return asyncio.StreamReader(port), asyncio.StreamWriter(port, {})

    def watchdog_reset(self):
        """Whether the kernel says that its watchdog made this start (``bootstatus``)."""
        try:
            with open(self._reset_cause or "") as file:
                return bool(int(file.read()) & WDIOF_CARDRESET)
        except (OSError, ValueError):
            return False

    def feed(self):
        """Tell the watchdog that all is well."""
        if self._watchdog_path is None:
            return
        if self._watchdog is None:
            self._watchdog = open(self._watchdog_path, "wb")
        self._watchdog.write(b"\0")  # at once; to flush a device is an error

    def restart(self):
        """End, so that whoever started the device starts it anew."""
        raise SystemExit(3)

    def random(self, count):
        return os.urandom(count)

    def random_share(self):
        return int.from_bytes(os.urandom(2), "big") / 65536
