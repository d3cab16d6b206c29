"""What a device's view check is worth beside the agent's, and what the device weighs.

``make device-bench`` writes docs/benchmarks/device.md. The device's part, accuracy and time, runs
on MicroPython's unix port, compiled as for a board.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from device.core import shrink
from device.tools import sizes
from tests.bench.view_pairs import LENS, places
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.estimate import estimate
from viewkeeper.agent.core.view.registered import RegistrationError, register
from viewkeeper.sim.camera import nuisances
from viewkeeper.sim.camera.pose import Pose
from viewkeeper.sim.camera.virtual import VirtualCamera

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks" / "device.md"
PANORAMAS = ROOT.parent / "shared" / "data" / "panoramas"
SIZE = (320, 240)
KNOCK, FALL = (5.0, 3.0, 1.05), (14.0, 8.0, 1.25)
"""Largest pan and tilt, roll, and zoom either way."""
RIGHT_DEG, RIGHT_ROLL_DEG = 0.5, 0.75

TIMED = """
{before}
from device.core import ed25519
from device.core.view import View
known = View(106, 80, 60000, open({folder!r} + "/registered", "rb").read())
present = open({folder!r} + "/present", "rb").read()
elsewhere = open({folder!r} + "/elsewhere", "rb").read()
seed = bytes(32)
public = ed25519.public_key(seed)
signature = ed25519.sign(seed, bytes(300), public)
for _ in range({count}):
    {what}
"""
OPERATIONS = (
    ("a comparison", "known.compare(present)", 20),
    ("one that finds nothing", "known.compare(elsewhere)", 4),
    ("verify", "ed25519.verify(public, signature, bytes(300))", 100),
    ("sign", "ed25519.sign(seed, bytes(300), public)", 100),
)
"""What is timed, and how often; a fifth of that without machine code."""
COMPARED = """
import json
from device.core.view import View, ViewError
def read(kind, number):
    return open({folder!r} + "/" + kind + str(number), "rb").read()
told = []
for number in range({count}):
    try:
        found = View({width}, {height}, 60000, read("r", number)).compare(read("p", number))
        move = found.pan, found.tilt, found.roll
        told.append(None if found.cause else move)
    except ViewError:
        told.append(None)
print(json.dumps(told))
"""
PLAIN = """
import sys
import device.core.view_plain, device.core.sha512_plain
sys.modules["device.core.view_viper"] = device.core.view_plain
sys.modules["device.core.sha512_viper"] = device.core.sha512_plain
"""


@dataclass(slots=True)
class Score:
    """How one of them did."""

    asked: int = 0
    errors_deg: list[float] = field(default_factory=list)
    wrong: int = 0

    def take(self, move: tuple[float, float, float] | None, truth: tuple[float, float, float]):
        self.asked += 1
        if move is None:
            return
        pan, tilt, roll = (abs(a - b) for a, b in zip(move, truth, strict=True))
        if max(pan, tilt) > RIGHT_DEG or roll > RIGHT_ROLL_DEG:
            self.wrong += 1
        else:
            self.errors_deg.append(max(pan, tilt))

    def __str__(self) -> str:
        error = f"{statistics.median(self.errors_deg):.3f}" if self.errors_deg else "–"
        right = len(self.errors_deg)
        return f"{right / self.asked:.2f} | {self.wrong} | {error}"


@dataclass(frozen=True, slots=True)
class Pair:
    nuisance: str
    registered: Frame
    present: Frame
    truth: tuple[float, float, float]


def pairs(data: Path | None, each: int, limits: tuple[float, float, float]) -> Iterator[Pair]:
    panoramas = places(data)
    angle, rolled, zoomed = limits
    for number, name in enumerate(nuisances.NAMES):
        for index in range(each):
            rng = np.random.default_rng((11, number, index))
            panorama = panoramas[index % len(panoramas)]
            home = Pose(float(rng.uniform(0, 360)), float(rng.uniform(-8, 8)))
            camera = VirtualCamera(panorama, home, LENS, SIZE, seed=index)
            first = camera.frame(0.0)[0]
            pan, tilt = rng.uniform(-angle, angle, 2)
            zoom = float(np.exp(rng.uniform(-np.log(zoomed), np.log(zoomed))))
            roll = float(rng.uniform(-rolled, rolled))
            camera.pose = home.moved(float(pan), float(tilt), roll, zoom)
            camera.conditions = nuisances.draw(name, rng)
            second, truth = camera.frame(1.0)
            move = truth.move
            yield Pair(name, first, second, (move.pan_deg, move.tilt_deg, move.roll_deg))


def shrunk(luma: np.ndarray) -> bytes:
    """As a device's camera gives it."""
    height, width = luma.shape
    factor = shrink.shrink_factor(width, height)
    rows = range(0, height // factor * factor, factor)
    return b"".join(
        bytes(shrink.shrink_rows(luma[y : y + factor].tobytes(), width, factor)) for y in rows
    )


def by_device(asked: list[Pair]) -> list[tuple[float, float, float] | None]:
    """What the device finds in each pair, all in one run of MicroPython."""
    width, height = (side // shrink.shrink_factor(*SIZE) for side in SIZE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, pair in enumerate(asked):
            (folder / f"r{number}").write_bytes(shrunk(pair.registered.luma))
            (folder / f"p{number}").write_bytes(shrunk(pair.present.luma))
        sizes.compile_to(folder, "x64")
        script = COMPARED.format(folder=name, count=len(asked), width=width, height=height)
        told = json.loads(sizes.run([str(sizes.BIN / "micropython")], script, folder))
    return [None if move is None else (move[0], move[1], move[2]) for move in told]


def by_agent(pair: Pair) -> tuple[float, float, float] | None:
    try:
        known = register([pair.registered], LENS)
    except RegistrationError:
        return None
    found = estimate(known, pair.present)
    move = found.move
    return (move.pan_deg, move.tilt_deg, move.roll_deg) if found.found else None


def accuracy(data: Path | None, each: int) -> list[str]:
    rows = [
        "| moves | condition | device: right | wrong | error ° | agent: right | wrong | error ° |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for label, limits in (("knock", KNOCK), ("fall", FALL)):
        scores: dict[str, tuple[Score, Score]] = {}
        asked = list(pairs(data, each, limits))
        for pair, found in zip(asked, by_device(asked), strict=True):
            told = found, by_agent(pair)
            for where in (pair.nuisance, "all"):
                device, agent = scores.setdefault(where, (Score(), Score()))
                device.take(told[0], pair.truth)
                agent.take(told[1], pair.truth)
        for name, (device, agent) in sorted(scores.items(), key=lambda item: item[0] == "all"):
            rows.append(f"| {label} | {name} | {device} | {agent} |")
    return rows


def strangers(data: Path | None, each: int) -> str:
    """How often the device finds a view where it is not."""
    asked: list[Pair] = []
    panoramas = places(data)
    for index in range(each * len(nuisances.NAMES)):
        rng = np.random.default_rng((12, index))
        home = Pose(float(rng.uniform(0, 360)), float(rng.uniform(-8, 8)))
        camera = VirtualCamera(panoramas[index % len(panoramas)], home, LENS, SIZE, seed=index)
        first = camera.frame(0.0)[0]
        camera.pose = home.moved(float(rng.uniform(75, 285)), 0.0, 0.0, 1.0)
        camera.conditions = nuisances.draw(nuisances.NAMES[index % len(nuisances.NAMES)], rng)
        asked.append(Pair("", first, camera.frame(1.0)[0], (0.0, 0.0, 0.0)))
    found = sum(move is not None for move in by_device(asked))
    return f"found {found} of {len(asked)}"


def times() -> list[str]:
    camera = VirtualCamera(places(None)[0], Pose(0.0, 0.0), LENS, SIZE, seed=1)
    first = camera.frame(0.0)[0]
    camera.pose = Pose(0.0, 0.0).moved(2.0, 1.0, 1.0, 1.0)
    rows = [
        f"| code | {' | '.join(f'{name} ms' for name, _, _ in OPERATIONS)} |",
        f"|---|{'---:|' * len(OPERATIONS)}",
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "registered").write_bytes(shrunk(first.luma))
        (folder / "present").write_bytes(shrunk(camera.frame(1.0)[0].luma))
        camera.pose = Pose(90.0, 0.0)
        (folder / "elsewhere").write_bytes(shrunk(camera.frame(1.0)[0].luma))
        sizes.compile_to(folder, "x64")
        for label, before, share in (("viper", "", 1), ("plain", PLAIN, 5)):
            told: list[str] = []
            for _, what, count in OPERATIONS:
                count = max(1, count // share)
                script = TIMED.format(before=before, folder=name, what=what, count="COUNT")
                took_s = cpu_s(script, count, folder) - cpu_s(script, 0, folder)
                told.append(f"{1000 * took_s / count:.1f}")
            rows.append(f"| {label} | {' | '.join(told)} |")
    return rows


def cpu_s(script: str, count: int, folder: Path) -> float:
    """Processor seconds of a script: what else the machine does is none of them."""
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    sizes.run([str(sizes.BIN / "micropython")], script.replace("COUNT", str(count)), folder)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime


def time_section() -> str:
    return f"""## Time

Processor time on the desk's unix port (x86-64), the mean of many, whatever else the machine did; it
says nothing of a microcontroller's.

{chr(10).join(times())}

"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of .hdr panoramas; else a drawn street")
    parser.add_argument("--each", type=int, default=20, help="pairs of each condition")
    parser.add_argument("--only-time", action="store_true", help="leave the page's other parts")
    arguments = parser.parse_args()
    if arguments.only_time:
        page = PAGE.read_text("utf-8")
        begin, end = page.index("## Time"), page.index("## Flash and RAM")
        PAGE.write_text(page[:begin] + time_section() + page[end:], "utf-8")
        return
    data = arguments.data or (PANORAMAS if PANORAMAS.is_dir() else None)
    held_out = len(places(data))
    seen = "a drawn street" if data is None else f"{held_out} held-out panoramas"
    version = subprocess.run(
        [sizes.BIN / "micropython", "-c", "import sys; print(sys.version)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    page = f"""# The device in figures

Written by `make device-bench`; nothing here was measured on a board. MicroPython: {version}.

## View check, beside the agent's

Virtual camera over {seen}, {SIZE[0]} x {SIZE[1]} pixels at 60° across, {arguments.each} pairs a
condition and range. The device sees them shrunk to 106 x 80. *knock*: up to {KNOCK[0]:.0f}° pan and
tilt, {KNOCK[1]:.0f}° roll, zoom {KNOCK[2]}; *fall*: up to {FALL[0]:.0f}°, {FALL[1]:.0f}°,
{FALL[2]}. *right*: share found with pan and tilt within {RIGHT_DEG}° and roll within
{RIGHT_ROLL_DEG}°. *wrong*: pairs found, but not so. *error*: median of the larger of pan and tilt,
of those that are right.

{chr(10).join(accuracy(data, arguments.each))}

Pictures of other directions of the same places, each under a nuisance, held against a registered
view: {strangers(data, arguments.each)}.

{time_section()}## Flash and RAM

Bytes. RAM is what an import leaves on the heap, code included: 64-bit on the desk's unix port,
32-bit on Debian's for armhf under qemu. Where the code is frozen it lies in flash.

{sizes.table(ROOT / "build" / "arm")}
"""
    PAGE.write_text(page, encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} written", file=sys.stderr)


if __name__ == "__main__":
    main()
