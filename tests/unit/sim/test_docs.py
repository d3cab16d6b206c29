"""docs/simulator.md says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from viewkeeper.sim import stage
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.errors import StageError

PAGE = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE, re.MULTILINE))


def test_every_condition_has_its_row_and_no_other():
    assert tuple(ROWS) == Conditions.names()


@pytest.mark.parametrize("name", [n for n in Conditions.names() if n != "frozen"])
def test_the_stated_range_is_the_one_that_holds(name):
    low, high = (float(x) for x in ROWS[name].split(" .. "))
    whole = name in ("people", "downscale", "jpeg_quality")
    for edge in (low, high):
        Conditions(**{name: int(edge) if whole else edge})
    for outside in (low - 1, high + 1):
        with pytest.raises(StageError):
            Conditions(**{name: int(outside) if whole else outside})


def test_the_verbs_of_the_stagehand_are_all_there():
    listed = re.search(r"`StageHand\(path, Stage\(\)\)` with ([^.]+)\.", PAGE)
    assert listed is not None
    for verb in re.findall(r"`(\w+)`", listed[1]):
        assert callable(getattr(stage.StageHand, verb))


def test_its_pictures_are_there_and_small():
    folder = Path(__file__).parents[3] / "docs"
    pictures = re.findall(r"\]\((pictures/[^)]+)\)", PAGE)
    assert len(pictures) == 2
    for name in pictures:
        assert 10_000 < (folder / name).stat().st_size < 200_000
