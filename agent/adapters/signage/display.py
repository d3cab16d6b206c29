"""A display in place of a printed board: OLED, LCD or the emulator through luma.core, or e-paper.

The panel is named in luma's own words, so every panel that luma knows works and none needs code
here: ``--display ssd1306 --interface i2c``; e-paper as `epaper` says. A panel whose buffer can be
read back is read back; of others it is known only that the bus took the picture.
"""

from __future__ import annotations

import logging
import shlex
import time
from collections.abc import Callable
from typing import Any

from viewkeeper.agent.adapters.signage import epaper, face
from viewkeeper.agent.core.signage.standing import ShownText
from viewkeeper.agent.ports import SignageReading
from viewkeeper.agent.settings import SignageSettings
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.orders import SignText

log = logging.getLogger("viewkeeper.agent")

REFRESH_S = 3600.0
"""E-paper fades and RAM forgets: once an hour it is drawn anew."""


class DisplaySign:
    """Implements `SignageDriver` and `SignageDisplay`.

    Args:
        settings: ``panel``, ``font`` and ``notice_url``.
        device: a luma device; made of ``panel`` where it is ``None``.
        monotonic: seconds.
    """

    def __init__(
        self,
        settings: SignageSettings,
        device: Any = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._monotonic = settings, monotonic
        self._device: Any = _device(settings.panel) if device is None else device
        self._wanted: tuple[SignText, int] | None = None
        self._drawn: tuple[SignText, int, bytes, float] | None = None
        self._undrawn: str | None = None

    @property
    def name(self) -> str:
        """For people."""
        return f"display {type(self._device).__name__}"

    def show(self, text: SignText, retention_days: int) -> None:
        """What the sign must say from the next reading on."""
        self._wanted = (text, retention_days)

    def read(self) -> SignageReading:
        """Draw where there is something new, read back where that can be.

        A new text that cannot be drawn leaves the one before on the panel, and that is what is
        said to be shown.

        Raises:
            SetupError: the first text cannot be drawn, the panel does not answer, or shows
                otherwise.
        """
        shown = None
        if self._wanted is not None:
            text = self._wanted[0]
            try:
                self._draw(*self._wanted)
                self._undrawn = None
            except SetupError as error:
                if self._drawn is None:
                    raise
                if error.hint != self._undrawn:
                    log.error("%s keeps the sign's former text: %s", self.name, error.hint)
                self._undrawn = error.hint
                text = self._drawn[0]
            shown = ShownText(text.operator, text.phone)
        return SignageReading(
            lamp_commanded=False,
            current_ma=None,
            light_level=None,
            present=None,
            read_at_mono_s=self._monotonic(),
            shown=shown,
        )

    def close(self) -> None:
        """E-paper keeps the sign without power; a lit panel is left as it is."""
        if self._device is not None:
            self._device.persist = True
            self._device.cleanup()
            self._device = None

    def _draw(self, text: SignText, days: int) -> None:
        now_s, drawn = self._monotonic(), self._drawn
        if drawn is not None and drawn[:2] == (text, days) and now_s - drawn[3] < REFRESH_S:
            self._check(drawn[2])
            return
        notice = face.Notice(
            text.operator, text.purpose, text.phone, days, self._settings.notice_url
        )
        size = (int(self._device.width), int(self._device.height))
        picture = face.draw(notice, size, self._settings.font).convert(self._device.mode)
        try:
            self._device.display(picture)
        except OSError as error:
            self._drawn = None
            raise SetupError(
                Reason.SOURCE_LOST, f"{self.name} does not take the picture: {error}"
            ) from None
        self._drawn = (text, days, picture.tobytes(), now_s)
        self._check(self._drawn[2])

    def _check(self, wanted: bytes) -> None:
        kept = getattr(self._device, "image", None)  # luma's buffered devices have one
        if kept is not None and kept.tobytes() != wanted:
            self._drawn = None
            raise SetupError(Reason.SOURCE_LOST, f"{self.name} shows something else: drawn anew")


def _device(panel: str) -> Any:
    words = shlex.split(panel)
    if words and words[0] in epaper.KINDS:
        return epaper.open_epaper(words)
    try:
        from luma.core import cmdline, error
    except ImportError:
        raise SetupError(
            Reason.LIBRARY_MISSING,
            "[signage] driver display needs luma: pip install luma.core and luma.oled or luma.lcd, "
            "whichever has the panel",
        ) from None
    if not words:
        raise SetupError(
            Reason.SETTING,
            '[signage] panel names the display, for example "--display ssd1306 --interface i2c"',
        )
    try:
        return cmdline.create_device(cmdline.create_parser("sign").parse_args(words))
    except (error.Error, OSError, ValueError, ImportError) as problem:
        raise SetupError(Reason.SETTING, f"[signage] panel {panel!r}: {problem}") from None
    except SystemExit:  # argparse has printed which word it does not know
        raise SetupError(
            Reason.SETTING, f"[signage] panel {panel!r} is not in luma's words"
        ) from None
