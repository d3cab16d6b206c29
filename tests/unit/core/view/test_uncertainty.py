"""The standard error is a promise: these tests hold it to that."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewkeeper.agent.core import assessment
from viewkeeper.agent.core.view.estimate import Estimate, estimate
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.core.view.registered import RegisteredView, register
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.protocol.vocabulary import ViewVerdict

from .scenery import LENS, SMALL, frame, picture

PARTS = ("pan_deg", "tilt_deg", "roll_deg", "zoom")
VIEW = register([frame(picture(noise_seed=seed)) for seed in (1, 2, 3)], LENS)
AT_HOME = picture(noise_seed=9)


@pytest.fixture(scope="module")
def view() -> RegisteredView:
    return VIEW


def sigmas(found: Estimate) -> np.ndarray:
    return np.array(dataclasses.astuple(found.stderr))


@pytest.mark.parametrize("size_deg", [0.25, 0.5, 1.0, 2.0])
def test_small_moves_are_found_with_errors_no_larger_than_promised(
    view: RegisteredView, size_deg: float
):
    ratios = []
    for part, sign in [("pan_deg", 1), ("pan_deg", -1), ("tilt_deg", 1), ("roll_deg", -1)]:
        move = Move(**{part: sign * size_deg})
        for seed in range(2):
            found = estimate(view, frame(picture(move, noise_seed=20 + seed)))
            assert found.found
            errors = [getattr(found.move, name) - getattr(move, name) for name in PARTS]
            ratios.append(np.square(np.array(errors) / sigmas(found)))
            assert abs(errors[0]) < 0.03
            assert abs(errors[1]) < 0.03
    assert np.mean(ratios) < 1.5


def test_the_standard_error_grows_with_the_noise(view: RegisteredView):
    move = Move(1.0, -0.5, 0.5, 1.0)
    spreads = [
        np.mean(
            [
                sigmas(estimate(view, frame(picture(move, noise=n, noise_seed=s))))
                for s in (31, 32, 33)
            ],
            axis=0,
        )
        for n in (1.0, 14.0, 40.0)
    ]
    assert (spreads[0] < spreads[1]).all()
    # Heavier noise is blurred first, so each part need not grow from there; together they do.
    assert np.log(spreads[2]).sum() > np.log(spreads[1]).sum()


def test_the_standard_error_grows_as_less_is_seen(view: RegisteredView):
    def seeing(share: float) -> np.ndarray:
        luma = picture(Move(1.0, -0.5, 0.5, 1.0), noise=20.0, noise_seed=41)
        luma[:, int(share * luma.shape[1]) :] = 120
        return sigmas(estimate(view, frame(luma)))

    whole, half = seeing(1.0), seeing(0.5)
    # Half the points of the same noise: root two, taken together.
    assert np.exp(np.log(half / whole).mean()) > 1.2


@settings(max_examples=12)
@given(st.floats(0.35, 1.0), st.floats(0.0, 60.0), st.booleans())
def test_neither_brightness_nor_contrast_nor_its_reversal_moves_the_view(
    contrast: float, offset: float, negative: bool
):
    luma = AT_HOME * contrast + min(offset, 255.0 * (1.0 - contrast))
    luma = np.rint(255.0 - luma if negative else luma).astype(np.uint8)
    found = estimate(VIEW, frame(luma))
    assert found.found
    assert abs(found.move.pan_deg) < 0.02
    assert abs(found.move.tilt_deg) < 0.02
    assert abs(found.move.roll_deg) < 0.04
    assert abs(found.move.zoom - 1.0) < 0.001


def test_a_drift_of_a_twentieth_of_a_degree_a_day_is_reported_and_never_learned():
    view = register([frame(picture(size=SMALL, noise_seed=seed)) for seed in (1, 2, 3)], LENS)
    state, reported_day = assessment.start(0.0), None
    for day in range(40):
        for hour in (8.0, 12.0, 16.0):
            at_s = (24.0 * day + hour) * 3600.0
            luma = picture(Move(pan_deg=0.05 * day), size=SMALL, noise_seed=99 * day + int(hour))
            state, check = assessment.check(state, view, frame(luma, at_s), Tolerance(), at_s)
            if check.verdict is ViewVerdict.MOVED and reported_day is None:
                reported_day = day
    # 0.35° is crossed on day 7 or 8; five frames, two days of three, are evidence enough.
    assert reported_day in (7, 8, 9, 10)
    assert state.guard.verdict is ViewVerdict.MOVED
    assert state.guard.move.pan_deg == pytest.approx(0.05 * 39, abs=0.03)
