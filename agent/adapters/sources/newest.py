"""A live camera read on a thread of its own: the loop asks for the newest frame and never hangs.

Drivers and streams block for reasons of their own (a stream accepted and never fed,
PyAV#584; a camera frontend that times out). What blocks here is a thread, not the agent.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.ports import SourceError
from viewkeeper.protocol.errors import Reason, SetupError

log = logging.getLogger("viewkeeper.agent.sources")

CLOSE_WAIT_S = 2.0
MOST_STUCK = 3
"""Threads that did not come back after ``close``; more would only pile up."""


class Grabber(Protocol):
    """One opened camera, used by one thread only."""

    def open(self) -> None:
        """Connect. May block.

        Raises:
            SourceError: with what is missing and the cure.
        """
        ...

    def grab(self) -> Frame:
        """The next frame. May block.

        Raises:
            SourceError: the camera gives nothing any more.
        """
        ...

    def close(self) -> None:
        """Let go. Safe to call when ``open`` failed."""
        ...


class _Watch:
    """One life of a grabber: a thread, its newest frame, and how it ended."""

    def __init__(self, grabber: Grabber, name: str) -> None:
        self._grabber = grabber
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._error: SourceError | None = None
        self._stopping = False
        self.thread = threading.Thread(target=self._run, name=f"source {name}", daemon=True)
        self.thread.start()

    def newest(self, timeout_s: float) -> Frame | None:
        """A frame not given before, or ``None`` when the time is over."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._frame is not None or self._error is not None, timeout_s
            )
            frame, self._frame = self._frame, None
            if frame is None and self._error is not None:
                raise self._error
            return frame

    def stop(self, wait_s: float) -> None:
        with self._changed:
            self._stopping = True
        self.thread.join(wait_s)

    def _run(self) -> None:
        try:
            self._grabber.open()
            while not self._stopping:
                frame = self._grabber.grab()
                with self._changed:
                    self._frame = frame
                    self._changed.notify_all()
        except SetupError as error:  # a SourceError, or a password file that cannot be read
            self._fail(SourceError(error.reason, error.hint))
        except Exception as error:  # noqa: BLE001 - a driver may raise anything; the agent stays
            self._fail(SourceError(Reason.SOURCE_LOST, f"{type(error).__name__} in the driver"))
        finally:
            try:
                self._grabber.close()
            except Exception as error:  # noqa: BLE001 - nothing more can be done with it
                log.debug("closing a source: %s", type(error).__name__)

    def _fail(self, error: SourceError) -> None:
        with self._changed:
            self._error = error
            self._changed.notify_all()


class NewestFrame:
    """A ``FrameSource`` that keeps only the newest frame of a live camera.

    Args:
        name: for people, without secrets.
        make: makes a fresh grabber for every opening.
        close_wait_s: how long ``close`` waits for a driver to let go.
    """

    def __init__(
        self, name: str, make: Callable[[], Grabber], *, close_wait_s: float = CLOSE_WAIT_S
    ) -> None:
        self._name, self._make, self._close_wait_s = name, make, close_wait_s
        self._watch: _Watch | None = None
        self._stuck: list[threading.Thread] = []

    @property
    def name(self) -> str:
        return self._name

    def open(self) -> None:
        """Begin to watch; connecting goes on in the background."""
        self.close()
        self._stuck = [thread for thread in self._stuck if thread.is_alive()]
        if len(self._stuck) >= MOST_STUCK:
            raise SourceError(
                Reason.SOURCE_LOST,
                f"{self._name}: the driver hangs in {len(self._stuck)} attempts; "
                "look at the camera's cable and driver, then restart the agent",
            )
        self._watch = _Watch(self._make(), self._name)

    def read(self, timeout_s: float) -> Frame:
        if self._watch is None:
            raise SourceError(Reason.SOURCE_LOST, f"{self._name} is not open")
        frame = self._watch.newest(timeout_s)
        if frame is None:
            raise SourceError(Reason.SOURCE_LOST, f"{self._name}: no frame within {timeout_s:g} s")
        return frame

    def close(self) -> None:
        watch, self._watch = self._watch, None
        if watch is None:
            return
        watch.stop(self._close_wait_s)
        if watch.thread.is_alive():
            self._stuck.append(watch.thread)
