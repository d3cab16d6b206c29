"""A bad network in a box: a TCP relay that can be cut, frozen and slowed while it runs.

It knows bytes and no MQTT. What it does wrong is the caller's choice, so a seed repeats it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time

CHUNK_BYTES = 4096


class Relay:
    """Relays a free loopback port to a target. Use it as a context manager.

    Attributes:
        port: connect here instead of to the target.
        delay_s: how long each chunk of bytes is held, either way.
        open: whether new connections are let through; closed ones are dropped at once.
    """

    def __init__(self, target_port: int, host: str = "127.0.0.1") -> None:
        self._target = (host, target_port)
        self._server = socket.create_server((host, 0))
        self.port: int = self._server.getsockname()[1]
        self.delay_s = 0.0
        self.open = True
        self._flowing = threading.Event()
        self._flowing.set()
        self._lock = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        threading.Thread(target=self._accept, name="relay", daemon=True).start()

    def cut(self) -> int:
        """Cut every connection; how many there were. What is on its way is lost."""
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            for end in pair:
                _drop(end)
        return len(pairs)

    def freeze(self) -> None:
        """Let nothing through and say nothing: a cable pulled at the far end."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Let everything through again."""
        self._flowing.set()

    def close(self) -> None:
        """Cut everything and listen no more."""
        self.open = False
        self.thaw()
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            if not self.open:
                _drop(near)
                continue
            try:
                far = socket.create_connection(self._target, 5.0)
            except OSError:
                _drop(near)
                continue
            far.settimeout(None)
            pair = (near, far)
            with self._lock:
                self._pairs.add(pair)
            for source, sink in (pair, (far, near)):
                threading.Thread(
                    target=self._pump, args=(source, sink, pair), name="relay", daemon=True
                ).start()

    def _pump(
        self, source: socket.socket, sink: socket.socket, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK_BYTES):
                self._flowing.wait()
                if self.delay_s:
                    time.sleep(self.delay_s)
                sink.sendall(chunk)
        with self._lock:
            self._pairs.discard(pair)
        for end in pair:
            _drop(end)


def _drop(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
