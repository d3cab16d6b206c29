import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.agent.core.view.geometry import (
    Camera,
    Lens,
    Move,
    homography,
    move_from_rotation,
    rotation_from_vector,
)

moves = st.builds(
    Move,
    st.floats(-80, 80),
    st.floats(-80, 80),
    st.floats(-170, 170),
    st.floats(0.3, 3.0),
)


def close(a: Move, b: Move, within: float = 1e-7) -> bool:
    return bool(np.allclose(a.rotation(), b.rotation(), atol=within)) and math.isclose(
        a.zoom, b.zoom, rel_tol=within
    )


def test_turning_right_shows_at_the_centre_what_was_to_the_right():
    h = homography(Lens(60.0), (640, 360), Move(pan_deg=5.0))
    x, y, w = h @ np.array([319.5, 179.5, 1.0])
    focal = 320.0 / math.tan(math.radians(30.0))
    assert x / w == pytest.approx(319.5 + focal * math.tan(math.radians(5.0)))
    assert y / w == pytest.approx(179.5)


def test_turning_up_shows_at_the_centre_what_was_above():
    h = homography(Lens(60.0), (640, 360), Move(tilt_deg=4.0))
    x, y, w = h @ np.array([319.5, 179.5, 1.0])
    focal = 320.0 / math.tan(math.radians(30.0))
    assert x / w == pytest.approx(319.5)
    assert y / w == pytest.approx(179.5 - focal * math.tan(math.radians(4.0)))


def test_a_clockwise_roll_shows_at_the_right_edge_what_was_lower():
    h = homography(Lens(60.0), (640, 360), Move(roll_deg=10.0))
    x, y, w = h @ np.array([419.5, 179.5, 1.0])
    assert x / w == pytest.approx(319.5 + 100.0 * math.cos(math.radians(10.0)))
    assert y / w == pytest.approx(179.5 + 100.0 * math.sin(math.radians(10.0)))


def test_zooming_in_shows_at_the_edge_what_was_nearer_the_centre():
    h = homography(Lens(60.0), (640, 360), Move(zoom=2.0))
    x, y, w = h @ np.array([419.5, 79.5, 1.0])
    assert (x / w, y / w) == (pytest.approx(369.5), pytest.approx(129.5))


@given(moves)
def test_angles_survive_the_rotation_and_back(move: Move):
    again = move_from_rotation(move.rotation(), move.zoom)
    assert again.pan_deg == pytest.approx(move.pan_deg, abs=1e-6)
    assert again.tilt_deg == pytest.approx(move.tilt_deg, abs=1e-6)
    assert again.roll_deg == pytest.approx(move.roll_deg, abs=1e-6)


@given(moves)
def test_a_move_and_its_inverse_make_no_move(move: Move):
    assert close(move.compose(move.inverse()), Move())
    assert close(move.inverse().compose(move), Move())


@given(moves, moves, moves)
def test_composition_is_associative(a: Move, b: Move, c: Move):
    assert close(a.compose(b).compose(c), a.compose(b.compose(c)))


@given(moves, moves)
def test_homographies_compose_as_moves_do(a: Move, b: Move):
    lens, size = Lens(58.0), (640, 360)
    # A zoomed camera has another K, so only pure rotations share one lens.
    a, b = (Move(m.pan_deg, m.tilt_deg, m.roll_deg) for m in (a, b))
    together = homography(lens, size, a.compose(b))
    apart = homography(lens, size, a) @ homography(lens, size, b)
    assert np.allclose(together, apart, atol=1e-6 * np.abs(apart).max())


@given(st.floats(-1e-3, 1e-3), st.floats(-1e-3, 1e-3), st.floats(-1e-3, 1e-3))
def test_small_moves_are_a_shift_and_a_turn(pan: float, tilt: float, roll: float):
    size = (640, 360)
    focal = 320.0 / math.tan(math.radians(29.0))
    h = homography(Lens(58.0), size, Move(pan, tilt, roll))
    x, y, w = h @ np.array([319.5 + 40.0, 179.5 - 30.0, 1.0])
    p, t, r = (math.radians(value) for value in (pan, tilt, roll))
    # First order in the angles, second in the distance from the centre.
    mx, my = 40.0 / focal, -30.0 / focal
    assert x / w - 359.5 == pytest.approx(
        focal * (p * (1 + mx * mx) + t * -mx * my - r * my), abs=1e-5
    )
    assert y / w - 149.5 == pytest.approx(
        focal * (p * mx * my - t * (1 + my * my) + r * mx), abs=1e-5
    )


@given(st.floats(-0.15, 0.2), st.floats(-0.03, 0.05), st.floats(0, 639), st.floats(0, 359))
def test_a_bent_lens_projects_back_to_the_pixel_it_came_from(
    k1: float, k2: float, x: float, y: float
):
    camera = Camera.of_picture(Lens(70.0, k1, k2), (640, 360))
    px, py = camera.project(camera.rays(np.array([x]), np.array([y])))
    assert (px[0], py[0]) == (pytest.approx(x, abs=0.02), pytest.approx(y, abs=0.02))


def test_a_reduced_camera_sees_the_same_rays():
    camera = Camera.of_picture(Lens(70.0), (640, 360))
    small = camera.reduced(4)
    # The centre of a 4 × 4 block lies 1.5 pixels into it.
    assert np.allclose(
        small.rays(np.array([10.0]), np.array([20.0])),
        camera.rays(np.array([41.5]), np.array([81.5])),
    )


def test_a_rotation_vector_about_y_pans_to_the_right():
    move = move_from_rotation(rotation_from_vector(np.array([0.0, math.radians(3.0), 0.0])), 1.0)
    assert move.pan_deg == pytest.approx(3.0)
    assert abs(move.tilt_deg) + abs(move.roll_deg) < 1e-9


def test_a_rotation_vector_about_x_tilts_up():
    move = move_from_rotation(rotation_from_vector(np.array([math.radians(3.0), 0.0, 0.0])), 1.0)
    assert move.tilt_deg == pytest.approx(3.0)


@pytest.mark.parametrize("hfov", [0.0, 151.0, math.nan])
def test_a_lens_refuses_a_field_of_view_no_pinhole_has(hfov: float):
    with pytest.raises(ValueError, match="hfov_deg"):
        Lens(hfov)


def test_a_move_refuses_a_zoom_that_is_no_ratio():
    with pytest.raises(ValueError, match="zoom"):
        Move(zoom=0.0)
    with pytest.raises(ValueError, match="finite"):
        Move(pan_deg=math.nan)
