"""The snapshot source against a real HTTP server that behaves and misbehaves."""

import io
import threading

import numpy as np
import pytest
from PIL import Image

from tests.support.http_camera import (
    PASSWORD,
    USER,
    HttpCamera,
    dripping,
    endless,
    half,
    whole,
)
from viewkeeper.agent.adapters.sources import http
from viewkeeper.agent.adapters.sources.snapshot import Snapshots, snapshots
from viewkeeper.agent.ports import SourceError
from viewkeeper.protocol.errors import SetupError

LUMA = np.kron(
    np.random.default_rng(7).integers(20, 236, (12, 16), np.uint8), np.ones((16, 16), np.uint8)
)


def jpeg(luma, **more):
    return encoded(luma, "JPEG", quality=95, **more)


def encoded(luma, kind, **more):
    stream = io.BytesIO()
    Image.fromarray(luma).convert("RGB").save(stream, kind, **more)
    return stream.getvalue()


def source_of(camera, **more):
    return snapshots(Snapshots(url=camera.url, period_s=0.1, timeout_s=2.0, **more))


def one(source):
    source.open()
    try:
        return source.read(10)
    finally:
        source.close()


@pytest.fixture
def password_file(tmp_path):
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n", "utf-8")
    file.chmod(0o600)
    return str(file)


def test_a_camera_gives_its_pictures_one_after_another():
    with HttpCamera(whole(jpeg(LUMA))) as camera:
        source = source_of(camera)
        source.open()
        first, second = source.read(10), source.read(10)
        source.close()
    assert first.luma.shape == LUMA.shape
    assert np.abs(first.luma.astype(int) - LUMA).mean() < 3
    assert second.captured_mono_s > first.captured_mono_s


def test_an_openipc_camera_gives_raw_planes():
    data = LUMA.tobytes() + bytes([90]) * (LUMA.size // 4) + bytes([160]) * (LUMA.size // 4)
    with HttpCamera(whole(data)) as camera:
        frame = one(source_of(camera, pixel_format="yuv420", width=256, height=192))
        assert (frame.luma == LUMA).all()
        assert (frame.chroma == (90, 160)).all()
        with pytest.raises(SourceError, match=r"73728 bytes, a 256 × 200 picture has 76800"):
            one(source_of(camera, pixel_format="yuv420", width=256, height=200))


def test_an_8k_picture_arrives_small():
    large = np.kron(LUMA, np.ones((23, 30), np.uint8))  # 4416 × 7680
    with HttpCamera(whole(jpeg(large))) as camera:
        frame = one(source_of(camera))
    assert frame.luma.shape[1] <= 1280
    assert abs(float(frame.luma.mean()) - float(LUMA.mean())) < 2


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_a_camera_that_asks_for_digest_gets_it(algorithm, password_file):
    with HttpCamera(whole(jpeg(LUMA))) as camera:
        camera.algorithm = algorithm
        source = source_of(camera, username=USER, password_file=password_file)
        source.open()
        for _ in range(3):
            source.read(10)
        source.close()
        # After the first challenge every request is answered at once.
        assert camera.asked <= 6


def test_a_wrong_password_is_named_and_never_shown(tmp_path):
    file = tmp_path / "password"
    file.write_text("very-secret", "utf-8")
    file.chmod(0o600)
    with HttpCamera(whole(jpeg(LUMA))) as camera:
        camera.algorithm = "MD5"
        with pytest.raises(SourceError, match="refuses the user name or password") as caught:
            one(source_of(camera, username=USER, password_file=str(file)))
    assert "very-secret" not in caught.value.hint


def test_a_password_that_others_may_read_is_not_used(password_file, tmp_path):
    (tmp_path / "password").chmod(0o644)
    with HttpCamera(whole(jpeg(LUMA))) as camera:
        camera.algorithm = "MD5"
        source = source_of(camera, username=USER, password_file=password_file)
        source.open()
        with pytest.raises(SetupError, match="chmod 600"):
            source.read(10)
        source.close()


def test_a_password_is_not_sent_in_the_clear(password_file):
    with HttpCamera(whole(jpeg(LUMA))) as camera:
        camera.algorithm = "Basic"
        with pytest.raises(SourceError, match="in the clear"):
            one(source_of(camera, username=USER, password_file=password_file))


def test_a_camera_that_asks_without_being_told_a_user_says_what_to_set():
    with HttpCamera(whole(jpeg(LUMA))) as camera:
        camera.algorithm = "MD5"
        with pytest.raises(SourceError, match="set username and password_file"):
            one(source_of(camera))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (half(jpeg(LUMA)), "half an answer"),
        (whole(jpeg(LUMA)[: len(jpeg(LUMA)) // 2]), "is not a picture"),
        (whole(b"<html>not a picture</html>"), "unknown format"),
        (whole(encoded(LUMA, "TIFF")), "unknown format"),
        (whole(b""), "unknown format"),
        (lambda handler: handler.send_error(503), "status 503"),
        (lambda handler: handler.wfile.write(b"\x00garbage\r\n\r\n"), "does not speak HTTP"),
    ],
    ids=[
        "half",
        "cut picture",
        "another file",
        "another codec",
        "nothing",
        "unavailable",
        "garbage",
    ],
)
def test_what_is_no_picture_is_a_lost_source_that_says_why(answer, told):
    with HttpCamera(answer) as camera, pytest.raises(SourceError, match=told):
        one(source_of(camera))


def test_a_camera_that_drips_is_cut_off_at_the_deadline():
    stop = threading.Event()
    with HttpCamera(dripping(jpeg(LUMA), stop)) as camera:
        source = snapshots(Snapshots(url=camera.url, timeout_s=0.5))
        with pytest.raises(SourceError, match=r"in time|half an answer"):
            one(source)
        stop.set()


def test_a_camera_that_never_ends_is_cut_off_at_the_cap():
    with HttpCamera(endless) as camera:
        client = http.HttpClient(name="camera", timeout_s=10)
        with pytest.raises(SourceError, match="more than 1000000 bytes"):
            client.request(http.address(camera.url, "[source]"), max_bytes=1_000_000)


def test_a_camera_that_comes_back_is_watched_again():
    with HttpCamera(whole(b"")) as camera:
        source = source_of(camera)
        source.open()
        with pytest.raises(SourceError):
            source.read(10)
        camera.answer = whole(jpeg(LUMA))
        source.open()  # as the loop does after it closed the source
        assert source.read(10).luma.shape == LUMA.shape
        source.close()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ftp://camera/image", r"http\(s\)"),
        ("http://", r"http\(s\)"),
        ("http://camera:99999/", "not an address"),
        ("http://me:secret@camera/", "password_file"),
        ("http://camera/a b", "%-encoded"),
    ],
)
def test_an_address_that_cannot_be_is_refused_at_once(url, told):
    with pytest.raises(SetupError, match=told) as caught:
        snapshots(Snapshots(url=url))
    assert "secret" not in caught.value.hint
