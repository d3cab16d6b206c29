"""The Raspberry Pi's slot choice, as RAUC drives it; on files, not on a Pi."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "packaging" / "image" / "raspberry-pi"


@pytest.fixture
def ask(tmp_path):
    shutil.copy(FOLDER / "autoboot.txt", tmp_path)
    told = {
        "VIEWKEEPER_AUTOBOOT": str(tmp_path / "autoboot.txt"),
        "VIEWKEEPER_TRIAL": str(tmp_path / "trial"),
    }

    def asked(*words, expect=0):
        done = subprocess.run(
            [FOLDER / "rauc-tryboot", *words],
            env={**os.environ, **told},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expect, done.stderr
        return done.stdout.strip()

    return asked


def partitions(folder):
    lines = (folder / "autoboot.txt").read_text().splitlines()
    return [line.split("=")[1] for line in lines if line.startswith("boot_partition")]


def test_the_first_slot_is_the_ordinary_one_at_first(ask):
    assert ask("get-primary") == "A"
    assert ask("get-state", "A") == "good"


def test_a_slot_on_trial_changes_nothing_for_ordinary_starts_until_it_is_confirmed(ask, tmp_path):
    ask("set-primary", "B")
    assert ask("get-primary") == "B"
    assert ask("get-state", "B") == "bad"
    assert partitions(tmp_path) == ["3", "4"]
    ask("set-state", "B", "good")
    assert partitions(tmp_path) == ["4", "3"]
    assert (ask("get-primary"), ask("get-state", "B")) == ("B", "good")


def test_a_slot_given_up_leaves_the_other_one_in_force(ask, tmp_path):
    ask("set-primary", "B")
    ask("set-state", "B", "bad")
    assert ask("get-primary") == "A"
    assert partitions(tmp_path) == ["3", "4"]


def test_a_slot_that_there_is_not_is_an_error(ask):
    ask("set-primary", "C", expect=1)
