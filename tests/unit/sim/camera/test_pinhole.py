"""The pinhole against formulas worked out here by hand, on non-square pictures, signs included."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.sim.camera import pinhole
from viewkeeper.sim.camera.panorama import direction
from viewkeeper.sim.camera.pinhole import Lens, Pose

SIZE = (320, 180)
ANGLE = st.floats(-60, 60)


def dot_panorama(azimuth_deg: float, elevation_deg: float, radius_deg: float = 1.0) -> np.ndarray:
    """A black world, 2048 wide, with one soft round dot."""
    w, h = 2048, 1024
    az = np.deg2rad((np.arange(w) + 0.5) / w * 360 - 180)
    el = np.deg2rad(90 - (np.arange(h) + 0.5) / h * 180)
    d = direction(azimuth_deg, elevation_deg)
    cosine = (
        d[0] * np.sin(az)[None] * np.cos(el)[:, None]
        - d[1] * np.sin(el)[:, None]
        + d[2] * np.cos(az)[None] * np.cos(el)[:, None]
    )
    angle = np.rad2deg(np.arccos(np.clip(cosine, -1, 1)))
    dot = np.exp(-0.5 * (angle / radius_deg) ** 2)
    return np.repeat(dot[..., None], 3, axis=2).astype(np.float32)


def centre_of_light(view: np.ndarray) -> tuple[float, float]:
    light = view[..., 0].astype(float)
    light = np.where(light > 0.3, light, 0)
    y, x = np.mgrid[: light.shape[0], : light.shape[1]]
    return float((x * light).sum() / light.sum()), float((y * light).sum() / light.sum())


def test_a_dot_straight_ahead_is_drawn_at_the_principal_point():
    view = pinhole.render(dot_panorama(0, 0), Pose(), Lens(60), SIZE)
    assert view.shape == (180, 320, 3)
    assert centre_of_light(view) == pytest.approx((159.5, 89.5), abs=0.02)


@pytest.mark.parametrize(
    ("azimuth", "elevation", "sign_x", "sign_y"), [(10, 0, 1, 0), (0, 8, 0, -1), (-10, -8, -1, 1)]
)
def test_right_in_the_world_is_right_in_the_picture_and_up_is_up(
    azimuth, elevation, sign_x, sign_y
):
    x, y = centre_of_light(pinhole.render(dot_panorama(azimuth, elevation), Pose(), Lens(60), SIZE))
    assert (round((x - 159.5) / 20), round((y - 89.5) / 20)) != (0, 0)
    assert np.sign(round(x - 159.5)) == sign_x
    assert np.sign(round(y - 89.5)) == sign_y


def test_a_turn_of_3_degrees_to_the_right_moves_the_picture_left_by_f_tan_3():
    pano = dot_panorama(0, 0)
    before = centre_of_light(pinhole.render(pano, Pose(), Lens(60), SIZE))
    after = centre_of_light(pinhole.render(pano, Pose(pan_deg=3), Lens(60), SIZE))
    f = 160 / math.tan(math.radians(30))
    assert after[0] - before[0] == pytest.approx(-f * math.tan(math.radians(3)), abs=0.03)
    assert after[1] - before[1] == pytest.approx(0, abs=0.02)


def test_a_turn_of_2_degrees_up_moves_the_picture_down_by_f_tan_2():
    pano = dot_panorama(0, 0)
    before = centre_of_light(pinhole.render(pano, Pose(), Lens(60), SIZE))
    after = centre_of_light(pinhole.render(pano, Pose(tilt_deg=2), Lens(60), SIZE))
    f = 160 / math.tan(math.radians(30))
    assert after[1] - before[1] == pytest.approx(f * math.tan(math.radians(2)), abs=0.03)


def test_a_camera_rolled_clockwise_sees_what_was_right_of_the_middle_go_up():
    x, y = centre_of_light(pinhole.render(dot_panorama(15, 0), Pose(roll_deg=10), Lens(60), SIZE))
    f = 160 / math.tan(math.radians(30))
    r = f * math.tan(math.radians(15))
    assert x == pytest.approx(159.5 + r * math.cos(math.radians(10)), abs=0.06)
    assert y == pytest.approx(89.5 - r * math.sin(math.radians(10)), abs=0.06)


def test_zoom_spreads_the_picture_by_its_factor():
    x, _ = centre_of_light(
        pinhole.render(dot_panorama(10, 0, 0.35), Pose(zoom=1.5), Lens(60), SIZE)
    )
    f = 1.5 * 160 / math.tan(math.radians(30))
    assert x == pytest.approx(159.5 + f * math.tan(math.radians(10)), abs=0.1)


def test_barrel_distortion_pulls_in_by_the_stated_polynomial():
    lens = Lens(60, k1=-0.2, k2=0.03)
    x, _ = centre_of_light(
        pinhole.render(dot_panorama(20, 0, 0.6), Pose(), lens, SIZE, supersample=2)
    )
    r = math.tan(math.radians(20))
    f = 160 / math.tan(math.radians(30))
    assert x == pytest.approx(159.5 + f * r * (1 - 0.2 * r**2 + 0.03 * r**4), abs=0.08)


def test_supersampling_does_not_shift_the_picture():
    pano = dot_panorama(7, -5)
    once = centre_of_light(pinhole.render(pano, Pose(), Lens(50), SIZE, 1))
    thrice = centre_of_light(pinhole.render(pano, Pose(), Lens(50), SIZE, 3))
    assert thrice == pytest.approx(once, abs=0.02)


def test_the_panorama_joins_behind_without_a_seam():
    columns = np.sin(np.linspace(0, 2 * np.pi, 512, endpoint=False) + 0.1)
    pano = np.broadcast_to(columns[None, :, None], (256, 512, 3)).astype(np.float32)
    view = pinhole.render(np.ascontiguousarray(pano), Pose(pan_deg=180), Lens(60), SIZE)
    assert np.abs(np.diff(view[90, :, 0])).max() < 0.01


@given(pan=ANGLE, tilt=ANGLE, roll=ANGLE, zoom=st.floats(0.5, 3), az=ANGLE, el=ANGLE)
def test_project_undoes_the_rays(pan, tilt, roll, zoom, az, el):
    lens = Lens(70, k1=-0.05)
    pose = Pose(pan, tilt, roll, zoom)
    x, y = pinhole.project(direction(az, el), pose, lens, SIZE)
    if not (0 <= x <= SIZE[0] - 1 and 0 <= y <= SIZE[1] - 1):
        return
    rays = pinhole.world_rays(pose, lens, SIZE)
    ray = rays[round(y), round(x)] / np.linalg.norm(rays[round(y), round(x)])
    f = pinhole.focal_px(lens, SIZE[0], zoom)
    angle = np.linalg.norm(np.cross(ray, direction(az, el)))
    # never farther than from a pixel's centre to its corner, the lens's own stretch included
    assert angle <= 0.75 / f / 0.8


@given(pan=ANGLE, tilt=ANGLE, roll=ANGLE, zoom=st.floats(0.5, 2))
def test_a_move_is_found_again_between_two_poses(pan, tilt, roll, zoom):
    registered = Pose(31, -12, 4, 1.3)
    move = registered.moved(pan, tilt, roll, zoom).relative_to(registered)
    assert (move.pan_deg, move.tilt_deg, move.roll_deg, move.zoom) == pytest.approx(
        (pan, tilt, roll, zoom), abs=1e-7
    )


def test_the_homography_takes_present_pixels_to_registered_ones():
    registered, lens = Pose(20, -10, 0), Lens(60)
    present = registered.moved(4, -2, 3, 1.1)
    d = direction(22, -9)
    p = pinhole.project(d, present, lens, SIZE)
    q = pinhole.homography(registered, present, lens, SIZE) @ np.array([*p, 1.0])
    assert q[:2] / q[2] == pytest.approx(pinhole.project(d, registered, lens, SIZE), abs=1e-6)


def test_what_is_behind_the_camera_has_no_pixel():
    assert np.isnan(pinhole.project(direction(180, 0), Pose(), Lens(60), SIZE)).all()


@pytest.mark.parametrize("zoom", [0, -1, math.nan, 1000])
def test_an_impossible_zoom_is_refused(zoom):
    with pytest.raises(ValueError):
        Pose(zoom=zoom)
