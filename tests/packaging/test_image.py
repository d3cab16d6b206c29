"""The image's recipe: its parts name each other rightly. What it does, `make boot-image` shows."""

import re
import subprocess
from pathlib import Path

import pytest

IMAGE = Path(__file__).parents[2] / "packaging" / "image"
ROOTFS = IMAGE / "rootfs"
SCRIPTS = [
    IMAGE / "build.sh",
    *sorted((ROOTFS / "usr/lib/viewkeeper-image").iterdir()),
    *sorted((ROOTFS / "etc/initramfs-tools").glob("*/**/viewkeeper-verity")),
]


def labels():
    """GPT labels in the order of the partitions."""
    files = sorted((IMAGE / "partitions").iterdir())
    return re.findall(r"^Label=(.*)$", "\n".join(map(Path.read_text, files)), re.MULTILINE)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_shell_and_may_be_run(script):
    subprocess.run(["sh", "-n", script], check=True)
    assert script.stat().st_mode & 0o111 or script.name == "finish"


def test_the_boot_loader_counts_partitions_as_they_are_written():
    text = (IMAGE / "grub.cfg").read_text()
    found = re.findall(r'set boot="\(\$disk,gpt(\d)\)"\n\s+set data=(root-[ab])', text)
    written = labels()
    assert [(written[int(number) - 1], data) for number, data in found] == [
        ("boot-a", "root-a"),
        ("boot-b", "root-b"),
    ]


def test_what_is_mounted_and_updated_is_there():
    text = (ROOTFS / "etc/fstab").read_text() + (ROOTFS / "etc/rauc/system.conf").read_text()
    named = set(re.findall(r"PARTLABEL=(\S+)|by-partlabel/(\S+)", text))
    assert {one or other for one, other in named} == set(labels())


def test_every_service_that_is_switched_on_is_there_or_debians():
    preset = (ROOTFS / "etc/systemd/system-preset/00-viewkeeper.preset").read_text()
    ours = re.findall(r"^enable (viewkeeper-\S+)", preset, re.MULTILINE)
    units = {path.name for path in (ROOTFS / "usr/lib/systemd/system").iterdir()}
    assert set(ours) - units == {"viewkeeper-agent.service"}  # the package's
    assert preset.rstrip().endswith("disable *")


def test_the_agents_user_has_one_number_everywhere():
    users = (ROOTFS / "etc/sysusers.d/viewkeeper-agent.conf").read_text()
    (number,) = re.findall(r"^u viewkeeper (\d+)", users, re.MULTILINE)
    assert f"-o {number} -g {number}" in (IMAGE / "build.sh").read_text()


def test_an_image_refuses_what_is_older_than_itself():
    assert "\nmin-bundle-version=@VERSION@\n" in (ROOTFS / "etc/rauc/system.conf").read_text()
