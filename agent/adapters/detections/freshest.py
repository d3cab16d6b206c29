"""The newest boxes of a detector that speaks at every frame, until they are old.

Rule: one thread puts, another asks; silence for longer than a detector has a reason to be silent
means that it has stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from viewkeeper.agent.core.events.blobs import Detection
from viewkeeper.agent.core.events.zones import Outside
from viewkeeper.agent.settings import DetectionSettings
from viewkeeper.protocol.errors import Reason, SetupError

FRESH_S = 2.0


class Freshest:
    """The newest word.

    Args:
        detector: its name, for the flags.
        monotonic: seconds.
    """

    def __init__(self, detector: str, monotonic: Callable[[], float]) -> None:
        self._detector, self._monotonic = detector, monotonic
        self._lock = threading.Lock()
        self._newest: tuple[float, tuple[Detection, ...]] | None = None

    def put(self, boxes: tuple[Detection, ...]) -> None:
        """What it sees now; nobody is a word too."""
        with self._lock:
            self._newest = (self._monotonic(), boxes)

    def newest(self) -> Outside | None:
        """``None``, and with it the camera's own foreground, once it has been silent."""
        with self._lock:
            newest = self._newest
        if newest is None or self._monotonic() - newest[0] > FRESH_S:
            return None
        return Outside(self._detector, newest[1])


def network_file(settings: DetectionSettings, cure: str) -> str:
    """The path of a network.

    Raises:
        SetupError: there is none.
    """
    if not Path(settings.path).is_file():
        raise SetupError(
            Reason.FILE_MISSING, f"[detections] path {settings.path!r} is no network: {cure}"
        )
    return settings.path


def labels_of(settings: DetectionSettings) -> frozenset[str]:
    """Which classes count."""
    return frozenset(label.strip() for label in settings.labels.split(",") if label.strip())
