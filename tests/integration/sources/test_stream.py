"""The RTSP source against GStreamer's RTSP server: a real stream, cut, frozen and refused."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.support.video import write_video
from viewkeeper.agent.adapters.sources import stream
from viewkeeper.agent.adapters.sources.stream import rtsp, v4l2
from viewkeeper.agent.ports import SourceError
from viewkeeper.protocol.errors import SetupError
from viewkeeper.sim.relay import Relay

SERVER = Path(__file__).parents[2] / "support" / "rtsp_server.py"
DEBIAN_PYTHON = "/usr/bin/python3"  # GStreamer's bindings are Debian's
USER, PASSWORD = "watch", "p@ss:w/ord"


def has_gstreamer() -> bool:
    asked = subprocess.run(
        [DEBIAN_PYTHON, "-c", "import gi; gi.require_version('GstRtspServer', '1.0')"],
        capture_output=True,
        check=False,
    )
    return asked.returncode == 0


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not has_gstreamer(), reason="needs gir1.2-gst-rtsp-server-1.0"),
]


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Bright and dark frames in turn, so that a frozen stream could be told from a live one."""
    noise = np.random.default_rng(3).integers(-20, 20, (15, 20))
    tiles = np.kron(noise, np.ones((16, 16), int))
    lumas = [(level + tiles).astype(np.uint8) for level in (90, 100, 110, 120, 130)]
    path = tmp_path_factory.mktemp("stream") / "view.mkv"
    return write_video(path, lumas, frames=600, rate=10, key_every=5)


def serve(*arguments):
    server = subprocess.Popen(
        [DEBIAN_PYTHON, str(SERVER), *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )
    return server, int(server.stdout.readline())


@pytest.fixture(scope="module")
def port(recording):
    server, port = serve(recording)
    yield port
    server.kill()
    server.wait()
    server.stdout.close()


def source_at(port, path="view", **more):
    wanted = {"username": "", "password_file": "", "key_frames_only": True, **more}
    return rtsp(f"rtsp://127.0.0.1:{port}/{path}", **wanted)


def test_key_frames_arrive_and_nothing_between_them(port):
    source = source_at(port)
    source.open()
    frames = [source.read(20) for _ in range(4)]
    source.close()
    assert all(frame.luma.shape == (240, 320) for frame in frames)
    # Every fifth frame is a key frame, and those all show the first of five levels.
    assert all(abs(float(frame.luma.mean()) - 90) < 3 for frame in frames)


def test_every_frame_arrives_where_that_is_wanted(port):
    source = source_at(port, key_frames_only=False)
    source.open()
    levels = {round(float(source.read(20).luma.mean()) / 10) for _ in range(12)}
    source.close()
    assert len(levels) >= 3


def read_on(source, timeout_s):
    """What is on its way still comes; then nothing does."""
    for _ in range(50):
        source.read(timeout_s)


@pytest.mark.parametrize(
    ("path", "told"), [("nowhere", "no such stream"), ("sound", "serves no video")]
)
def test_an_address_without_a_picture_says_so(port, path, told):
    source = source_at(port, path)
    source.open()
    with pytest.raises(SourceError, match=told):
        source.read(20)
    source.close()


def test_a_stream_that_is_cut_is_told_and_taken_up_again(port):
    relay = Relay(port)
    source = source_at(relay.port)
    source.open()
    source.read(20)
    relay.cut()
    with pytest.raises(SourceError, match=r"ended|no answer|Input/output"):
        read_on(source, 20)
    source.open()
    assert source.read(20).luma.shape == (240, 320)
    source.close()
    relay.close()


def test_a_stream_that_falls_silent_holds_no_reader_up(port):
    relay = Relay(port)
    source = source_at(relay.port)
    source.open()
    source.read(20)
    relay.freeze()
    with pytest.raises(SourceError, match="no frame within"):
        read_on(source, 1.2)
    relay.cut()
    relay.thaw()
    source.close()
    source.open()
    assert source.read(20).luma.shape == (240, 320)
    source.close()
    relay.close()


@pytest.fixture(scope="module")
def guarded_port(recording):
    server, port = serve(recording, USER, PASSWORD)
    yield port
    server.kill()
    server.wait()
    server.stdout.close()


def password_in(folder, text):
    file = folder / "password"
    file.write_text(text, "utf-8")
    file.chmod(0o600)
    return str(file)


def test_a_stream_behind_digest_is_read(guarded_port, tmp_path):
    file = password_in(tmp_path, PASSWORD)
    source = source_at(guarded_port, username=USER, password_file=file)
    source.open()
    assert source.read(20).luma.shape == (240, 320)
    source.close()


def test_a_wrong_password_is_told_and_shown_nowhere(guarded_port, tmp_path, capfd, caplog):
    file = password_in(tmp_path, "very-secret")
    source = source_at(guarded_port, username=USER, password_file=file)
    source.open()
    with pytest.raises(SourceError, match="another user name or password") as caught:
        source.read(20)
    source.close()
    said = caught.value.hint + source.name + caplog.text + "".join(capfd.readouterr())
    assert "very-secret" not in said


def test_a_host_that_is_not_there_is_told():
    source = source_at(1)
    source.open()
    with pytest.raises(SourceError, match="refused"):
        source.read(20)
    source.close()


def test_an_8k_stream_arrives_small(tmp_path):
    large = np.kron(
        np.random.default_rng(5).integers(60, 200, (27, 48), np.uint8),
        np.ones((160, 160), np.uint8),
    )
    path = write_video(tmp_path / "large.mkv", [large], frames=4, rate=2, key_every=1)
    server, port = serve(path)
    source = source_at(port)
    source.open()
    frame = source.read(60)
    source.close()
    server.kill()
    server.wait()
    server.stdout.close()
    assert frame.luma.shape == (720, 1280)
    assert abs(float(frame.luma.mean()) - float(large.mean())) < 3


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://camera/stream", "must be rtsp"),
        ("rtsp://", "must be rtsp"),
        ("rtsp://me:secret@camera/stream", "password_file"),
        ("rtsp://camera:port/stream", "not an address"),
    ],
)
def test_an_address_that_cannot_be_is_refused_at_once(url, told):
    with pytest.raises(SetupError, match=told) as caught:
        rtsp(url, username="", password_file="", key_frames_only=True)
    assert "secret" not in caught.value.hint


def test_a_device_that_is_not_there_is_told():
    source = v4l2("/dev/video-not-there", width=0, height=0)
    source.open()
    with pytest.raises(SourceError, match="no such device"):
        source.read(20)
    source.close()


def test_an_opening_does_not_show_its_address():
    opening = stream.Opening("rtsp://me:secret@camera/", "rtsp camera", "rtsp", {}, True)
    assert "secret" not in repr(opening)
