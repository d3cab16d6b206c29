"""The board's way to its broker: bytes between the serial line and a socket, read by nobody here.

The board speaks MQTT with its own name and signs its own records; this end makes the socket, and
TLS with the board's own certificate where one is set. Records and orders therefore pass as they
are: the camera can hold them up, as whoever cuts the cable can, but not change them.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass

from viewkeeper.agent.adapters.board.frames import MAX_PAYLOAD, FrameKind
from viewkeeper.agent.adapters.link import TlsSettings
from viewkeeper.agent.adapters.link.credentials import tls_context
from viewkeeper.protocol.errors import SetupError

log = logging.getLogger("viewkeeper.agent.board")

CONNECT_S = 10.0
MOST_WAITING = 16_384


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the board's link goes, and the board's own pair for it."""

    host: str
    port: int
    tls: TlsSettings | None


class Tunnel:
    """One connection at a time; numbered by the board, so that what was of another is dropped.

    Args:
        address: of the broker; ``None``: the board has a way of its own, or none.
        say: puts a frame on the line.
        wake: ends the line's wait, from another thread.
    """

    def __init__(
        self,
        address: BrokerAddress | None,
        say: Callable[[FrameKind, bytes], None],
        wake: Callable[[], None],
    ) -> None:
        self._address, self._say, self._wake = address, say, wake
        self._number: bytes = b""
        self._socket: socket.socket | None = None
        self._made: queue.SimpleQueue[tuple[bytes, socket.socket | None]] = queue.SimpleQueue()
        self._outward = b""

    def take(self, kind: int, payload: bytes) -> bool:
        """A frame from the board; false: the broker must take what waits first."""
        number, data = payload[:1], payload[1:]
        if kind == FrameKind.OPEN:
            self.close()
            self._number = number
            threading.Thread(target=self._connect, args=(number,), daemon=True).start()
        elif number == self._number:
            if kind == FrameKind.END:
                self.close()
            elif len(self._outward) > MOST_WAITING:
                return False
            elif self._socket is not None:
                self._outward += data
        return True

    def fileno(self) -> int | None:
        """Of the socket to be waited for; ``None``: there is none."""
        return None if self._socket is None else self._socket.fileno()

    @property
    def wants_to_write(self) -> bool:
        return self._socket is not None and bool(self._outward)

    @property
    def has_more(self) -> bool:
        """Whether TLS holds bytes that no wait for the socket would tell of."""
        made = self._socket
        return isinstance(made, ssl.SSLSocket) and made.pending() > 0

    def turn(self, *, room: bool) -> None:
        """Take what the socket gives, where the line has ``room``, and give it what waits."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._settle(*self._made.get_nowait())
        try:
            self._write()
            if room:
                self._read()
        except (OSError, EOFError) as error:
            log.info("board: its broker's connection ended: %s", error)
            self._end()

    def close(self) -> None:
        """Drop the connection without a word to the board."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._outward, self._number = None, b"", b""

    def _end(self) -> None:
        number = self._number
        self.close()
        self._say(FrameKind.END, number)

    def _settle(self, number: bytes, made: socket.socket | None) -> None:
        if number != self._number:
            if made is not None:
                made.close()
        elif made is None:
            self._end()
        else:
            self._socket = made
            self._say(FrameKind.OPEN, number)

    def _connect(self, number: bytes) -> None:
        made: socket.socket | None = None
        try:
            if self._address is not None:
                made = _connected(self._address)
        except (OSError, SetupError) as error:
            log.warning("board: no way to its broker: %s", error)
        self._made.put((number, made))
        self._wake()

    def _write(self) -> None:
        if self._socket is None or not self._outward:
            return
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            self._outward = self._outward[self._socket.send(self._outward) :]

    def _read(self) -> None:
        if self._socket is None:
            return
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            data = self._socket.recv(MAX_PAYLOAD - 1)
            if not data:
                raise EOFError("the broker closed it")
            self._say(FrameKind.DATA, self._number + data)


def _connected(address: BrokerAddress) -> socket.socket:
    plain = socket.create_connection((address.host, address.port), CONNECT_S)
    try:
        made = plain
        if address.tls is not None:
            made = tls_context(address.tls).wrap_socket(plain, server_hostname=address.host)
        made.setblocking(False)
    except BaseException:
        plain.close()
        raise
    return made
