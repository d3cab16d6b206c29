"""The device key: made once, for its owner's eyes."""

import base64
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from viewkeeper.agent.adapters.store import keyfile
from viewkeeper.protocol.errors import Reason, SetupError


def test_a_key_is_made_once_and_found_again(tmp_path):
    path = tmp_path / "device.key"
    made = keyfile.load_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keyfile.load_or_create(path).verify_key == made.verify_key
    with pytest.raises(SetupError, match="kept"):
        keyfile.create(path)


def test_a_key_others_may_read_is_not_used(tmp_path):
    path = tmp_path / "device.key"
    keyfile.create(path)
    for mode in (0o640, 0o604, 0o660, 0o622):
        path.chmod(mode)
        with pytest.raises(SetupError, match="chmod 600"):
            keyfile.load(path)


def test_a_link_in_place_of_the_key_is_not_followed(tmp_path):
    keyfile.create(tmp_path / "real")
    (tmp_path / "device.key").symlink_to(tmp_path / "real")
    with pytest.raises(SetupError):
        keyfile.load(tmp_path / "device.key")


@pytest.mark.parametrize("content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\n"])
def test_what_is_no_key_is_named(tmp_path, content):
    path = tmp_path / "device.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SetupError) as caught:
        keyfile.load(path)
    assert caught.value.reason is Reason.FILE_UNREADABLE


def test_a_missing_key_and_a_foreign_one_are_named(tmp_path):
    with pytest.raises(SetupError) as caught:
        keyfile.load(tmp_path / "nothing")
    assert caught.value.reason is Reason.FILE_MISSING
    foreign = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "ec.key"
    path.write_bytes(foreign)
    path.chmod(0o600)
    with pytest.raises(SetupError, match="Ed25519"):
        keyfile.load(path)
    with pytest.raises(SetupError):
        keyfile.create(tmp_path / "no" / "such" / "folder")


def test_a_running_agent_does_not_load_the_library_s_reader_of_all_keys(tmp_path):
    path = tmp_path / "device.key"
    keyfile.create(path)
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path\n"
            "import viewkeeper.agent.app\n"
            "from viewkeeper.agent.adapters.store import keyfile\n"
            f"print(keyfile.load(Path({str(path)!r})).verify_key.raw.hex())\n"
            "print('cryptography.hazmat.primitives.serialization' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert told == [keyfile.load(path).verify_key.raw.hex(), "False"]


@pytest.mark.parametrize("length", [31, 33])
def test_a_key_of_a_wrong_length_is_left_to_the_library_and_refused(tmp_path, length):
    path = tmp_path / "device.key"
    data = base64.b64encode(bytes.fromhex("302e020100300506032b657004220420") + bytes(length))
    path.write_bytes(b"-----BEGIN PRIVATE KEY-----\n" + data + b"\n-----END PRIVATE KEY-----\n")
    path.chmod(0o600)
    with pytest.raises(SetupError):
        keyfile.load(path)
