"""Night falls slowly; a bag falls at once."""

import numpy as np

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.quality.assess import AT_ONCE_S, History, assess
from viewkeeper.agent.core.quality.health import Kind

RNG = np.random.default_rng(5)
SCENE = np.kron(RNG.integers(40, 220, (12, 16)), np.ones((20, 20)))


def causes(levels_at_s):
    history, told = History(), []
    for at_s, level in levels_at_s:
        noisy = SCENE * level + RNG.normal(0, 1.0, SCENE.shape)
        frame = Frame(np.clip(noisy, 0, 255).astype(np.uint8), at_s)
        health, history = assess(frame, history)
        told.append(health.cause_for_view)
    return told


def test_light_that_goes_between_two_pictures_was_taken():
    told = causes([(0, 1.0), (1, 1.0), (2, 0.02), (3, 0.02), (600, 0.02)])
    assert told[:2] == [None, None]
    assert told[2:] == [Kind.COVERED] * 3


def test_light_that_fades_over_minutes_is_the_evening():
    # grey levels: 0.02 is dark, steps of a minute
    fading = [(60 * step, 0.6**step) for step in range(9)]
    told = causes(fading)
    assert told[-1] is Kind.DARK
    assert Kind.COVERED not in told


def test_a_gap_in_the_pictures_says_nothing_about_how_fast_it_grew_dark():
    assert causes([(0, 1.0), (AT_ONCE_S + 60, 0.02)])[-1] is Kind.DARK


def test_a_camera_that_starts_in_the_dark_is_in_the_dark():
    assert causes([(0, 0.02), (1, 0.02)]) == [Kind.DARK, Kind.DARK]


def test_light_that_comes_back_forgets_the_cover():
    told = causes([(0, 1.0), (1, 0.02), (2, 1.0), (200, 0.02)])
    assert told == [None, Kind.COVERED, None, Kind.DARK]


def test_a_picture_that_was_nearly_blank_before_is_not_covered_when_rain_blanks_it():
    # lines in a sixth of the tiles, lit; then a veil, as rain at night makes one
    lines = np.full(SCENE.shape, 90.0)
    lines[:, :40] = SCENE[:, :40]
    history, told = History(), []
    for at_s, contrast in ((0, 1.0), (1, 1.0), (2, 0.0), (3, 0.0)):
        noisy = 90 + (lines - 90) * contrast + RNG.normal(0, 1.0, SCENE.shape)
        health, history = assess(Frame(np.clip(noisy, 0, 255).astype(np.uint8), at_s), history)
        told.append((health.has(Kind.COVERED), health.has(Kind.NO_TEXTURE)))
    assert told == [(False, False), (False, False), (False, True), (False, True)]
