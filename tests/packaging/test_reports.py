"""The pages of long emulated runs keep what was not run again."""

import importlib.util
import json
from pathlib import Path

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"
PAGES = Path(__file__).parents[2] / "docs" / "benchmarks"


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


image = loaded(PACKAGING / "image" / "trial" / "report.py")
arm = loaded(PACKAGING / "arm_report.py")

LOG = """\
== bookworm on armhf, 2026-11-29, commit abcdef0
armv7l Python 3.11.2 numpy 1.24.2
== tests/unit/core/ledger
93 passed in 12.00s
== tests/vectors/test_vectors.py
547 passed, 1 deselected in 99.00s (0:01:39)
"""


def test_a_folder_that_was_run_again_has_its_new_row_alone():
    before = arm.kept((PAGES / "arm.md").read_text("utf-8"))
    rows = before | arm.kept("\n".join(arm.rows_of(LOG).values()))
    assert rows["armv7l", "`tests/unit/core/ledger`"].endswith("93 passed in 12.00s | abcdef0 |")
    assert rows["armv7l", "`tests/vectors/test_vectors.py`"].count("547 passed") == 1
    others = [key for key in before if key[0] == "aarch64"]
    assert others, "the page tells of two machines"
    assert all(rows[key] == before[key] for key in others)


@pytest.mark.parametrize("page", ["arm.md", "image.md"])
def test_a_page_of_which_nothing_was_run_again_stays(tmp_path, monkeypatch, page):
    copy = tmp_path / "docs" / "benchmarks" / page
    copy.parent.mkdir(parents=True)
    copy.write_text((PAGES / page).read_text("utf-8"), "utf-8")
    if page == "arm.md":
        monkeypatch.setattr(arm, "TOP", tmp_path)
        monkeypatch.setattr(arm, "LOGS", tmp_path)
        arm.main()
    else:
        image.write(tmp_path / "none", copy)
    assert copy.read_text("utf-8") == (PAGES / page).read_text("utf-8")


def test_a_run_of_today_is_a_column_beside_the_others(tmp_path):
    page, run = tmp_path / "image.md", tmp_path / "runs" / "riscv"
    page.write_text((PAGES / "image.md").read_text("utf-8"), "utf-8")
    before = image.columns_of(page.read_text("utf-8"))
    run.mkdir(parents=True)
    (run / "result.json").write_text(json.dumps({"part": "all", "day": "2026-11-29"}))
    image.write(tmp_path / "runs", page)
    after = image.columns_of(page.read_text("utf-8"))
    assert after["riscv"]["day"] == "2026-11-29"
    assert after["riscv"]["an older bundle"] == "not run to here"
    assert {name: after[name] for name in before} == before
