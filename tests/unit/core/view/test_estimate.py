import math

import numpy as np
import pytest

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.estimate import Estimate, estimate, outline
from viewkeeper.agent.core.view.geometry import Camera, Lens, Move
from viewkeeper.agent.core.view.registered import RegisteredView, register

from .scenery import LENS, SIZE, frame, picture


@pytest.fixture(scope="module")
def view() -> RegisteredView:
    return register([frame(picture(noise_seed=seed)) for seed in (1, 2, 3)], LENS)


def seen(view: RegisteredView, move: Move, **how: float) -> Estimate:
    return estimate(view, frame(picture(move, noise_seed=9, **how)))


@pytest.mark.parametrize(
    "move",
    [
        Move(),
        Move(pan_deg=3.0),
        Move(pan_deg=-11.0),
        Move(tilt_deg=2.0),
        Move(tilt_deg=-9.0),
        Move(roll_deg=4.0),
        Move(roll_deg=-7.5),
        Move(zoom=1.2),
        Move(zoom=0.82),
        Move(12.0, -7.0, 5.0, 1.15),
        Move(-9.0, 10.0, -6.0, 0.85),
    ],
    ids=str,
)
def test_every_part_of_a_move_is_measured_with_its_sign(view: RegisteredView, move: Move):
    found = seen(view, move)
    assert found.found
    assert found.move.pan_deg == pytest.approx(move.pan_deg, abs=0.05)
    assert found.move.tilt_deg == pytest.approx(move.tilt_deg, abs=0.05)
    assert found.move.roll_deg == pytest.approx(move.roll_deg, abs=0.1)
    assert found.move.zoom == pytest.approx(move.zoom, rel=0.002)


def test_a_picture_twice_as_large_gives_the_same_angles(view: RegisteredView):
    move = Move(4.0, -3.0, 2.0, 1.05)
    width, height = SIZE
    found = estimate(view, frame(picture(move, size=(2 * width, 2 * height))))
    assert found.move.pan_deg == pytest.approx(4.0, abs=0.05)
    assert found.move.tilt_deg == pytest.approx(-3.0, abs=0.05)
    assert found.move.zoom == pytest.approx(1.05, rel=0.003)


def test_brightness_and_contrast_do_not_change_the_answer(view: RegisteredView):
    move = Move(5.0, 2.0, -3.0, 1.1)
    luma = picture(move)
    plain = estimate(view, frame(luma))
    faded = estimate(view, frame((luma * 0.4 + 90.0).astype(np.uint8)))
    assert faded.found
    assert faded.move.pan_deg == pytest.approx(plain.move.pan_deg, abs=0.02)
    assert faded.move.tilt_deg == pytest.approx(plain.move.tilt_deg, abs=0.02)
    assert faded.move.roll_deg == pytest.approx(plain.move.roll_deg, abs=0.04)


def test_a_negative_gives_the_same_answer_as_the_picture(view: RegisteredView):
    luma = picture(Move(5.0, 2.0, -3.0, 1.1))
    plain, negative = estimate(view, frame(luma)), estimate(view, frame(255 - luma))
    assert negative.found
    assert negative.move.pan_deg == pytest.approx(plain.move.pan_deg, abs=1e-3)
    assert negative.move.zoom == pytest.approx(plain.move.zoom, abs=1e-4)


def test_a_lorry_over_two_fifths_of_the_picture_hides_tiles_but_not_the_move(
    view: RegisteredView,
):
    luma = picture(Move(2.0, 1.0, 0.0, 1.0))
    luma[:, 20:148] = np.linspace(40, 200, 128).astype(np.uint8)
    luma[60:90, 20:148] = 10
    found = estimate(view, frame(luma))
    assert found.found
    assert found.move.pan_deg == pytest.approx(2.0, abs=0.1)
    assert found.share_seen < 0.75
    assert any(tile.visible and not tile.agreed for tile in found.tiles)


def test_another_place_is_not_found(view: RegisteredView):
    for seed in range(40, 46):
        assert not estimate(view, frame(picture(seed=seed))).found


@pytest.mark.parametrize("shape", [(16, 16), (16, 400), (40, 33), (64, 64), (201, 319)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_no_frame_however_small_or_flat_raises_or_is_found(
    view: RegisteredView, shape: tuple[int, int], level: int
):
    found = estimate(view, Frame(np.full(shape, level, np.uint8), 0.0))
    assert not found.found
    assert math.isfinite(found.move.pan_deg)


def test_noise_alone_is_not_found(view: RegisteredView):
    rng = np.random.default_rng(5)
    for _ in range(5):
        luma = rng.integers(0, 256, (SIZE[1], SIZE[0])).astype(np.uint8)
        assert not estimate(view, frame(luma)).found


def test_the_share_seen_falls_as_the_camera_turns_away(view: RegisteredView):
    shares = [seen(view, Move(pan_deg=pan)).share_seen for pan in (0.0, 6.0, 14.0)]
    assert shares[0] > shares[1] > shares[2] > 0.4
    assert shares[0] > 0.95


def test_the_outline_of_an_unmoved_frame_is_the_registered_frame(view: RegisteredView):
    corners = outline(view, Move(), points_a_side=1)
    width, height = SIZE
    assert np.allclose(
        corners, [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)], atol=1e-6
    )


def test_the_outline_moves_right_when_the_camera_turns_right(view: RegisteredView):
    left = outline(view, Move(pan_deg=5.0), points_a_side=1)[0][0]
    assert left > 10.0


def test_a_bent_lens_is_taken_into_account():
    lens = Lens(78.0, -0.22, 0.03)
    bent = register([frame(picture(lens=lens))], lens)
    move = Move(8.0, -5.0, 3.0, 1.1)
    found = estimate(bent, frame(picture(move, lens=lens, noise_seed=4)))
    assert found.move.pan_deg == pytest.approx(8.0, abs=0.05)
    assert found.move.tilt_deg == pytest.approx(-5.0, abs=0.05)
    assert found.move.zoom == pytest.approx(1.1, rel=0.002)


def test_a_tile_is_where_it_says(view: RegisteredView):
    found = seen(view, Move())
    camera = Camera.of_picture(LENS, SIZE)
    assert camera.cx == (SIZE[0] - 1) / 2
    assert min(tile.x0 for tile in found.tiles) >= 0
    assert max(tile.x1 for tile in found.tiles) <= SIZE[0]
    assert max(tile.y1 for tile in found.tiles) <= SIZE[1]
