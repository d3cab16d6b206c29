"""What the search may do with a guess, and what makes a fit believed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewkeeper.agent.core.view.geometry import move_from_rotation, rotation_from_angles
from viewkeeper.agent.core.view.match import belief_alone, belief_among, match
from viewkeeper.agent.core.view.pyramid import halve, pyramid
from viewkeeper.agent.core.view.refine import Fit
from viewkeeper.agent.core.view.registered import RegisteredView, register
from viewkeeper.agent.core.view.sample import Pose
from viewkeeper.agent.core.view.search import Candidate, look_again

from .scenery import LENS, frame, picture

VIEW = register([frame(picture(noise_seed=seed)) for seed in (1, 2, 3)], LENS)
HOME = Pose(np.eye(3), 1.0)


def turned_deg(one: np.ndarray, other: np.ndarray) -> float:
    cosine = (float(np.trace(one.T @ other)) - 1.0) / 2.0
    return float(np.degrees(np.arccos(min(1.0, max(-1.0, cosine)))))


@settings(max_examples=25)
@given(
    st.integers(0, 2**32 - 1), st.floats(-10.0, 10.0), st.floats(-8.0, 8.0), st.floats(-6.0, 6.0)
)
def test_a_second_look_corrects_a_guess_and_never_leaves_it(
    seed: int, pan_deg: float, tilt_deg: float, roll_deg: float
):
    """Noise alone would have it jump anywhere."""
    rng = np.random.default_rng(seed)
    shape = halve(VIEW.reference.pyramid.fields[0]).shape
    field = (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)
    angles = np.radians([pan_deg, tilt_deg, roll_deg])
    guess = Candidate(rotation_from_angles(*angles), 1.0, 0.0)
    bank = VIEW.reference.near
    better = look_again(bank, field, VIEW.reference.pyramid.cameras[1], guess)
    # Five nodes and a half each way, the bank's roll, and what its zoom does about another axis.
    most_deg = 5.5 * float(np.degrees(np.hypot(*bank.step_rad))) + 2.2 + 2.0
    assert turned_deg(better.rotation, guess.rotation) < most_deg
    assert abs(np.log(better.zoom)) < np.log(1.1)


def fit_of(view: RegisteredView) -> Fit:
    return match(view.reference, pyramid(frame(picture(noise_seed=9)), LENS), [HOME]).fit


@pytest.mark.parametrize("belief", [belief_alone, lambda fit: belief_among(fit, 8.5)])
def test_what_has_not_come_to_rest_is_believed_less(belief):
    fit = fit_of(VIEW)
    beliefs = [belief(replace(fit, step_px=step)) for step in (0.001, 0.02, 0.1, 0.5, 2.0)]
    assert beliefs == sorted(beliefs, reverse=True)
    assert beliefs[0] > 0.99
    assert belief(replace(fit, step_px=2.0, spread_px=1.0)) < 0.5


def test_a_strong_rival_takes_belief_away():
    fit = replace(fit_of(VIEW), spread_px=0.3, step_px=0.02)
    assert belief_among(fit, 0.5) > belief_among(fit, 4.0)


def test_the_last_pose_is_a_candidate_however_little_is_left_of_the_view():
    """In heavy snow the search may name wrong places only; who knew where it was still knows."""
    searched, known = 0, 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        luma = picture(noise_seed=seed)
        snow = rng.random(luma.shape) < 0.88
        luma = np.where(snow, rng.integers(0, 255, luma.shape), luma).astype(np.uint8)
        fields = pyramid(frame(luma), LENS)
        searched += at_home(match(VIEW.reference, fields).fit)
        known += at_home(match(VIEW.reference, fields, (HOME,)).fit)
    assert searched < 9 <= known


def at_home(fit: Fit) -> bool:
    move = move_from_rotation(fit.pose.rotation, fit.pose.zoom)
    return max(abs(move.pan_deg), abs(move.tilt_deg)) < 1.0
