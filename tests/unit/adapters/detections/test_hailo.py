"""Detections from a Hailo: picamera2's own file is run, on a stand-in for HailoRT beneath it."""

import importlib.util
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from viewkeeper.agent.adapters.detections.freshest import FRESH_S
from viewkeeper.agent.adapters.detections.hailo import HailoFeed
from viewkeeper.agent.adapters.sources.picamera2 import Picamera2Grabber
from viewkeeper.agent.catalogue import Adapters
from viewkeeper.agent.ports import SourceError
from viewkeeper.agent.settings import DetectionSettings
from viewkeeper.agent.zone_watch import InCamera
from viewkeeper.protocol.errors import SetupError

SPEC = importlib.util.find_spec("picamera2")
SIDE = 64
CLASSES = 80


class Runtime:
    """What picamera2 takes from ``hailo_platform``; HailoRT's NMS output by class."""

    seen: list[np.ndarray]

    def __init__(self, rows, outputs=1, fails=False):
        self.rows, self.outputs, self.fails, self.seen = rows, outputs, fails, []
        self.released = 0

    def module(self):
        runtime = self

        class Info:
            name, shape = "net/input", (SIDE, SIDE, 3)
            format = types.SimpleNamespace(type="UINT8")

        class Hef:
            def __init__(self, path):
                if "other" in path:
                    raise RuntimeError("HailoRT: HEF_NOT_COMPATIBLE_WITH_DEVICE\nmore")

            def get_input_vstream_infos(self):
                return [Info()]

            def get_output_vstream_infos(self):
                return [Info()]

        class Edge:
            name, shape = "net/out", (CLASSES, 5, 100)

            def set_format_type(self, _kind):
                pass

            def set_buffer(self, frame):
                assert frame.dtype == np.uint8
                assert frame.flags.c_contiguous
                runtime.seen.append(frame)

            def get_buffer(self):
                return runtime.rows

        class Bindings:
            _output_names = ("net/out",) * runtime.outputs

            def input(self):
                return Edge()

            def output(self, _name=""):
                return Edge()

        class Configured:
            def create_bindings(self, output_buffers):
                assert output_buffers
                return Bindings()

            def wait_for_async_ready(self, timeout_ms):
                assert timeout_ms > 0

            def run_async(self, bindings, callback):
                fault = RuntimeError("HAILO_TIMEOUT") if runtime.fails else None
                callback(types.SimpleNamespace(exception=fault))

        class Model:
            outputs = (Edge(),) * runtime.outputs
            output_names = ("net/out",)

            def input(self):
                return Edge()

            def output(self, _name):
                return Edge()

            def set_batch_size(self, size):
                assert size == 1

            def configure(self):
                return Configured()

        class Device:
            def __init__(self, _params):
                pass

            @staticmethod
            def create_params():
                return types.SimpleNamespace()

            def create_infer_model(self, _path):
                return Model()

            def release(self):
                runtime.released += 1

        return types.SimpleNamespace(
            HEF=Hef, VDevice=Device, FormatType=types.SimpleNamespace(FLOAT32="f"),
            HailoSchedulingAlgorithm=types.SimpleNamespace(ROUND_ROBIN=1),
        )  # fmt: skip


@pytest.fixture
def library(monkeypatch):
    """The installed picamera2's hailo.py on a runtime."""
    if SPEC is None or SPEC.origin is None:
        pytest.skip("picamera2 is not installed")
    file = Path(SPEC.origin).parent / "devices" / "hailo" / "hailo.py"

    def made(runtime):
        monkeypatch.setitem(sys.modules, "hailo_platform", runtime.module())
        spec = importlib.util.spec_from_file_location("real_hailo", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return made


def rows(**classes):
    """HailoRT's output by class: y0 x0 y1 x1 score in shares of the network's picture."""
    empty = np.zeros((0, 5), np.float32)
    return [
        np.array(classes[f"c{n}"], np.float32) if f"c{n}" in classes else empty
        for n in range(CLASSES)
    ]


@pytest.fixture
def network(tmp_path):
    file = tmp_path / "yolov8s.hef"
    file.write_bytes(b"x")
    return str(file)


def feed_of(network, library, now=lambda: 0.0, **more):
    feed = HailoFeed(DetectionSettings(kind="hailo", path=network, **more), library, now)
    feed.load()
    return feed


PICTURE = np.zeros((48, 64, 3), np.uint8)  # 4:3 in a square: borders of 8 above and below
PICTURE[:, 32:] = 200


def test_a_person_is_a_box_in_shares_of_the_picture_without_the_border(network, library):
    runtime = Runtime(
        rows(c0=[[0.125, 0.5, 0.5, 0.75, 0.9], [0, 0, 1, 1, 0.2]], c16=[[0, 0, 1, 1, 0.95]])
    )
    feed = feed_of(network, library(runtime))
    feed.take({}, None, "lores", PICTURE)
    (box,) = feed.newest().boxes  # the second is too unsure, the third a dog
    assert feed.newest().detector == "hailo"
    assert (box.left, box.top, box.right, box.bottom) == (0.5, 0.0, 0.75, 0.5)
    assert box.confidence == pytest.approx(0.9)
    (fed,) = runtime.seen
    assert fed.shape == (SIDE, SIDE, 3)
    assert (fed[:8] == 114).all()
    assert (fed[8:56, :32] == 0).all()
    assert (fed[8:56, 32:] == 200).all()
    feed.close()
    assert runtime.released == 1


def test_classes_by_name_and_by_number(network, library):
    found = rows(c2=[[0.2, 0.2, 0.4, 0.4, 0.8]], c16=[[0.2, 0.6, 0.4, 0.7, 0.7]])
    feed = feed_of(network, library(Runtime(found)), labels="car, 16")
    feed.take({}, None, "lores", PICTURE)
    assert [round(box.confidence, 2) for box in feed.newest().boxes] == [0.8, 0.7]
    with pytest.raises(SetupError, match="'cat' is not one of person"):
        HailoFeed(DetectionSettings(kind="hailo", path=network, labels="cat"))


@pytest.mark.parametrize(
    ("runtime", "told"),
    [
        (Runtime([], fails=True), "HAILO_TIMEOUT"),
        (Runtime(np.zeros((80, 80, 64)), outputs=3), "this network gives no boxes"),
        (Runtime(np.zeros((80, 80, 64))), "this network gives no boxes"),
    ],
)
def test_a_fault_is_said_once_and_the_frames_go_on(network, library, caplog, runtime, told):
    feed = feed_of(network, library(runtime))
    for _ in range(3):
        feed.take({}, None, "lores", PICTURE)
    assert feed.newest() is None
    assert caplog.text.count(told) == 1


def test_silence_ends_it(network, library):
    clock = [0.0]
    feed = feed_of(network, library(Runtime(rows())), lambda: clock[0])
    feed.take({}, None, "lores", PICTURE)
    assert feed.newest().boxes == ()
    clock[0] = FRESH_S + 0.1
    assert feed.newest() is None


def test_a_missing_network_library_or_accelerator_is_told_with_the_cure(
    network, library, tmp_path, monkeypatch
):
    with pytest.raises(SetupError, match="apt install hailo-all"):
        HailoFeed(DetectionSettings(kind="hailo", path="/nowhere.hef"))
    other = tmp_path / "other.hef"
    other.write_bytes(b"x")
    with pytest.raises(SourceError, match="NOT_COMPATIBLE_WITH_DEVICE; does hailortcli"):
        feed_of(str(other), library(Runtime([])))
    monkeypatch.setitem(sys.modules, "hailo_platform", None)
    with pytest.raises(SourceError, match="apt install hailo-all python3-picamera2"):
        HailoFeed(DetectionSettings(kind="hailo", path=network)).load()


def test_the_source_gives_it_the_main_streams_picture(network, library):
    from tests.unit.adapters.sources.test_picamera2 import SIZE, Camera, Request

    class Both(Request):
        def make_array(self, name):
            return np.full((SIZE[1], SIZE[0], 3), 9, np.uint8) if name == "main" else (
                super().make_array(name)
            )  # fmt: skip

    class Wide(Camera):
        def create_video_configuration(self, main=None, **more):
            assert main["format"] == "RGB888"
            return super().create_video_configuration(main=main, **more)

        def capture_request(self, wait=None):
            super().capture_request(wait)
            return Both()

    runtime = Runtime(rows(c0=[[0.25, 0.25, 0.75, 0.75, 0.9]]))
    feed = feed_of(network, library(runtime))
    assert isinstance(feed, InCamera)
    grabber = Picamera2Grabber(0, SIZE, types.SimpleNamespace(Picamera2=Wide), detector=feed)
    grabber.open()
    frame = grabber.grab()
    grabber.close()
    assert frame.luma.shape == (48, 64)
    assert len(feed.newest().boxes) == 1
    assert (runtime.seen[0][8:56] == 9).all()


def test_settings_name_it(network):
    from viewkeeper.agent.settings import SourceSettings

    feed = Adapters().feed(DetectionSettings(kind="hailo", path=network), SourceSettings(kind="v"))
    with pytest.raises(SetupError, match="'hailo' need \\[source\\] kind 'picamera2'"):
        Adapters().source(SourceSettings(kind="rtsp", url="rtsp://192.0.2.1/"), feed)
