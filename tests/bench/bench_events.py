"""Events against OpenCV's MOG2 with connectedComponents: time a frame, same frames, one thread.

Also counts flags of the first rules on scenes with truth. Writes docs/benchmarks/events.md.
"""

from __future__ import annotations

import platform
import time
from pathlib import Path

import cv2
import numpy as np

from tests.unit.core.events.test_zones import ACROSS, LENS, RATE_HZ, WHOLE, Staged
from viewkeeper.agent.core.events.zones import Line, ZonesState, step
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.protocol.vocabulary import ViewVerdict
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.panorama import street_scene

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks" / "events.md"
WEATHER = {
    "day": Conditions(),
    "night": Conditions(night=1.0),
    "fog": Conditions(fog=0.3),
    "rain": Conditions(rain=0.6),
    "compressed": Conditions(jpeg_quality=25),
    "wind": Conditions(sway_deg=0.1),
}
WAYS = {
    "to the right": (ACROSS, "backward"),
    "to the left": (ACROSS[2:] + ACROSS[:2], "forward"),
    "far": ((0.0, 18.0, 11.0, 18.0), "backward"),
    "nobody": (None, None),
}
LINE = Line("line", (0.5, 0.2), (0.5, 1.0))


def main() -> None:
    """Measure and write."""
    cv2.setNumThreads(1)
    ours: list[float] = []
    theirs: list[float] = []
    rows = []
    hits = misses = false = 0
    for name, conditions in WEATHER.items():
        found = [0, 0, 0]
        for seed in (1, 2):
            for way, direction in WAYS.values():
                camera = Staged(street_scene(1, 2048), size=(320, 240), seed=seed)
                camera.way, camera.conditions = way, conditions
                state, flags = ZonesState(), []
                peer = cv2.createBackgroundSubtractorMOG2()
                for k in range(15 * RATE_HZ):
                    frame, truth = camera.frame(k / RATE_HZ)
                    move = truth.move
                    start = time.perf_counter()
                    state, now = step(
                        state,
                        (LINE, WHOLE),
                        frame.luma,
                        LENS,
                        verdict=ViewVerdict.SAME,
                        move=Move(move.pan_deg, move.tilt_deg, move.roll_deg, move.zoom),
                        at_s=k / RATE_HZ,
                    )
                    middle = time.perf_counter()
                    mask = peer.apply(frame.luma)
                    cv2.connectedComponentsWithStats((mask == 255).astype(np.uint8))
                    theirs.append(time.perf_counter() - middle)
                    ours.append(middle - start)
                    flags += now
                expected = set()
                if way is not None:
                    expected = {("line_crossed", direction), ("intrusion", None)}
                said = [(flag.what, flag.direction) for flag in flags]
                right = len(expected & set(said))
                found[0] += right
                found[1] += len(expected) - right
                found[2] += len(said) - right  # a second flag for one deed is false too
        rows.append(f"| {name} | {found[0]} | {found[1]} | {found[2]} | {_f1(*found):.2f} |")
        hits, misses, false = hits + found[0], misses + found[1], false + found[2]
    own_ms, peer_ms = (1000 * float(np.median(times)) for times in (ours, theirs))
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(
        "# Events: measured\n\n"
        "Written by `python -m tests.bench.bench_events`; no number is typed by hand. "
        f"{platform.machine()}, one thread, {len(ours)} frames of 320 × 240 at {RATE_HZ} a "
        "second from the simulated street; one walker or nobody, one line and one zone; the "
        "camera's true move is given. A second flag for one deed counts as false.\n\n"
        "| conditions | right | missed | false | F1 |\n|---|---|---|---|---|\n"
        + "\n".join(rows)
        + f"\n| all | {hits} | {misses} | {false} | {_f1(hits, misses, false):.2f} |\n\n"
        "| | median ms a frame | 99th percentile |\n|---|---|---|\n"
        f"| foreground, blobs, tracks, zones (numpy) | {own_ms:.2f} | "
        f"{1000 * np.percentile(ours, 99):.2f} |\n"
        f"| OpenCV MOG2 + connectedComponents | {peer_ms:.2f} | "
        f"{1000 * np.percentile(theirs, 99):.2f} |\n| ratio | {own_ms / peer_ms:.2f} | |\n",
        encoding="utf-8",
    )
    print(PAGE.read_text(encoding="utf-8"))


def _f1(right: int, missed: int, false: int) -> float:
    return 2 * right / max(1, 2 * right + missed + false)


if __name__ == "__main__":
    main()
