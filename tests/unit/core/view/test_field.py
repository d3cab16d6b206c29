"""The fields as written in docs/view-check.md, against the same formulas done slowly."""

import numpy as np
import pytest

from viewkeeper.agent.core.view.field import orientation_field
from viewkeeper.agent.core.view.geometry import Camera, Lens
from viewkeeper.agent.core.view.normal import damped, solved
from viewkeeper.agent.core.view.points import TILES, choose_points
from viewkeeper.agent.core.view.pyramid import broadened_half, halve
from viewkeeper.agent.core.view.sample import Pose, sample


def luma(seed: int = 1, shape: tuple[int, int] = (61, 83)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rough = rng.uniform(20.0, 230.0, (shape[0] // 8 + 2, shape[1] // 8 + 2))
    return np.kron(rough, np.ones((8, 8)))[: shape[0], : shape[1]].astype(np.float32)


def slow_field(picture: np.ndarray) -> np.ndarray:
    """z = g² / (|g| √(mean|g|² + |g|²/4 + ε²)) where every neighbour lies inside."""
    picture = picture.astype(np.float64)
    kernel_x = np.outer([1, 4, 6, 4, 1], [-1, -2, 0, 2, 1]) / 128.0
    windows = np.lib.stride_tricks.sliding_window_view(picture, (5, 5))
    gx = np.einsum("hwyx,yx->hw", windows, kernel_x)
    gy = np.einsum("hwyx,yx->hw", windows, kernel_x.T)
    squared = (gx + 1j * gy) ** 2
    energy = np.abs(squared)
    means = np.lib.stride_tricks.sliding_window_view(energy, (9, 9)).mean(axis=(2, 3))
    some = energy[::5, ::5].ravel()
    second = np.abs(np.diff(picture[::8], 2, axis=1)).ravel()
    sigma = np.sort(second)[second.size // 2] / (0.6745 * 6.0**0.5)
    noise = 0.35**2 + (1.5 * sigma) ** 2 + 0.5 * np.sort(some)[some.size // 2]
    inner = (slice(4, -4), slice(4, -4))
    length = np.sqrt(energy[inner] * (means + energy[inner] / 4 + noise)) + 1e-12
    return squared[inner] / length


def test_the_field_is_the_one_that_is_documented():
    picture = luma() + np.random.default_rng(3).normal(0.0, 2.0, (61, 83)).astype(np.float32)
    fast = orientation_field(picture)[6:-6, 6:-6]
    assert np.abs(fast - slow_field(picture)).max() < 0.03
    assert np.abs(slow_field(picture)).max() > 1.0


def test_the_field_does_not_depend_on_the_unit_of_grey():
    assert np.allclose(orientation_field(16.0 * luma(), 16.0), orientation_field(luma()), atol=1e-4)


@pytest.mark.parametrize("grey_levels", [1.0, 4.0, 12.0])
def test_what_noise_explains_hardly_counts_beside_a_line(grey_levels: float):
    picture = np.full((120, 160), 60.0, np.float32)
    picture[:, 80:] = 60.0 + 20.0 * grey_levels
    noise = np.random.default_rng(5).normal(0.0, grey_levels, picture.shape)
    lengths = np.abs(orientation_field(picture + noise.astype(np.float32)))
    line, ground = lengths[8:-8, 79:81], lengths[8:-8, 8:60]
    assert np.median(ground) < 0.2
    assert np.median(line) > 5.0 * np.median(ground)


def test_the_field_is_empty_along_the_border():
    field = orientation_field(luma())
    for edge in (field[:2], field[-2:], field[:, :2], field[:, -2:]):
        assert not edge.any()
    assert not orientation_field(np.ones((4, 40), np.float32)).any()


def test_the_broadened_half_takes_the_root_of_the_blurred_lengths():
    field = orientation_field(luma())
    half = halve(field)
    blur = np.outer([1, 2, 1], [1, 2, 1]) / 16.0
    windows = np.lib.stride_tricks.sliding_window_view(half, (3, 3))
    blurred = np.einsum("hwyx,yx->hw", windows, blur)
    # The first and last column read over the row's end; there the half has no field.
    expected = blurred / np.sqrt(np.abs(blurred) + 1e-3)
    assert np.allclose(broadened_half(field)[1:-1, 1:-1], expected, atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_four_equations_are_solved_as_lapack_solves_them(seed: int):
    rng = np.random.default_rng(seed)
    slopes = rng.standard_normal((4, 9)) * np.array([[1.0], [30.0], [0.1], [5.0]])
    normal, wish = (slopes @ slopes.T).ravel(), rng.standard_normal(4)
    assert np.allclose(solved(normal, wish), np.linalg.solve(damped(normal), wish), rtol=1e-9)


def test_no_tiles_leave_a_step_that_is_finite():
    assert solved(np.zeros(16), np.zeros(4)) == [0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("nearest", [True, False])
def test_an_unmoved_frame_gives_the_registered_values_back(nearest: bool):
    field = orientation_field(luma(shape=(120, 160)))
    camera = Camera.of_picture(Lens(60.0), (160, 120))
    points = choose_points(field, camera, 10, 16)
    values, seen = sample(points, field, camera, Pose(np.eye(3), 1.0), nearest=nearest)
    assert np.abs(values - points.values * np.repeat(seen, 2, axis=1)).max() < 2e-3
    assert seen.sum() > 0.95 * points.counts.sum() > 0


def test_a_frame_turned_away_shows_no_point():
    field = orientation_field(luma(shape=(120, 160)))
    camera = Camera.of_picture(Lens(60.0), (160, 120))
    points = choose_points(field, camera, 10, 16)
    behind = np.diag([-1.0, 1.0, -1.0])
    for nearest in (True, False):
        values, seen = sample(points, field, camera, Pose(behind, 1.0), nearest=nearest)
        assert seen.shape == (TILES, 10)
        assert not seen.any()
        assert not values.any()
