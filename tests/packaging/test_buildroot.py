"""The Buildroot recipe: its install step run by make, and what it installs run by MicroPython."""

import json
import os
import re
import subprocess
from pathlib import Path

from tests.device.runner import MICROPYTHON, needs_micropython

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "packaging" / "buildroot"
PACKAGE = RECIPE / "package" / "viewkeeper-device"
# As Buildroot calls a package's step, with everything else of Buildroot left out.
STAND_IN = """
INSTALL := install
TARGET_DIR := {target}
BR2_EXTERNAL_VIEWKEEPER_PATH := {recipe}
VIEWKEEPER_DEVICE_PKGDIR := {package}
define generic-package
endef
include {package}/viewkeeper-device.mk
step: @D = {source}
step:
	$(VIEWKEEPER_DEVICE_INSTALL_TARGET_CMDS)
	$(VIEWKEEPER_DEVICE_INSTALL_INIT_SYSV)
site:
	@echo $(abspath $(VIEWKEEPER_DEVICE_SITE))
"""


def installed(tmp_path):
    target, makefile = tmp_path / "target", tmp_path / "Makefile"
    makefile.write_text(
        STAND_IN.format(target=target, recipe=RECIPE, package=PACKAGE, source=ROOT / "device")
    )
    subprocess.run(["make", "-s", "-f", makefile, "step"], check=True, capture_output=True)
    return target


def test_the_recipe_takes_the_device_from_where_it_is(tmp_path):
    installed(tmp_path)
    told = subprocess.run(
        ["make", "-s", "-f", tmp_path / "Makefile", "site"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip() == str(ROOT / "device")


def test_no_room_of_the_device_is_forgotten(tmp_path):
    target = installed(tmp_path) / "usr/lib/viewkeeper/device"
    left_at_home = {"manifest.py", "loader.py", "hal/fake.py"}
    wanted = {
        path.relative_to(ROOT / "device").as_posix()
        for path in (ROOT / "device").rglob("*.py")
        if "tools" not in path.parts
    }
    found = {path.relative_to(target).as_posix() for path in target.rglob("*.py")}
    assert found == wanted - left_at_home


@needs_micropython
def test_what_it_installs_makes_a_key(tmp_path):
    target = installed(tmp_path)
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "micropython").symlink_to(MICROPYTHON[0])
    settings = tmp_path / "settings.json"
    camera = {"host": "127.0.0.1", "port": 80, "path": "/i", "width": 320, "height": 240}
    told = {"storage": str(tmp_path / "state"), "hfov_mdeg": 60000, "camera": camera}
    told["broker"] = {"host": "127.0.0.1", "port": 1883}
    settings.write_text(json.dumps(told))
    done = subprocess.run(
        [target / "usr/bin/viewkeeper-device", "key"],
        env={
            "PATH": f"{tools}:{os.environ['PATH']}",
            "VIEWKEEPER_ROOT": str(target),
            "VIEWKEEPER_SETTINGS": str(settings),
        },
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    assert re.fullmatch(r"[0-9a-f]{64}\n", done.stdout), done.stdout + done.stderr


def test_its_scripts_are_shell():
    for script in (PACKAGE / "S95viewkeeper-device", PACKAGE / "viewkeeper-device"):
        subprocess.run(["sh", "-n", script], check=True)
