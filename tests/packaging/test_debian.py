"""The Debian packages' lists; what is built from them, `make deb` shows."""

from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTS = sorted((ROOT / "packaging" / "debian").glob("*.install"))
LEFT_OUT = {"sim"}


def test_every_room_and_module_is_in_a_package():
    patterns = [
        line.split("dist-packages/")[1]
        for path in LISTS
        for line in path.read_text("utf-8").splitlines()
        if "dist-packages/" in line
    ]
    wanted = {
        f"viewkeeper/{path.name}"
        for path in (ROOT / "viewkeeper").iterdir()
        if path.name not in LEFT_OUT | {"__pycache__"}
    }
    assert len(wanted) >= 7
    assert {name for name in wanted if not any(fnmatch(name, p) for p in patterns)} == set()
