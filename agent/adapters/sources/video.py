"""A video file by frames, through PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.ports import SourceEndedError, SourceError
from viewkeeper.protocol.errors import Reason

SUFFIXES = frozenset({".mp4", ".mkv", ".avi", ".mov", ".webm", ".ts", ".h264", ".h265", ".mjpeg"})


class VideoSource:
    """Gives a video's frames in order, each with its own time stamp.

    Args:
        path: the file.
        every: give every n-th frame.
    """

    def __init__(self, path: Path, *, every: int = 1) -> None:
        self._path, self._every = path, max(1, every)
        self._container: Any = None
        self._frames: Iterator[Any] = iter(())

    @property
    def name(self) -> str:
        return f"video {self._path}"

    def open(self) -> None:
        try:
            import av
            from av.error import FFmpegError
        except ImportError:
            raise SourceError(
                Reason.LIBRARY_MISSING,
                f"{self._path}: video needs PyAV: pip install 'viewkeeper[video]'",
            ) from None
        if not self._path.is_file():
            raise SourceError(Reason.FILE_MISSING, f"{self._path}: no such file")
        try:
            self._container = av.open(str(self._path))
            self._frames = self._container.decode(video=0)
        except (FFmpegError, IndexError, ValueError):
            self.close()
            raise SourceError(
                Reason.FILE_UNREADABLE, f"{self._path} is not a video that FFmpeg reads"
            ) from None

    def read(self, timeout_s: float) -> Frame:
        from av.error import FFmpegError

        try:
            for _ in range(self._every - 1):
                next(self._frames)
            picture = next(self._frames)
        except StopIteration:
            raise SourceEndedError(Reason.SOURCE_LOST, f"{self._path}: no more frames") from None
        except FFmpegError as error:
            raise SourceError(
                Reason.FILE_UNREADABLE, f"{self._path}: damaged: {error.strerror}"
            ) from None
        planes = picture.to_ndarray(format="yuv444p")
        return Frame(
            luma=np.ascontiguousarray(planes[0]),
            chroma=np.ascontiguousarray(planes[1:].transpose(1, 2, 0)),
            captured_mono_s=float(picture.time or 0.0),
        )

    def close(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None
        self._frames = iter(())
