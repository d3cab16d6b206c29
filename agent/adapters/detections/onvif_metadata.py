"""ONVIF's metadata track as it comes: from the camera's own RTSP stream, or through a pipe.

The track is a sequence of XML documents in pieces of any size. Needs PyAV for the stream; a pipe
is filled by some other RTSP client, ``ffmpeg -i rtsp://… -map 0:d -c copy -f data PIPE``.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from viewkeeper.agent.adapters.detections.freshest import Freshest, labels_of
from viewkeeper.agent.adapters.detections.onvif import (
    MAX_DOCUMENT_BYTES,
    NotMetadataError,
    parse_frames,
)
from viewkeeper.agent.adapters.sources import stream
from viewkeeper.agent.core.events.zones import Outside
from viewkeeper.agent.ports import SourceError
from viewkeeper.agent.settings import DetectionSettings
from viewkeeper.agent.source_settings import SourceSettings
from viewkeeper.protocol.errors import Reason, SetupError

log = logging.getLogger("viewkeeper.agent")

END = b"MetadataStream>"
REST_S = 10.0
"""After a stream that broke or could not be opened."""
CLOSE_WAIT_S = 2.0

Pieces = Callable[[threading.Event], Iterator[bytes]]
"""Bytes as they come until the event is set; raises SourceError when there are no more."""


def feed_of(settings: DetectionSettings, source: SourceSettings) -> OnvifFeed:
    """From the pipe that ``path`` names, or from the stream of the source.

    Raises:
        SetupError: neither is there.
    """
    if settings.path:
        return OnvifFeed(settings, _piped(Path(settings.path)))
    if source.kind != "rtsp":
        raise SetupError(
            Reason.SETTING,
            "[detections] kind 'onvif' hears the metadata in the camera's stream: [source] kind "
            "'rtsp'; or path names a pipe that an RTSP client fills",
        )
    return OnvifFeed(settings, _streamed(stream.metadata(source)))


class OnvifFeed:
    """Implements `DetectionFeed`.

    Args:
        settings: which classes count.
        pieces: the track.
        monotonic: seconds.
    """

    def __init__(
        self,
        settings: DetectionSettings,
        pieces: Pieces,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._labels, self._least = labels_of(settings), settings.least_score
        self._pieces, self._seen = pieces, Freshest("onvif", monotonic)
        self._said = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="onvif-metadata", daemon=True)
        self._thread.start()

    def newest(self) -> Outside | None:
        return self._seen.newest()

    def close(self) -> None:
        self._stopping.set()
        self._thread.join(CLOSE_WAIT_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            waiting = b""
            try:
                for piece in self._pieces(self._stopping):
                    waiting = self._taken(waiting + piece)
            except SourceError as error:
                self._say(error.hint)
                self._stopping.wait(REST_S)

    def _taken(self, waiting: bytes) -> bytes:
        """What is left once every whole document was read."""
        while END in waiting[1:]:
            document, waiting = _first(waiting)
            if document is None:
                break
            try:
                boxes = parse_frames(document, self._labels, self._least)
            except NotMetadataError as error:
                self._say(f"not ONVIF metadata: {error}")
                continue
            if boxes is not None:
                self._seen.put(boxes)
        return waiting[-MAX_DOCUMENT_BYTES:]

    def _say(self, fault: str) -> None:
        """A fault once, not every time."""
        if fault != self._said:
            log.warning("detections: %s", fault)
        self._said = fault


def _piped(path: Path) -> Pieces:
    if not path.is_fifo():
        raise SetupError(
            Reason.FILE_MISSING,
            f"[detections] path {str(path)!r} is no named pipe: mkfifo PATH, and let an RTSP "
            "client write the camera's metadata track to it",
        )

    def pieces(stopping: threading.Event) -> Iterator[bytes]:
        # Read and write, so that the pipe stays open while its writer comes and goes.
        pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        try:
            while not stopping.is_set():
                try:
                    yield os.read(pipe, 65_536)
                except BlockingIOError:
                    stopping.wait(0.05)
        finally:
            os.close(pipe)

    return pieces


def _streamed(opening: stream.Opening) -> Pieces:
    def pieces(stopping: threading.Event) -> Iterator[bytes]:
        container: Any = stream.opened(opening)
        try:
            tracks = container.streams.data
            if not tracks:
                told = f"{opening.name} has no metadata track: switch analytics on in its profile"
                raise SourceError(Reason.SOURCE_LOST, told)
            for packet in stream.packets(opening, container, tracks[0]):
                if stopping.is_set():
                    return
                yield packet
        finally:
            container.close()

    return pieces


def _first(waiting: bytes) -> tuple[bytes | None, bytes]:
    """The first whole document and the rest; ``None`` while there is none."""
    closing = waiting.find(b"</")
    while closing >= 0:
        end = waiting.find(b">", closing)
        if end < 0:
            return None, waiting
        if waiting[closing : end + 1].endswith(END):
            return waiting[: end + 1], waiting[end + 1 :]
        closing = waiting.find(b"</", end)
    return None, waiting
