"""An empty street that is never still, drawn fast enough for whole days of five frames a second.

What changes slowly (light, fog, the sun's shadow, drops on the glass) is rendered by the virtual
camera every few seconds; what changes from frame to frame is laid over it in grey linear light:
sway, waving leaves, clouds that pass, headlights that sweep, rain, noise, JPEG.
"""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image as PillowImage

from viewkeeper.sim.camera import atmosphere, light
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.panorama import Panorama
from viewkeeper.sim.camera.virtual import VirtualCamera
from viewkeeper.sim.weather import Weather

RENEWED_S = 10.0
SIZE = (320, 240)
MARGIN = 4
TREES = 3
_FULL_WELL, _NIGHT_GAIN, _NIGHT_READ = 6000.0, 16.0, 0.008
"""Of `sim.camera.sensor`."""


class Restless:
    """Frames of one hour of a year before one camera; ``t_s`` must not run backwards.

    Args:
        panorama: the street.
        hour: of the year, where ``t_s`` is zero.
        seed: of the year and of all that is random.
    """

    def __init__(self, panorama: Panorama, hour: float, seed: int) -> None:
        self._camera = VirtualCamera(panorama, size=SIZE, seed=seed)
        self._weather, self._hour = Weather(seed), hour
        self._dice = np.random.default_rng((seed, round(hour * 60), 7))
        dice = self._dice
        width, height = SIZE
        self._noises = dice.standard_normal((8, height, width), dtype=np.float32)
        self._streaks: tuple[float, np.ndarray] = (-1.0, np.zeros(0))
        coarse = dice.standard_normal((12, 80))
        sky = PillowImage.fromarray(coarse.astype(np.float32)).resize(
            (80 * 40, height), PillowImage.Resampling.BICUBIC
        )
        self._clouds = 1 / (1 + np.exp(-3 * np.asarray(sky, np.float32)))
        self._cloud_speed = float(dice.uniform(6, 40))
        self._lamps: list[tuple[float, float, float, float, float, float]] = []
        self._next_lamp_s = float(dice.exponential(45))
        self._switch = (0.0, 0.0)
        self._renewed_s = -math.inf
        self._trees: list[tuple[int, int, float]] = []
        self.conditions = Conditions()

    def luma(self, t_s: float) -> np.ndarray:
        """uint8 (240, 320)."""
        if t_s - self._renewed_s >= RENEWED_S:
            self._renew(t_s)
        picture = self._swayed(t_s)
        night = self.conditions.night
        picture = self._lit_by_lamps(picture, t_s) if night > 0.4 else self._clouded(picture, t_s)
        if self.conditions.rain > 0:
            picture = self._rained(picture)
        shot = np.float32((1 + (_NIGHT_GAIN - 1) * night) / _FULL_WELL)
        read = np.float32(math.hypot(self.conditions.noise, _NIGHT_READ * night))
        deviation = np.minimum(picture, np.float32(1))
        deviation *= shot
        deviation += read * read
        np.sqrt(deviation, out=deviation)
        deviation *= self._noise() * np.float32(1.0 if night >= 1 else 0.75)
        picture = picture + deviation
        codes = light.quantise(light.to_codes(picture * np.float32(2**self.conditions.exposure_ev)))
        with io.BytesIO() as buffer:
            PillowImage.fromarray(codes).save(buffer, "JPEG", quality=self.conditions.jpeg_quality)
            buffer.seek(0)
            return np.array(PillowImage.open(buffer, formats=("JPEG",)))

    def _renew(self, t_s: float) -> None:
        """The slow part anew; the infrared lamp is a switch, and flutters at twilight."""
        sky = self._weather.at(self._hour + t_s / 3600)
        dark = sky.night >= 0.5
        if 0.3 < sky.night < 0.7 and t_s > self._switch[1]:
            begins = t_s + float(self._dice.exponential(600))
            self._switch = (begins, begins + float(self._dice.uniform(10, 60)))
        if self._switch[0] <= t_s < self._switch[1]:
            dark = not dark
        now = sky.but(
            night=1.0 if dark else min(sky.night, 0.6), people=0, occluder=0.0, warmth=0.0
        )
        camera = self._camera
        camera.conditions = now
        hidden = np.zeros((SIZE[1], SIZE[0]), np.bool_)
        linear = camera._light(camera.pose, t_s, hidden)
        linear = atmosphere.wet_glass(linear, now, camera.seed)
        self._base = np.pad(light.luminance(linear), MARGIN, mode="edge")
        if not self._trees:
            self._trees = self._leafy()
        if now.rain > 0 and abs(now.rain - self._streaks[0]) > 0.05:
            flat = np.full((SIZE[1], SIZE[0], 1), 0.5, np.float32)
            self._streaks = (
                now.rain,
                np.stack([
                    atmosphere.add_rain(flat, now, self._dice)[..., 0] - 0.5 for _ in range(12)
                ]) / np.float32(0.5 * 0.38),
            )  # fmt: skip
        self.conditions, self._renewed_s = now, t_s

    def _leafy(self) -> list[tuple[int, int, float]]:
        """The most finely textured places in the upper half: (row, column, phase)."""
        found = []
        for row in range(MARGIN, 110, 48):
            for column in range(MARGIN + 4, SIZE[0] - 52, 48):
                piece = self._base[row : row + 48, column : column + 48]
                found.append((float(np.abs(np.diff(piece, axis=1)).mean()), row, column))
        best = sorted(found, reverse=True)[:TREES]
        return [(row, column, 1.7 * i) for i, (_, row, column) in enumerate(best)]

    def _swayed(self, t_s: float) -> np.ndarray:
        base = self._base
        wind = 0.6 + 8 * self.conditions.sway_deg
        for row, column, phase in self._trees:
            rows, columns = np.arange(48)[:, None], np.arange(48)[None, :]
            window = np.sin(np.pi * rows / 47) * np.sin(np.pi * columns / 47)
            gust = wind * (1 + math.sin(0.21 * t_s + phase))
            shift = gust * window * np.sin(2.9 * t_s + phase + rows / 9)
            left = np.floor(shift).astype(np.intp)
            share = (shift - left).astype(np.float32)
            piece = self._base[row : row + 48, column - 4 : column + 53]
            at = np.clip(columns + left + 4, 0, 55)
            if base is self._base:
                base = base.copy()
            base[row : row + 48, column : column + 48] = (
                np.take_along_axis(piece, at, 1) * (1 - share)
                + np.take_along_axis(piece, at + 1, 1) * share
            )
        pan, tilt, _ = self._camera._sway(t_s)
        focal = SIZE[0] / 2 / math.tan(math.radians(self._camera.lens.hfov_deg / 2))
        dx, dy = (
            max(-3.0, min(2.9, math.radians(a) * focal * sign))
            for a, sign in ((pan, 1), (tilt, -1))
        )
        x, y = math.floor(dx), math.floor(dy)
        fx, fy = np.float32(dx - x), np.float32(dy - y)
        cut = base[MARGIN + y : MARGIN + y + SIZE[1] + 1, MARGIN + x : MARGIN + x + SIZE[0] + 1]
        if fx or fy:
            cut = cut[:-1] + (cut[1:] - cut[:-1]) * fy
            return cut[:, :-1] + (cut[:, 1:] - cut[:, :-1]) * fx
        return cut[:-1, :-1]

    def _clouded(self, picture: np.ndarray, t_s: float) -> np.ndarray:
        """Soft shadows that drift; a cloud's edge is metres wide."""
        at = int(self._cloud_speed * t_s) % (self._clouds.shape[1] - SIZE[0])
        clear = self.conditions.shadow / 0.82
        return picture * (1 - np.float32(0.5 * clear) * self._clouds[:, at : at + SIZE[0]])

    def _lit_by_lamps(self, picture: np.ndarray, t_s: float) -> np.ndarray:
        """Headlights of cars out of the picture sweep over road and walls."""
        dice = self._dice
        if t_s >= self._next_lamp_s:
            self._next_lamp_s = t_s + float(dice.exponential(45))
            side = 1.0 if dice.random() < 0.5 else -1.0
            self._lamps.append(
                (
                    t_s, side, float(dice.uniform(60, 200)), float(dice.uniform(100, 230)),
                    float(dice.uniform(25, 70)), float(dice.uniform(1.5, 6)),
                )
            )  # fmt: skip
        kept = []
        for lamp in self._lamps:
            begun_s, side, speed, row, radius, strength = lamp
            way = speed * (t_s - begun_s) - 2 * radius
            if way > SIZE[0] + 4 * radius:
                continue
            kept.append(lamp)
            middle = way if side > 0 else SIZE[0] - way
            across = np.exp(-(((np.arange(SIZE[0]) - middle) / radius) ** 2))
            down = np.exp(-(((np.arange(SIZE[1]) - row) / (0.6 * radius)) ** 2))
            spot = (down[:, None] * across[None, :]).astype(np.float32)
            picture = picture * (1 + np.float32(strength) * spot) + np.float32(0.01) * spot
        self._lamps = kept
        return picture

    def _rained(self, picture: np.ndarray) -> np.ndarray:
        """As `atmosphere.add_rain`, its layers drawn once and shifted about."""
        layers = self._streaks[1]
        streaks = layers[int(self._dice.integers(len(layers)))]
        streaks = np.roll(streaks, int(self._dice.integers(SIZE[0])), 1)
        bright = np.float32(max(float(picture[::4, ::4].mean()), 0.02) * 1.5)
        return picture + (bright - picture * np.float32(0.5)) * streaks * np.float32(0.38)

    def _noise(self) -> np.ndarray:
        field = self._noises[int(self._dice.integers(8))]
        x, y = int(self._dice.integers(SIZE[0])), int(self._dice.integers(SIZE[1]))
        return np.roll(field, (y, x), (0, 1))
