"""Pairs from a fixed camera's frames at different hours: virtual views cut out of them.

A virtual camera stands in the real one's centre and looks through its picture. A cut at rotation
R and zoom z is the homography K_s R K_v⁻¹, so the move between two cuts is R₁ᵀ R₂ and z₂ / z₁
exactly, whatever hour the pictures are of and whatever the real field of view is: K_s falls out.
The hours' light, weather, people and vehicles are the nuisances, and they are real.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.bench.view_pairs import SIZES, Pair
from viewkeeper.agent.checking import frames_of
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.geometry import Camera, Lens, Move
from viewkeeper.protocol.errors import Reason, SetupError

SOURCE = Lens(60.0)
"""Taken for the real camera's; another one would give other angles and the same pictures."""
CUT = Lens(30.0)
MOST_TURN_DEG = 7.5
"""As large a part of the cut as 15° is of a view 60° across."""
_HOME_DEG = (15.0, 12.0)
_LEAST_DETAIL = 0.8
"""Pixels of the picture in one of a cut, linear: below it the cut is an enlargement."""
_NIGHT = 0.6
"""Median grey level against the registered picture's from which it is day and night."""
_PICTURES = {".jpg", ".jpeg", ".png"}


def is_fixed_camera(folder: Path) -> bool:
    """Whether a folder holds a fixed camera's frames: pictures, and none of them a panorama.

    Raises:
        SetupError: no such folder, or nothing in it.
    """
    if not folder.is_dir():
        raise SetupError(Reason.FILE_MISSING, f"{folder}: no such folder")
    files = [f for f in sorted(folder.iterdir()) if f.suffix.lower() in _PICTURES | {".hdr"}]
    if not files:
        raise SetupError(Reason.FILE_MISSING, f"{folder} holds no picture (.hdr, .jpg, .png)")
    if any(f.suffix.lower() == ".hdr" for f in files):
        return False
    height, width = next(frames_of(files[0])).luma.shape
    return width != 2 * height


class FixedCamera:
    """Virtual views of a folder of frames that one unmoved camera took at different hours.

    Raises:
        SetupError: frames of several sizes, too few or too small.
    """

    def __init__(self, folder: Path) -> None:
        self._lumas = [frame.luma for frame in frames_of(folder)]
        shapes = {luma.shape for luma in self._lumas}
        if len(shapes) != 1:
            told = ", ".join(f"{w}×{h}" for h, w in sorted(shapes))
            raise SetupError(
                Reason.SETTING, f"{folder} holds frames of several sizes: {told}; keep one"
            )
        if len(self._lumas) < 2:
            raise SetupError(Reason.SETTING, f"{folder} holds one frame; give two hours or more")
        self._height, self._width = self._lumas[0].shape
        self._name = folder.name
        self.sizes = tuple(size for size in SIZES if self._detail(size) >= _LEAST_DETAIL)
        if not self.sizes:
            raise SetupError(
                Reason.SETTING,
                f"{folder}: frames of {self._width}×{self._height} are too small to cut views of "
                f"{SIZES[-1][0]}×{SIZES[-1][1]} from; give 640×480 or more",
            )
        self._levels = [float(np.median(luma)) + 1.0 for luma in self._lumas]
        self.told = (
            f"Virtual views, {CUT.hfov_deg:.0f}° across, cut out of {len(self._lumas)} frames "
            f"({self._width}×{self._height}) of one fixed camera at different hours, taken as "
            f"{SOURCE.hfov_deg:.0f}° across; random moves (±{MOST_TURN_DEG}° pan and tilt, ±8° "
            "roll, zoom 0.8–1.25) of which both views lie within the frames. *Day and night*: one "
            f"frame's median grey level is below {_NIGHT} of the other's."
        )

    def pairs(self, each: int, seed: int, size: tuple[int, int]) -> Iterator[Pair]:
        """``each`` random moves at the same hour, at another, and between day and night."""
        for number, (label, chosen) in enumerate(self._hours()):
            for index in range(each if chosen else 0):
                rng = np.random.default_rng((seed, number, index))
                before, after = chosen[int(rng.integers(len(chosen)))]
                yield self._pair(label, before, after, size, rng)

    def small(self, count: int, seed: int, size: tuple[int, int]) -> Iterator[tuple[float, Pair]]:
        """Per count two unmoved views at other hours and one turned by 1° and by 0.5° each."""
        others = [pair for _, chosen in self._hours()[1:] for pair in chosen]
        for index in range(count):
            rng = np.random.default_rng((seed, 99, index))
            for turn_deg in (0.0, 0.0, 1.0, 0.5):
                before, after = others[int(rng.integers(len(others)))]
                yield turn_deg, self._pair("another hour", before, after, size, rng, turn_deg)

    def _hours(self) -> list[tuple[str, list[tuple[int, int]]]]:
        """Pairs of frames by what lies between them."""
        every = range(len(self._lumas))
        others = [(a, b) for a in every for b in every if a != b]
        night = [
            (a, b)
            for a, b in others
            if min(self._levels[a], self._levels[b])
            < _NIGHT * max(self._levels[a], self._levels[b])
        ]
        same = [(a, a) for a in every]
        alike = [pair for pair in others if pair not in set(night)]
        return [("same hour", same), ("another hour", alike), ("day and night", night)]

    def _pair(
        self,
        label: str,
        before: int,
        after: int,
        size: tuple[int, int],
        rng: np.random.Generator,
        turn_deg: float | None = None,
    ) -> Pair:
        while True:
            home = Move(float(rng.uniform(-1, 1)) * _HOME_DEG[0],
                        float(rng.uniform(-1, 1)) * _HOME_DEG[1])  # fmt: skip
            if turn_deg is None:
                pan, tilt = rng.uniform(-MOST_TURN_DEG, MOST_TURN_DEG, 2)
                zoom = float(np.exp(rng.uniform(np.log(0.8), np.log(1.25))))
                move = Move(float(pan), float(tilt), float(rng.uniform(-8, 8)), zoom)
            else:
                way = float(rng.uniform(0.0, 2.0 * np.pi))
                move = Move(turn_deg * float(np.cos(way)), turn_deg * float(np.sin(way)))
            moved = home.compose(move)
            if self._inside(home, size) and self._inside(moved, size):
                break
        first, second = self._cut(before, home, size), self._cut(after, moved, size)
        return Pair(self._name, label, first, second, move, CUT)

    def _detail(self, size: tuple[int, int]) -> float:
        return SOURCE.focal_px(self._width) / CUT.focal_px(size[0])

    def _homography(self, pose: Move, size: tuple[int, int]) -> NDArray[np.float64]:
        """(3, 3): pixel of the cut to pixel of the frame."""

        def matrix(camera: Camera) -> NDArray[np.float64]:
            f = camera.focal_px
            return np.array([[f, 0.0, camera.cx], [0.0, f, camera.cy], [0.0, 0.0, 1.0]])

        source = Camera.of_picture(SOURCE, (self._width, self._height))
        cut = Camera.of_picture(CUT, size).zoomed(pose.zoom)
        return matrix(source) @ pose.rotation() @ np.linalg.inv(matrix(cut))

    def _inside(self, pose: Move, size: tuple[int, int]) -> bool:
        width, height = size
        corners = np.array([[0, width - 1, 0, width - 1], [0, 0, height - 1, height - 1], [1] * 4])
        x, y, depth = self._homography(pose, size) @ corners
        x, y = x / depth, y / depth
        within = (x >= 0) & (x <= self._width - 1) & (y >= 0) & (y <= self._height - 1)
        return bool((within & (depth > 0)).all())

    def _cut(self, index: int, pose: Move, size: tuple[int, int]) -> Frame:
        luma = self._lumas[index]
        reduction = self._detail(size) / pose.zoom
        if reduction > 1.2:  # no aliasing
            luma = cv2.GaussianBlur(luma, (0, 0), 0.5 * float(np.sqrt(reduction**2 - 1.0)))
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        cut = cv2.warpPerspective(luma, self._homography(pose, size), size, flags=flags)
        return Frame(np.ascontiguousarray(cut, dtype=np.uint8), 0.0)
