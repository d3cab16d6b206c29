"""The ground: asphalt, markings, kerbs, paving, covers, as two textures, near and far.

Rule: draws a strip of the street from above; x across it and z along it, in metres. Where things
lie is said once, in `Layout`, and drawn at whatever scale is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from viewkeeper.sim.scene.texture import Texture, fractal_noise, from_picture


@dataclass(frozen=True, slots=True)
class Layout:
    """Lines along the street, metres right of the camera, and where it is crossed, metres ahead."""

    left_houses: float = -4.2
    left_kerb: float = 0.6
    right_kerb: float = 9.0
    right_houses: float = 13.6
    crossing_near: float = 25.0
    crossing_far: float = 33.0
    zebra: float = 20.2

    @property
    def centre(self) -> float:
        """Middle of the carriageway."""
        return (self.left_kerb + self.right_kerb) / 2


def draw_ground(
    rng: np.random.Generator,
    layout: Layout,
    x_range: tuple[float, float],
    z_range: tuple[float, float],
    px_per_m: int,
) -> Texture:
    """The strip seen from above: texture width along x, its upper edge the far end."""
    w = round((x_range[1] - x_range[0]) * px_per_m)
    h = round((z_range[1] - z_range[0]) * px_per_m)
    plan = _Plan(rng, layout, x_range[0], z_range[1], px_per_m, w, h)
    plan.asphalt()
    plan.markings()
    plan.pavement(x_range[0], layout.left_kerb, z_range)
    plan.pavement(layout.right_kerb, x_range[1], z_range)
    plan.side_street(x_range[1])
    plan.covers(z_range)
    blotch = fractal_noise(rng, (w, h), 2.6 * px_per_m, 6) * np.float32(0.11)
    fine = rng.standard_normal((h, w), dtype=np.float32) * np.float32(0.07)
    shade = np.clip(1 + blotch + fine, 0.35, 1.5) * plan.wheel_tracks()
    return from_picture(plan.picture, None, shade)


class _Plan:
    """The drawing in progress."""

    def __init__(
        self,
        rng: np.random.Generator,
        layout: Layout,
        x0: float,
        z1: float,
        px: int,
        w: int,
        h: int,
    ) -> None:
        self.rng, self.layout = rng, layout
        self.x0, self.z1, self.px, self.w, self.h = x0, z1, px, w, h
        self.picture = PillowImage.new("RGB", (w, h), (92, 92, 94))
        self.draw = ImageDraw.Draw(self.picture)

    def at(self, x: float, z: float) -> tuple[float, float]:
        return (x - self.x0) * self.px, (self.z1 - z) * self.px

    def box(self, x0: float, z0: float, x1: float, z1: float, fill: tuple[int, int, int]) -> None:
        (left, bottom), (right, top) = self.at(x0, z0), self.at(x1, z1)
        if right > left and bottom > top:
            self.draw.rectangle([left, top, right, bottom], fill=fill)

    def asphalt(self) -> None:
        """Patches of later repairs and tarred cracks."""
        rng, lay = self.rng, self.layout
        for _ in range(60):
            x, z = rng.uniform(lay.left_kerb, lay.right_kerb - 1), rng.uniform(-60, 100)
            tone = int(rng.integers(70, 108))
            self.box(
                x, z, x + rng.uniform(0.6, 2.4), z + rng.uniform(0.8, 5), (tone, tone, tone + 2)
            )
        for _ in range(70):
            x, z = rng.uniform(lay.left_kerb, lay.right_kerb), rng.uniform(-50, 95)
            points = [self.at(x, z)]
            for _ in range(9):
                x, z = x + rng.normal(0, 0.35), z + rng.normal(0.25, 0.35)
                points.append(self.at(x, z))
            self.draw.line(points, fill=(54, 54, 56), width=max(1, self.px // 20))

    def markings(self) -> None:
        """Lane lines, bays, zebra, stop line, arrows; worn by the shade that follows."""
        lay, white, yellow = self.layout, (206, 206, 198), (206, 164, 52)
        for z in np.arange(-60, 110, 6.0):
            if not lay.zebra - 7 < z < lay.crossing_far:
                self.box(lay.centre - 0.07, z, lay.centre + 0.07, z + 3.0, white)
        for offset in (-0.16, 0.06):
            self.box(
                lay.centre + offset,
                lay.zebra - 14,
                lay.centre + offset + 0.1,
                lay.zebra - 1.8,
                yellow,
            )
        for edge in (lay.left_kerb + 2.15, lay.right_kerb - 2.15):
            for z0, z1 in ((-60.0, lay.zebra - 3), (lay.crossing_far + 3, 110.0)):
                self.box(edge - 0.05, z0, edge + 0.05, z1, white)
                for z in np.arange(z0, z1, 5.6):
                    side = lay.left_kerb if edge < lay.centre else lay.right_kerb
                    self.box(min(edge, side), z, max(edge, side), z + 0.1, white)
        for x in np.arange(lay.left_kerb + 0.5, lay.right_kerb - 0.3, 0.95):
            self.box(x, lay.zebra, x + 0.48, lay.zebra + 3.2, white)
        self.box(lay.left_kerb + 2.2, lay.zebra - 1.5, lay.centre - 0.2, lay.zebra - 1.1, white)
        for z in (9.0, 14.0, 46.0, 62.0):
            x = (lay.left_kerb + 2.15 + lay.centre) / 2
            self.box(x - 0.09, z, x + 0.09, z + 2.4, white)
            tip = [self.at(x - 0.42, z + 2.1), self.at(x + 0.42, z + 2.1), self.at(x, z + 3.3)]
            self.draw.polygon(tip, fill=white)

    def pavement(self, x0: float, x1: float, z_range: tuple[float, float]) -> None:
        """Slabs of uneven tone, a strip for white canes, a kerb of stones."""
        rng, lay = self.rng, self.layout
        right = x0 >= lay.right_kerb
        slab = 0.5
        base = (168, 160, 148) if right else (158, 154, 148)
        for z in np.arange(z_range[0], z_range[1], slab):
            if right and lay.crossing_near < z < lay.crossing_far:
                continue
            for x in np.arange(x0, x1, slab):
                tone = float(rng.normal(1.0, 0.065))
                red = 0.86 if rng.random() < 0.12 else 1.0
                colour = (int(base[0] * tone), int(base[1] * tone * red), int(base[2] * tone * red))
                joint = 0.035
                self.box(x, z, x + slab, z + slab, (104, 100, 94))
                self.box(x + joint, z + joint, x + slab, z + slab, colour)
        middle = (x0 + x1) / 2 + (0.3 if right else -0.2)
        for z in np.arange(z_range[0], z_range[1], 0.4):
            if right and lay.crossing_near < z < lay.crossing_far:
                continue
            tone = float(rng.normal(1.0, 0.05))
            self.box(
                middle,
                z + 0.03,
                middle + 0.4,
                z + 0.4,
                (int(198 * tone), int(152 * tone), int(62 * tone)),
            )
            for stripe in (0.08, 0.2, 0.32):
                self.box(
                    middle + stripe - 0.02,
                    z + 0.06,
                    middle + stripe + 0.02,
                    z + 0.36,
                    (222, 182, 92),
                )
        kerb = x0 if right else x1 - 0.3
        for z in np.arange(z_range[0], z_range[1], 1.0):
            if right and lay.crossing_near < z < lay.crossing_far:
                continue
            tone = int(rng.normal(176, 8))
            self.box(kerb, z + 0.03, kerb + 0.3, z + 1.0, (tone, tone, tone - 4))
        gutter = x0 - 0.16 if right else x1
        self.box(gutter, z_range[0], gutter + 0.16, z_range[1], (52, 51, 50))

    def side_street(self, x1: float) -> None:
        """The mouth of the side street, with its own zebra."""
        lay = self.layout
        self.box(
            lay.right_kerb - 0.2, lay.crossing_near + 0.4, x1, lay.crossing_far - 0.4, (88, 88, 90)
        )
        for z in np.arange(lay.crossing_near + 0.8, lay.crossing_far - 0.8, 0.95):
            self.box(lay.right_kerb + 0.8, z, lay.right_kerb + 3.4, z + 0.48, (200, 200, 194))

    def covers(self, z_range: tuple[float, float]) -> None:
        """Manholes and gratings."""
        rng, lay = self.rng, self.layout
        for z in np.arange(z_range[0] + 2, z_range[1], 7.5):
            x, z = rng.uniform(lay.left_kerb + 2.6, lay.right_kerb - 2.6), z + rng.uniform(-2, 2)
            r = 0.38
            (left, top), (right, bottom) = self.at(x - r, z + r), self.at(x + r, z - r)
            self.draw.ellipse(
                [left, top, right, bottom],
                fill=(58, 56, 54),
                outline=(120, 118, 112),
                width=max(1, self.px // 16),
            )
            for k in (-0.18, 0.0, 0.18):
                self.box(x - 0.24, z + k - 0.03, x + 0.24, z + k + 0.03, (92, 90, 86))
            self.box(lay.left_kerb + 0.02, z, lay.left_kerb + 0.4, z + 0.6, (40, 40, 42))

    def wheel_tracks(self) -> np.ndarray:
        """Slightly polished lanes, darker in their middles; factor (1, w)."""
        lay = self.layout
        x = np.arange(self.w) / self.px + self.x0
        on_road = (x > lay.left_kerb) & (x < lay.right_kerb)
        track = 1 + 0.08 * np.cos((x - lay.centre) * 2 * np.pi / 1.85)
        return np.where(on_road, track, 1.0)[None, :].astype(np.float32)
