"""The virtual camera: same seed, same picture; moves and conditions do what they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.panorama import from_pixels
from viewkeeper.sim.camera.pinhole import Lens
from viewkeeper.sim.camera.pose import Pose
from viewkeeper.sim.camera.virtual import VirtualCamera
from viewkeeper.sim.errors import StageError

SIZE = (160, 96)


def world():
    rng = np.random.default_rng(8)
    coarse = np.kron(rng.uniform(0.02, 0.6, (32, 64, 3)), np.ones((16, 16, 1)))
    return from_pixels(coarse.astype(np.float32), "blocks")


WORLD = world()


def camera(conditions: Conditions | None = None, seed: int = 1) -> VirtualCamera:
    made = VirtualCamera(WORLD, lens=Lens(60), size=SIZE, seed=seed)
    made.conditions = conditions or Conditions()
    return made


def luma(conditions: Conditions, t_s: float = 1.0, seed: int = 1) -> np.ndarray:
    return camera(conditions, seed).frame(t_s)[0].luma.astype(float)


CLEAR = Conditions(noise=0.0)
PLAIN = luma(CLEAR)


def test_a_frame_is_what_the_agent_expects():
    frame, truth = camera().frame(12.5)
    assert frame.luma.shape == (96, 160)
    assert frame.chroma is not None
    assert frame.chroma.shape == (48, 80, 2)
    assert frame.captured_mono_s == truth.t_s == 12.5


def test_the_same_seed_and_time_give_the_same_picture_in_any_order():
    conditions = Conditions(people=4, rain=0.5, night=0.6, sway_deg=0.3)
    one, two = camera(conditions), camera(conditions)
    two.picture(1.0)
    assert (one.picture(2.0)[0] == two.picture(2.0)[0]).all()
    assert (one.picture(2.0)[0] != camera(conditions, seed=2).picture(2.0)[0]).any()


def test_truth_tells_the_move_and_not_the_absolute_pose():
    made = camera()
    made.registered = made.pose = Pose(40, -10, 2)
    made.knock(pan_deg=3, roll_deg=-1, zoom=1.1)
    move = made.picture(0)[1].move
    assert (move.pan_deg, move.tilt_deg, move.roll_deg) == pytest.approx((3, 0, -1), abs=1e-6)
    assert move.zoom == pytest.approx(1.1)


def test_a_knock_to_the_right_shifts_the_picture_left_by_the_formula():
    made = camera(CLEAR)
    before = made.frame(0)[0].luma.astype(float)
    made.knock(pan_deg=3)
    after = made.frame(0)[0].luma.astype(float)
    f = 80 / math.tan(math.radians(30))
    shift = f * math.tan(math.radians(3))
    # the middle rows near the axis move by f tan(3°), a whole number of pixels and a bit
    x = np.arange(60, 100)
    middle = before[44:52].mean(axis=0)
    expected = np.interp(x + shift, np.arange(160), middle)
    assert np.abs(after[44:52].mean(axis=0)[x] - expected).mean() < 6
    wrong = np.interp(x - shift, np.arange(160), middle)
    assert np.abs(after[44:52].mean(axis=0)[x] - wrong).mean() > 12


def test_two_stops_more_make_it_four_times_as_bright_in_linear_light():
    dark = camera(CLEAR.but(exposure_ev=-3)).picture(0)[0] / 255.0
    darker = camera(CLEAR.but(exposure_ev=-5)).picture(0)[0] / 255.0
    linear = [np.where(p > 0.04, ((p + 0.055) / 1.055) ** 2.4, p / 12.92) for p in (dark, darker)]
    assert linear[0].mean() / linear[1].mean() == pytest.approx(4, rel=0.05)


def test_night_is_grey_darker_and_noisier():
    rgb = camera(Conditions(night=1.0)).picture(0)[0].astype(int)
    assert np.abs(rgb[..., 0] - rgb[..., 2]).max() <= 1
    assert rgb.mean() < 0.7 * PLAIN.mean()
    again = camera(Conditions(night=1.0)).picture(1)[0].astype(int)
    assert np.abs(rgb - again).mean() > 2


def test_fog_takes_contrast_far_away_and_gives_light():
    foggy = luma(CLEAR.but(fog=0.8))
    assert foggy[:40].std() < 0.3 * PLAIN[:40].std()
    assert foggy[80:].std() > foggy[:40].std()
    assert foggy.mean() > PLAIN.mean()


def test_a_cover_leaves_almost_nothing():
    covered = luma(Conditions(covered=0.99))
    assert covered.mean() < 0.25 * PLAIN.mean()
    assert covered.std() < 0.3 * PLAIN.std()
    assert camera(Conditions(covered=0.99)).picture(0)[1].occluded_share >= 0.99


def test_defocus_takes_detail_and_keeps_light():
    blurred = luma(CLEAR.but(defocus_px=6))
    assert np.abs(np.diff(blurred, axis=1)).max() < 0.4 * np.abs(np.diff(PLAIN, axis=1)).max()
    assert blurred.mean() == pytest.approx(PLAIN.mean(), abs=3)


def test_overexposure_burns_out():
    assert (luma(CLEAR.but(exposure_ev=4)) > 250).mean() > 0.5


@pytest.mark.parametrize("share", [0.1, 0.25, 0.4])
def test_a_lorry_hides_the_share_it_was_asked_to(share):
    truth = camera(Conditions(occluder=share)).picture(0)[1]
    assert truth.occluded_share == pytest.approx(share, abs=0.03)


def test_a_lorry_stays_in_the_world_when_the_camera_is_pushed():
    made = camera(CLEAR.but(occluder=0.2))
    made.knock(pan_deg=80)
    assert made.picture(0)[1].occluded_share < 0.02


def test_people_walk_and_are_seen():
    made = camera(CLEAR.but(people=20))
    first, truth = made.picture(0.0)
    second, _ = made.picture(0.5)
    assert truth.occluded_share > 0.01
    assert (first != second).any()


def test_a_shadow_band_stands_still_in_the_world():
    made = camera(CLEAR.but(shadow=0.8, shadow_position=0.5))
    there = luma(CLEAR.but(shadow=0.8, shadow_position=0.5)) < 0.8 * PLAIN
    assert there[48, 80]
    made.knock(pan_deg=60)
    plain = camera(CLEAR)
    plain.knock(pan_deg=60)
    moved = made.frame(0)[0].luma.astype(float) < 0.8 * plain.frame(0)[0].luma
    assert not moved[48, 80]


def test_low_resolution_and_jpeg_leave_size_and_light_as_they_were():
    for conditions in (CLEAR.but(downscale=4), CLEAR.but(jpeg_quality=10)):
        poor = luma(conditions)
        assert poor.shape == PLAIN.shape
        assert poor.mean() == pytest.approx(PLAIN.mean(), abs=3)
        assert np.abs(poor - PLAIN).mean() > 1


def test_a_frozen_feed_repeats_its_last_picture_while_time_goes_on():
    made = camera(Conditions(people=10))
    first = made.frame(1.0)[0]
    made.conditions = made.conditions.but(frozen=True)
    second, truth = made.frame(2.0)
    assert (first.luma == second.luma).all()
    assert second.captured_mono_s == 2.0
    assert truth.conditions.frozen


def test_a_blow_shakes_the_picture_and_dies_within_seconds():
    made = camera()
    made.strike(10.0, amplitude_deg=1.2)
    assert not made.is_shaking(9.9)
    during = made.picture(10.03)[1]
    assert during.shaking
    assert abs(during.move.pan_deg) > 0.3
    after = made.picture(13.0)[1]
    assert not after.shaking
    assert after.move == Pose()


def test_sway_has_the_deviation_it_states():
    made = camera(Conditions(sway_deg=0.4))
    pans = [made.pose_at(t).relative_to(made.registered).pan_deg for t in np.arange(0, 200, 0.7)]
    assert np.std(pans) == pytest.approx(0.4, rel=0.15)
    assert abs(np.mean(pans)) < 0.1


def test_warmth_and_saturation_change_colour_and_hardly_light():
    warm = camera(CLEAR.but(warmth=1.0)).picture(0)[0].astype(float)
    cold = camera(CLEAR.but(warmth=-1.0)).picture(0)[0].astype(float)
    assert (warm[..., 0] - warm[..., 2]).mean() > (cold[..., 0] - cold[..., 2]).mean() + 30
    grey = camera(CLEAR.but(saturation=0.0)).picture(0)[0].astype(int)
    assert np.abs(grey[..., 0] - grey[..., 1]).max() <= 1


@settings(max_examples=40)
@given(
    st.builds(
        Conditions,
        night=st.floats(0, 1),
        fog=st.floats(0, 1),
        rain=st.floats(0, 1),
        shadow=st.floats(0, 0.95),
        people=st.integers(0, 5),
        occluder=st.floats(0, 0.8),
        sway_deg=st.floats(0, 2),
        covered=st.floats(0, 1),
        defocus_px=st.floats(0, 40),
        exposure_ev=st.floats(-10, 10),
        noise=st.floats(0, 0.3),
        warmth=st.floats(-1, 1),
        downscale=st.integers(1, 16),
        jpeg_quality=st.integers(0, 100),
    )
)
def test_any_mix_of_conditions_gives_a_picture(conditions):
    made = VirtualCamera(WORLD, size=(48, 32))
    made.conditions = conditions
    rgb, truth = made.picture(3.0)
    assert rgb.shape == (32, 48, 3)
    assert rgb.dtype == np.uint8
    assert 0 <= truth.occluded_share <= 1
    assert Conditions.from_dict(conditions.to_dict()) == conditions


@pytest.mark.parametrize(
    "wrong", [{"fog": 1.1}, {"people": 2.5}, {"night": math.nan}, {"frozen": 1}, {"downscale": 0}]
)
def test_a_condition_out_of_its_range_is_refused(wrong):
    with pytest.raises(StageError):
        Conditions(**wrong)


@pytest.mark.parametrize("size", [(8, 8), (10000, 20)])
def test_an_impossible_size_is_refused(size):
    with pytest.raises(ValueError):
        VirtualCamera(WORLD, size=size)
