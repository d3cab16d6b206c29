"""The page of emulated runs: what ran is new, what did not run stays."""

from tests.device.runner import device_tool

REPORT = """<testsuites><testsuite>
<testcase classname="tests.device.core.test_desk" name="test_one" time="2.2"/>
<testcase classname="tests.device.core.test_desk" name="test_two" time="1.1"><failure/></testcase>
</testsuite></testsuites>
"""


def test_a_machine_that_was_not_run_again_keeps_its_rows(tmp_path):
    figures = device_tool("figures")
    page, run = tmp_path / "page.md", tmp_path / "run"
    run.mkdir()
    (run / "armhf.xml").write_text(REPORT)
    before = "| armhf | `test_desk` | 9 passed | 9 |\n| arm64 | `test_desk` | 3 passed | 101 |\n"
    page.write_text(before)
    assert figures.main(["arm", str(run), str(page)]) == 0
    rows = [line for line in page.read_text().splitlines() if line.startswith("| a")]
    assert rows == [
        "| armhf | `test_desk` | 1 passed, 1 **failed** | 3 |",
        "| armhf | failed: `test_two` | | |",
        "| arm64 | `test_desk` | 3 passed | 101 |",
    ]
