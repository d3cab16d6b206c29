"""One check of a view that has not moved, against one ORB detection and match: processor time.

    python -m tests.bench.orb_ratio

On the same frames, in the same process; `make bench-arm` runs it on an emulated ARM.
"""

from __future__ import annotations

import time

import cv2
import numpy as np

from tests.bench import peers
from tests.bench.view_pairs import LENS
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.estimate import estimate
from viewkeeper.agent.core.view.geometry import Lens
from viewkeeper.agent.core.view.registered import register
from viewkeeper.sim.camera.panorama import street_scene
from viewkeeper.sim.camera.virtual import VirtualCamera

ROUNDS = 8


def orb_ratio() -> float:
    """Median of ours by median of theirs."""
    cv2.setNumThreads(1)
    camera = VirtualCamera(street_scene(1), size=(640, 480), seed=4)
    frames: list[Frame] = [camera.frame(float(t))[0] for t in range(6)]
    view, orb = register(frames[:3], Lens(LENS.hfov_deg)), peers.orb()
    prepared = orb.prepare(frames[0].luma)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        for frame in frames[3:]:
            started = time.process_time()
            estimate(view, frame)
            ours.append(time.process_time() - started)
            started = time.process_time()
            orb.measure(prepared, frame.luma, LENS)
            theirs.append(time.process_time() - started)
    return float(np.median(ours) / np.median(theirs))


if __name__ == "__main__":
    print(f"{orb_ratio():.2f}")
