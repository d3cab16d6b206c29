"""A short slice of ``make faults``: whatever strikes, what was acknowledged is kept, and once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from viewkeeper.sim.broker import installed_kinds
from viewkeeper.sim.faults.run import page, run

FAULTS = int(os.environ.get("VIEWKEEPER_FAULTS", "14"))


@pytest.mark.e2e
def test_nothing_acknowledged_is_lost_and_nothing_is_kept_twice(tmp_path: Path):
    if "mosquitto" not in installed_kinds():
        pytest.skip("mosquitto is not installed here: no broker that remembers over a kill")
    outcome = run(7, FAULTS, tmp_path)
    assert outcome.acknowledged > 0
    assert outcome.good, page([outcome])
