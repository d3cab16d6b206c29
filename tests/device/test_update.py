"""A signed program, tried and proved or given up, on MicroPython's unix port."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from tests.device.runner import MICROPYTHON, ROOT, device_tool, needs_micropython
from viewkeeper.agent.core.ledger.frames import scan
from viewkeeper.authority.desk import Desk
from viewkeeper.protocol import cose
from viewkeeper.protocol.cbor import decode
from viewkeeper.protocol.orders import Threshold
from viewkeeper.protocol.updates import seal_update
from viewkeeper.protocol.vocabulary import Role

pytestmark = [needs_micropython, pytest.mark.timeout(300)]
bundle = device_tool("bundle")
PATIENCE_S = 60.0


class Device:
    """A device with two slots, its desk, and somebody who starts it when it ends."""

    def __init__(self, folder):
        self.folder, self.root = folder, folder / "flash"
        self.storage = folder / "storage"
        shutil.copytree(
            ROOT / "device",
            self.root / "slot-a" / "device",
            ignore=shutil.ignore_patterns("tools", "*.toml", ".*", "*.md", "*.mk", "__pycache__"),
        )
        self.settings = folder / "settings.json"
        told = {"storage": str(self.storage), "program": str(self.root), "hfov_mdeg": 60000}
        told |= {"well_after_s": 1, "assume_synchronised": True}
        told |= {"broker": {"host": "127.0.0.1", "port": 9, "retry_most_s": 1}}  # nobody is there
        self.settings.write_text(json.dumps(told), "utf-8")
        desk = Desk.create(folder / "desk", ["Wang Fang"], now_s=int(time.time()))
        desk.cabinet.new_key("update", "Wang Fang", [Role.UPDATE], now_s=int(time.time()))
        keyset = dataclasses.replace(
            desk.keyset,
            version=2,
            keys=tuple(held.entry for held in desk.cabinet.all()),
            thresholds=(*desk.keyset.thresholds, Threshold(role=Role.UPDATE, persons=1)),
        )
        desk.keep_keyset(keyset)
        self.desk = desk
        key = bytes.fromhex(self.tell("key"))
        enrolment = desk.enrol(
            camera="dev-0001",
            site="yard",
            device_key=cose.VerifyKey(cose.Algorithm.ED25519, key),
            now_s=int(time.time()),
            title="Gate",
            hfov_deg=60.0,
        )
        (folder / "bundle.cbor").write_bytes(enrolment.encode())
        self.tell("enrol", str(folder / "bundle.cbor"))

    def command(self, *words):
        loader = str(ROOT / "device" / "loader.py")
        return [*MICROPYTHON, "-X", "heapsize=1M", loader, str(self.settings), *words]

    def start(self, *words, **options):
        environment = {**os.environ, "MICROPYPATH": ".frozen"}
        return subprocess.Popen(
            self.command(*words), stdout=subprocess.PIPE, text=True, env=environment, **options
        )

    def tell(self, *words, fails=False):
        process = self.start(*words)
        told = process.communicate(timeout=60)[0]
        assert (process.returncode != 0) is fails, told
        return told.strip()

    @property
    def boot(self):
        path = self.storage / "boot.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else None

    def program(self, counter, changes=None, **more):
        """A signed bundle of the present sources with some files other."""
        contents = bundle.contents_of(self.root / "slot-a")
        contents = {**contents, **(changes or {})}
        told = {"target": "plain", "version": f"1.{counter}.0", "issued_at": int(time.time())}
        return seal_update(
            contents, self.desk.signers_for(Role.UPDATE), counter=counter, **{**told, **more}
        )

    def install(self, data, fails=False):
        (self.folder / "program.vku").write_bytes(data)
        return self.tell("update", str(self.folder / "program.vku"), fails=fails)

    def runs_until(self, holds, kill_after_s=None):
        """Start it as often as it ends; with ``kill_after_s`` a watchdog that bites."""
        deadline = time.monotonic() + PATIENCE_S
        starts = 0
        while time.monotonic() < deadline:
            process, begun = self.start(), time.monotonic()
            starts += 1
            try:
                while process.poll() is None and time.monotonic() < deadline:
                    if holds():
                        return starts
                    if kill_after_s is not None and time.monotonic() - begun > kill_after_s:
                        break
                    time.sleep(0.1)
            finally:
                process.send_signal(signal.SIGKILL)
                process.communicate()
        raise AssertionError(self.boot)

    @property
    def notes(self):
        records = scan((self.storage / "ledger").read_bytes()).records
        entries = [decode(record) for record in records]
        return [entry[4]["text"] for entry in entries if entry[3] == "note"]


@pytest.fixture
def device(tmp_path):
    return Device(tmp_path)


def test_a_program_proves_itself_and_one_that_does_not_is_given_up(device):
    told = device.install(device.program(1, {"device/marker.py": b"NEW = 1\n"}))
    assert told == "installed 1.1.0: it is tried at the next start"
    assert (device.root / "slot-b" / "device" / "marker.py").exists()
    assert device.boot["active"] == 0
    assert device.runs_until(lambda: device.boot["active"] == 1) == 1
    assert (device.boot["counter"], device.boot["version"]) == (1, "1.1.0")

    # It cannot even be imported: three starts, then the one before it.
    device.install(device.program(2, {"device/app.py": b"raise RuntimeError('broken')\n"}))
    starts = device.runs_until(lambda: any("did not prove" in note for note in device.notes))
    assert starts == 4
    assert (device.boot["active"], device.boot["counter"]) == (1, 1)

    # It starts and then stands still: a watchdog ends it, three times.
    source = (ROOT / "device" / "watch.py").read_text("utf-8")
    looks = "    async def _look(self):\n"
    hang = source.replace(looks, looks + "        while True:\n            pass\n")
    assert hang != source
    device.install(device.program(3, {"device/watch.py": hang.encode()}))
    given_up = "a program did not prove itself: the one before it runs"
    before = device.notes.count(given_up)
    starts = device.runs_until(lambda: device.notes.count(given_up) > before, kill_after_s=4.0)
    assert starts == 4
    assert device.boot["trying"] is None
    # The program given up does not leave its crashes to the other: no safe mode for it.
    assert (device.storage / "starts").read_bytes() == b"\x01"
    assert "program 1.1.0 has proved itself" in device.notes


def test_only_a_whole_newer_program_of_those_who_may_sign_is_installed(device):
    good = device.program(5)
    last_byte = good[:-1] + bytes([good[-1] ^ 1])
    assert "[bad_signature]" in device.install(last_byte, fails=True)
    head = bytearray(good)
    head[300] ^= 1
    assert "[" in device.install(bytes(head), fails=True)
    assert "[truncated]" in device.install(good[:-1], fails=True)
    assert "[trailing_bytes]" in device.install(good + b"x", fails=True)
    assert "[not_cose]" in device.install(b"PK" + good[2:], fails=True)
    assert "[not_supported]" in device.install(device.program(5, target="rv32imc"), fails=True)
    contents = bundle.contents_of(device.root / "slot-a")
    told = {"target": "plain", "version": "1", "counter": 5, "issued_at": int(time.time())}
    stranger = cose.SoftwareSigner.from_seed(os.urandom(32))
    assert "[unknown_key]" in device.install(seal_update(contents, [stranger], **told), fails=True)
    clerk = device.desk.signers_for(Role.CONFIGURATION)
    assert "[role_missing]" in device.install(seal_update(contents, clerk, **told), fails=True)
    assert device.boot is None  # nothing of all that is to be started

    device.install(good)
    device.runs_until(lambda: device.boot["active"] == 1)
    assert "[rolled_back]" in device.install(device.program(5), fails=True)
    assert "[rolled_back]" in device.install(device.program(4), fails=True)


def test_the_desk_signs_what_make_device_built(device, tmp_path, capsys):
    words = ["--desk", str(tmp_path / "desk"), "--target", "plain", "--version", "2.0.0"]
    words += ["--counter", "9", "--out", str(tmp_path / "out.vku")]
    assert bundle.main([*words, str(device.root / "slot-a")]) == 0
    told = device.install((tmp_path / "out.vku").read_bytes())
    assert told.startswith("installed 2.0.0")
    capsys.readouterr()
    assert bundle.main([*words, str(tmp_path / "nothing")]) == 1
    assert capsys.readouterr().err == f"error: {tmp_path}/nothing: no program there: make device\n"
