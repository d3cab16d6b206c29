"""Ends another thread's wait for bytes: a pipe that it polls beside its socket."""

from __future__ import annotations

import contextlib
import os


class Waker:
    """``fileno()`` becomes readable with ``wake()`` and stays so until ``drain()``."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def fileno(self) -> int:
        return self._read

    def wake(self) -> None:
        # A full pipe means that it will wake anyway; a closed one, that it has stopped.
        with contextlib.suppress(OSError):
            os.write(self._write, b"\0")

    def drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while len(os.read(self._read, 4096)) == 4096:
                pass

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)
        self._read = self._write = -1
