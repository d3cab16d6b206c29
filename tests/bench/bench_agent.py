"""What the agent costs: memory and processor time at one check a second, for real.

    python -m tests.bench.bench_agent [--seconds N]

A real agent process on recorded frames (the virtual camera's own cost would count otherwise),
enrolled, registered and in use, reporting to a real broker. Writes docs/benchmarks/agent.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import psutil

from tests.bench.view_pairs import LENS
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.estimate import estimate
from viewkeeper.agent.core.view.geometry import Lens
from viewkeeper.agent.core.view.registered import register
from viewkeeper.sim.broker import Broker
from viewkeeper.sim.camera.panorama import street_scene
from viewkeeper.sim.camera.virtual import VirtualCamera
from viewkeeper.sim.demo import story
from viewkeeper.sim.demo.play import Play
from viewkeeper.sim.demo.world import World

OUT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks"
MIB = 2**20


def _recording(folder: Path, frames: int) -> None:
    camera = VirtualCamera(street_scene(1), size=(640, 480), seed=4)
    folder.mkdir()
    for number in range(frames):
        frame, _ = camera.frame(float(number))
        luma = frame.luma
        header = f"P5\n{luma.shape[1]} {luma.shape[0]}\n255\n".encode()
        (folder / f"{number:03}.pgm").write_bytes(header + luma.tobytes())


def _cost(seconds: float) -> tuple[float, float]:
    """(peak RSS in MiB, share of one core) of the agent."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _recording(folder / "frames", 40)
        with World(folder, Broker.start()) as world:
            camera = world.add_camera("cam-0001", "Bench")
            text = camera.config.read_text(encoding="utf-8")
            text = text.replace('kind = "virtual"', 'kind = "files"\nloop = true', 1)
            text = text.replace(f'path = "{folder}/cam-0001/stage.json"', 'path = "../frames"', 1)
            camera.config.write_text(text, encoding="utf-8")
            play = Play(world, camera)
            story.register(play)
            world.order(camera, world.configuration(play.view_hash, check_period_s=1.0))
            play.sees(lambda seen: seen.report is not None and seen.report.config_sequence == 1)
            process = psutil.Process(camera.pid)
            time.sleep(3.0)
            before, at = process.cpu_times(), time.monotonic()
            peak = 0
            while time.monotonic() - at < seconds:
                peak = max(peak, process.memory_info().rss)
                time.sleep(0.25)
            after, span_s = process.cpu_times(), time.monotonic() - at
            spent = (after.user + after.system) - (before.user + before.system)
            return peak / MIB, spent / span_s


def _import_s() -> float:
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-c", "import viewkeeper.agent.cli"], check=True, capture_output=True
    )
    return time.monotonic() - started


def _orb_ratio() -> float:
    """One estimate against one ORB detection and match on the same frames."""
    from tests.bench import peers

    cv2.setNumThreads(1)
    camera = VirtualCamera(street_scene(1), size=(640, 480), seed=4)
    frames: list[Frame] = [camera.frame(float(t))[0] for t in range(6)]
    view, orb = register(frames[:3], Lens(LENS.hfov_deg)), peers.orb()
    prepared = orb.prepare(frames[0].luma)
    ours, theirs = [], []
    for _ in range(8):
        for frame in frames[3:]:
            started = time.perf_counter()
            estimate(view, frame)
            ours.append(time.perf_counter() - started)
            started = time.perf_counter()
            orb.measure(prepared, frame.luma, LENS)
            theirs.append(time.perf_counter() - started)
    return float(np.median(ours) / np.median(theirs))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0)
    arguments = parser.parse_args()
    rss_mib, share = _cost(arguments.seconds)
    text = "\n".join(
        [
            "# What the agent costs",
            "",
            "A real agent process on recorded 640×480 frames, in use, one check a second, "
            f"reporting to a real broker, watched for {arguments.seconds:.0f} s.",
            "",
            "| | |",
            "|---|---|",
            f"| peak resident memory | {rss_mib:.0f} MiB |",
            f"| processor share of one core of this machine | {100 * share:.1f} % |",
            f"| import of the whole agent | {_import_s():.2f} s |",
            f"| one check of a view that has not moved, against ORB | {_orb_ratio():.2f} |",
            "",
        ]
    )
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "agent.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
