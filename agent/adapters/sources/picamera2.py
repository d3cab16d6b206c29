"""A Raspberry Pi camera through picamera2.

The grey plane comes from the low-resolution stream, which the camera's own hardware scales;
the main stream stays as small as the library allows. One process owns the camera: where
another program streams from it, read that program's RTSP instead.

Never run on a Raspberry Pi yet; the calls are held against picamera2's own source by a test.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from viewkeeper.agent.adapters.sources.newest import NewestFrame
from viewkeeper.agent.adapters.sources.planes import from_yuv420
from viewkeeper.agent.core.frame import Frame, SensorState
from viewkeeper.agent.ports import SourceError
from viewkeeper.agent.zone_watch import InCamera
from viewkeeper.protocol.errors import Reason

STREAM = "lores"
DEFAULT_SIZE = (640, 480)
FRAME_US = 200_000
"""Five frames a second: enough for zone events, and nights may expose long."""
CAPTURE_WAIT_S = 20.0
"""A camera silent for longer is dead; the loop has reported long before."""


def picamera2(
    camera: int, *, width: int, height: int, detector: InCamera | None = None
) -> NewestFrame:
    """The source.

    Args:
        camera: its number, as ``rpicam-hello --list-cameras`` counts.
        width, height: of the frames, pixels, even; 0 for 640 × 480.
        detector: a network in the camera or beside it, which is given each frame.
    """
    size = (width, height) if width and height else DEFAULT_SIZE
    return NewestFrame(
        f"picamera2 {camera}", lambda: Picamera2Grabber(camera, size, detector=detector)
    )


class Picamera2Grabber:
    """One opened camera.

    Args:
        camera: its number.
        size: (width, height) of the frames.
        library: the picamera2 module; imported when it is not given.
        monotonic: seconds, for frames whose sensor gives no time.
        detector: a network in the camera or beside it.
    """

    def __init__(
        self,
        camera: int,
        size: tuple[int, int],
        library: Any = None,
        monotonic: Callable[[], float] = time.monotonic,
        detector: InCamera | None = None,
    ) -> None:
        self._detector = detector
        self._main_format = "YUV420" if detector is None else detector.main_format
        self._number, self._size, self._library = camera, size, library
        self._monotonic = monotonic
        self._camera: Any = None
        self._array_width: int | None = None

    def open(self) -> None:
        library = self._library if self._library is not None else _library()
        try:
            known = len(library.Picamera2.global_camera_info())
            if not 0 <= self._number < known:
                raise SourceError(
                    Reason.SOURCE_LOST,
                    f"picamera2 {self._number}: libcamera sees {known} cameras; "
                    "look at the ribbon cable and at rpicam-hello --list-cameras",
                )
            if self._detector is not None:
                self._detector.load()
            self._camera = library.Picamera2(self._number)
            width, height = self._size
            configuration = self._camera.create_video_configuration(
                main={"size": self._size, "format": self._main_format},
                lores={"size": (width, height), "format": "YUV420"},
                controls={"FrameDurationLimits": (FRAME_US, FRAME_US)},
                buffer_count=2,
                queue=False,
            )
            self._camera.configure(configuration)
            self._camera.start()
        except SourceError:
            raise
        except Exception as error:  # noqa: BLE001 - libcamera raises RuntimeError and IndexError
            raise SourceError(
                Reason.SOURCE_LOST,
                f"picamera2 {self._number}: {_first_line(error)}; is another program using it?",
            ) from None
        properties = self._camera.camera_properties
        self._array_width = (properties.get("PixelArraySize") or (None, None))[0]

    def grab(self) -> Frame:
        try:
            request = self._camera.capture_request(wait=CAPTURE_WAIT_S)
        except Exception as error:  # noqa: BLE001 - TimeoutError, RuntimeError by version
            raise SourceError(
                Reason.SOURCE_LOST, f"picamera2 {self._number}: {_first_line(error)}"
            ) from None
        try:
            planes = request.make_array(STREAM)
            picture = request.make_array("main") if self._main_format == "RGB888" else None
            facts = request.get_metadata()
        finally:
            request.release()
        if self._detector is not None:
            self._detector.take(facts, self._camera, STREAM, picture)
        width, height = self._size
        if planes.ndim != 2 or planes.shape[0] < height * 3 // 2 or planes.shape[1] < width:
            raise SourceError(
                Reason.SOURCE_LOST,
                f"picamera2 {self._number}: planes of {planes.shape} for {width} × {height}",
            )
        # Rows may be padded at the right for alignment; chroma is left to colour cameras' users.
        luma, _ = from_yuv420(planes[:height, :width])
        stamp_ns = facts.get("SensorTimestamp")
        return Frame(
            luma=luma,
            captured_mono_s=self._monotonic() if stamp_ns is None else stamp_ns / 1e9,
            sensor=sensor_state(facts, self._array_width),
        )

    def close(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.stop()
            camera.close()


def sensor_state(facts: Mapping[str, Any], array_width: int | None) -> SensorState:
    """libcamera's metadata of one frame in the core's words.

    Args:
        facts: as ``CompletedRequest.get_metadata`` gives them; any may be missing.
        array_width: of the sensor's pixel array, pixels.
    """
    crop = facts.get("ScalerCrop")
    share = None
    if crop is not None and array_width:
        share = min(1.0, crop[2] / array_width)
    return SensorState(
        exposure_us=_number(facts.get("ExposureTime")),
        analogue_gain=_number(facts.get("AnalogueGain")),
        lux=_number(facts.get("Lux")),
        lens_position_dioptre=_number(facts.get("LensPosition")),
        crop_share=share,
        temperature_c=_number(facts.get("SensorTemperature")),
        focus_figure=_number(facts.get("FocusFoM")),
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _library() -> Any:
    try:
        import picamera2
    except ImportError:
        raise SourceError(
            Reason.LIBRARY_MISSING,
            "picamera2 is not there: apt install --no-install-recommends python3-picamera2 "
            "(a virtual environment needs --system-site-packages to see it)",
        ) from None
    return picamera2


def _first_line(error: Exception) -> str:
    text = str(error).splitlines()
    return text[0] if text else type(error).__name__
