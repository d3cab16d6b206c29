"""The serial line to the board: one thread that owns the port and the board's way to the broker."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path

from viewkeeper.agent.adapters.board.delivery import Delivery
from viewkeeper.agent.adapters.board.frames import Frame, FrameKind, Splitter
from viewkeeper.agent.adapters.board.port import open_port
from viewkeeper.agent.adapters.board.tunnel import BrokerAddress, Tunnel
from viewkeeper.agent.adapters.link.waker import Waker
from viewkeeper.protocol.errors import SetupError

log = logging.getLogger("viewkeeper.agent.board")

REOPEN_S = 5.0
MOST_ON_LINE = 2
"""Frames that may wait before the broker's bytes are left in their socket."""
_TUNNEL = (FrameKind.OPEN, FrameKind.DATA, FrameKind.END)


class BoardLine:
    """Frames to and from the board. ``say`` may be called from any thread.

    Args:
        path, baud: of the port.
        broker: where the board's own link goes through; ``None``: nowhere.
        on_message: takes (kind, payload) of what is not the tunnel's, on the line's thread.
        on_start: the board began anew, or heard of us for the first time.
    """

    def __init__(
        self,
        path: Path,
        baud: int,
        broker: BrokerAddress | None,
        on_message: Callable[[int, bytes], None],
        on_start: Callable[[], None],
    ) -> None:
        self._path, self._baud = path, baud
        self._on_message, self._on_start = on_message, on_start
        self._lock = threading.Lock()
        self._said: list[tuple[FrameKind, bytes]] = []
        self._waker, self._stopping = Waker(), threading.Event()
        self._delivery = Delivery(os.urandom(4), self._take, self._begun)
        self._tunnel = Tunnel(broker, self._delivery.put, self._waker.wake)
        self._splitter = Splitter()
        self._thread = threading.Thread(target=self._run, name="board", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End it; safe to call twice."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._waker.wake()
            if self._thread.is_alive():
                self._thread.join(5.0)
            self._waker.close()

    def say(self, kind: FrameKind, payload: bytes) -> None:
        """Put a frame on the line."""
        with self._lock:
            self._said.append((kind, payload))
        self._waker.wake()

    @property
    def damaged(self) -> int:
        """Frames that did not come whole."""
        return self._splitter.damaged

    def _run(self) -> None:
        told = ""
        while not self._stopping.is_set():
            try:
                port = open_port(self._path, self._baud)
            except SetupError as error:
                if error.hint != told:
                    log.error("%s", error.hint)
                told = error.hint
                self._stopping.wait(REOPEN_S)
                continue
            told = ""
            self._delivery.again()
            try:
                self._serve(port)
            except OSError as error:
                log.error("board: %s: %s", self._path, error.strerror or error)
                self._stopping.wait(REOPEN_S)
            finally:
                self._tunnel.close()
                os.close(port)

    def _serve(self, port: int) -> None:
        waiting = b""
        while not self._stopping.is_set():
            with self._lock:
                said, self._said = self._said, []
            for kind, payload in said:
                self._delivery.put(kind, payload)
            self._tunnel.turn(room=len(self._delivery) < MOST_ON_LINE)
            waiting += self._delivery.due(time.monotonic())
            if waiting:
                with contextlib.suppress(BlockingIOError):
                    waiting = waiting[os.write(port, waiting) :]
            self._wait(port, writing=bool(waiting))
            self._waker.drain()
            with contextlib.suppress(BlockingIOError):
                data = os.read(port, 4096)
                if not data:
                    raise OSError(errno.EIO, "the port is gone")
                for frame in self._splitter.feed(data):
                    waiting += self._delivery.take(frame)

    def _wait(self, port: int, *, writing: bool) -> None:
        reads: list[int] = [port, self._waker.fileno()]
        writes: list[int] = [port] if writing else []
        broker = self._tunnel.fileno()
        patience_s = self._delivery.wait_s(time.monotonic())
        if broker is not None:
            if len(self._delivery) < MOST_ON_LINE:
                reads.append(broker)
                patience_s = 0.0 if self._tunnel.has_more else patience_s
            if self._tunnel.wants_to_write:
                writes.append(broker)
        select.select(reads, writes, [], 1.0 if patience_s is None else min(patience_s, 1.0))

    def _take(self, frame: Frame) -> bool:
        if frame.kind in _TUNNEL:
            return self._tunnel.take(frame.kind, frame.payload)
        try:
            self._on_message(frame.kind, frame.payload)
        except Exception:  # what is above must not end the line
            log.exception("board: a message failed")
        return True

    def _begun(self) -> None:
        self._tunnel.close()
        self._on_start()
