"""Nuisances: every family works, again the same from the same generator, and leaves its input."""

from __future__ import annotations

import numpy as np
import pytest

from viewkeeper.sim.camera import nuisances
from viewkeeper.sim.camera.conditions import Conditions


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    rng = np.random.default_rng(2)
    return np.kron(rng.uniform(0.02, 0.9, (9, 12, 3)), np.ones((12, 12, 1))).astype(np.float32)


@pytest.mark.parametrize("name", nuisances.NAMES)
def test_each_family_changes_a_picture_reproducibly_and_not_its_input(picture, name):
    before = picture.copy()
    first = nuisances.apply(name, picture, np.random.default_rng(5))
    again = nuisances.apply(name, picture, np.random.default_rng(5))
    assert first.shape == picture.shape
    assert first.dtype == np.uint8
    assert (first == again).all()
    assert (picture == before).all()
    if name != "clear":
        plain = nuisances.apply("clear", picture, np.random.default_rng(5))
        assert np.abs(first.astype(int) - plain).mean() > 1


def test_occlusion_hides_at_most_two_fifths_and_a_bit():
    grey = np.full((120, 160, 3), 0.5, dtype=np.float32)
    shares = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        rgb = nuisances.apply("occlusion", grey, rng).astype(int)
        shares.append((np.abs(rgb - 188).max(axis=2) > 12).mean())
    assert max(shares) < 0.55
    assert min(shares) > 0.05


def test_a_mix_is_two_or_three_families_and_never_an_impossible_pair():
    rng = np.random.default_rng(1)
    for _ in range(200):
        changed = nuisances.draw("mix", rng)
        assert not (changed.night and changed.fog)
        assert not (changed.downscale > 1 and changed.defocus_px)
        assert changed != Conditions()


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="low_resolution"):
        nuisances.draw("earthquake", np.random.default_rng(0))
