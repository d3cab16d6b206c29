"""The picamera2 source: its behaviour on a stand-in, and its calls against the real source.

picamera2 cannot be imported without libcamera, so what the stand-in takes is held against the
installed library's own text.
"""

import ast
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from viewkeeper.agent.adapters.sources.picamera2 import Picamera2Grabber, sensor_state
from viewkeeper.agent.ports import SourceError

SIZE = (64, 48)
FACTS = {
    "SensorTimestamp": 5_000_000_000,
    "ScalerCrop": (0, 0, 1640, 1232),
    "ExposureTime": 33000,
    "AnalogueGain": 2.0,
    "Lux": 120.5,
    "LensPosition": 1.5,
    "FocusFoM": 812,
    "SensorTemperature": 41.0,
}


class Request:
    def __init__(self):
        self.released = False

    def make_array(self, name):
        assert name == "lores"
        planes = np.zeros((SIZE[1] * 3 // 2, SIZE[0] + 32), np.uint8)  # padded rows
        planes[: SIZE[1], : SIZE[0]] = 77
        return planes

    def get_metadata(self):
        return FACTS

    def release(self):
        self.released = True


class Camera:
    def __init__(self, camera_num=0):
        self.camera_properties = {"PixelArraySize": (3280, 2464)}
        self.number, self.calls, self.requests = camera_num, [], []

    @staticmethod
    def global_camera_info():
        return [{"Num": 0}]

    def create_video_configuration(
        self, main=None, lores=None, controls=None, buffer_count=6, queue=True
    ):
        assert main["size"] == lores["size"] == SIZE
        assert lores["format"] == "YUV420"
        return {"lores": lores}

    def configure(self, camera_config=None):
        self.calls.append("configure")

    def start(self):
        self.calls.append("start")

    def capture_request(self, wait=None):
        assert wait > 0
        self.requests.append(Request())
        return self.requests[-1]

    def stop(self):
        self.calls.append("stop")

    def close(self):
        self.calls.append("close")


class Library:
    Picamera2 = Camera


def test_a_frame_is_the_grey_plane_with_what_the_sensor_said():
    grabber = Picamera2Grabber(0, SIZE, Library)
    grabber.open()
    frame = grabber.grab()
    camera = grabber._camera
    grabber.close()
    assert frame.luma.shape == (48, 64)
    assert (frame.luma == 77).all()
    assert frame.captured_mono_s == 5.0
    assert frame.sensor.crop_share == 0.5
    assert frame.sensor.focus_figure == 812
    assert camera.calls == ["configure", "start", "stop", "close"]
    assert all(request.released for request in camera.requests)


def test_what_the_sensor_does_not_say_is_left_open():
    state = sensor_state({}, None)
    assert state.crop_share is None
    assert state.lux is None


def test_a_camera_that_is_not_there_is_told_with_the_cure():
    with pytest.raises(SourceError, match="libcamera sees 1 cameras; look at the ribbon"):
        Picamera2Grabber(1, SIZE, Library).open()


def test_a_camera_somebody_else_has_is_told():
    class Busy(Library):
        class Picamera2(Camera):
            def start(self):
                raise RuntimeError("Failed to acquire camera: Device or resource busy\nmore")

    grabber = Picamera2Grabber(0, SIZE, Busy)
    with pytest.raises(SourceError, match="resource busy; is another program using it"):
        grabber.open()
    grabber.close()


def test_a_missing_library_names_the_package():
    with pytest.raises(SourceError, match="apt install --no-install-recommends python3-picamera2"):
        Picamera2Grabber(0, SIZE).open()


SPEC = importlib.util.find_spec("picamera2")


@pytest.fixture(scope="module")
def signatures():
    """Every function of the installed picamera2 and its request by name: its argument names."""
    if SPEC is None or SPEC.origin is None:
        pytest.skip("picamera2 is not installed")
    found = {}
    for name in ("picamera2.py", "request.py"):
        tree = ast.parse((Path(SPEC.origin).parent / name).read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                arguments = [each.arg for each in node.args.args + node.args.kwonlyargs]
                found.setdefault(node.name, set()).update(arguments)
    return found


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("global_camera_info", set()),
        (
            "create_video_configuration",
            {"main", "lores", "controls", "buffer_count", "queue"},
        ),
        ("configure", {"camera_config"}),
        ("start", set()),
        ("capture_request", {"wait"}),
        ("stop", set()),
        ("close", set()),
        ("make_array", {"name"}),
        ("get_metadata", set()),
        ("release", set()),
    ],
)
def test_the_calls_are_those_of_the_installed_library(signatures, function, arguments):
    assert arguments <= signatures[function]


def test_the_library_takes_a_number_of_seconds_to_wait(signatures):
    assert signatures["dispatch_functions"] >= {"wait"}
    text = (Path(SPEC.origin).parent / "picamera2.py").read_text("utf-8")
    assert "a number - wait for this number of seconds" in text
    assert "camera_properties" in text
