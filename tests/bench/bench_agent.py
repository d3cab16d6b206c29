"""What the agent costs: memory, processor time and writes at one check a second, for real.

    python -m tests.bench.bench_agent [--seconds N]

The agent's own process (the harness's would count its virtual camera), enrolled, registered and in
use, reporting to a real broker: on recorded frames, on a camera's still pictures over HTTP, and on
an RTSP stream. Writes docs/benchmarks/agent.md.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import psutil

from tests.bench.bad_cameras import jpeg, noisy, rtsp_server
from tests.bench.orb_ratio import orb_ratio
from tests.support.http_camera import HttpCamera, whole
from tests.support.video import write_video
from viewkeeper.sim.broker import Broker
from viewkeeper.sim.camera.panorama import street_scene
from viewkeeper.sim.camera.virtual import VirtualCamera
from viewkeeper.sim.demo import story
from viewkeeper.sim.demo.play import Play
from viewkeeper.sim.demo.world import World

OUT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks"
TOP = Path(__file__).resolve().parents[2]
MIB = 2**20
SETTLE_S = 50.0
"""What a start writes is not what a day writes."""


def _recording(folder: Path, frames: int) -> None:
    camera = VirtualCamera(street_scene(1), size=(640, 480), seed=4)
    folder.mkdir()
    for number in range(frames):
        frame, _ = camera.frame(float(number))
        luma = frame.luma
        header = f"P5\n{luma.shape[1]} {luma.shape[0]}\n255\n".encode()
        (folder / f"{number:03}.pgm").write_bytes(header + luma.tobytes())


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one running agent.

    Attributes:
        peak_mib: the most memory that ever was resident (VmHWM).
        resident_mib, private_mib: at the end (VmRSS), and of it what no file holds (RssAnon).
        share: of one core.
        ready_s: from its start to READY=1 for the service manager.
        ready_cpu_s: processor time of the same; on a crowded machine the other says little.
        written_mib_a_day: that went to storage while nothing happened.
    """

    peak_mib: float
    resident_mib: float
    private_mib: float
    share: float
    ready_s: float
    ready_cpu_s: float
    written_mib_a_day: float


def _sources(folder: Path, stack: contextlib.ExitStack) -> dict[str, str]:
    """Settings of each kind of source that can be had here, the same street before each."""
    found = {"files": 'kind = "files"\nloop = true\npath = "../frames"'}
    luma = np.frombuffer((folder / "frames" / "000.pgm").read_bytes()[15:], np.uint8)
    luma, chance = luma.reshape(480, 640), np.random.default_rng(7)

    def picture(handler: BaseHTTPRequestHandler) -> None:
        whole(jpeg(noisy(luma, chance)))(handler)

    camera = stack.enter_context(HttpCamera(picture))
    found["snapshot (JPEG over HTTP)"] = f'kind = "snapshot"\nurl = "{camera.url}"'
    made = subprocess.run(
        ["/usr/bin/python3", "-c", "import gi; gi.require_version('GstRtspServer', '1.0')"],
        capture_output=True,
        check=False,
    )
    if made.returncode == 0:
        film = folder / "film.mkv"
        write_video(
            film, [noisy(luma, chance) for _ in range(600)], frames=600, rate=1, key_every=1
        )
        port = rtsp_server(film, stack)
        found["rtsp (H.264, key frames)"] = f'kind = "rtsp"\nurl = "rtsp://127.0.0.1:{port}/view"'
    return found


def _costs(seconds: float, long_s: float, debian: Path | None) -> dict[str, Cost]:
    """By source; the first is watched for ``long_s``, since what is written comes now and then."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        _recording(folder / "frames", 40)
        with World(folder, Broker.start()) as world:
            camera = world.add_camera("cam-0001", "Bench")
            settings = camera.config.read_text(encoding="utf-8")
            settings = re.sub(r"\[signage\][^\[]*", "", settings)
            found: dict[str, Cost] = {}
            play = None
            for kind, source in _sources(folder, stack).items():
                text = re.sub(r"\[source\][^\[]*", f"[source]\n{source}\n\n", settings)
                camera.config.write_text(text, encoding="utf-8")
                if play is None:
                    play = Play(world, camera)
                    story.register(play)
                    world.order(camera, world.configuration(play.view_hash, check_period_s=1.0))
                    play.sees(
                        lambda seen: seen.report is not None and seen.report.config_sequence == 1
                    )
                    camera.stop()
                notify, here = folder / "notify", (sys.executable,)
                span_s = long_s if kind == "files" else seconds
                found[kind] = _watch(camera.config, notify, span_s, here)
                if debian is not None and kind == "files":
                    found[f"{kind}, Debian's Python and libraries"] = _watch(
                        camera.config, notify, seconds, _in_root(debian, folder)
                    )
            return found


def _in_root(root: Path, folder: Path) -> list[str]:
    """A command that runs Debian's Python in ``root`` on this tree's agent; needs root."""
    inner = (
        f'mkdir -p "{root}{TOP}" "{root}{folder}" && mount --bind "{TOP}" "{root}{TOP}" && '
        f'mount --bind "{folder}" "{root}{folder}" && mount -t proc proc "{root}/proc" && '
        f'cd / && exec env PYTHONPATH="{TOP}" PYTHONDONTWRITEBYTECODE=1 chroot "{root}" '
        'python3 "$@"'
    )
    return ["unshare", "--mount", "sh", "-c", inner, "sh"]


def _watch(settings: Path, notify: Path, seconds: float, python: Sequence[str]) -> Cost:
    """One agent's life, with the environment that its service gives it.

    Byte-compiled, as packages and wheels are: compiling at each start is memory, too.
    """
    rooms = [TOP / name for name in ("agent", "protocol", "viewkeeper")]
    subprocess.run([*python, "-m", "compileall", "-q", *map(str, rooms)], check=True)
    notify.unlink(missing_ok=True)
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(notify))
    manager.settimeout(120)
    began = time.monotonic()
    told = {"NOTIFY_SOCKET": str(notify), "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    agent = subprocess.Popen(
        [*python, "-m", "viewkeeper.agent.cli", "run", "--config", str(settings)],
        env={**os.environ, **told},
        stderr=subprocess.DEVNULL,
    )
    try:
        while b"READY=1" not in manager.recv(4096):
            pass
        ready_s = time.monotonic() - began
        manager.close()
        process = psutil.Process(agent.pid)
        started = process.cpu_times()
        time.sleep(SETTLE_S)
        before, wrote, at = process.cpu_times(), process.io_counters(), time.monotonic()
        time.sleep(seconds)
        after, span_s = process.cpu_times(), time.monotonic() - at
        written = process.io_counters().write_bytes - wrote.write_bytes
        status = Path(f"/proc/{agent.pid}/status").read_text()
    finally:
        agent.terminate()
        agent.wait(120)
    peak, resident, private = (
        int(re.findall(rf"{name}:\s+(\d+)", status)[0]) / 1024
        for name in ("VmHWM", "VmRSS", "RssAnon")
    )
    spent = (after.user + after.system) - (before.user + before.system)
    return Cost(
        peak_mib=peak,
        resident_mib=resident,
        private_mib=private,
        share=spent / span_s,
        ready_s=ready_s,
        ready_cpu_s=started.user + started.system,
        written_mib_a_day=written / span_s * 86_400 / MIB,
    )


def _import_s() -> float:
    """Processor time."""
    told = subprocess.run(
        [sys.executable, "-c", "import viewkeeper.agent.cli, time; print(time.process_time())"],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(told.stdout)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="What the agent costs.")
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--long", type=float, default=600.0, help="seconds, for what is written")
    parser.add_argument(
        "--debian",
        type=lambda text: Path(text).resolve(),
        metavar="ROOT",
        help="also in this Debian root; needs root",
    )
    arguments = parser.parse_args()
    costs = _costs(arguments.seconds, arguments.long, arguments.debian)
    text = "\n".join(
        [
            "# What the agent costs",
            "",
            "The agent's own process on 640×480 pictures of a street, in use, one check a second, "
            f"reporting to a real broker, watched for {arguments.seconds:.0f} s a source, on "
            f"Python {platform.python_version()} and numpy {np.__version__} from wheels. "
            "Picamera2's share is not in it: no such camera was at hand. The time to READY tells "
            f"of the machine's other work, too: {os.cpu_count()} cores, and a load average of "
            f"{os.getloadavg()[2]:.0f}.",
            "",
            "| source | peak resident memory | at the end | of it in no file | "
            "share of one core | start to READY | processor time of it |",
            "|---|---|---|---|---|---|---|",
            *(
                f"| {kind} | {cost.peak_mib:.1f} MiB | {cost.resident_mib:.1f} MiB | "
                f"{cost.private_mib:.1f} MiB | {100 * cost.share:.1f} % | "
                f"{cost.ready_s:.1f} s | {cost.ready_cpu_s:.1f} s |"
                for kind, cost in costs.items()
            ),
            "",
            "| | |",
            "|---|---|",
            f"| written to storage while nothing happens, of {arguments.long:.0f} s | "
            f"{costs['files'].written_mib_a_day:.1f} MiB a day |",
            f"| import of the whole agent, processor time | {_import_s():.2f} s |",
            f"| one check of a view that has not moved, against ORB | {orb_ratio():.2f} |",
            "",
        ]
    )
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "agent.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
