"""The sheet of what was missed shows every pair, and goes where there is none."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from tests.bench.view_missed import missed_of, sheet
from tests.bench.view_pairs import Pair
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.geometry import Move


def pair(grey: int) -> Pair:
    luma = np.full((480, 640), grey, np.uint8)
    return Pair("noon_grass", "low_resolution", Frame(luma, 0.0), Frame(255 - luma, 1.0), Move())


def test_a_missed_pair_is_kept_small_and_says_what_it_was():
    missed = missed_of(pair(60))
    assert missed.label == "low resolution, noon grass"
    assert missed.registered.shape == missed.present.shape == (160, 214)
    assert (missed.registered[0, 0], missed.present[0, 0]) == (60, 195)


def test_the_sheet_grows_with_what_was_missed_and_goes_with_it(tmp_path: Path):
    picture = tmp_path / "missed.png"
    few = sheet([missed_of(pair(60))], tmp_path, picture.name, "One")
    assert few[0].startswith("One: registered view on the left")
    assert "![What was missed](missed.png)" in few
    small = picture.read_bytes()
    sheet([missed_of(pair(grey)) for grey in range(0, 250, 25)], tmp_path, picture.name, "Ten")
    assert len(picture.read_bytes()) > len(small)
    assert sheet([], tmp_path, picture.name, "None") == []
    assert not picture.exists()
