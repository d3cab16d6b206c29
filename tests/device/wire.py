"""A serial line between two programs: a pair of pseudo-terminals and a wire that may be bad."""

import contextlib
import os
import pty
import select
import threading
import tty


class Wire:
    """Use as a context manager.

    Args:
        damage_every: of how many chunks one has a bit turned over, and one is lost; 0: a good wire.

    Attributes:
        ends: paths of the two ports.
        damaged: how many chunks were spoilt.
    """

    def __init__(self, damage_every=0):
        self._every, self.damaged, self._chunks = damage_every, 0, 0
        pairs = [pty.openpty(), pty.openpty()]
        self._masters = [master for master, _ in pairs]
        self._slaves = [slave for _, slave in pairs]  # held open: a port nobody opened is no error
        for slave in self._slaves:
            tty.setraw(slave)
        self.ends = [os.ttyname(slave) for slave in self._slaves]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()
        for end in (*self._masters, *self._slaves):
            os.close(end)

    def _carry(self):
        other = dict(zip(self._masters, reversed(self._masters), strict=True))
        for master in self._masters:
            os.set_blocking(master, False)
        while not self._ended.is_set():
            for master in select.select(self._masters, [], [], 0.1)[0]:
                with contextlib.suppress(BlockingIOError):  # nobody reads: a UART loses it, too
                    os.write(other[master], self._spoilt(os.read(master, 256)))

    def _spoilt(self, chunk):
        self._chunks += 1
        turn = self._chunks % self._every if self._every else -1
        if turn not in (0, 1):
            return chunk
        self.damaged += 1
        return chunk[: len(chunk) // 2] if turn else bytes((chunk[0] ^ 0x10,)) + chunk[1:]
