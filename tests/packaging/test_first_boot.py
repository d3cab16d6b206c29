"""The image's first start, with the real agent and desk; mount and user alone are left out."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.desk_tool import desk_tool

SCRIPT = Path(__file__).parents[2] / "packaging/image/rootfs/usr/lib/viewkeeper-image/first-boot"
EXAMPLE = Path(__file__).parents[2] / "packaging" / "agent.toml"
SETTINGS = """
[camera]
site = "hefei"
id = "cam-1"
hfov_deg = 60
[source]
kind = "files"
path = "{frames}"
loop = true
[broker]
host = "broker.example"
ca_file = "ca.pem"
cert_file = "cam-1.pem"
key_file = "cam-1.key"
[storage]
dir = "{state}"
"""


class Camera:
    """A root with a card in it."""

    def __init__(self, root):
        self.root, self.card = root, root / "card"
        self.conf, self.state = root / "etc/viewkeeper", root / "var/lib/viewkeeper"
        tools, self.late = root / "tools", root / "late"
        for each in (self.card, self.conf, self.state, tools, root / "frames"):
            each.mkdir(parents=True)
        examples = root / "usr/share/doc/viewkeeper-agent/examples"
        examples.mkdir(parents=True)
        shutil.copy(EXAMPLE, examples)
        for name in ("mount", "umount"):
            (tools / name).symlink_to("/bin/true")
        agent = tools / "viewkeeper-agent"
        # Twelve frames two seconds apart would only make the test slow.
        agent.write_text(
            f'#!/bin/sh\n[ "$1" != register ] || set -- "$@" --frames 3 --interval 0\n'
            # As one of whose network camera is not up yet, as often as the file has lines.
            f'if [ "$1" = register ] && [ -s {self.late} ]; then\n'
            f"sed -i 1d {self.late}; echo no frame >&2; exit 2; fi\n"
            f'exec {sys.executable} -m viewkeeper.agent.cli "$@"\n'
        )
        agent.chmod(0o755)
        tiles = np.random.default_rng(1).integers(30, 220, (15, 20), np.uint8)
        picture = b"P5\n320 240\n255\n" + np.kron(tiles, np.ones((16, 16), np.uint8)).tobytes()
        (root / "frames" / "0.pgm").write_bytes(picture)
        self.settings = SETTINGS.format(frames=root / "frames", state=self.state)

    def start(self, *folder):
        """One run; with a folder, as on a Debian that is not the image."""
        told = {"VIEWKEEPER_ROOT": str(self.root), "VIEWKEEPER_OWNER": "", "VIEWKEEPER_BECOME": ""}
        told["VIEWKEEPER_PAUSE_S"] = "0"
        done = subprocess.run(
            ["sh", SCRIPT, *folder],
            env={**os.environ, **told, "PATH": f"{self.root / 'tools'}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stderr == ""
        written = (*folder, self.card)[0] / "status.txt"
        # What the doctor says stands on the screen alone.
        assert set(written.read_text().splitlines()) <= set(done.stdout.splitlines())
        assert folder or written.read_text() == done.stdout
        return done.stdout


@pytest.fixture
def camera(tmp_path):
    return Camera(tmp_path)


def test_a_camera_without_settings_asks_for_them(camera):
    assert "no settings yet" in camera.start()


def test_settings_that_do_not_read_leave_the_old_ones_in_force(camera):
    (camera.conf / "agent.toml").write_text(camera.settings)
    wrong = camera.settings.replace("hfov_deg = 60", "hfov_deg = 300")
    (camera.card / "agent.toml").write_text(wrong)
    told = camera.start()
    assert "settings not taken" in told
    assert "hfov_deg" in told
    assert (camera.conf / "agent.toml").read_text() == camera.settings


def test_from_an_empty_card_to_a_registered_view(camera, tmp_path):
    (camera.card / "agent.toml").write_text(camera.settings)
    (camera.card / "ca.pem").write_text("the broker's")
    told = camera.start()
    assert "settings taken\nrequest written\nwaiting for an enrolment" in told
    on_card = {path.name for path in camera.card.iterdir()}
    assert on_card >= {"cam-1.device-key", "cam-1.csr", "agent.toml.taken", "status.txt"}
    assert not any(b"PRIVATE" in path.read_bytes() for path in camera.card.iterdir())
    assert (camera.conf / "ca.pem").stat().st_mode & 0o777 == 0o600

    desk_tool("init", tmp_path / "desk", "--person", "Li Wei", "--no-passphrase")
    desk_tool("camera", "enrol", tmp_path / "desk", "--camera", "cam-1", "--site", "hefei",
         "--device-key", (camera.card / "cam-1.device-key").read_text().strip(),
         "--out", camera.card / "cam-1.enrolment")  # fmt: skip
    (camera.card / "cam-1.pem").write_text("a certificate")
    told = camera.start()
    assert "cam-1.pem taken" in told
    assert "enrolled\nview registered\n" in told
    first = (camera.card / "view.txt").read_text()
    assert len(bytes.fromhex(first)) == 32
    assert (camera.conf / "cam-1.pem").read_text() == "a certificate"

    assert camera.start() == ""  # nothing new, nothing done
    (camera.card / "register").touch()
    camera.late.write_text("once\ntwice\n")
    assert camera.start() == "view registered\n", "a camera that is late is waited for"
    assert not (camera.card / "register").exists()
    (camera.card / "register").touch()
    camera.late.write_text("never\n" * 5)
    assert camera.start() == "view not registered: no frame\n"
    assert (camera.card / "register").exists(), "asked again at the next start"


def test_one_command_and_a_folder_set_up_a_camera_that_is_not_the_image(camera, tmp_path):
    folder = tmp_path / "from a stick"
    folder.mkdir()
    assert f"put agent.toml into {folder}; agent.toml.example shows one" in camera.start(folder)
    assert (folder / "agent.toml.example").read_text() == EXAMPLE.read_text()

    (folder / "agent.toml").write_text(camera.settings)
    told = camera.start(folder)
    assert "request written" in told
    assert f"certificate into {folder}" in told
    assert "BAD   enrolment: " in told  # the doctor looks, whatever is missing
    assert (folder / "cam-1.csr").exists()
    assert (camera.conf / "cam-1.key").stat().st_mode & 0o777 == 0o600
    assert not any(b"PRIVATE" in path.read_bytes() for path in folder.iterdir())

    desk_tool("init", tmp_path / "desk", "--person", "Li Wei", "--no-passphrase")
    desk_tool("camera", "enrol", tmp_path / "desk", "--camera", "cam-1", "--site", "hefei",
         "--device-key", (folder / "cam-1.device-key").read_text().strip(),
         "--out", folder / "cam-1.enrolment")  # fmt: skip
    told = camera.start(folder)
    assert "enrolled\nview registered\n" in told
    assert "note  enrolment: manufactured" in told
    assert told.endswith("the agent is started\n")
    assert not list(camera.card.iterdir()), "the image's card is none of its business"


def test_a_folder_that_is_not_there_is_refused(camera, tmp_path):
    done = subprocess.run(
        ["sh", SCRIPT, tmp_path / "nowhere"],
        env={**os.environ, "VIEWKEEPER_ROOT": str(camera.root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no such folder" in done.stderr


def test_another_cameras_bundle_enrols_nobody(camera, tmp_path):
    (camera.card / "agent.toml").write_text(camera.settings)
    camera.start()
    desk_tool("init", tmp_path / "desk", "--person", "Li Wei", "--no-passphrase")
    desk_tool("camera", "enrol", tmp_path / "desk", "--camera", "cam-2", "--site", "hefei",
         "--device-key", (camera.card / "cam-1.device-key").read_text().strip(),
         "--out", camera.card / "cam-2.enrolment")  # fmt: skip
    told = camera.start()
    assert "not enrolled" in told
    assert "is for hefei/cam-2" in told
    assert "waiting for an enrolment" in told
