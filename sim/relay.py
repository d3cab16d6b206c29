"""A bad network in a box: a TCP relay that can be cut, frozen and slowed while it runs.

It knows bytes and no MQTT. What it does wrong is the caller's choice, so a seed repeats it.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

CHUNK_BYTES = 4096
_TCPI_SEGS_OUT = 136
"""Where ``tcpi_segs_out`` stands in ``struct tcp_info``; ``tcpi_segs_in`` follows it."""


class Relay:
    """Relays a free loopback port to a target. Use it as a context manager.

    Attributes:
        port: connect here instead of to the target.
        target_port: where new connections go.
        delay_s: how long each chunk of bytes is held, either way.
        open: whether new connections are let through; closed ones are dropped at once.
    """

    def __init__(self, target_port: int, host: str = "127.0.0.1") -> None:
        self._host, self.target_port = host, target_port
        self._server = socket.create_server((host, 0))
        self.port: int = self._server.getsockname()[1]
        self.delay_s = 0.0
        self.open = True
        self._flowing = threading.Event()
        self._flowing.set()
        self._lock = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._up = self._down = 0
        threading.Thread(target=self._accept, name="relay", daemon=True).start()

    def counts(self) -> dict[str, int]:
        """Bytes that came by since the start, and the near connections' segments so far.

        ``up``: from whoever connected; ``down``: to them; ``segments``: of living connections,
        both ways, bare acknowledgements included.
        """
        with self._lock:
            segments = sum(_segments(near) for near, _ in self._pairs)
            return {"up": self._up, "down": self._down, "segments": segments}

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
                far = socket.create_connection((self._host, self.target_port), 5.0)
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
                with self._lock:
                    if source is pair[0]:
                        self._up += len(chunk)
                    else:
                        self._down += len(chunk)
                if self.delay_s:
                    time.sleep(self.delay_s)
                sink.sendall(chunk)
        with self._lock:
            self._pairs.discard(pair)
        for end in pair:
            _drop(end)


def _segments(end: socket.socket) -> int:
    """Segments out and in, of ``tcp_info`` (linux/tcp.h); 0 where the kernel does not say."""
    try:
        info = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    except OSError:
        return 0
    return sum(struct.unpack_from("=II", info, _TCPI_SEGS_OUT)) if len(info) >= 144 else 0


def _drop(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
