"""The zones' watch within the loop: faster than the view check, and bound to its word.

A flag waits for the next check of the view before it goes out: while a camera is being turned
everything in the picture moves, and only the check can tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.assessment import Check
from viewkeeper.agent.core.events import zones
from viewkeeper.agent.core.events.flags import Flag
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.core.view.registered import RegisteredView
from viewkeeper.protocol.orders import Config
from viewkeeper.protocol.vocabulary import ViewCause, ViewVerdict, WatchState
from viewkeeper.protocol.zones import Zone

PERIOD_S = 0.2
"""Five frames a second: a runner is seen several times within any zone worth drawing."""
MOST_WAITING = 64


class DetectionFeed(Protocol):
    """Another program's detections: they replace the blobs; tracks, zones and flags stay."""

    def newest(self) -> zones.Outside | None:
        """Of the newest frame; ``None`` when nothing came for longer than it may."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class InCamera(Protocol):
    """A feed whose network runs in the camera, or on an accelerator beside it: the source that
    owns the camera hands each frame on."""

    main_format: str
    """Of the main stream, in picamera2's words: RGB888 where the network wants the picture."""

    def load(self) -> None:
        """Put the network there, before the camera is opened."""
        ...

    def take(
        self,
        facts: Mapping[str, Any],
        camera: Any,
        stream: str,
        picture: NDArray[np.uint8] | None,
    ) -> None:
        """One frame: its metadata, and the main stream's picture where that is RGB888."""
        ...


class ZoneWatch:
    """Zones of the configuration in force.

    Args:
        feed: detections from outside; ``None``: the camera's own foreground.
    """

    def __init__(self, feed: DetectionFeed | None = None) -> None:
        self._feed = feed
        self._zones: tuple[Zone, ...] = ()
        self._state = zones.ZonesState()
        self._waiting: list[Flag] = []
        self._verdict = ViewVerdict.CANNOT_TELL
        self._move = Move()

    def configure(self, config: Config | None) -> None:
        """Take the zones in force; other zones start anew."""
        wanted = () if config is None else config.zones or ()
        if wanted != self._zones:
            self._zones, self._waiting = wanted, []
            self._state = zones.ZonesState(background=self._state.background)

    def close(self) -> None:
        if self._feed is not None:
            self._feed.close()

    @property
    def active(self) -> bool:
        return bool(self._zones)

    @property
    def count(self) -> int:
        return len(self._zones)

    @property
    def state(self) -> WatchState:
        return self._state.watch if self._zones else WatchState.OFF

    def look(self, frame: Frame, view: RegisteredView, at_s: float) -> None:
        """One frame further; what it finds waits."""
        self._state, flags = zones.step(
            self._state,
            self._zones,
            frame.luma,
            view.lens,
            verdict=self._verdict,
            move=self._move,
            at_s=at_s,
            outside=None if self._feed is None else self._feed.newest(),
        )
        self._waiting = [*self._waiting, *flags][-MOST_WAITING:]

    def checked(self, check: Check, move: Move) -> tuple[Flag, ...]:
        """The view was checked: what may go out now.

        A frame that does not show the registered view keeps flags waiting; once that is the
        verdict, those that began meanwhile are dropped and those that ended end.
        """
        self._verdict, self._move = check.verdict, move
        if check.verdict not in zones.KNOWN:
            self._waiting = [f for f in self._waiting if f.ended_s not in (None, f.started_s)]
            if check.verdict is ViewVerdict.CANNOT_TELL and check.cause is ViewCause.STARTING:
                self._waiting = []
        elif check.judgement.verdict not in zones.KNOWN:
            return ()
        ready, self._waiting = tuple(self._waiting), []
        return ready
