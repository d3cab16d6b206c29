"""A network camera's still picture, asked for again and again over HTTP(S).

``jpeg`` is what nearly every IP camera offers. ``yuv420`` is OpenIPC's raw picture
(``/image.yuv420``), which needs no decoder on the agent's side.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from viewkeeper.agent.adapters.sources.http import Address, HttpClient, address
from viewkeeper.agent.adapters.sources.newest import NewestFrame
from viewkeeper.agent.adapters.sources.picture import decode_picture
from viewkeeper.agent.adapters.sources.planes import Plane, from_yuv420, split_yuv420
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.ports import SourceError
from viewkeeper.protocol.errors import Reason, SetupError

FORMATS = ("jpeg", "yuv420")


@dataclass(frozen=True, slots=True)
class Snapshots:
    """What is asked of the camera.

    Attributes:
        pixel_format: one of ``FORMATS``.
        width, height: of a ``yuv420`` picture, pixels.
        period_s: seconds between two requests.
        timeout_s: for one request.
    """

    url: str
    pixel_format: str = "jpeg"
    width: int = 0
    height: int = 0
    username: str = ""
    password_file: str = ""
    ca_file: str = ""
    period_s: float = 1.0
    timeout_s: float = 5.0


def snapshots(wanted: Snapshots) -> NewestFrame:
    """The source.

    Raises:
        SetupError: an address or format that cannot be.
    """
    where = address(wanted.url, "[source]")
    if wanted.pixel_format not in FORMATS:
        raise SetupError(
            Reason.SETTING, f"[source] pixel_format must be one of {', '.join(FORMATS)}"
        )
    if wanted.pixel_format == "yuv420" and (wanted.width < 16 or wanted.height < 16):
        raise SetupError(
            Reason.SETTING,
            "[source] pixel_format yuv420 needs width and height: raw bytes do not tell them",
        )
    return NewestFrame(f"snapshot {wanted.url}", lambda: SnapshotGrabber(wanted, where))


class SnapshotGrabber:
    """Asks for one picture a period."""

    def __init__(
        self,
        wanted: Snapshots,
        where: Address,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._wanted, self._where = wanted, where
        self._monotonic, self._sleep = monotonic, sleep
        self._next_s = 0.0
        self._name = f"snapshot {where.shown}"
        self._client = HttpClient(
            name=self._name,
            timeout_s=wanted.timeout_s,
            username=wanted.username,
            password_file=wanted.password_file,
            ca_file=wanted.ca_file,
        )

    def open(self) -> None:
        """Nothing to open: every picture is a request of its own."""

    def grab(self) -> Frame:
        self._sleep(max(0.0, self._next_s - self._monotonic()))
        self._next_s = self._monotonic() + self._wanted.period_s
        data = self._client.request(self._where)
        luma, chroma = self._decode(data)
        try:
            return Frame(luma=luma, chroma=chroma, captured_mono_s=self._monotonic())
        except ValueError as error:
            raise SourceError(Reason.SOURCE_LOST, f"{self._name}: {error}") from None

    def _decode(self, data: bytes) -> tuple[Plane, Plane | None]:
        if self._wanted.pixel_format == "jpeg":
            return decode_picture(data, self._name)
        try:
            planes = split_yuv420(data, self._wanted.width, self._wanted.height)
        except ValueError as error:
            raise SourceError(Reason.SOURCE_LOST, f"{self._name}: {error}") from None
        return from_yuv420(*planes)

    def close(self) -> None:
        """Nothing stays open."""
