"""Tells systemd that the agent is up and that its loops turn (sd_notify(3)).

The watchdog is fed only when *every* lens has turned since the last time: one loop that
hangs must bring the service down, however lively the others are.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping

_SEND_S = 1.0


class Notifier:
    """Speaks to the service manager; silent where there is none.

    Args:
        lenses: names of the loops that must turn.
        environment: ``NOTIFY_SOCKET``, ``WATCHDOG_USEC`` and ``WATCHDOG_PID`` of systemd.
        monotonic: seconds.
        up: called once, when every loop has turned for the first time.
    """

    def __init__(
        self,
        lenses: Iterable[str],
        environment: Mapping[str, str] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        up: Callable[[], None] = lambda: None,
    ) -> None:
        environment = os.environ if environment is None else environment
        self._lenses = set(lenses)
        self._turned: set[str] = set()
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._every_s = _watchdog_s(environment) / 4
        self._monotonic, self._up = monotonic, up
        self._fed_at_s = -1.0
        self._ready = False
        self._lock = threading.Lock()

    def turned(self, lens: str) -> None:
        """A loop has turned."""
        with self._lock:
            self._turned.add(lens)
            self._tell()

    def ended(self, lens: str) -> None:
        """A loop has ended as it should (a recording is over)."""
        with self._lock:
            self._lenses.discard(lens)
            self._tell()

    def stopping(self) -> None:
        """The service ends on purpose."""
        self._send("STOPPING=1")

    def _tell(self) -> None:
        if not self._lenses or not self._lenses <= self._turned:
            return
        if not self._ready:
            self._ready = True
            self._send("READY=1\nSTATUS=watching")
            self._up()
        now_s = self._monotonic()
        if self._every_s > 0 and (self._fed_at_s < 0 or now_s - self._fed_at_s >= self._every_s):
            self._fed_at_s = now_s
            self._send("WATCHDOG=1")
        self._turned.clear()

    def _send(self, text: str) -> None:
        if not self._address:
            return
        # A leading @ means an abstract socket (sd_notify(3)).
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.settimeout(_SEND_S)
                out.sendto(text.encode("utf-8"), address)
        except OSError:
            return  # the service manager is away, or does not read: the camera goes on


def _watchdog_s(environment: Mapping[str, str]) -> float:
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    text = environment.get("WATCHDOG_USEC", "0")
    return int(text) / 1e6 if text.isdigit() else 0.0
