"""RTSP streams and V4L2 cameras through PyAV (FFmpeg)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

import numpy as np

from viewkeeper.agent.adapters.sources.newest import NewestFrame
from viewkeeper.agent.adapters.sources.planes import MAX_PIXELS, Plane, from_yuv420
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.ports import SourceError
from viewkeeper.agent.source_settings import SourceSettings
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.secret_file import optional_secret_text

PLANAR = ("yuv420p", "yuvj420p")
READ_TIMEOUT_S = 20.0
"""A stream silent for longer is dead; the loop has reported long before."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What FFmpeg is given to open a stream.

    Attributes:
        url: with credentials, therefore never shown.
        name: the same for people.
        container: FFmpeg's name of the demuxer.
        options: of the demuxer.
        key_frames_only: decode nothing between key frames; a tenth of the work.
    """

    url: str = field(repr=False)
    name: str
    container: str
    options: dict[str, str]
    key_frames_only: bool


def rtsp(url: str, *, username: str, password_file: str, key_frames_only: bool) -> NewestFrame:
    """A camera's RTSP stream, over TCP.

    Args:
        url: ``rtsp://host[:port]/path`` without credentials.
        username, password_file: for a camera that asks; empty where it does not.
        key_frames_only: see ``Opening``.

    Raises:
        SetupError: the address is not one, or has credentials in it.
    """
    opening = _rtsp(url, username, password_file, "video", key_frames_only=key_frames_only)
    return NewestFrame(opening.name, lambda: StreamGrabber(opening))


def metadata(source: SourceSettings) -> Opening:
    """The metadata track of a camera's RTSP stream.

    Raises:
        SetupError: as `rtsp`.
    """
    return _rtsp(source.url, source.username, source.password_file, "data", key_frames_only=False)


def _rtsp(
    url: str, username: str, password_file: str, media: str, *, key_frames_only: bool
) -> Opening:
    parts = _parts(url)
    secret_url = url
    if username:
        password = optional_secret_text(password_file)
        user = quote(username, safe="") + ":" + quote(password, safe="")
        secret_url = urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc}"))
    return Opening(
        url=secret_url,
        name=f"rtsp {url}",
        container="rtsp",
        options={
            "rtsp_transport": "tcp",
            "allowed_media_types": media,
            "timeout": str(int(READ_TIMEOUT_S * 1e6)),
            # FFmpeg watches for five seconds to tell rates that nobody here asks for.
            "analyzeduration": "500000",
            "fpsprobesize": "0",
        },
        key_frames_only=key_frames_only,
    )


def v4l2(device: str, *, width: int, height: int) -> NewestFrame:
    """A USB or CSI camera by its V4L2 device.

    Args:
        device: such as ``/dev/video0``.
        width, height: asked of the camera in pixels; 0 leaves it the choice.
    """
    options = {"video_size": f"{width}x{height}"} if width and height else {}
    opening = Opening(
        url=device,
        name=f"v4l2 {device}",
        container="video4linux2,v4l2",
        options=options,
        key_frames_only=False,
    )
    return NewestFrame(opening.name, lambda: StreamGrabber(opening))


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SetupError(Reason.SETTING, "[source] url is not an address") from None
    if parts.scheme != "rtsp" or not parts.hostname or port == 0:
        raise SetupError(
            Reason.SETTING, f"[source] url must be rtsp://host[:port]/path, is {parts.scheme}://…"
        )
    if parts.username is not None or parts.password is not None:
        raise SetupError(
            Reason.SETTING,
            "[source] url holds a user name; write it as username and password_file instead, "
            "so that no password stands in the settings",
        )
    return parts


class StreamGrabber:
    """One opened stream.

    Args:
        opening: what to open.
        monotonic: seconds, for the frames' time stamps.
    """

    def __init__(self, opening: Opening, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._opening, self._monotonic = opening, monotonic
        self._container: Any = None
        self._frames: Iterator[Any] = iter(())

    def open(self) -> None:
        opening = self._opening
        self._container = opened(opening)
        video = self._container.streams.video
        if not video:
            raise SourceError(Reason.SOURCE_LOST, f"{opening.name} has no video that FFmpeg reads")
        stream = video[0]
        stream.thread_type = "NONE"  # frame threads keep a frame each in memory
        if opening.key_frames_only:
            stream.codec_context.skip_frame = "NONKEY"
        self._frames = self._container.decode(stream)

    def grab(self) -> Frame:
        from av.error import FFmpegError

        try:
            picture = next(self._frames)
        except StopIteration:
            raise SourceError(Reason.SOURCE_LOST, f"{self._opening.name} ended") from None
        except FFmpegError as error:
            raise SourceError(Reason.SOURCE_LOST, _told(self._opening, error)) from None
        if not 0 < picture.width * picture.height <= MAX_PIXELS:
            raise SourceError(Reason.SOURCE_LOST, f"{self._opening.name}: no camera's picture")
        luma, chroma = _planes(picture)
        try:
            return Frame(luma=luma, chroma=chroma, captured_mono_s=self._monotonic())
        except ValueError as error:
            raise SourceError(Reason.SOURCE_LOST, f"{self._opening.name}: {error}") from None

    def close(self) -> None:
        self._frames = iter(())
        if self._container is not None:
            self._container.close()
            self._container = None


def opened(opening: Opening) -> Any:
    """PyAV's container.

    Raises:
        SourceError: with what is missing and the cure.
    """
    try:
        import av
        from av.error import FFmpegError
    except ImportError:
        raise SourceError(
            Reason.LIBRARY_MISSING,
            f"{opening.name} needs PyAV: apt install python3-av or pip install 'viewkeeper[video]'",
        ) from None
    try:
        return av.open(
            opening.url,
            format=opening.container,
            options=opening.options,
            timeout=(READ_TIMEOUT_S, READ_TIMEOUT_S),
        )
    except FFmpegError as error:
        raise SourceError(Reason.SOURCE_LOST, _told(opening, error)) from None
    except ValueError:
        raise SourceError(
            Reason.LIBRARY_MISSING,
            f"{opening.name}: this PyAV was built without {opening.container}",
        ) from None


def packets(opening: Opening, container: Any, track: Any) -> Iterator[bytes]:
    """The bytes of a track, packet by packet.

    Raises:
        SourceError: the stream broke or ended.
    """
    from av.error import FFmpegError

    try:
        for packet in container.demux(track):
            yield bytes(packet)
    except FFmpegError as error:
        raise SourceError(Reason.SOURCE_LOST, _told(opening, error)) from None
    raise SourceError(Reason.SOURCE_LOST, f"{opening.name} ended")


def _told(opening: Opening, error: Any) -> str:
    # FFmpeg's own text may repeat the address with its password: only its error name is told.
    return f"{opening.name}: {_CURES.get(error.errno, error.strerror)}"


def _http_tag(status: str) -> int:
    """FFmpeg's number for an HTTP or RTSP status: FFERRTAG(0xF8, ...) of libavutil/error.h."""
    return 0xF8 | int.from_bytes(status.encode("ascii"), "little") << 8


_CURES = {
    1: "the operating system does not permit it",
    2: "there is no such device or stream: look at its cable, and at the path",
    13: "the agent may not open it: add its user to the group video",
    16: "it is busy: another program has the camera",
    110: "no answer in time; is the camera reachable?",
    111: "connection refused; is the camera's stream switched on?",
    113: "no route to the camera",
    _http_tag("401"): "the camera wants another user name or password (401)",
    _http_tag("403"): "the camera does not let this user watch (403)",
    _http_tag("404"): "the camera has no such stream (404)",
    _http_tag("4XX"): "the camera serves no video here",
}
"""By FFmpeg's errno."""


def _planes(picture: Any) -> tuple[Plane, Plane | None]:
    if picture.format.name not in PLANAR:
        picture = picture.reformat(format="yuv420p")
    luma, blue, red = (_plane(plane) for plane in picture.planes[:3])
    return from_yuv420(luma, blue, red)


def _plane(plane: Any) -> Plane:
    padded = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return padded[: plane.height, : plane.width]
