"""Programs of other architectures: registered where they do not run yet, and only there."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "packaging" / "binfmt.sh"
NOTED = '#!/bin/sh\necho "$(basename "$0") $*" >> {log}\n'


def called(tmp_path, architectures, *, runs, root=True):
    """What the script calls, and how it ends, where `runs` are the architectures that run."""
    log = tmp_path / "log"
    log.touch()
    tools = {
        "arch-test": f"#!/bin/sh\ngrep -q update-binfmts {log} && exit\n"
        f'case "$1" in {runs}) ;; *) exit 1; esac\n',
        "id": f"#!/bin/sh\necho {0 if root else 1000}\n",
    }
    for name in ("mount", "modprobe", "update-binfmts"):
        tools[name] = NOTED.format(log=log)
    for name, text in tools.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [SCRIPT, *architectures],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return log.read_text().splitlines(), done


def test_what_runs_already_is_left_alone(tmp_path):
    lines, done = called(tmp_path, ["amd64", "arm64"], runs="amd64|arm64", root=False)
    assert (lines, done.returncode) == ([], 0)


@pytest.mark.parametrize("architectures", [["arm64"], ["amd64", "arm64", "armhf"]])
def test_what_does_not_run_is_registered_once(tmp_path, architectures):
    lines, done = called(tmp_path, architectures, runs="amd64")
    assert done.returncode == 0
    assert [line for line in lines if line.startswith("update")] == ["update-binfmts --enable"]


def test_who_is_not_root_is_told_what_to_do(tmp_path):
    lines, done = called(tmp_path, ["arm64"], runs="amd64", root=False)
    assert (lines, done.returncode) == ([], 1)
    assert done.stderr.startswith("error: ")
    assert "sudo" in done.stderr
    assert done.stderr.count("\n") == 1
