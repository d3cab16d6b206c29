"""A frame source that is opened again after it failed, and how fast it gives frames."""

from __future__ import annotations

import logging
from collections import deque

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.ports import Clock, FrameSource, SourceEndedError, SourceError

log = logging.getLogger("viewkeeper.agent")

REOPEN_S = 5.0
"""Between two openings."""
RATE_SPAN_S = 60.0
"""Over which the frame rate is counted."""


class SteadySource:
    """A source that may fail and is asked on.

    Args:
        source: gives frames.
        clock: the machine's.
        timeout_s: how long to wait for a frame.
    """

    def __init__(self, source: FrameSource, clock: Clock, timeout_s: float) -> None:
        self._source, self._clock, self._timeout_s = source, clock, timeout_s
        self._opened = self._fed = False
        self._reopen_at_s = 0.0
        self._frames_at_s: deque[float] = deque()

    def read(self) -> Frame | None:
        """The newest frame, or none while the source fails.

        Raises:
            SourceEndedError: a recorded source has no more.
        """
        try:
            if not self._opened:
                now_s = self._clock.read().mono_s
                if now_s < self._reopen_at_s:
                    return None
                self._reopen_at_s = now_s + REOPEN_S
                self._source.open()
                self._opened, self._fed = True, False
                log.info("watching %s", self._source.name)
            frame = self._source.read(self._timeout_s)
        except SourceEndedError:
            raise
        except SourceError as error:
            log.warning("no frame from %s: %s", self._source.name, error.hint)
            self._give_up()
            return None
        self._fed = True
        self._frames_at_s.append(self._clock.read().mono_s)
        return frame

    def _give_up(self) -> None:
        if not self._opened:
            return
        self._source.close()
        self._opened = False
        if not self._fed:
            # One that hangs costs a turn its whole patience; turns between say so sooner.
            self._reopen_at_s = self._clock.read().mono_s + REOPEN_S

    def rate_hz(self, mono_s: float) -> float:
        """Frames a second over the last minute."""
        times = self._frames_at_s
        while times and mono_s - times[0] > RATE_SPAN_S:
            times.popleft()
        span_s = mono_s - times[0] if times else 0.0
        return (len(times) - 1) / span_s if span_s > 0 else 0.0

    def close(self) -> None:
        self._source.close()
