import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.agent.adapters.sources.planes import (
    MAX_WIDTH,
    factor_for,
    from_yuv420,
    shrink,
    split_yuv420,
)


@given(st.integers(1, 20000))
def test_no_plane_stays_wider_than_is_of_use(width):
    assert width // factor_for(width) <= MAX_WIDTH


@given(st.integers(1, 9), st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_shrinking_averages_whole_boxes(factor, rows, columns, seed):
    plane = np.random.default_rng(seed).integers(
        0, 256, (rows * factor + factor - 1, columns * factor), np.uint8
    )
    small = shrink(plane, factor)
    boxes = plane[: rows * factor].reshape(rows, factor, columns, factor).mean((1, 3))
    assert small.shape == (rows, columns)
    assert np.abs(small - boxes).max() <= 0.5


def test_an_8k_plane_becomes_a_small_one():
    luma, chroma = from_yuv420(
        np.full((4320, 7680), 200, np.uint8),
        np.full((2160, 3840), 100, np.uint8),
        np.full((2160, 3840), 150, np.uint8),
    )
    assert luma.shape == (720, 1280)
    assert (luma == 200).all()
    assert (chroma == (100, 150)).all()


def test_raw_planes_are_cut_where_they_end():
    data = bytes(32 * 16) + b"\x01" * (16 * 8) + b"\x02" * (16 * 8)
    luma, blue, red = split_yuv420(data, 32, 16)
    assert (luma.shape, blue.shape, red.shape) == ((16, 32), (8, 16), (8, 16))
    assert (luma == 0).all()
    assert (blue == 1).all()
    assert (red == 2).all()


@pytest.mark.parametrize("change", [-1, 1])
def test_raw_planes_of_another_length_are_refused(change):
    with pytest.raises(ValueError, match="has 768"):
        split_yuv420(bytes(768 + change), 32, 16)
