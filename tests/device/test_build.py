"""What ``make device`` makes: every architecture compiles, and the image mounts and runs."""

import json
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.device.runner import ROOT, device_tool, needs_micropython, run

BUILD = ROOT / "device" / "tools" / "build.py"
build = device_tool("build")

BUILT = ("xtensawin", "x64", "plain")

MOUNT = """
import json, os, sys
from binascii import hexlify
class Flash:
    def __init__(self, data):
        self.data = bytearray(data)
    def readblocks(self, n, buf, off=0):
        at = n * BLOCK + off
        buf[:] = self.data[at : at + len(buf)]
    def writeblocks(self, n, buf, off=None):
        at = n * BLOCK + (off or 0)
        self.data[at : at + len(buf)] = buf
    def ioctl(self, op, arg):
        if op == 4:
            return len(self.data) // BLOCK
        return BLOCK if op == 5 else 0
with open("image", "rb") as file:
    flash = Flash(file.read())
os.mount(os.VfsLfs2(flash), "/flash")
sys.path[:] = ["/flash/slot-a", ".frozen"]
import device.app
import device.core.sha512 as sha512
from device.core import ed25519
print(json.dumps({"from": device.app.__file__, "files": sorted(os.listdir("/flash")),
                  "public": hexlify(ed25519.public_key(bytes(range(32)))).decode()}))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    out = tmp_path_factory.mktemp("device")
    # The tests of the core compile its modules for all; `make device` does the rest.
    command = [sys.executable, BUILD, out, *BUILT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def test_a_build_compiles_everything_and_says_how_large_it_is(built):
    told = json.loads((built / "sizes.json").read_text())
    assert set(told) == set(BUILT)
    for architecture in told.values():
        assert "device/app.py" in architecture["modules"]
        assert "device/core/view.py" in architecture["modules"]
    assert "device/core/sha512_viper.py" not in told["plain"]["modules"]


def test_the_same_sources_give_the_same_image(built, tmp_path):
    assert build.main([str(tmp_path), "plain"]) == 0
    once, again = (folder / "plain.littlefs" for folder in (built, tmp_path))
    assert once.read_bytes() == again.read_bytes()


@needs_micropython
@pytest.mark.parametrize("architecture", ["x64", "plain"])
def test_an_image_mounts_and_the_device_runs_from_it(built, tmp_path, architecture):
    image = (built / f"{architecture}.littlefs").read_bytes()
    script = MOUNT.replace("BLOCK", str(build.BLOCK_BYTES))
    told = run(script, tmp_path, files={"image": image}, heap="2M", path="/nowhere")
    assert told["from"].startswith("/flash/slot-a/device/")
    assert told["files"] == ["main.py", "slot-a"]
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    assert told["public"] == key.public_key().public_bytes_raw().hex()


def test_an_unknown_architecture_is_one_line(tmp_path, capsys):
    assert build.main([str(tmp_path), "z80"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
