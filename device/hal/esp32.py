"""ESP32 and ESP32-S3 with a camera, through the module ``camera`` of micropython-camera-API."""

from device.core.shrink import shrink_factor, shrink_rows
from device.core.view import ViewError
from device.hal import mcu
from device.store.images import Images

WIDTH, HEIGHT = 320, 240


class CameraError(ViewError):
    """There is no picture, and why."""


class ModuleCamera:
    """Grey pictures of a sensor on the board.

    Args:
        pins: keyword arguments of ``camera.Camera``.
    """

    def __init__(self, pins):
        self._pins, self._camera = pins, None
        self._factor = shrink_factor(WIDTH, HEIGHT)
        self.size = (WIDTH // self._factor, HEIGHT // self._factor)
        self._grey = bytearray(self.size[0] * self.size[1])  # taken once, while the heap is whole

    async def grey(self):
        """One picture of ``size``, row by row; lent: the next one lies in the same bytes.

        Raises:
            CameraError: no picture, or one of another size.
        """
        if self._camera is None:
            self._camera = _opened(self._pins)
        frame = self._camera.capture()
        if not frame or len(frame) != WIDTH * HEIGHT:
            self._camera = None  # it may come back, and must be started then
            raise CameraError("camera: no grey picture of %d x %d" % (WIDTH, HEIGHT))
        (across, rows), step = self.size, WIDTH * self._factor
        out, whole = memoryview(self._grey), memoryview(frame)
        for row in range(rows):
            part = whole[row * step : (row + 1) * step]
            shrink_rows(part, WIDTH, self._factor, out[row * across : (row + 1) * across])
        self._camera.free_buffer()
        return self._grey


def _opened(pins):
    try:
        from camera import Camera, FrameSize, PixelFormat
    except ImportError:
        raise CameraError("this port has no module camera: build it in (micropython-camera-API)")
    return Camera(pixel_format=PixelFormat.GRAYSCALE, frame_size=FrameSize.QVGA, **pins)


class Board(mcu.Board):
    """A microcontroller camera; without the file's ``CAMERA`` a board of sensors.

    ``"program": "image"`` in the settings: updates are whole images in the port's two partitions.
    """

    def __init__(self, settings):
        super().__init__(settings)
        if settings.get("program") == "image":
            from esp32 import Partition

            self.programs = Images(self.files, Partition, settings["board"])

    def _open_camera(self, settings):
        pins = getattr(self.about, "CAMERA", None)
        return None if pins is None else ModuleCamera(pins)
