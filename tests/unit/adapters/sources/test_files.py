import numpy as np
import pytest
from PIL import Image

from viewkeeper.agent.adapters.sources.files import FileSource
from viewkeeper.agent.adapters.sources.picture import read_picture
from viewkeeper.agent.adapters.sources.video import VideoSource
from viewkeeper.agent.ports import SourceEndedError, SourceError
from viewkeeper.protocol.errors import Reason

LUMA = np.arange(24 * 32, dtype=np.uint8).reshape(24, 32)


def write_pgm(path, luma=LUMA, header=None):
    height, width = luma.shape
    path.write_bytes(
        (header or f"P5\n# made by a test\n{width} {height}\n255\n").encode() + luma.tobytes()
    )


def test_a_pgm_is_read_pixel_by_pixel(tmp_path):
    write_pgm(tmp_path / "a.pgm")
    luma, chroma = read_picture(tmp_path / "a.pgm")
    assert (luma == LUMA).all()
    assert chroma is None


def test_a_colour_picture_gives_luma_and_chroma(tmp_path):
    red = np.zeros((24, 32, 3), np.uint8)
    red[..., 0] = 255
    Image.fromarray(red).save(tmp_path / "red.png")
    luma, chroma = read_picture(tmp_path / "red.png")
    assert luma.shape == (24, 32)
    assert abs(int(luma[0, 0]) - 76) <= 1  # BT.601
    assert chroma.shape == (24, 32, 2)
    assert chroma[0, 0, 1] > 240


def test_a_folder_is_read_in_name_order_and_ends(tmp_path):
    for number in (10, 2, 1):
        write_pgm(tmp_path / f"{number:03}.pgm", np.full((24, 32), number, np.uint8))
    (tmp_path / "notes.txt").write_text("not a picture")
    source = FileSource(tmp_path, monotonic=lambda: 7.0)
    source.open()
    frames = [source.read(1.0) for _ in range(3)]
    assert [int(frame.luma[0, 0]) for frame in frames] == [1, 2, 10]
    assert frames[0].captured_mono_s == 7.0
    with pytest.raises(SourceEndedError):
        source.read(1.0)


def test_a_looped_folder_begins_anew(tmp_path):
    write_pgm(tmp_path / "a.pgm")
    source = FileSource(tmp_path, loop=True)
    source.open()
    assert all((source.read(1.0).luma == LUMA).all() for _ in range(3))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.FILE_UNREADABLE),
        (b"P5", Reason.FILE_UNREADABLE),
        (b"P5\n32 24\n65535\n", Reason.FILE_UNREADABLE),
        (b"P5\n32 24\n255\nshort", Reason.FILE_UNREADABLE),
        (b"P5\n99999999 99999999\n255\n", Reason.FILE_UNREADABLE),
        (b"P6\n32 24\n255\n" + bytes(32 * 24), Reason.FILE_UNREADABLE),
    ],
)
def test_a_broken_pgm_is_named(tmp_path, content, reason):
    path = tmp_path / "broken.pgm"
    path.write_bytes(content)
    with pytest.raises(SourceError) as error:
        read_picture(path)
    assert error.value.reason is reason
    assert "broken.pgm" in error.value.hint


def test_garbage_and_half_a_picture_are_named(tmp_path):
    Image.fromarray(LUMA).resize((200, 200)).save(tmp_path / "whole.jpg")
    data = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(data[: len(data) // 2])
    (tmp_path / "noise.png").write_bytes(bytes(range(256)))
    for name in ("half.jpg", "noise.png"):
        with pytest.raises(SourceError, match=name):
            read_picture(tmp_path / name)


def test_an_empty_folder_says_what_it_looked_for(tmp_path):
    with pytest.raises(SourceError, match="holds no picture"):
        FileSource(tmp_path).open()


def test_a_video_gives_its_frames_in_order(tmp_path):
    av = pytest.importorskip("av")
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for level in (40, 120, 200):
            picture = np.full((48, 64, 3), level, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    source = VideoSource(path)
    source.open()
    frames = [source.read(1.0) for _ in range(3)]
    levels = [float(frame.luma.mean()) for frame in frames]
    assert levels == sorted(levels)
    assert levels[2] - levels[0] > 100
    assert frames[0].luma.shape == (48, 64)
    assert frames[1].captured_mono_s == pytest.approx(0.1, abs=0.02)
    with pytest.raises(SourceEndedError):
        source.read(1.0)
    source.close()


def test_what_is_no_video_is_named(tmp_path):
    path = tmp_path / "not.mp4"
    path.write_bytes(b"nothing")
    with pytest.raises(SourceError, match=r"not\.mp4"):
        VideoSource(path).open()
