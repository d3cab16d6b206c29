"""A camera turned before a textured sphere: its lens is known exactly."""

import numpy as np
import pytest

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.field_of_view import SweepError, measure
from viewkeeper.agent.core.view.geometry import Lens, Move

from .scenery import frame, picture

SWEEP = (Move(), Move(8.0, 1.0), Move(16.0, -2.0, 1.0), Move(8.0, -3.0, -1.0), Move(-8.0, 2.0))


def taken(lens: Lens, moves: tuple[Move, ...] = SWEEP) -> list[Frame]:
    return [
        frame(picture(move, lens=lens, size=(320, 200), noise_seed=number), float(number))
        for number, move in enumerate(moves)
    ]


@pytest.fixture(scope="module")
def bent():
    return measure(taken(Lens(72.0, k1=-0.08)))


def test_field_of_view_and_bend_are_found_within_their_errors(bent):
    assert bent.hfov_deg == pytest.approx(72.0, abs=0.5)
    assert bent.k1 == pytest.approx(-0.08, abs=0.02)
    assert abs(bent.hfov_deg - 72.0) < 4.0 * bent.hfov_error_deg + 0.1
    assert bent.turned_deg == pytest.approx(24.0, abs=1.0)
    assert bent.residual_px < 0.5


def test_where_little_tells_the_stated_error_is_large_enough_to_say_so(bent):
    narrow = tuple(Move(m.pan_deg * 0.5, m.tilt_deg * 0.5, m.roll_deg) for m in SWEEP)
    found = measure(taken(Lens(38.0), narrow))
    assert found.hfov_error_deg > 2.0 * bent.hfov_error_deg
    assert abs(found.hfov_deg - 38.0) < 3.0 * found.hfov_error_deg


def test_a_camera_that_was_not_turned_tells_nothing():
    with pytest.raises(SweepError) as told:
        measure(taken(Lens(60.0), (Move(), Move(0.1), Move(0.0, 0.1))))
    assert told.value.reason == "not_turned"


def test_pictures_of_different_places_tell_nothing():
    def noise(seed):
        small = np.random.default_rng(seed).integers(20, 230, (20, 32))
        return frame(np.kron(small, np.ones((10, 10))).astype(np.uint8))

    with pytest.raises(SweepError) as told:
        measure([noise(seed) for seed in range(5)])
    assert told.value.reason in ("no_overlap", "not_turned")


def test_two_pictures_and_pictures_of_two_sizes_are_refused():
    with pytest.raises(SweepError, match="too_few"):
        measure(taken(Lens(60.0), SWEEP[:2]))
    with pytest.raises(SweepError, match="sizes_differ"):
        measure([*taken(Lens(60.0), SWEEP[:3]), Frame(np.zeros((100, 160), np.uint8), 9.0)])
