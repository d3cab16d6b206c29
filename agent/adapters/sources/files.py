"""A picture, or a folder of pictures in name order, as a camera."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from viewkeeper.agent.adapters.sources.picture import SUFFIXES, read_picture
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.ports import SourceEndedError, SourceError
from viewkeeper.protocol.errors import Reason


class FileSource:
    """Gives the pictures under ``path``, one a read.

    Args:
        path: a picture or a folder.
        loop: begin anew after the last one, and say of every picture that it is a recording;
            else the source ends.
        monotonic: seconds, for the frames' time stamps.
    """

    def __init__(
        self, path: Path, *, loop: bool = False, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._path, self._loop, self._monotonic = path, loop, monotonic
        self._files: list[Path] = []
        self._next = 0

    @property
    def name(self) -> str:
        return f"files {self._path}"

    def open(self) -> None:
        if not self._path.exists():
            raise SourceError(Reason.FILE_MISSING, f"{self._path}: no such file or folder")
        if self._path.is_dir():
            self._files = sorted(
                entry for entry in self._path.iterdir() if entry.suffix.lower() in SUFFIXES
            )
        else:
            self._files = [self._path]
        if not self._files:
            raise SourceError(
                Reason.FILE_MISSING,
                f"{self._path} holds no picture ({', '.join(sorted(SUFFIXES))})",
            )

    def read(self, timeout_s: float) -> Frame:
        if self._next >= len(self._files):
            if not self._loop:
                raise SourceEndedError(Reason.SOURCE_LOST, f"{self._path}: no more pictures")
            self._next = 0
        path = self._files[self._next]
        self._next += 1
        luma, chroma = read_picture(path)
        try:
            return Frame(
                luma=luma,
                chroma=chroma,
                captured_mono_s=self._monotonic(),
                recorded=self._loop,
            )
        except ValueError as error:
            raise SourceError(Reason.FILE_UNREADABLE, f"{path}: {error}") from None

    def close(self) -> None:
        self._files = []
