"""Detections from the IMX500: on a stand-in, and its calls against picamera2's own source."""

import ast
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from viewkeeper.agent.adapters.detections.freshest import FRESH_S
from viewkeeper.agent.adapters.detections.imx500 import Imx500Feed
from viewkeeper.agent.adapters.sources.picamera2 import Picamera2Grabber
from viewkeeper.agent.catalogue import Adapters
from viewkeeper.agent.ports import SourceError
from viewkeeper.agent.settings import DetectionSettings, SourceSettings
from viewkeeper.agent.zone_watch import InCamera
from viewkeeper.protocol.errors import SetupError

SIZE = (64, 48)
BOXES = [[0.25, 0.5, 0.75, 1.0], [0.0, 0.0, 0.5, 0.5], [0.1, 0.1, 0.2, 0.2]]


class Intrinsics:
    bbox_normalization = False
    bbox_order = "yx"
    labels = ("person", "dog")


class Device:
    intrinsics = Intrinsics()

    def __init__(self, network_file):
        self.network_file = network_file

    @property
    def network_intrinsics(self):
        return self.intrinsics

    def get_input_size(self):
        return (320, 320)

    def get_outputs(self, metadata, add_batch=False):
        assert add_batch
        if "CnnOutputTensor" not in metadata:
            return None
        return [
            np.array([metadata["CnnOutputTensor"]]),
            np.array([[0.9, 0.8, 0.3]]),
            np.array([[0, 1, 0]]),
        ]

    def convert_inference_coords(self, coords, metadata, picam2, stream="main"):
        y0, x0, y1, x1 = coords
        width, height = picam2.camera_configuration()[stream]["size"]
        return x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height


class Library:
    IMX500 = Device


class Camera:
    def camera_configuration(self):
        return {"lores": {"size": SIZE}}


@pytest.fixture
def network(tmp_path):
    file = tmp_path / "net_pp.rpk"
    file.write_bytes(b"x")
    return str(file)


def feed_of(network, library=Library, now=lambda: 0.0, **more):
    settings = DetectionSettings(kind="imx500", path=network, **more)
    feed = Imx500Feed(settings, library, now)
    feed.load()
    return feed


def test_a_person_is_a_box_in_shares_of_the_picture(network):
    feed = feed_of(network)
    feed.take({"CnnOutputTensor": BOXES}, Camera(), "lores")
    seen = feed.newest()
    assert seen.detector == "imx500"
    (box,) = seen.boxes  # the dog is no person, and the third is too unsure
    assert (box.left, box.top, box.right, box.bottom) == (0.5, 0.25, 1.0, 0.75)
    assert box.confidence == 0.9


def test_classes_may_be_named_by_number(network):
    feed = feed_of(network, labels="1")
    feed.take({"CnnOutputTensor": BOXES}, Camera(), "lores")
    assert [box.confidence for box in feed.newest().boxes] == [0.8]


def test_pixels_of_the_network_and_xy_order_are_understood(network, monkeypatch):
    monkeypatch.setattr(Intrinsics, "bbox_normalization", True)
    monkeypatch.setattr(Intrinsics, "bbox_order", "xy")
    feed = feed_of(network)
    feed.take({"CnnOutputTensor": [[160, 80, 320, 240], *BOXES[1:]]}, Camera(), "lores")
    (box,) = feed.newest().boxes
    assert (box.left, box.top, box.right, box.bottom) == (0.5, 0.25, 1.0, 0.75)


def test_a_frame_without_inference_keeps_the_last_and_silence_ends_it(network):
    clock = [0.0]
    feed = feed_of(network, now=lambda: clock[0])
    assert feed.newest() is None
    feed.take({"CnnOutputTensor": BOXES}, Camera(), "lores")
    feed.take({}, Camera(), "lores")
    assert len(feed.newest().boxes) == 1
    clock[0] = FRESH_S + 0.1
    assert feed.newest() is None


def test_a_missing_network_and_another_sensor_are_told_with_the_cure(network):
    with pytest.raises(SetupError, match="apt install imx500-models"):
        Imx500Feed(DetectionSettings(kind="imx500", path="/nowhere.rpk"))

    class Other:
        @staticmethod
        def IMX500(_file):  # noqa: N802 - the library's name
            raise RuntimeError("IMX500: Requested camera dev-node not found")

    with pytest.raises(SourceError, match="dev-node not found; is the camera an IMX500"):
        feed_of(network, Other)


def test_it_needs_the_source_that_owns_the_camera(network):
    feed = feed_of(network)
    assert isinstance(feed, InCamera)
    with pytest.raises(SetupError, match="need \\[source\\] kind 'picamera2'"):
        Adapters().source(SourceSettings(kind="rtsp", url="rtsp://192.0.2.1/"), feed)
    source = Adapters().source(SourceSettings(kind="picamera2"), feed)
    assert source.name == "picamera2 0"


def test_the_source_loads_the_network_first_and_hands_every_frame_on():
    from tests.unit.adapters.sources.test_picamera2 import Library as Cameras

    calls = []

    class Detector:
        main_format = "YUV420"

        def load(self):
            calls.append("load")

        def take(self, facts, camera, stream, picture):
            assert picture is None
            calls.append((facts["SensorTimestamp"], stream, list(camera.calls)))

    grabber = Picamera2Grabber(0, SIZE, Cameras, detector=Detector())
    grabber.open()
    grabber.grab()
    grabber.close()
    assert calls == ["load", (5_000_000_000, "lores", ["configure", "start"])]


SPEC = importlib.util.find_spec("picamera2")


@pytest.fixture(scope="module")
def text():
    """The installed library's own words about the IMX500."""
    if SPEC is None or SPEC.origin is None:
        pytest.skip("picamera2 is not installed")
    return (Path(SPEC.origin).parent / "devices" / "imx500" / "imx500.py").read_text("utf-8")


def test_the_calls_are_those_of_the_installed_library(text):
    (device,) = (
        node for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef) and node.name == "IMX500"
    )  # fmt: skip
    arguments = {
        each.name: [argument.arg for argument in each.args.args]
        for each in device.body
        if isinstance(each, ast.FunctionDef)
    }
    assert arguments["__init__"][:2] == ["self", "network_file"]
    assert arguments["get_outputs"] == ["self", "metadata", "add_batch"]
    assert arguments["convert_inference_coords"] == [
        "self", "coords", "metadata", "picam2", "stream",
    ]  # fmt: skip
    assert arguments["get_input_size"] == ["self"]
    assert "network_intrinsics" in arguments
    assert "y0, x0, y1, x1 = coords" in text
    for name in ("bbox_normalization", "bbox_order", "labels"):
        assert f"def {name}(self)" in text
