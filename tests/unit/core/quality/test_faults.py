"""Each fault is found on a picture that has it, and on no honest one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.core.quality.test_assess import SHAPE, blurred, noisy, scene
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.quality import faults
from viewkeeper.agent.core.quality.assess import DIRTY_CHECKS, RETURNED_PICTURES, History, assess
from viewkeeper.agent.core.quality.health import BLINDING, Kind
from viewkeeper.agent.core.quality.watch import MEMORY_FRAMES

NEW = {
    Kind.REPLAYED,
    Kind.NOISE,
    Kind.STRIPES,
    Kind.GLARE,
    Kind.SHAKE,
    Kind.DIRTY_GLASS,
    Kind.COLOUR_CAST,
}


def kinds(pictures, chroma=None, utc=None) -> list[set[Kind]]:
    """What of the new kinds is found at each picture, one a second."""
    history, told = History(), []
    for index, luma in enumerate(pictures):
        stamp = None if utc is None else utc[index]
        health, history = assess(Frame(luma, float(index), stamp, chroma), history)
        told.append({finding.kind for finding in health.findings} & NEW)
    return told


def live(count: int, start: int = 0) -> list[np.ndarray]:
    return [scene(noise_seed=start + index) for index in range(count)]


def test_a_live_feed_of_a_still_scene_has_none_of_them():
    assert kinds(live(30)) == [set()] * 30


def test_snow_is_noise_and_an_ordinary_sensor_at_night_is_not():
    assert kinds([noisy(scene(), 40.0, seed) for seed in range(3)])[-1] == {Kind.NOISE}
    assert kinds([noisy(scene(), 10.0, seed) for seed in range(3)])[-1] == set()


def test_fine_texture_that_stands_still_is_not_noise():
    gravel = np.random.default_rng(8).normal(120, 40, SHAPE)
    told = kinds([noisy(np.clip(gravel, 0, 255), 1.5, seed) for seed in range(3)])
    assert Kind.NOISE not in told[-1]


@pytest.mark.parametrize("axis", [0, 1])
def test_lines_from_edge_to_edge_are_stripes(axis: int):
    wave = 15 * np.sin(2 * np.pi * np.arange(SHAPE[axis]) / 6.0)
    lined = scene() + (wave[:, None] if axis == 0 else wave[None])
    assert kinds([np.clip(lined, 0, 255).astype(np.uint8)]) == [{Kind.STRIPES}]


def test_a_fence_across_half_of_the_view_is_no_stripes():
    fenced = scene().astype(float)
    fenced[:, :160] += 20 * np.sign(np.sin(2 * np.pi * np.arange(240) / 6.0))[:, None]
    assert kinds([np.clip(fenced, 0, 255).astype(np.uint8)]) == [set()]


def test_a_lamp_in_the_lens_is_glare_and_a_bright_sky_over_roofs_is_not():
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    away = np.maximum(np.hypot(x - 160, y - 120) - 30, 0)
    halo = 60 + 240 * np.exp(-away / 200.0)
    assert Kind.GLARE in kinds([np.clip(scene() + halo, 0, 255).astype(np.uint8)])[0]
    sky = scene()
    sky[:80] = 255
    assert kinds([sky]) == [set()]


def test_one_colour_over_everything_is_a_cast_and_many_colours_are_not():
    rng = np.random.default_rng(2)
    many = rng.integers(70, 186, (120, 160, 2)).astype(np.uint8)
    assert kinds([scene()], many) == [set()]
    cast = np.full((120, 160, 2), 128, np.uint8)
    cast[..., 1] += 40
    assert kinds([scene()], cast) == [{Kind.COLOUR_CAST}]


def test_a_black_picture_has_no_colour_to_lose():
    green = np.full((120, 160, 2), 90, np.uint8)
    assert faults.colour_cast(np.zeros(SHAPE, np.uint8), green) == 0.0


def test_a_loop_is_told_by_its_noise_once_enough_pictures_came_back():
    told = kinds(live(12) + live(12))
    assert [Kind.REPLAYED in found for found in told] == [
        index >= 12 + RETURNED_PICTURES - 1 for index in range(24)
    ]


def test_a_still_picture_and_a_lamp_that_blinks_without_noise_are_no_replay():
    on, off = scene(), np.clip(scene().astype(int) + 20, 0, 255).astype(np.uint8)
    assert not any(Kind.REPLAYED in found for found in kinds([on] * 20))
    assert not any(Kind.REPLAYED in found for found in kinds([on, off] * 20))


def test_a_live_feed_after_a_loop_is_believed_again():
    assert Kind.REPLAYED not in kinds(live(8) + live(8) + live(70, start=500))[-1]


def test_one_step_back_of_the_clock_is_a_setting_and_two_are_a_replay():
    once = [100.0, 101, 102, 50, 51, 52]
    twice = [100.0, 101, 102, 100, 101, 102, 100]
    assert not any(Kind.REPLAYED in found for found in kinds(live(6), utc=once))
    assert Kind.REPLAYED in kinds(live(7), utc=twice)[-1]


def test_what_is_remembered_against_a_loop_is_bounded():
    history = History()
    rng = np.random.default_rng(1)
    for index in range(MEMORY_FRAMES + 30):
        frame = Frame(rng.integers(0, 256, (48, 64)).astype(np.uint8), float(index))
        _, history = assess(frame, history)
    assert history.replay.fingers is not None
    assert history.replay.fingers.shape[0] == MEMORY_FRAMES


def test_a_picture_that_jumps_to_and_fro_shakes_and_one_jump_does_not():
    still = scene(noise_seed=3)
    rng = np.random.default_rng(4)

    def moved(by: int, seed: int) -> np.ndarray:
        return noisy(np.roll(still, by, axis=1).astype(float), 1.0, seed)

    shaken = [moved(8 if index % 2 else -int(rng.integers(5, 9)), index) for index in range(14)]
    assert Kind.SHAKE in kinds(shaken)[-1]
    knocked = [moved(0 if index < 6 else 10, index) for index in range(20)]
    assert not any(Kind.SHAKE in found for found in kinds(knocked))


def with_drops(luma: np.ndarray) -> np.ndarray:
    soft, out = blurred(luma, 40), luma.astype(float)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    for cx, cy in ((60, 60), (160, 130), (250, 70), (80, 190), (260, 190)):
        drop = np.hypot(x - cx, y - cy) < 34
        out[drop] = soft[drop]
    return out


def test_drops_that_stay_on_the_glass_are_found_once_they_stayed():
    clear = [noisy(scene().astype(float), 1.0, seed) for seed in range(8)]
    wet = [noisy(with_drops(scene()), 1.0, 50 + seed) for seed in range(DIRTY_CHECKS + 3)]
    told = [Kind.DIRTY_GLASS in found for found in kinds(clear + wet)]
    assert not any(told[: 8 + DIRTY_CHECKS - 1])
    assert told[-1]


def test_whoever_stood_there_at_the_start_or_walks_by_leaves_no_dirt():
    plain = scene().astype(float)
    plain[120:, :] = blurred(scene(), 40)[120:, :]

    def busy(at: int) -> np.ndarray:
        shown = plain.copy()
        rng = np.random.default_rng(7)
        shown[150:220, at : at + 40] = rng.integers(0, 2, (70, 40)) * 200.0
        return shown

    stood = [noisy(busy(100 + 2 * index), 1.0, index) for index in range(4)]
    empty = [noisy(plain, 1.0, 20 + seed) for seed in range(DIRTY_CHECKS + 12)]
    assert not any(Kind.DIRTY_GLASS in found for found in kinds(stood + empty))
    known = [noisy(plain, 1.0, 60 + seed) for seed in range(10)]
    walks = [noisy(busy(100 + 20 * index), 1.0, 90 + index) for index in range(4)]
    assert not any(Kind.DIRTY_GLASS in found for found in kinds(known + walks + empty))


def test_a_lens_that_loses_its_focus_everywhere_is_not_dirty():
    clear = [noisy(scene().astype(float), 1.0, seed) for seed in range(8)]
    soft = [noisy(blurred(scene(), 30), 1.0, 50 + seed) for seed in range(15)]
    assert not any(Kind.DIRTY_GLASS in found for found in kinds(clear + soft))


def test_of_the_new_kinds_only_a_replay_forbids_to_believe_a_match():
    assert {Kind.REPLAYED} == NEW & BLINDING


@given(st.integers(0, 2**32 - 1), st.integers(16, 90), st.integers(16, 90))
@settings(max_examples=20)
def test_measures_are_finite_and_in_range_on_any_picture(seed: int, height: int, width: int):
    rng = np.random.default_rng(seed)
    luma = rng.integers(0, 256, (height, width)).astype(np.uint8)
    chroma = rng.integers(0, 256, (height // 2, width // 2, 2)).astype(np.uint8)
    values = luma.astype(np.float32)
    assert 0.0 <= faults.stripes(values) <= 1.0
    assert 0.0 <= faults.glare(values) <= 255.0
    assert 0.0 <= faults.noise(luma, None) <= 511.0
    assert 0.0 <= faults.colour_cast(luma, chroma) <= 182.0
