"""How the image asks RAUC for an update; RAUC itself, `make boot-image` runs."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "packaging/image/rootfs/usr/lib/viewkeeper-image/update"
UNMOUNTED = "LastError: Failed mounting bundle: Failed to load dm table: Argument list too long"
UNSIGNED = "LastError: signature verification failed: Verify error: self-signed certificate"
RAUC = """#!/bin/sh
echo "$1" >> {log}
case $1 in
    info) echo "RAUC_MF_VERSION='{version}'" ;;
    install)
        told=$(sed -n 1p {answers})
        sed -i 1d {answers}
        [ -z "$told" ] || {{ echo "$told"; exit 1; }} ;;
esac
"""


@pytest.fixture
def asked(tmp_path):
    """Runs the script on a card with one bundle; what it said, what RAUC was asked."""

    def run(answers=(), version="0.2.0", given_up=""):
        card, state, tools = (tmp_path / name for name in ("card", "state", "tools"))
        for folder in (card, state, tools):
            folder.mkdir()
        (card / "new.raucb").touch()
        (state / "given-up").write_text(given_up)
        log, told = tmp_path / "log", tmp_path / "answers"
        told.write_text("".join(f"{answer}\n" for answer in answers))
        (tmp_path / "os-release").write_text("IMAGE_VERSION=0.1.0\n")
        (tools / "rauc").write_text(RAUC.format(log=log, version=version, answers=told))
        (tools / "rauc").chmod(0o755)
        for name in ("mount", "umount", "sleep", "sync", "systemctl"):
            (tools / name).symlink_to("/bin/true")
        text = SCRIPT.read_text()
        for fixed, here in (
            ("/etc/os-release", tmp_path / "os-release"),
            ("/data/update", state),
            ("/card", card),
            ("/etc/viewkeeper/update.url", tmp_path / "no-url"),
        ):
            assert fixed in text
            text = text.replace(fixed, str(here))
        done = subprocess.run(
            ["sh", "-c", text],
            env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=True,
        )
        trial = state / "trial"
        return (
            done.stdout.splitlines(),
            log.read_text().split(),
            trial.read_text().strip() if trial.exists() else "",
        )

    return run


def test_a_newer_one_is_installed_and_on_trial(asked):
    said, words, trial = asked()
    assert said[-1] == "version 0.2.0 is installed; starting it"
    assert (words, trial) == (["info", "install"], "0.2.0")


def test_what_runs_already_is_not_installed(asked):
    assert asked(version="0.1.0") == ([], ["info"], "")


def test_what_did_not_work_is_not_tried_again(asked):
    said, words, _ = asked(given_up="0.2.0\n")
    assert said == ["update 0.2.0 did not work here once and is not tried again"]
    assert words == ["info"]


def test_what_could_not_be_mounted_is_taken_a_second_time(asked):
    _, words, trial = asked([UNMOUNTED])
    assert (words, trial) == (["info", "install", "install"], "0.2.0")


def test_and_not_a_third_time(asked):
    said, words, trial = asked([UNMOUNTED, UNMOUNTED])
    assert said[-1] == f"update refused: {UNMOUNTED.removeprefix('LastError: ')}"
    assert (words, trial) == (["info", "install", "install"], "")


def test_another_signer_is_refused_at_once(asked):
    said, words, trial = asked([UNSIGNED])
    assert said[-1].startswith("update refused: signature verification failed")
    assert (words, trial) == (["info", "install"], "")
