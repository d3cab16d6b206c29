"""Pictures of people and vehicles, drawn once: RGBA with premultiplied linear colour.

Rule: drawing only; where they stand and how big they look is `objects`.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from viewkeeper.sim.camera import light
from viewkeeper.sim.camera.light import Image

WALK_PHASES = 8
_COATS = ("#3b4a66", "#7a3b32", "#54603f", "#8b8378", "#23262b", "#a8862f", "#5c4670", "#6f8fa0")
_TROUSERS = ("#22252d", "#3d3a35", "#2c3550", "#4a4238")
_SKIN = ("#c99a7a", "#8a5a3c", "#e0b795", "#6b4630")
_HAIR = ("#1d1611", "#3b2a1c", "#6d6a66", "#100f10")


def linear_premultiplied(picture: PillowImage.Image) -> Image:
    """RGBA uint8 -> float32 (h, w, 4): linear colour times alpha, alpha 0..1."""
    rgba = np.asarray(picture)
    alpha = rgba[..., 3:].astype(np.float32) / np.float32(255)
    return np.concatenate([light.to_linear(rgba[..., :3]) * alpha, alpha], axis=2)


@lru_cache(maxsize=256)
def walker(phase: int, look: int) -> Image:
    """A person in profile walking to the right, (192, 96, 4); ``phase`` 0..WALK_PHASES-1.

    The sprite is 1.85 m high and 0.925 m wide.
    """
    scale = 3
    width, height = 96 * scale, 192 * scale
    picture = PillowImage.new("RGBA", (width, height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    coat, trousers = _COATS[look % 8], _TROUSERS[look // 3 % 4]
    skin, hair = _SKIN[look // 2 % 4], _HAIR[look // 5 % 4]
    swing = math.sin(2 * math.pi * phase / WALK_PHASES)
    lift = abs(math.cos(2 * math.pi * phase / WALK_PHASES)) * 3 * scale
    hip = (width * 0.48, height * 0.53 - lift)
    shoulder = (width * 0.50, height * 0.22 - lift)

    def limb(start, angle, length, bend, thick, colour, tip=None):
        knee = (
            start[0] + math.sin(angle) * length * 0.5,
            start[1] + math.cos(angle) * length * 0.5,
        )
        end = (
            knee[0] + math.sin(angle + bend) * length * 0.5,
            knee[1] + math.cos(angle + bend) * length * 0.5,
        )
        draw.line([start, knee, end], fill=colour, width=thick, joint="curve")
        for point, r in ((start, thick / 2), (knee, thick / 2), (end, thick / 2.4)):
            draw.ellipse([point[0] - r, point[1] - r, point[0] + r, point[1] + r], fill=colour)
        if tip:
            r = thick * 0.5
            draw.ellipse([end[0] - r, end[1] - r, end[0] + r * 2.2, end[1] + r * 0.9], fill=tip)

    leg, arm = height * 0.44, height * 0.33
    thick = int(width * 0.14)
    far_arm = _darker(coat, 0.6)
    limb(shoulder, 0.55 * swing, arm, 0.35, int(thick * 0.75), far_arm, skin)
    limb(
        hip,
        -0.5 * swing,
        leg,
        -0.25 - 0.2 * max(0, swing),
        thick,
        _darker(trousers, 0.65),
        "#15120f",
    )
    limb(hip, 0.5 * swing, leg, -0.25 - 0.2 * max(0, -swing), thick, trousers, "#1a1714")
    body = [
        (shoulder[0] - width * 0.13, shoulder[1]),
        (shoulder[0] + width * 0.12, shoulder[1] + height * 0.01),
        (hip[0] + width * 0.15, hip[1] + height * 0.06),
        (hip[0] - width * 0.14, hip[1] + height * 0.07),
    ]
    draw.polygon(body, fill=coat)
    draw.ellipse(
        [body[0][0], shoulder[1] - height * 0.035, body[1][0], shoulder[1] + height * 0.07],
        fill=coat,
    )
    shade = _darker(coat, 0.75)
    draw.polygon([body[0], (hip[0] - width * 0.02, hip[1]), body[3]], fill=shade)
    limb(shoulder, -0.55 * swing, arm, 0.35, int(thick * 0.8), _darker(coat, 0.88), skin)
    head = (width * 0.53, height * 0.115 - lift)
    r = height * 0.062
    draw.rectangle([head[0] - r * 0.5, head[1], head[0] + r * 0.35, shoulder[1]], fill=skin)
    draw.ellipse([head[0] - r * 0.9, head[1] - r, head[0] + r * 0.9, head[1] + r * 1.1], fill=skin)
    draw.pieslice(
        [head[0] - r, head[1] - r * 1.1, head[0] + r * 0.8, head[1] + r], 150, 330, fill=hair
    )
    if look % 3 == 0:  # a bag
        x, y = hip[0] - width * 0.16, hip[1] - height * 0.10
        draw.rounded_rectangle(
            [x - width * 0.12, y - height * 0.1, x + width * 0.06, y + height * 0.06],
            radius=8,
            fill="#2f2b28",
        )
    return linear_premultiplied(picture.resize((96, 192), PillowImage.Resampling.LANCZOS))


def _darker(colour: str, by: float) -> tuple[int, int, int]:
    r, g, b = (int(int(colour[i : i + 2], 16) * by) for i in (1, 3, 5))
    return r, g, b


@lru_cache(maxsize=8)
def lorry(look: int) -> Image:
    """A box lorry from the side, (256, 512, 4), filling the picture but under its floor."""
    scale = 2
    w, h = 512 * scale, 256 * scale
    rng = np.random.default_rng((look, 31))
    box_colour = ("#c9ccc8", "#33557a", "#b9a17a", "#7d2e2a")[look % 4]
    picture = PillowImage.new("RGBA", (w, h), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    floor = int(h * 0.83)
    draw.rectangle([0, 0, int(w * 0.78), floor], fill=box_colour)
    for x in range(0, int(w * 0.78), w // 24):
        draw.line([x, 0, x, floor], fill=_darker(box_colour, 0.86), width=scale * 2)
    stripe = _darker(("#1f7a4d", "#e8e4d8", "#5a4630", "#e9e2d2")[look % 4], 1.0)
    draw.rectangle([0, int(h * 0.52), int(w * 0.78), int(h * 0.63)], fill=stripe)
    draw.ellipse([w * 0.26, h * 0.12, w * 0.46, h * 0.46], outline=stripe, width=scale * 9)
    for _ in range(60):  # dirt
        x, y = rng.uniform(0, w * 0.78), rng.uniform(h * 0.4, floor)
        draw.line(
            [x, y, x + rng.normal(0, 3), y + rng.uniform(5, 40)], fill=_darker(box_colour, 0.8)
        )
    draw.rectangle([int(w * 0.79), int(h * 0.24), w - 1, floor], fill="#d8d4c9")
    draw.polygon(
        [(w * 0.87, h * 0.29), (w * 0.985, h * 0.29), (w * 0.995, h * 0.52), (w * 0.87, h * 0.52)],
        fill="#2a3640",
    )
    draw.line([w * 0.86, h * 0.26, w * 0.86, floor], fill="#8d897f", width=scale * 2)
    draw.rectangle([0, floor, w, int(h * 0.9)], fill="#1b1b1c")
    for x in (0.13, 0.28, 0.88):
        r = h * 0.115
        cx, cy = w * x, h - r - 1
        draw.ellipse([cx - r, cy - r, cx + r, cy + r], fill="#121212")
        draw.ellipse([cx - r * 0.5, cy - r * 0.5, cx + r * 0.5, cy + r * 0.5], fill="#77797b")
    return linear_premultiplied(picture.resize((512, 256), PillowImage.Resampling.LANCZOS))
