"""Pairs of pictures with exact truth: a virtual camera over panoramas of real places."""

from __future__ import annotations

from collections.abc import Collection, Iterator
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


_SUFFIXES = {".hdr", ".jpg", ".jpeg", ".png"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A registered frame, a present one, how the camera moved in between, and its lens."""

    place: str
    nuisance: str
    registered: Frame
    present: Frame
    truth: Move
    lens: Lens = LENS


DEVELOPMENT = frozenset(
    {
        "adams_place_bridge_1k",
        "chinese_garden_1k",
        "kiara_1_dawn_1k",
        "modern_buildings_2_1k",
        "rooitou_park_1k",
        "vestibule_1k",
    }
)
"""Panoramas on which constants may be set; every figure that is published is from the others."""


def places(folder: Path | None, *, development: bool = False) -> list[Panorama]:
    """Panoramas of a folder that are held out; the drawn street where there is none."""
    files: list[Path] = []
    if folder is not None:
        files = sorted(f for f in folder.iterdir() if f.suffix.lower() in _SUFFIXES)
        files = [f for f in files if (f.stem in DEVELOPMENT) == development]
    return [load_panorama(file) for file in files] or [street_scene(1)]


def still_and_moved(
    panoramas: list[Panorama], count: int, seed: int, size: tuple[int, int]
) -> Iterator[tuple[float, Pair]]:
    """(size of the move in degrees, pair): twice as many unmoved ones as ones moved by 1° and
    0.5° each, in a random direction, every one under a nuisance in turn."""
    for index in range(count):
        rng = np.random.default_rng((seed, 99, index))
        panorama = panoramas[index % len(panoramas)]
        name = nuisances.NAMES[index // len(panoramas) % len(nuisances.NAMES)]
        home = Pose(float(rng.uniform(0, 360)), float(rng.uniform(-8, 8)))
        camera = VirtualCamera(panorama, home, LENS, size, seed=index)
        first, _ = camera.frame(0.0)
        for turn, size_deg in enumerate((0.0, 0.0, 1.0, 0.5)):
            way = rng.uniform(0.0, 2.0 * np.pi)
            pan, tilt = size_deg * np.cos(way), size_deg * np.sin(way)
            camera.pose = home.moved(float(pan), float(tilt), 0.0, 1.0)
            camera.conditions = nuisances.draw(name, rng)
            second, _ = camera.frame(1.0 + turn)
            yield size_deg, Pair(panorama.name, name, first, second, Move(float(pan), float(tilt)))


def pairs(
    panoramas: list[Panorama],
    per_nuisance: int,
    seed: int,
    size: tuple[int, int],
    names: Collection[str] = nuisances.NAMES,
) -> Iterator[Pair]:
    """Random moves: ±15° pan and tilt, ±8° roll, zoom 0.8 to 1.25, each with a nuisance of
    ``names``; leaving some out does not change the others."""
    for number, name in enumerate(nuisances.NAMES):
        if name not in names:
            continue
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


class Panoramas:
    """A virtual camera over panoramas that no constant was set on.

    Args:
        folder: of panoramas; ``None``: the drawn street.
    """

    sizes = SIZES

    def __init__(self, folder: Path | None) -> None:
        self._panoramas = places(folder)
        seen = "the drawn street" if folder is None else "panoramas of real places, held out"
        self.told = (
            "Random moves (±15° pan and tilt, ±8° roll, zoom 0.8–1.25) of a camera "
            f"{LENS.hfov_deg:.0f}° across, {seen}. The panoramas have 2.8 pixels a degree, so the "
            "frames are smoother than a real camera's; that costs corner detectors more than it "
            "costs us."
        )

    def pairs(self, each: int, seed: int, size: tuple[int, int]) -> Iterator[Pair]:
        """``each`` random moves under every nuisance."""
        return pairs(self._panoramas, each, seed, size)

    def small(self, count: int, seed: int, size: tuple[int, int]) -> Iterator[tuple[float, Pair]]:
        """Per count two unmoved frames and one turned by 1° and by 0.5° each."""
        return still_and_moved(self._panoramas, count, seed, size)
