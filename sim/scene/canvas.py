"""A panorama one paints flat surfaces into, the farthest first.

Rule: knows rays, planes and textures, and nothing of streets. Painter's order is the caller's:
what is painted later hides what is there, softly at its edges.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viewkeeper.sim.camera.light import Image
from viewkeeper.sim.scene.texture import Texture

Vector = NDArray[np.float64]

SKY_M = 1000.0


class Canvas:
    """Four equirectangular layers of one world.

    Attributes:
        surfaces: reflectance, (H, W, 3).
        daylight: linear light by day, (H, W, 3).
        glow: what shines by itself at night, (H, W, 3).
        distance_m: metres, (H, W).
        rays: unit directions, (H, W, 3).
    """

    def __init__(self, width_px: int) -> None:
        self.width, self.height = width_px, width_px // 2
        shape = (self.height, self.width, 3)
        self.surfaces = np.zeros(shape, dtype=np.float32)
        self.daylight = np.zeros(shape, dtype=np.float32)
        self.glow = np.zeros(shape, dtype=np.float32)
        self.distance_m = np.full(shape[:2], SKY_M, dtype=np.float32)
        azimuth = (np.arange(self.width) + 0.5) / self.width * 2 * math.pi - math.pi
        elevation = math.pi / 2 - (np.arange(self.height) + 0.5) / self.height * math.pi
        self._sin_az, self._cos_az = np.sin(azimuth), np.cos(azimuth)
        self._sin_el, self._cos_el = np.sin(elevation), np.cos(elevation)
        self.pixel_rad = 2 * math.pi / self.width

    def rays(self, rows: slice, columns: NDArray[np.intp]) -> Image:
        """Unit directions (h, w, 3) of a block."""
        out = np.empty((rows.stop - rows.start, columns.size, 3), dtype=np.float32)
        cosine = self._cos_el[rows, None]
        out[..., 0] = self._sin_az[None, columns] * cosine
        out[..., 1] = -self._sin_el[rows, None]
        out[..., 2] = self._cos_az[None, columns] * cosine
        return out

    def paint(
        self,
        corner: Sequence[float] | Vector,
        along: Sequence[float] | Vector,
        down: Sequence[float] | Vector,
        texture: Texture,
        light: Sequence[float] | Image,
        *,
        soft: bool = True,
        shines: float = 0.0,
    ) -> None:
        """Paint a rectangle.

        Args:
            corner: upper left, metres in the world.
            along: from the corner along the texture's width (metres, so its length is the width).
            down: from the corner down the texture's height; at a right angle to ``along``.
            light: what falls on it by day: one linear colour, or (h, w, 3) spread over it.
            soft: fade over a pixel at the edges; off where two surfaces join.
            shines: share of its glow that is seen by day, too.
        """
        o, a, b = (np.asarray(v, dtype=np.float64) for v in (corner, along, down))
        normal = np.cross(a, b)
        normal /= np.linalg.norm(normal)
        offset = float(o @ normal)
        block = self._block(o, a, b)
        if abs(offset) < 1e-4 or block is None:
            return
        rows, columns = block
        rays = self.rays(rows, columns)
        facing = rays @ normal.astype(np.float32)
        facing = np.where(np.abs(facing) < 1e-6, np.float32(1e-6), facing)
        reach = np.float32(offset) / facing
        length_a, length_b = float(a @ a), float(b @ b)
        u = (rays @ (a / length_a).astype(np.float32)) * reach - np.float32(o @ a / length_a)
        v = (rays @ (b / length_b).astype(np.float32)) * reach - np.float32(o @ b / length_b)
        # one pixel's size on the surface, squeezed by slant (geometric mean of both ways)
        step_m = reach * np.float32(self.pixel_rad)
        slant = np.sqrt(np.minimum(np.abs(facing), 1))
        edge_u, edge_v = (step_m / np.float32(math.sqrt(n)) for n in (length_a, length_b))
        if soft:
            inside = (
                (reach > 0) & (u > -edge_u) & (u < 1 + edge_u) & (v > -edge_v) & (v < 1 + edge_v)
            )
        else:
            inside = (reach > 0) & (u >= 0) & (u <= 1) & (v >= 0) & (v <= 1)
        where = np.nonzero(inside)
        if where[0].size == 0:
            return
        u, v, reach = u[where], v[where], reach[where]
        texels_per_px = texture.size[0] / math.sqrt(length_a) * step_m[where] / slant[where]
        level = np.clip(np.log2(np.maximum(texels_per_px, 1e-3)) - 0.1, 0, len(texture.levels) - 1)
        colour = _sample(texture, u, v, np.rint(level).astype(np.int8))
        if soft:
            cover = np.clip(np.minimum(u, 1 - u) / edge_u[where] + 0.5, 0, 1)
            cover *= np.clip(np.minimum(v, 1 - v) / edge_v[where] + 0.5, 0, 1)
            colour *= cover[:, None]
        light = np.asarray(light, dtype=np.float32)
        falling = bilinear(light, u, v) if light.ndim == 3 else light
        self._lay(rows, columns, where, colour, falling, reach, shines)

    def _lay(
        self,
        rows: slice,
        columns: NDArray[np.intp],
        where: tuple[NDArray[np.intp], ...],
        colour: Image,
        falling: Image,
        reach: Image,
        shines: float,
    ) -> None:
        at = (where[0] + rows.start, columns[where[1]])
        flat = (at[0] * self.width + at[1]).astype(np.intp)
        by_day = colour[:, :3] * falling
        glows = colour.shape[1] > 4
        if shines and glows:
            by_day += colour[:, 4:] * np.float32(shines)
        opaque = bool((colour[:, 3] > 0.999).all())
        through = None if opaque else 1 - colour[:, 3:4]
        _over(self.surfaces, flat, through, colour[:, :3])
        _over(self.daylight, flat, through, by_day)
        _over(self.glow, flat, through, colour[:, 4:] if glows else None)
        if opaque:
            self.distance_m.reshape(-1)[flat] = reach
        else:
            solid = colour[:, 3] > 0.5
            self.distance_m.reshape(-1)[flat[solid]] = reach[solid]

    def veil(self, rows: slice, mask: Image, colour: tuple[float, float, float]) -> None:
        """Blend a dark thin thing (wires) over whole rows: ``mask`` (h, W) is its cover."""
        cover = mask[..., None]
        self.daylight[rows] *= 1 - cover
        self.daylight[rows] += cover * np.asarray(colour, dtype=np.float32)
        self.surfaces[rows] *= 1 - cover
        self.glow[rows] *= 1 - cover

    def columns_rows(self, points: Vector) -> Vector:
        """World points (..., 3) -> continuous (column, row), (..., 2)."""
        x, y, z = points[..., 0], points[..., 1], points[..., 2]
        column = (np.arctan2(x, z) / (2 * math.pi) + 0.5) * self.width - 0.5
        row = (0.5 + np.arctan2(y, np.hypot(x, z)) / math.pi) * self.height - 0.5
        return np.stack([column, row], axis=-1)

    def _block(self, o: Vector, a: Vector, b: Vector) -> tuple[slice, NDArray[np.intp]] | None:
        """Rows and columns that may show the rectangle."""
        steps = np.linspace(0, 1, 25)
        grid = o + steps[:, None, None] * a + steps[None, :, None] * b
        at = self.columns_rows(grid.reshape(-1, 3))
        middle = self.columns_rows((o + a / 2 + b / 2)[None])[0, 0]
        column = (at[:, 0] - middle + self.width / 2) % self.width - self.width / 2
        # the grid is coarse where a surface passes close by: leave a margin
        pad = 3 + 0.06 * float(column.max() - column.min())
        left, right = math.floor(column.min() - pad), math.ceil(column.max() + pad)
        if right - left >= self.width:
            left, right = -self.width // 2, self.width // 2 - 1
        columns = (np.arange(left, right + 1) + round(middle)) % self.width
        pad = 3 + 0.06 * float(at[:, 1].max() - at[:, 1].min())
        top = max(0, math.floor(at[:, 1].min() - pad))
        bottom = min(self.height, math.ceil(at[:, 1].max() + pad) + 1)
        return None if bottom <= top else (slice(top, bottom), columns)


def _over(
    layer: Image, flat: NDArray[np.intp], through: Image | None, colour: Image | None
) -> None:
    """Lay colours (N, 3) over a layer at flat indices; ``through``: what still shows, (N, 1)."""
    pixels = layer.reshape(-1, 3)
    if through is None:
        pixels[flat] = 0.0 if colour is None else colour
        return
    under = np.take(pixels, flat, axis=0)
    under *= through
    if colour is not None:
        under += colour
    pixels[flat] = under


def _sample(texture: Texture, u: Image, v: Image, level: NDArray[np.int8]) -> Image:
    """Bilinear (N, 4 or 7), each point on its own level of the pyramid."""
    channels = texture.levels[0].shape[2]
    out = np.empty((u.size, channels), dtype=np.float32)
    used = np.unique(level)
    for index in used:
        chosen = slice(None) if used.size == 1 else np.nonzero(level == index)[0]
        out[chosen] = bilinear(texture.levels[index], u[chosen], v[chosen])
    return out


def bilinear(pixels: Image, u: Image, v: Image) -> Image:
    """(h, w, c) at points (N,) of 0..1 -> (N, c); edges repeat."""
    height, width, channels = pixels.shape
    x = np.clip(u * np.float32(width) - np.float32(0.5), 0, width - 1)
    y = np.clip(v * np.float32(height) - np.float32(0.5), 0, height - 1)
    x0, y0 = x.astype(np.int32), y.astype(np.int32)
    fx = (x - x0).astype(np.float32)[:, None]
    fy = (y - y0).astype(np.float32)[:, None]
    flat = pixels.reshape(-1, channels)
    at = y0 * width + x0
    right = np.minimum(x0 + 1, width - 1) - x0
    below = np.where(y0 + 1 < height, width, 0).astype(np.int32)
    upper, upper_right = np.take(flat, at, axis=0), np.take(flat, at + right, axis=0)
    at += below
    lower, lower_right = np.take(flat, at, axis=0), np.take(flat, at + right, axis=0)
    upper_right -= upper
    upper_right *= fx
    upper += upper_right
    lower_right -= lower
    lower_right *= fx
    lower += lower_right
    lower -= upper
    lower *= fy
    lower += upper
    return lower
