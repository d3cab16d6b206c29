"""Pairs of pictures with exact truth: a virtual camera over panoramas of real places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.geometry import Lens, Move
from viewkeeper.sim.camera import nuisances
from viewkeeper.sim.camera.panorama import Panorama, load_panorama, street_scene
from viewkeeper.sim.camera.pose import Pose
from viewkeeper.sim.camera.virtual import VirtualCamera

LENS = Lens(60.0)
SIZES = ((640, 480), (320, 240))
"""What cameras give, and as fine as a panorama of 1024 pixels around really is: the larger
frames are smoother than a real camera's, which the peers' small corners feel."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A registered frame, a present one, and how the camera moved in between."""

    place: str
    nuisance: str
    registered: Frame
    present: Frame
    truth: Move


def places(folder: Path | None) -> list[Panorama]:
    """Panoramas of a folder; the drawn street where there is none."""
    files = [] if folder is None else sorted(folder.glob("*.hdr"))
    return [load_panorama(file) for file in files] or [street_scene(1)]


def pairs(
    panoramas: list[Panorama], per_nuisance: int, seed: int, size: tuple[int, int]
) -> Iterator[Pair]:
    """Random moves: ±15° pan and tilt, ±8° roll, zoom 0.8 to 1.25, each with a nuisance."""
    for number, name in enumerate(nuisances.NAMES):
        for index in range(per_nuisance):
            rng = np.random.default_rng((seed, number, index))
            panorama = panoramas[index % len(panoramas)]
            home = Pose(float(rng.uniform(0, 360)), float(rng.uniform(-8, 8)))
            camera = VirtualCamera(panorama, home, LENS, size, seed=index)
            first, _ = camera.frame(0.0)
            pan, tilt = rng.uniform(-15, 15, 2)
            roll, zoom = rng.uniform(-8, 8), np.exp(rng.uniform(np.log(0.8), np.log(1.25)))
            camera.pose = home.moved(float(pan), float(tilt), float(roll), float(zoom))
            camera.conditions = nuisances.draw(name, rng)
            second, truth = camera.frame(1.0)
            move = truth.move
            yield Pair(
                panorama.name,
                name,
                first,
                second,
                Move(move.pan_deg, move.tilt_deg, move.roll_deg, move.zoom),
            )
