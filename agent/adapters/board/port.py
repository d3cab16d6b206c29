"""A serial port through the standard library's termios: raw bytes, no flow control, never waits."""

from __future__ import annotations

import os
import termios
from pathlib import Path

from viewkeeper.protocol.errors import Reason, SetupError


def open_port(path: Path, baud: int) -> int:
    """The opened port's descriptor, non-blocking.

    Raises:
        SetupError: it is not there, is not ours to open, or is no terminal.
    """
    try:
        port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        cure = "ls /dev/serial* /dev/tty* shows what there is"
        if isinstance(error, PermissionError):
            cure = "let the agent's user be in the group dialout"
        raise SetupError(Reason.SOURCE_LOST, f"[board] {path}: {error.strerror}; {cure}") from None
    try:
        told = termios.tcgetattr(port)
        speed = getattr(termios, f"B{baud}")  # settings let those through that Linux knows
        told[0] = told[1] = told[3] = 0
        told[2] = termios.CS8 | termios.CREAD | termios.CLOCAL
        told[4] = told[5] = speed
        told[6][termios.VMIN], told[6][termios.VTIME] = 1, 0  # so that 0 bytes mean: gone
        termios.tcsetattr(port, termios.TCSANOW, told)
        termios.tcflush(port, termios.TCIOFLUSH)
    except termios.error as error:
        os.close(port)
        raise SetupError(Reason.SETTING, f"[board] {path} is no serial port: {error}") from None
    return port
