"""Each frame once and in order over a line that loses and damages some: stop and wait.

Rule: no port and no clock; times come in, frames go out. The device's half is device/net/line.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from viewkeeper.agent.adapters.board.frames import Frame, FrameKind

RESEND_FIRST_S, RESEND_MOST_S = 0.5, 8.0


class Delivery:
    """One end of the line.

    Args:
        session: 4 random bytes, new each start.
        on_frame: takes a frame of the other end, each once and in order; ``False``: there is no
            room now, let it come again.
        on_start: the other end began anew.
    """

    def __init__(
        self, session: bytes, on_frame: Callable[[Frame], bool], on_start: Callable[[], None]
    ) -> None:
        self._rows: deque[tuple[int, bytes]] = deque([(FrameKind.START, session)])
        self._on_frame, self._on_start = on_frame, on_start
        self._number = 0
        self._heard: int | None = None
        self._theirs: bytes | None = None
        self._due_s: float | None = None
        self._pause_s = RESEND_FIRST_S

    def __len__(self) -> int:
        """How many frames are not acknowledged."""
        return len(self._rows)

    def put(self, kind: FrameKind, payload: bytes) -> None:
        """Say something; it waits for its turn."""
        self._rows.append((kind, payload))

    def due(self, now_s: float) -> bytes:
        """What is to be written now; empty: nothing."""
        if not self._rows or (self._due_s is not None and now_s < self._due_s):
            return b""
        self._pause_s = (
            RESEND_FIRST_S if self._due_s is None else min(2 * self._pause_s, RESEND_MOST_S)
        )
        self._due_s = now_s + self._pause_s
        kind, payload = self._rows[0]
        return Frame(kind, self._number, payload).encode()

    def wait_s(self, now_s: float) -> float | None:
        """Seconds until something is due; ``None``: nothing is waiting."""
        if not self._rows:
            return None
        return 0.0 if self._due_s is None else max(0.0, self._due_s - now_s)

    def again(self) -> None:
        """The port was opened anew: what waited for an answer is due at once."""
        self._due_s = None

    def take(self, frame: Frame) -> bytes:
        """A frame that came; the answer to write, or nothing."""
        if frame.kind == FrameKind.ACK:
            if self._rows and self._due_s is not None and frame.number == self._number:
                self._rows.popleft()
                self._number = (self._number + 1) & 255
                self._due_s = None
            return b""
        if frame.kind == FrameKind.START:
            if frame.payload != self._theirs:
                self._theirs = frame.payload
                self._on_start()
        elif frame.number != self._heard and not self._on_frame(frame):
            return b""
        self._heard = frame.number
        return Frame(FrameKind.ACK, frame.number).encode()
