import subprocess
import sys

from viewkeeper.agent.adapters.system.memory import unchanged

CODE = "7f0000001000-7f0000003000 r-xp 00001000 fe:00 77 /usr/lib/libm.so.6"
TOLD = "Anonymous:             {} kB\nSwap:                  {} kB\nLocked:                {} kB"


def mapping(head=CODE, anonymous=0, swap=0, locked=0):
    return [head, "Rss:   8 kB", *TOLD.format(anonymous, swap, locked).splitlines()]


def test_a_file_that_was_only_read_can_be_given_back():
    assert list(unchanged([*mapping(), *mapping(CODE.replace("7f", "5f"))])) == [
        (0x7F0000001000, 0x7F0000003000),
        (0x5F0000001000, 0x5F0000003000),
    ]


def test_what_the_loader_relocated_is_kept():
    assert list(unchanged(mapping(anonymous=4))) == []
    assert list(unchanged(mapping(swap=4))) == []


def test_what_is_locked_writable_or_no_file_is_kept():
    assert list(unchanged(mapping(locked=8))) == []
    assert list(unchanged(mapping(CODE.replace("r-xp", "rw-p")))) == []
    assert list(unchanged(mapping("7f00-7f01 r--p 00000000 00:00 0 [vvar]"))) == []
    assert list(unchanged(mapping("7f00-7f01 r--p 00000000 00:00 0 "))) == []


def test_a_kernel_that_does_not_say_what_is_private_is_not_believed():
    assert list(unchanged([CODE, "Rss:   8 kB"])) == []


LIFE = """
import re, numpy, sqlite3, ssl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from viewkeeper.agent.adapters.system.memory import give_back

def resident():
    return int(re.search(r"RssFile:\\s+(\\d+)", open("/proc/self/status").read())[1])

def works():
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    picture = numpy.fft.rfft2(numpy.arange(4096.0).reshape(64, 64))
    (row,) = sqlite3.connect(":memory:").execute("select 6 * 7").fetchone(),
    return key.sign(b"x"), picture.tobytes(), row, numpy.linalg.inv(numpy.eye(3) * 2).tobytes()

before, first = works(), resident()
give_back()
second = resident()
assert works() == before
print(first, second)
"""


def test_a_process_holds_less_of_its_libraries_and_computes_as_before():
    told = subprocess.run([sys.executable, "-c", LIFE], capture_output=True, text=True, check=True)
    before, after = map(int, told.stdout.split())
    assert after < before / 2
