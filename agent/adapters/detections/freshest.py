"""What detectors beside picamera2 have in common: the newest boxes until they are old, the settings
of a network, and the library's own part for each.

Rule: one thread puts, another asks; silence for longer than a detector has a reason to be silent
means that it has stopped.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from viewkeeper.agent.core.events.blobs import Detection
from viewkeeper.agent.core.events.zones import Outside
from viewkeeper.agent.ports import SourceError
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


def part_of_picamera2(name: str, spoken: str, packages: str) -> Any:
    """The module ``picamera2.devices.NAME``.

    Args:
        spoken: its name for a person.
        packages: Debian's, that bring it.

    Raises:
        SourceError: it is not installed.
    """
    try:
        return importlib.import_module(f"picamera2.devices.{name}")
    except ImportError:
        raise SourceError(
            Reason.LIBRARY_MISSING,
            f"picamera2's {spoken} part is not there: apt install {packages} python3-picamera2 "
            "(a virtual environment needs --system-site-packages to see them)",
        ) from None


def told_by(error: Exception) -> str:
    """The first line of what a library says, or the kind of its error where it says nothing."""
    text = str(error).splitlines()
    return text[0] if text else type(error).__name__
