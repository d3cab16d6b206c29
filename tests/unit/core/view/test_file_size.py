"""A reference's file keeps to 100 KiB, whatever the camera."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.agent.core.view.estimate import MoveError
from viewkeeper.agent.core.view.field import MATCH_PIXELS, reduction_factor
from viewkeeper.agent.core.view.geometry import Lens, Move
from viewkeeper.agent.core.view.learned import Learned
from viewkeeper.agent.core.view.registered import RegisteredView

MOST_BYTES = 100 * 1024


def shapes(width: int, height: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """(h, w) of the two fields of a view of this size."""
    fine = reduction_factor((width, height))
    coarse = reduction_factor((width, height), MATCH_PIXELS)
    return (height // fine, width // fine), (height // coarse, width // coarse)


def files(width: int, height: int) -> tuple[bytes, bytes]:
    """Of a registered view of a camera of this size, and of one learned beside it."""
    fine, coarse = shapes(width, height)
    view = RegisteredView(
        Lens(60.0), (width, height), np.full(fine, 0x88, np.uint8), np.full(coarse, 0x88, np.uint8)
    )
    offset, error = Move(0.01), MoveError(0.1, 0.1, 0.1, 0.1)
    return view.to_bytes(), Learned(view.digest, 1.8e9, offset, error, view).to_bytes()


def test_the_largest_field_there_is_keeps_to_it_with_its_headers():
    for width, height in ((352, 288), (640, 480), (1920, 1080), (3840, 2160), (1024, 96)):
        assert all(len(data) <= MOST_BYTES for data in files(width, height))


@given(st.integers(64, 8192), st.integers(64, 8192))
def test_no_size_of_picture_makes_a_larger_field(width: int, height: int):
    fine, coarse = shapes(width, height)
    assert fine[0] * fine[1] + coarse[0] * coarse[1] <= MOST_BYTES - 160
