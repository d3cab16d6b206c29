"""What stands between the loop, the sign's watch and the board of sensors on the serial line."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from pathlib import Path

from viewkeeper.agent.adapters.board.frames import FrameKind
from viewkeeper.agent.adapters.board.line import BoardLine
from viewkeeper.agent.adapters.board.port import open_port
from viewkeeper.agent.adapters.board.tunnel import BrokerAddress
from viewkeeper.agent.adapters.link import LinkSettings, TlsSettings
from viewkeeper.agent.core import board
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.agent.ports import SignageReading
from viewkeeper.agent.settings import BoardSettings
from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.keys import Algorithm
from viewkeeper.protocol.lamp import LampWish, seal_wish
from viewkeeper.protocol.records import Reading

log = logging.getLogger("viewkeeper.agent.board")


class BoardWatch:
    """The board: evidence for the report, gravity for the picture, a driver for the sign.

    Args:
        settings: of the board; its ``port`` is not empty.
        link: the camera's own, for the way to the broker.
        signer: the camera's device key; the board has its public half.
    """

    name = "board on the serial line"

    def __init__(self, settings: BoardSettings, link: LinkSettings, signer: cose.Signer) -> None:
        self._settings, self._signer = settings, signer
        key = cose.VerifyKey(Algorithm.ED25519, bytes.fromhex(settings.key))
        self._lookup = cose.lookup_in([key])
        self._lock = threading.Lock()
        self._state = board.BoardState(settings.id, os.urandom(8), time.monotonic())
        self._mount = board.MountState()
        self._struck_s = -math.inf
        self._lit: bool | None = None
        self._answered: tuple[bytes, int] | None = None
        self.line = BoardLine(
            Path(settings.port),
            settings.baud,
            _broker_of(settings, link) if settings.forward else None,
            self._message,
            self._challenge,
        )

    def look(
        self, tolerance: Tolerance, *, view_is_same: bool, lit: bool, utc_s: float
    ) -> board.BoardLook:
        """One check: what the board feels, and the wish for its lamp."""
        now_s, silent_s = time.monotonic(), self._settings.silent_s
        with self._lock:
            self._lit = lit
            state = self._state
            reading = board.latest(state, now_s, silent_s)
            self._mount, mount = board.look(
                self._mount, reading, tolerance, view_is_same=view_is_same, at_ms=int(utc_s * 1000)
            )
            self._struck_s, struck = board.blow(self._struck_s, state, now_s, utc_s)
            self._wish()
        return board.BoardLook(mount, board.fault(state, now_s, silent_s), struck)

    def reading(self) -> Reading | None:
        """The newest that may be believed now."""
        with self._lock:
            return board.latest(self._state, time.monotonic(), self._settings.silent_s)

    def gravity(self) -> board.Gravity:
        """Down in the camera's frame.

        Raises:
            SetupError: the board is silent, not believed, or does not feel it.
        """
        reading = self.reading()
        felt = None if reading is None else board.gravity_of(reading)
        if felt is None:
            raise SetupError(Reason.SOURCE_LOST, f"{self._settings.id} tells no gravity")
        return felt

    def read(self) -> SignageReading:
        """The sign as the board senses it; this is a `SignageDriver`.

        Raises:
            SetupError: the board is silent or not believed.
        """
        reading = self.reading()
        if reading is None:
            raise SetupError(Reason.SOURCE_LOST, f"{self._settings.id} tells nothing of the sign")
        return SignageReading(
            lamp_commanded=reading.lamp is not False,
            current_ma=reading.current_ma,
            light_level=None,
            present=reading.sign_present,
            read_at_mono_s=time.monotonic(),
        )

    def try_out(self, patience_s: float) -> str:
        """Wait for the first reading, end the line, and say what was felt.

        Raises:
            SetupError: no reading that may be believed came; with the cure.
        """
        os.close(open_port(Path(self._settings.port), self._settings.baud))
        self.line.start()
        ends_s = time.monotonic() + patience_s
        try:
            while (reading := self.reading()) is None and time.monotonic() < ends_s:
                time.sleep(0.1)
        finally:
            self.close()
        if reading is not None:
            return words_of(reading)
        refused = self._state.refused
        if refused is not None:
            raise SetupError(
                refused,
                f"[board] what speaks on {self._settings.port} is not {self._settings.id} with "
                f"the key of the settings: {refused.value}",
            )
        raise SetupError(
            Reason.SOURCE_LOST,
            f"[board] {self._settings.id} is silent on {self._settings.port}: does it run, are tx "
            "and rx crossed, and do its settings name a line?",
        )

    def close(self) -> None:
        """End the line; safe to call twice."""
        self.line.stop()

    def _message(self, kind: int, payload: bytes) -> None:
        if kind != FrameKind.READING:
            return
        with self._lock:
            before = self._state
            self._state = board.hear(before, payload, self._lookup, os.urandom(8), time.monotonic())
            owed = self._state.owed
            if self._state.refused_at_s != before.refused_at_s:
                log.warning("board: a reading is not believed: %s", self._state.refused)
            self._wish()
        if owed:
            self._challenge()

    def _challenge(self) -> None:
        self.line.say(FrameKind.CHALLENGE, self._state.challenge)

    def _wish(self) -> None:
        """Answer a reading whose lamp is not as it should be, once."""
        state, lit = self._state, self._lit
        if lit is None or state.row is None or state.reading is None:
            return
        if state.reading.lamp in (None, lit) or state.row == self._answered:
            return
        self._answered = state.row
        boot, sequence = state.row
        wish = LampWish(board=state.device, boot=boot, sequence=sequence, lit=lit)
        self.line.say(FrameKind.LAMP, seal_wish(wish, self._signer))


def words_of(reading: Reading) -> str:
    """A reading for people."""
    parts: list[str] = []
    if reading.gravity_ug is not None:
        parts.append("down " + " ".join(f"{value / 1e6:+.2f}" for value in reading.gravity_ug))
    if reading.temperature_dc is not None:
        parts.append(f"{reading.temperature_dc / 10:.1f} °C")
    if reading.case is not None:
        parts.append(f"case {reading.case.value}")
    if reading.current_ma is not None:
        parts.append(f"lamp {reading.current_ma} mA")
    parts.append(f"boot {reading.boots}, {reading.watchdog_resets} by its watchdog")
    return ", ".join(parts)


def _broker_of(settings: BoardSettings, link: LinkSettings) -> BrokerAddress:
    tls = None
    if link.tls is not None:
        pair = (settings.cert_file, settings.key_file)
        cert, key = (Path(name) if name else None for name in pair)
        tls = TlsSettings(ca=link.tls.ca, cert=cert, key=key)
    return BrokerAddress(link.host, link.port, tls)
