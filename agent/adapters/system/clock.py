"""The system's clocks, and whether the kernel holds the wall clock synchronised."""

from __future__ import annotations

import ctypes
import threading
import time

from viewkeeper.agent.ports import ClockReading
from viewkeeper.protocol.vocabulary import ClockTrust

_STA_UNSYNC = 0x0040
_TIME_ERROR = 5
_TIMEX_BYTES = 208
_TIMEX_STATUS_INT = 5 if ctypes.sizeof(ctypes.c_long) == 4 else 10
"""Index of ``status`` in struct timex counted in 4-byte words (adjtimex(2))."""


def kernel_synchronised() -> bool:
    """Whether some time service keeps the kernel's clock (adjtimex(2), read only)."""
    buffer = (ctypes.c_int * (_TIMEX_BYTES // 4 + 32))()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(buffer)
    except (OSError, AttributeError):
        return False
    return state not in (-1, _TIME_ERROR) and not buffer[_TIMEX_STATUS_INT] & _STA_UNSYNC


class SystemClock:
    """The machine's clock.

    Args:
        assume_synchronised: a person vouches for the wall clock (a checked hardware clock
            on a machine without a time service).
        wake: set by whoever wants a wait to end now.
    """

    def __init__(self, wake: threading.Event, *, assume_synchronised: bool = False) -> None:
        self._wake = wake
        self._assume = assume_synchronised

    def read(self) -> ClockReading:
        synchronised = self._assume or kernel_synchronised()
        trust = ClockTrust.SYNCHRONISED if synchronised else ClockTrust.FLOOR
        return ClockReading(utc_s=time.time(), mono_s=time.monotonic(), trust=trust)

    def wait(self, seconds: float) -> bool:
        woken = self._wake.wait(max(0.0, seconds))
        self._wake.clear()
        return woken
