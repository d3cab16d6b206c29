"""A frame source whose frames also carry what the camera says of itself over ONVIF.

The camera is asked on a thread of its own: nothing it does, or fails to do, holds a frame up.
What it said grows old; then frames carry nothing rather than something stale.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from viewkeeper.agent.adapters.sources.onvif import OnvifState
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.ports import FrameSource
from viewkeeper.protocol.errors import SetupError

log = logging.getLogger("viewkeeper.agent.sources")

MOST_PERIODS_OLD = 3
CLOSE_WAIT_S = 2.0


class Camera(Protocol):
    """Whoever can be asked."""

    def read(self) -> OnvifState:
        """Raises SetupError where nothing answers."""
        ...

    def close(self) -> None: ...


class WitnessedSource:
    """A ``FrameSource`` around another.

    Args:
        source: gives the frames.
        make: makes a camera to be asked, for every opening anew.
        period_s: between two rounds of questions.
    """

    def __init__(
        self,
        source: FrameSource,
        make: Callable[[], Camera],
        *,
        period_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source, self._make, self._period_s = source, make, period_s
        self._monotonic = monotonic
        self._round: _Round | None = None

    @property
    def name(self) -> str:
        return self._source.name

    def open(self) -> None:
        self.close()
        self._source.open()
        self._round = _Round(self._make(), self._period_s, self._monotonic)

    def read(self, timeout_s: float) -> Frame:
        frame = self._source.read(timeout_s)
        state = None if self._round is None else self._round.state()
        return frame if state is None else replace(frame, sensor=state.onto(frame.sensor))

    def close(self) -> None:
        asked, self._round = self._round, None
        if asked is not None:
            asked.stop()
        self._source.close()


class _Round:
    """Asks one camera again and again."""

    def __init__(self, camera: Camera, period_s: float, monotonic: Callable[[], float]) -> None:
        self._camera, self._period_s, self._monotonic = camera, period_s, monotonic
        self._lock = threading.Lock()
        self._state: OnvifState | None = None
        self._heard_s = 0.0
        self._stopping = threading.Event()
        self._said = ""
        self._thread = threading.Thread(target=self._run, name="onvif", daemon=True)
        self._thread.start()

    def state(self) -> OnvifState | None:
        """What it said last, while that is fresh."""
        with self._lock:
            old = self._monotonic() - self._heard_s > MOST_PERIODS_OLD * self._period_s
            return None if old else self._state

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(CLOSE_WAIT_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                state = self._camera.read()
                with self._lock:
                    self._state, self._heard_s = state, self._monotonic()
                self._say("")
            except SetupError as error:
                self._say(error.hint)
            except Exception as error:  # noqa: BLE001 - a stranger's answer; frames must go on
                self._say(f"onvif: {type(error).__name__}")
            self._stopping.wait(self._period_s)
        self._camera.close()

    def _say(self, fault: str) -> None:
        """A fault once, not every period."""
        if fault and fault != self._said:
            log.warning("%s", fault)
        elif self._said and not fault:
            log.info("onvif answers again")
        self._said = fault
