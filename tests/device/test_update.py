"""A signed program, tried and proved or given up, on MicroPython's unix port."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time

import pytest

from tests.device.runner import MICROPYTHON, ROOT, needs_micropython
from viewkeeper.agent.core.ledger.frames import scan
from viewkeeper.authority import cli
from viewkeeper.authority.desk import Desk
from viewkeeper.authority.sending import Broker as Where
from viewkeeper.authority.updating import Handing, contents_of
from viewkeeper.protocol import cose
from viewkeeper.protocol.cbor import decode
from viewkeeper.protocol.updates import seal_update, split
from viewkeeper.protocol.vocabulary import Role
from viewkeeper.sim.broker import Broker, installed_kinds

pytestmark = [needs_micropython, pytest.mark.timeout(300)]
PATIENCE_S = 60.0


class Device:
    """A device with two slots, its desk, and somebody who starts it when it ends."""

    def __init__(self, folder, port=9, persons=("Wang Fang",)):
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
        told |= {"broker": {"host": "127.0.0.1", "port": port, "retry_most_s": 1}}
        self.settings.write_text(json.dumps(told), "utf-8")
        desk = Desk.create(folder / "desk", persons, now_s=int(time.time()))
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
        contents = contents_of(self.root / "slot-a")
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
    contents = contents_of(device.root / "slot-a")
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
    words = ["update", "sign", str(tmp_path / "desk"), "--target", "plain", "--version", "2.0.0"]
    words += ["--counter", "9", "--out", str(tmp_path / "out.vku"), "--yes"]
    assert cli.main([*words, str(device.root / "slot-a")]) == 0
    assert "signed by Wang Fang" in capsys.readouterr().out
    told = device.install((tmp_path / "out.vku").read_bytes())
    assert told.startswith("installed 2.0.0")
    assert cli.main([*words, str(tmp_path / "nothing")]) == 2
    assert f"{tmp_path}/nothing: no program there: make device" in capsys.readouterr().err


class Init:
    """Starts the device whenever it ends, as init does."""

    def __init__(self, device):
        self.device, self.process, self.ends = device, None, False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self.ends:
            self.process = self.device.start()
            self.process.communicate()

    def kill(self):
        self.process.kill()

    def stop(self):
        self.ends = True
        self.process.kill()
        self._thread.join()


def until(holds):
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def printed(words, capsys):
    assert cli.main(words) == 0
    return capsys.readouterr().out


@pytest.mark.skipif("mosquitto" not in installed_kinds(), reason="no mosquitto here")
def test_a_program_comes_over_the_link_through_cuts_and_only_from_those_who_may_sign(
    tmp_path, capsys
):
    with Broker.start("mosquitto") as broker:
        device = Device(tmp_path, broker.tcp_port, ("Wang Fang", "Li Na", "Zhang Wei"))
        camera = device.desk.camera("dev-0001")

        def handing(data):
            return Handing(Where(broker.host, broker.tcp_port), camera, *split(data))

        def answer(data):
            served = handing(data)
            try:
                return served.run("", time.monotonic() + PATIENCE_S)
            finally:
                served.close()

        init = Init(device)
        try:
            contents = contents_of(device.root / "slot-a")
            told = {"target": "plain", "version": "1", "counter": 5, "issued_at": int(time.time())}
            one = device.desk.signers_for(Role.UPDATE)[:1]
            assert answer(seal_update(contents, one, **told)) == "threshold_not_met"
            assert answer(device.program(5, target="rv32imc")) == "not_supported"
            good = device.program(5, {"device/marker.py": b"NEW = 1\n" * 20_000})
            spoilt = good[:-1] + bytes([good[-1] ^ 1])
            assert answer(spoilt) == "bad_signature"
            assert device.boot is None

            size = len(split(good)[1])
            served = handing(good)
            outcome = []
            serving = threading.Thread(
                target=lambda: outcome.append(served.run("1.5.0", time.monotonic() + 120))
            )
            serving.start()
            until(lambda: served.sent_bytes > size // 3)
            init.kill()
            until(lambda: served.sent_bytes > 2 * size // 3)
            broker.kill()
            time.sleep(0.5)
            broker.restart()
            serving.join()
            served.close()
            assert outcome == [None]
            # A restart and a cut cost pieces, not the whole again.
            assert size <= served.sent_bytes <= size + 10 * 4096
            until(lambda: device.boot["active"] == 1)
            assert device.boot["version"] == "1.5.0"
            words = ["update", "status", str(tmp_path / "desk"), "--port", str(broker.tcp_port)]
            until(lambda: "dev-0001: proved 1.5.0 runs 1.5.0" in printed(words, capsys))
            assert answer(device.program(4)) == "rolled_back"
        finally:
            init.stop()
        assert "program 1.5.0 came over the link and is on trial" in device.notes
        assert "program 1.5.0 has proved itself" in device.notes
        assert "an offered program was refused: threshold_not_met" in device.notes


@pytest.mark.skipif("mosquitto" not in installed_kinds(), reason="no mosquitto here")
def test_a_program_from_the_link_that_does_not_start_is_taken_back(tmp_path, capsys):
    with Broker.start("mosquitto") as broker:
        device = Device(tmp_path, broker.tcp_port)
        init = Init(device)
        try:
            program = tmp_path / "broken.vku"
            broken = {"device/app.py": b"raise RuntimeError('broken')\n"}
            program.write_bytes(device.program(1, broken))
            words = ["update", "send", str(tmp_path / "desk"), str(program)]
            words += ["--camera", "dev-0001", "--port", str(broker.tcp_port), "--timeout-s", "90"]
            assert cli.main(words) == 1
            told = capsys.readouterr().out
            assert "dev-0001: has all" in told
            assert "dev-0001: REFUSED (given_up)" in told
            assert any("did not prove itself" in note for note in device.notes)
            assert (device.boot["active"], device.boot["trying"]) == (0, None)
            words = ["update", "status", str(tmp_path / "desk"), "--port", str(broker.tcp_port)]
            until(lambda: "dev-0001: taken_back (given_up)" in printed(words, capsys))
        finally:
            init.stop()
