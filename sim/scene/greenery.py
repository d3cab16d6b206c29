"""Trees, drawn as flat cut-outs that face the camera.

Rule: shape and colour only; height and place are the street's.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from viewkeeper.sim.scene.texture import Texture, from_picture


@lru_cache(maxsize=8)
def tree(look: int) -> Texture:
    """A street tree, 5 m wide and 7 m high."""
    w, h = 500, 700
    rng = np.random.default_rng((look, 61))
    picture = PillowImage.new("RGBA", (w, h), (70, 86, 44, 0))
    draw = ImageDraw.Draw(picture)
    bark = (78, 64, 52, 255)
    draw.polygon(
        [(w * 0.475, h), (w * 0.525, h), (w * 0.512, h * 0.45), (w * 0.488, h * 0.45)], fill=bark
    )
    for _ in range(9):
        x, y = w * rng.uniform(0.25, 0.75), h * rng.uniform(0.12, 0.4)
        draw.line(
            [w * 0.5, h * rng.uniform(0.42, 0.6), x, y], fill=bark, width=int(rng.integers(4, 10))
        )
    clumps = []
    for _ in range(46):
        angle, radius = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0, 1))
        clumps.append(
            (w * (0.5 + 0.36 * radius * np.cos(angle)), h * (0.29 + 0.215 * radius * np.sin(angle)))
        )
    clumps.sort(key=lambda c: -c[1])
    green = np.array(
        ((74, 104, 42), (58, 92, 46), (98, 112, 44), (66, 98, 58))[look % 4], dtype=float
    )
    for cx, cy in clumps:
        lit = np.clip(1.18 - (cy / h - 0.08) * 1.5 - (cx / w - 0.5) * 0.5, 0.4, 1.4)
        for layer in range(3):
            tone = lit * (0.62, 0.9, 1.15)[layer]
            r, leaves = 30 - 7 * layer, 34
            x = cx + rng.normal(0, r, leaves) - 5 * layer
            y = cy + rng.normal(0, r * 0.8, leaves) - 7 * layer
            size = rng.uniform(3, 7, leaves)
            boxes = np.stack([x - size, y - size * 0.7, x + size, y + size * 0.7], axis=1)
            shade = green * tone * rng.uniform(0.75, 1.25, (leaves, 1))
            colours = np.clip(shade, 0, 255).astype(int).tolist()
            for box, (red, green_, blue) in zip(boxes.tolist(), colours, strict=True):
                draw.ellipse(box, fill=(red, green_, blue, 255))
    return from_picture(picture)
