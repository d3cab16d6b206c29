"""``make flash`` against a real MicroPython behind a serial line (a pseudo-terminal)."""

import dataclasses
import hashlib
import os
import pty
import select
import subprocess
import threading
import time
import tty

import pytest

from tests.device.runner import MICROPYTHON, ROOT, device_tool, needs_micropython
from viewkeeper.agent.core.device_state import DeviceState
from viewkeeper.authority.desk import Desk
from viewkeeper.protocol import cose
from viewkeeper.protocol.orders import Command, LifecycleStep
from viewkeeper.protocol.vocabulary import LifecycleState, Role

pytestmark = [needs_micropython, pytest.mark.timeout(240)]
tool = device_tool("flash")
DEVICE_KEY = cose.SoftwareSigner.from_seed(bytes(range(32))).verify_key


class Console:
    """A MicroPython that waits at its console, and the line to it.

    The interpreter holds one end of a pseudo-terminal and the tool needs an end of its own, so two
    of them lie back to back.
    """

    def __init__(self, folder):
        self.root = folder
        folder.mkdir()
        self._inner, slave = pty.openpty()
        self._outer, self._held = pty.openpty()
        self.port = os.ttyname(self._held)
        tty.setraw(slave)  # a serial line changes no byte, whatever the interpreter is doing
        tty.setraw(self._held)
        self._process = subprocess.Popen(
            [*MICROPYTHON, "-X", "heapsize=2M"],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True, cwd=folder,
        )  # fmt: skip
        os.close(slave)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def _carry(self):
        while not self._stop.is_set():
            for end in select.select([self._inner, self._outer], [], [], 0.1)[0]:
                other = self._outer if end == self._inner else self._inner
                try:
                    os.write(other, os.read(end, 4096))
                except OSError:
                    return  # the interpreter has ended

    def close(self):
        self._process.kill()
        self._process.wait()
        self._stop.set()
        self._thread.join()
        for end in (self._inner, self._outer, self._held):
            os.close(end)


@pytest.fixture
def console(tmp_path):
    console = Console(tmp_path / "board")
    yield console
    console.close()


@pytest.fixture
def image(tmp_path):
    """Small, of the shape that make device builds."""
    folder = tmp_path / "image"
    for at in range(6):
        path = folder / "slot-a" / "device" / f"m{at}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"VALUE = {at}\n".encode() * (40 * at + 1))
    (folder / "main.py").write_bytes((ROOT / "device" / "loader.py").read_bytes())
    return folder


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def told(console, image, capsys, *words):
    code = tool.main([console.port, str(image), "--root", str(console.root), *words])
    out, err = capsys.readouterr()
    assert err.count("\n") == (1 if code else 0)
    return code, (err or out).strip()


def test_a_board_is_written_whole_and_a_second_run_writes_nothing(console, image, capsys):
    code, said = told(console, image, capsys)
    assert (code, said.splitlines()[-1]) == (
        0,
        "7 files written, 0 were there; reset the board to start it",
    )
    assert contents(console.root) == contents(image)
    assert told(console, image, capsys)[1].splitlines()[-1].startswith("0 files written, 7 were")


def test_a_run_that_was_cut_off_goes_on_where_it_ended(console, image, capsys):
    board = tool.Board(console.port, str(console.root))
    count = 0

    def cut(_line):
        nonlocal count
        count += 1
        if count == 3:
            raise tool.FlashError("the cable was pulled")

    with pytest.raises(tool.FlashError):
        tool.flash(board, image, cut)
    board.close()
    assert "main.py" not in contents(console.root)  # nothing starts a half-written program
    code, said = told(console, image, capsys)
    assert (code, said.splitlines()[-1][:34]) == (0, "4 files written, 3 were there; res")
    assert contents(console.root) == contents(image)


def test_a_file_that_arrived_otherwise_is_written_anew(console, image, capsys):
    told(console, image, capsys)
    spoilt = console.root / "slot-a" / "device" / "m3.py"
    spoilt.write_bytes(spoilt.read_bytes()[:-1] + b"#")
    assert told(console, image, capsys)[1].splitlines()[-1].startswith("1 files written, 6 were")
    assert contents(console.root) == contents(image)


def slot(payload, generation=1):
    body = b"VKSLOT1\n" + generation.to_bytes(8, "big") + len(payload).to_bytes(4, "big") + payload
    return body + hashlib.sha256(body).digest()


@pytest.fixture
def desk(tmp_path):
    return Desk.create(tmp_path / "desk", ["Wang Fang"], now_s=int(time.time()))


def enrolled(desk, console, camera="dev-0001"):
    """The state of a device that this desk enrolled, on the board."""
    enrolment = desk.enrol(
        camera=camera,
        site="yard",
        device_key=DEVICE_KEY,
        now_s=int(time.time()),
        title="Gate",
        hfov_deg=60.0,
    )
    state = DeviceState.enrolled(enrolment)
    kept = console.root / "storage"
    kept.mkdir()
    (kept / "state-a").write_bytes(slot(b"an older state that nobody reads"))
    (kept / "state-b").write_bytes(slot(state.to_bytes(), 2))
    return state


def test_a_board_enrolled_elsewhere_is_not_overwritten(console, image, desk, tmp_path, capsys):
    enrolled(desk, console)
    before = contents(console.root)
    code, said = told(console, image, capsys)
    assert code == 1
    assert said.startswith("error: the board is enrolled as dev-0001, and not at this desk")
    other = Desk.create(tmp_path / "other", ["Li Na"], now_s=int(time.time()))
    assert told(console, image, capsys, "--desk", str(other.directory))[0] == 1
    assert contents(console.root) == before
    code, said = told(console, image, capsys, "--desk", str(desk.directory))
    assert (code, said.splitlines()[0]) == (0, "dev-0001 is this desk's")
    assert (console.root / "storage" / "state-b").read_bytes() == before["storage/state-b"]


def test_a_signed_withdrawal_lets_it_be_overwritten_and_no_other_order_does(
    console, image, desk, tmp_path, capsys
):
    state = enrolled(desk, console)
    registered = dataclasses.replace(
        state, standing=dataclasses.replace(state.standing, state=LifecycleState.REGISTERED)
    )
    (console.root / "storage" / "state-b").write_bytes(slot(registered.to_bytes(), 2))
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
    step = LifecycleStep(to=LifecycleState.WITHDRAWN, on_date=today, document="W-1")
    order = desk.draft("dev-0001", step, now_s=int(time.time()))
    signed = tmp_path / "withdrawal.cose"
    words = ("--withdrawal", str(signed))

    stranger = cose.SoftwareSigner.from_seed(bytes(32))
    signed.write_bytes(cose.sign1(order.encode(), stranger, cose.Domain.LIFECYCLE))
    code, said = told(console, image, capsys, *words)
    assert (code, "unknown_key" in said) == (1, True)
    other = desk.draft("dev-0001", Command(name="identify"), now_s=int(time.time()))
    signed.write_bytes(desk.sign(other, desk.signers_for(Role.CONFIGURATION)))
    assert told(console, image, capsys, *words)[0] == 1
    assert not (console.root / "main.py").exists()

    signed.write_bytes(desk.sign(order, desk.signers_for(Role.LIFECYCLE)))
    code, said = told(console, image, capsys, *words)
    assert (code, said.splitlines()[0]) == (0, "a signed order withdraws dev-0001")
    assert (console.root / "main.py").exists()


def test_a_state_that_does_not_read_stops_everything(console, image, capsys):
    (console.root / "storage").mkdir()
    (console.root / "storage" / "state-a").write_bytes(b"torn")
    code, said = told(console, image, capsys)
    assert (code, "does not read" in said) == (1, True)


def test_a_line_where_nobody_answers_is_one_line(image, capsys):
    assert tool.main(["/dev/nowhere", str(image)]) == 1
    assert capsys.readouterr().err.startswith("error: /dev/nowhere: no MicroPython answers there")
