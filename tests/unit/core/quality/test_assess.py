import numpy as np
import pytest

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.quality.assess import FROZEN_FRAMES, History, assess
from viewkeeper.agent.core.quality.health import Finding, ImageHealth, Kind

SHAPE = (240, 320)


def scene(seed: int = 0, noise_seed: int = 1, sigma: float = 1.5) -> np.ndarray:
    """uint8 (240, 320): boxes of many sizes, brightnesses and edges, with sensor noise."""
    rng = np.random.default_rng(seed)
    luma = np.full(SHAPE, 110.0)
    for _ in range(70):
        y, x = rng.integers(0, SHAPE[0]), rng.integers(0, SHAPE[1])
        h, w = rng.integers(6, 60, 2)
        luma[y : y + h, x : x + w] = rng.uniform(20, 235)
    luma += np.random.default_rng(noise_seed).normal(0, sigma, SHAPE)
    return np.clip(luma, 0, 255).astype(np.uint8)


def blurred(luma: np.ndarray, times: int) -> np.ndarray:
    out = luma.astype(np.float64)
    for _ in range(times):
        out = np.pad(out, 1, mode="edge")
        out = (out[:-2, 1:-1] + 2 * out[1:-1, 1:-1] + out[2:, 1:-1]) / 4
        out = np.pad(out, 1, mode="edge")[1:-1]
        out = (out[:, :-2] + 2 * out[:, 1:-1] + out[:, 2:]) / 4
    return out


def noisy(luma: np.ndarray, sigma: float = 1.5, seed: int = 3) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, sigma, luma.shape)
    return np.clip(luma + noise, 0, 255).astype(np.uint8)


def health(luma: np.ndarray) -> ImageHealth:
    return assess(Frame(luma, 0.0), History())[0]


@pytest.mark.parametrize("seed", range(5))
def test_a_plain_picture_is_well(seed: int):
    assert health(scene(seed)).findings == ()


def test_a_blue_screen_is_a_lost_signal():
    assert health(np.full(SHAPE, 41, np.uint8)).cause_for_view is Kind.SIGNAL_LOST


def test_a_night_without_lamps_is_dark():
    found = health(noisy(np.full(SHAPE, 9.0), 3.0))
    assert found.cause_for_view is Kind.DARK
    assert found.blinding is Kind.DARK


def test_a_glaring_sky_everywhere_is_overexposed():
    assert health(np.clip(scene().astype(int) + 190, 0, 255).astype(np.uint8)).has(Kind.OVEREXPOSED)


def test_a_hand_over_the_lens_is_a_cover():
    y, x = np.mgrid[0:240, 0:320]
    hand = 60.0 + 12.0 * np.sin(x / 90.0) + 8.0 * np.cos(y / 70.0)
    assert health(noisy(hand)).cause_for_view is Kind.COVERED


def test_a_lens_out_of_focus_is_defocused():
    found = health(noisy(blurred(scene(), 60)))
    assert found.has(Kind.DEFOCUSED)
    assert found.cause_for_view in (Kind.DEFOCUSED, Kind.NO_TEXTURE)
    assert not found.has(Kind.COVERED)


def test_a_grey_wall_has_no_texture():
    assert health(noisy(np.full(SHAPE, 128.0))).has(Kind.NO_TEXTURE)


def test_thick_fog_is_low_contrast():
    assert health(noisy(150.0 + 0.03 * scene(), 0.7)).has(Kind.LOW_CONTRAST)


def test_a_picture_that_never_changes_is_frozen_and_a_live_one_is_not():
    history, live = History(), History()
    for index in range(FROZEN_FRAMES + 1):
        frozen, history = assess(Frame(scene(), float(index)), history)
        moving, live = assess(Frame(scene(noise_seed=index), float(index)), live)
        assert frozen.has(Kind.FROZEN) is (index >= FROZEN_FRAMES)
        assert not moving.has(Kind.FROZEN)


@pytest.mark.parametrize("shape", [(16, 16), (16, 300), (50, 17), (1080, 1920)])
def test_any_size_of_picture_is_assessed(shape: tuple[int, int]):
    rng = np.random.default_rng(0)
    health(rng.integers(0, 256, shape).astype(np.uint8))
    health(np.zeros(shape, np.uint8))


def test_the_worst_finding_comes_first():
    found = health(np.zeros(SHAPE, np.uint8))
    assert found.worst is not None
    assert found.worst.kind is Kind.SIGNAL_LOST
    assert [finding.kind for finding in found.findings] == sorted(
        (finding.kind for finding in found.findings), key=list(Kind).index
    )


def test_a_folder_shown_in_a_ring_is_a_recording_and_no_replay():
    history, seen = History(), ImageHealth()
    pictures = [noisy(scene(), seed=seed) for seed in range(6)]
    for turn in range(18):
        shown = Frame(pictures[turn % 6], float(turn), recorded=True)
        seen, history = assess(shown, history)
        assert not seen.has(Kind.REPLAYED)
    assert seen.has(Kind.RECORDED)
    assert seen.blinding is None
    assert seen.cause_for_view is None


def test_a_colour_cast_is_never_the_cause_that_a_view_is_not_found():
    cast = Finding(Kind.COLOUR_CAST, 30.0, 14.0)
    assert ImageHealth((cast,)).cause_for_view is None
    fog = Finding(Kind.LOW_CONTRAST, 4.0, 12.0)
    assert ImageHealth((fog, cast)).cause_for_view is Kind.LOW_CONTRAST
