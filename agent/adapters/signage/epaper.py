"""E-paper in place of a printed board, which luma does not speak: Waveshare's and Pimoroni's.

A panel is named ``waveshare MODEL`` (``waveshare epd2in13_V4``; the library's own names) or
``inky`` (which its own memory identifies). The picture stays without power. Neither kind can be
read back: it is known only that the bus took the picture.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, Protocol

from viewkeeper.protocol.errors import Reason, SetupError

if TYPE_CHECKING:
    from PIL import Image

KINDS = ("waveshare", "inky")


class Panel(Protocol):
    """What a display is asked for; luma's devices have it too."""

    width: int
    height: int
    mode: str

    def display(self, image: Image.Image) -> None: ...
    def cleanup(self) -> None: ...


def open_epaper(words: list[str]) -> Panel:
    """The panel that settings name.

    Raises:
        SetupError: its library or the panel is missing, with the cure.
    """
    try:
        return _Inky(_inky()) if words[0] == "inky" else _Waveshare(_waveshare(words[1:]))
    except SetupError:
        raise
    except Exception as error:  # noqa: BLE001 - both libraries raise what their drivers raise
        raise SetupError(
            Reason.SETTING,
            f"[signage] panel {' '.join(words)!r}: {error}; enable SPI and I2C (raspi-config, "
            "Interface Options) and let the agent's user be in the groups spi, i2c and gpio",
        ) from None


class _Waveshare:
    """One of Waveshare's drivers; lies on its long side, as the driver turns it."""

    mode = "1"

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self.width = max(int(driver.width), int(driver.height))
        self.height = min(int(driver.width), int(driver.height))
        self._inks = len(inspect.signature(driver.display).parameters)

    def display(self, image: Image.Image) -> None:
        if self._driver.init() == -1:
            raise OSError("the panel's SPI does not open")
        black = self._driver.getbuffer(image)
        # The second ink, red or yellow, is asked for by a buffer of its own: none of it.
        more = [self._driver.getbuffer(image.point(lambda _: 255))] * (self._inks - 1)
        self._driver.display(black, *more)
        self._driver.sleep()

    def cleanup(self) -> None:
        """The panel sleeps already, and keeps the sign."""


class _Inky:
    mode = "1"

    def __init__(self, device: Any) -> None:
        self._device = device
        self.width, self.height = int(device.width), int(device.height)

    def display(self, image: Image.Image) -> None:
        # In the panel's own numbers of colours: from others its library would have to guess.
        inks = [int(self._device.BLACK)] + 255 * [int(self._device.WHITE)]
        self._device.set_image(image.convert("L").point(inks).convert("P"))
        self._device.show()

    def cleanup(self) -> None:
        """The panel keeps the sign."""


def _inky() -> Any:
    try:
        from inky.auto import auto
    except ImportError:
        raise SetupError(
            Reason.LIBRARY_MISSING,
            "[signage] panel inky needs Pimoroni's library: pip install inky",
        ) from None
    return auto()


def _waveshare(words: list[str]) -> Any:
    if len(words) != 1 or not re.fullmatch(r"epd\w+", words[0]):
        raise SetupError(
            Reason.SETTING,
            '[signage] panel "waveshare MODEL" takes the driver\'s name, such as epd2in13_V4',
        )
    try:
        import epaper
    except ImportError:
        raise SetupError(
            Reason.LIBRARY_MISSING,
            "[signage] panel waveshare needs Waveshare's drivers: pip install waveshare-epaper "
            "spidev gpiozero",
        ) from None
    known = epaper.modules()
    if words[0] not in known:
        raise SetupError(
            Reason.SETTING,
            f"[signage] panel: no driver {words[0]!r}; there are {', '.join(known)}",
        )
    return epaper.epaper(words[0]).EPD()
