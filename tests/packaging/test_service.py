"""The service's cage, as systemd itself judges it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "packaging" / "systemd" / "viewkeeper-agent.service"
MOST_EXPOSURE = 2.0


def test_the_service_is_caged():
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    (exposure,) = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", judged.stdout)
    assert float(exposure) <= MOST_EXPOSURE


def test_the_service_may_ask_for_the_clock_and_cannot_set_it():
    unit = UNIT.read_text("utf-8")
    assert "\nProtectClock=yes" not in unit
    # The later line adds what the line before it took away (systemd.exec(5), SystemCallFilter).
    denied, allowed = unit.index("SystemCallFilter=~"), unit.index("SystemCallFilter=adjtimex")
    assert denied < allowed
    assert "\nCapabilityBoundingSet=\n" in unit
