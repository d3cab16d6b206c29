"""Radiance pictures: all three codings read alike, damage refused by name."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewkeeper.sim.camera import rgbe
from viewkeeper.sim.camera.panorama import load_panorama
from viewkeeper.sim.errors import PanoramaError

HEAD = b"#?RADIANCE\n# made for a test\nFORMAT=32-bit_rle_rgbe\n\n"


def picture(width: int = 64, height: int = 32) -> np.ndarray:
    rng = np.random.default_rng(5)
    pixels = rng.gamma(1.0, 1.0, (height, width, 3)) * 10 ** rng.uniform(-3, 3, (height, 1, 1))
    pixels[: height // 2, : width // 2] = 0.25
    pixels[0, 0] = 0
    return pixels.astype(np.float32)


@pytest.mark.parametrize("run_length", [True, False])
def test_both_codings_give_back_the_picture_within_the_format_s_step(run_length):
    pixels = picture()
    back = rgbe.decode(rgbe.encode(pixels, run_length=run_length))
    step = pixels.max(axis=2, keepdims=True) / 128
    assert back.shape == pixels.shape
    assert (np.abs(back - pixels) <= step).all()
    assert (back[0, 0] == 0).all()


def test_the_two_codings_agree_to_the_bit():
    pixels = picture()
    flat = rgbe.decode(rgbe.encode(pixels, run_length=False))
    assert (rgbe.decode(rgbe.encode(pixels)) == flat).all()


def test_known_bytes_have_the_known_radiance():
    data = HEAD + b"-Y 1 +X 2\n" + bytes((128, 64, 0, 129)) + bytes((1, 2, 3, 0))
    assert rgbe.decode(data)[0].tolist() == [
        [128.5 / 128, 64.5 / 128, 0.5 / 128],
        [0, 0, 0],
    ]


def test_old_runs_repeat_the_pixel_before_and_chain_by_eight_bits():
    line = bytes((9, 8, 7, 130)) + bytes((1, 1, 1, 3)) + bytes((1, 1, 1, 1))
    data = HEAD + b"-Y 1 +X 260\n" + line
    back = rgbe.decode(data)
    assert back.shape == (1, 260, 3)
    assert (back == back[0, 0]).all()


def test_the_exposure_line_is_undone():
    data = HEAD.replace(b"\n\n", b"\nEXPOSURE=2.0\n\n") + b"-Y 1 +X 1\n" + bytes((128, 0, 0, 129))
    assert rgbe.decode(data)[0, 0, 0] == pytest.approx(128.5 / 256)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PNG", "not_rgbe"),
        (b"#?RADIANCE\nno end", "rgbe_header"),
        (b"#?RADIANCE\nFORMAT=32-bit_rle_xyze\n\n-Y 1 +X 1\n0000", "rgbe_format"),
        (b"#?RADIANCE\nEXPOSURE=bright\n\n-Y 1 +X 1\n0000", "rgbe_header"),
        (HEAD + b"+Y 1 +X 1\n0000", "rgbe_orientation"),
        (HEAD + b"-Y 0 +X 1\n0000", "rgbe_size"),
        (HEAD + b"-Y 99999 +X 99999\n", "rgbe_size"),
        (HEAD + b"-Y 2 +X 2\n" + bytes(8), "rgbe_damaged"),
        (HEAD + b"-Y 1 +X 2\n" + bytes((1, 1, 1, 2)) * 2, "rgbe_damaged"),
        (HEAD + b"-Y 1 +X 8\n" + bytes((2, 2, 0, 8, 200, 5)), "rgbe_damaged"),
        (HEAD + b"-Y 1 +X 8\n" + bytes((2, 2, 0, 8, 0, 5)), "rgbe_damaged"),
    ],
)
def test_a_damaged_picture_is_refused_by_name(data, reason):
    with pytest.raises(PanoramaError) as caught:
        rgbe.decode(data)
    assert caught.value.reason == reason
    assert caught.value.hint


@settings(max_examples=60)
@given(cut=st.integers(0, 2000), flip=st.integers(0, 2000), bit=st.integers(0, 7))
def test_no_damage_raises_anything_else(cut, flip, bit):
    data = bytearray(rgbe.encode(picture(32, 8)))
    data[flip % len(data)] ^= 1 << bit
    with contextlib.suppress(PanoramaError):
        rgbe.decode(bytes(data[: len(data) - cut % len(data)]))


def test_a_panorama_file_is_loaded_from_disk(tmp_path):
    path = tmp_path / "yard.hdr"
    path.write_bytes(rgbe.encode(picture(128, 64)))
    panorama = load_panorama(path)
    assert panorama.name == "yard"
    assert panorama.size == (128, 64)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("gone.hdr", None, "panorama_unreadable"),
        ("text.png", b"hello", "panorama_format"),
        ("square.hdr", rgbe.encode(picture(64, 64)), "not_equirectangular"),
    ],
)
def test_a_file_that_is_no_panorama_is_refused_with_its_path(tmp_path, name, content, reason):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PanoramaError) as caught:
        load_panorama(path)
    assert caught.value.reason == reason
