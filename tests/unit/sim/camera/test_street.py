"""The built-in street: drawn alike each time, with a sign whose states can be told apart."""

from __future__ import annotations

import numpy as np
import pytest

from viewkeeper.sim.camera import pinhole
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.panorama import direction, street_scene
from viewkeeper.sim.camera.pinhole import Lens
from viewkeeper.sim.camera.pose import Pose
from viewkeeper.sim.camera.virtual import VirtualCamera
from viewkeeper.sim.scene.street import draw_street
from viewkeeper.sim.signage import SignState

WIDTH = 1024


@pytest.fixture(scope="module")
def street():
    return street_scene(1, WIDTH)


def test_the_street_is_an_equirectangular_panorama_of_light(street):
    assert street.pixels.shape == (WIDTH // 2, WIDTH, 3)
    assert street.pixels.dtype == np.float32
    assert np.isfinite(street.pixels).all()
    assert (street.pixels >= 0).all()


def test_the_same_seed_draws_the_same_street_and_another_another(street):
    again = draw_street(1, WIDTH)
    other = draw_street(2, WIDTH)
    assert (again.pixels == street.pixels).all()
    assert np.abs(other.pixels - street.pixels).mean() > 0.02
    assert street_scene(1, WIDTH) is street


@pytest.mark.parametrize("size", [(320, 240), (640, 480)])
def test_the_sign_is_inside_the_registered_view(street, size):
    sign = street.sign
    for dx in (-0.5, 0.5):
        for dy in (-0.5, 0.5):
            d = direction(
                sign.azimuth_deg + dx * sign.width_deg, sign.elevation_deg + dy * sign.height_deg
            )
            x, y = pinhole.project(d, street.home, Lens(60), size)
            assert 0 < x < size[0] - 1
            assert 0 < y < size[1] - 1


def test_the_sign_s_states_look_different_where_it_stands_and_nowhere_else(street):
    pictures = {}
    for state in SignState:
        camera = VirtualCamera(street, size=(320, 240))
        camera.conditions = Conditions(noise=0)
        camera.sign = state
        rgb, truth = camera.picture(0)
        assert truth.sign is state
        pictures[state] = rgb.astype(int)
    x, y = pinhole.project(
        direction(street.sign.azimuth_deg, street.sign.elevation_deg),
        street.home,
        Lens(60),
        (320, 240),
    )
    there = (slice(round(y) - 12, round(y) + 12), slice(round(x) - 9, round(x) + 9))
    for state in (SignState.UNLIT, SignState.OBSCURED, SignState.MISSING):
        change = np.abs(pictures[state] - pictures[SignState.LIT]).mean(axis=2)
        assert change[there].mean() > 8
        assert change[:, 160:].max() == 0


def test_the_lit_sign_outshines_the_dark_one_at_night(street):
    def brightness(state: SignState) -> float:
        camera = VirtualCamera(street, size=(320, 240))
        camera.conditions, camera.sign = Conditions(night=1.0), state
        x, y = pinhole.project(
            direction(street.sign.azimuth_deg, street.sign.elevation_deg),
            street.home,
            Lens(60),
            (320, 240),
        )
        luma = camera.frame(0)[0].luma
        return float(luma[round(y) - 12 : round(y) + 12, round(x) - 9 : round(x) + 9].mean())

    assert brightness(SignState.LIT) > 1.4 * brightness(SignState.UNLIT)


@pytest.mark.parametrize("pan", [-20, 0, 20])
@pytest.mark.parametrize("tilt", [-12, 0, 12])
def test_there_is_texture_all_over_within_twenty_degrees_of_home(street, pan, tilt):
    pose = street.home.moved(pan, tilt)
    view = pinhole.render(street.pixels, pose, Lens(60), (160, 120))[..., 1] * street.gain
    log = np.log(view + 0.02)
    steps = np.abs(np.diff(log, axis=1))[:-1] + np.abs(np.diff(log, axis=0))[:, :-1]
    tiles = steps[: 112 // 28 * 28, : 156 // 39 * 39].reshape(4, 28, 4, 39).mean(axis=(1, 3))
    assert (tiles > 0.03).mean() >= 0.7


def test_distances_grow_along_the_street(street):
    height, width = street.distance_m.shape
    column = round((14 / 360 + 0.5) * width)
    near = street.distance_m[round(height * 0.72), column]
    far = street.distance_m[round(height * 0.53), column]
    assert 4 < near < 15
    assert far > 25


def test_the_seam_behind_the_camera_is_closed(street):
    edge = np.abs(street.pixels[:, 0] - street.pixels[:, -1]).mean()
    inside = np.abs(street.pixels[:, 100] - street.pixels[:, 99]).mean()
    assert edge < 3 * inside + 0.02
    assert Pose() != street.home
