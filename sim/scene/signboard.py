"""The public-safety sign and its lamp, in every state the agent must tell apart.

Rule: drawn as flat textures, metres known; the Chinese characters are strokes written here, so no
font is needed.
"""

from __future__ import annotations

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from viewkeeper.sim.scene.drawing import font
from viewkeeper.sim.scene.texture import Texture, from_picture
from viewkeeper.sim.signage import SignState

WIDTH_M, HEIGHT_M = 0.95, 1.30
_PX = 260
_BLUE = (20, 66, 148)
_WHITE = (240, 242, 244)

# strokes on a unit square, x right, y down
_STROKES: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "公": (
        ((0.40, 0.10), (0.28, 0.32), (0.08, 0.50)),
        ((0.60, 0.10), (0.72, 0.32), (0.93, 0.50)),
        ((0.44, 0.46), (0.24, 0.84), (0.72, 0.80)),
        ((0.62, 0.62), (0.84, 0.93)),
    ),
    "共": (
        ((0.15, 0.30), (0.85, 0.30)),
        ((0.34, 0.08), (0.34, 0.60)),
        ((0.66, 0.08), (0.66, 0.60)),
        ((0.05, 0.60), (0.95, 0.60)),
        ((0.36, 0.68), (0.12, 0.92)),
        ((0.64, 0.68), (0.90, 0.92)),
    ),
    "安": (
        ((0.50, 0.04), (0.50, 0.16)),
        ((0.12, 0.38), (0.12, 0.20), (0.88, 0.20), (0.84, 0.38)),
        ((0.46, 0.32), (0.28, 0.66), (0.82, 0.94)),
        ((0.72, 0.50), (0.56, 0.78), (0.14, 0.94)),
        ((0.06, 0.52), (0.94, 0.52)),
    ),
    "全": (
        ((0.50, 0.05), (0.30, 0.30), (0.06, 0.46)),
        ((0.50, 0.05), (0.70, 0.30), (0.94, 0.46)),
        ((0.28, 0.48), (0.72, 0.48)),
        ((0.28, 0.68), (0.72, 0.68)),
        ((0.10, 0.91), (0.90, 0.91)),
        ((0.50, 0.48), (0.50, 0.91)),
    ),
}


def board(state: SignState) -> Texture:
    """The board: pictogram of a camera above, text plate below; lamp strip along the top."""
    scale = 2
    w, h = round(WIDTH_M * _PX) * scale, round(HEIGHT_M * _PX) * scale
    picture = PillowImage.new("RGBA", (w, h), (0, 0, 0, 0))
    glow = PillowImage.new("RGB", (w, h), (0, 0, 0))
    _draw_board(picture, w, h, lamp=None)
    if state is SignState.LIT:
        lit = PillowImage.new("RGBA", (w, h), (0, 0, 0, 0))
        _draw_board(lit, w, h, lamp=(255, 250, 236))
        glow.paste(lit.convert("RGB"), mask=lit.getchannel("A"))
        _draw_board(picture, w, h, lamp=(255, 250, 236))
    if state is SignState.OBSCURED:
        _leaves(picture, w, h)
    size = (w // scale, h // scale)
    box = PillowImage.Resampling.BOX
    return from_picture(picture.resize(size, box), glow.resize(size, box))


def _draw_board(
    picture: PillowImage.Image, w: int, h: int, lamp: tuple[int, int, int] | None
) -> None:
    draw = ImageDraw.Draw(picture)
    top = h * 0.075
    draw.rounded_rectangle([0, top, w - 1, h - 1], radius=w * 0.05, fill=(214, 216, 218, 255))
    inset = w * 0.022
    draw.rounded_rectangle(
        [inset, top + inset, w - inset, h - inset], radius=w * 0.04, fill=(*_BLUE, 255)
    )
    draw.rounded_rectangle(
        [w * 0.06, 0, w * 0.94, h * 0.062], radius=w * 0.02, fill=(74, 76, 80, 255)
    )
    strip = (*lamp, 255) if lamp else (96, 94, 88, 255)
    draw.rectangle([w * 0.09, h * 0.022, w * 0.91, h * 0.052], fill=strip)
    _pictogram(draw, w, h)
    plate = [w * 0.06, h * 0.655, w * 0.94, h * 0.965]
    draw.rounded_rectangle(plate, radius=w * 0.02, fill=(*_WHITE, 255))
    cell = w * 0.185
    for i, character in enumerate("公共安全"):
        _write(draw, character, w * 0.5 + (i - 2) * cell * 1.08 + cell * 0.04, h * 0.675, cell)
    draw.text(
        (w / 2, h * 0.862), "PUBLIC SAFETY", font=font(round(w * 0.112)), fill=_BLUE, anchor="mm"
    )
    draw.text(
        (w / 2, h * 0.928), "VIDEO AREA", font=font(round(w * 0.100)), fill=_BLUE, anchor="mm"
    )


def _pictogram(draw: ImageDraw.ImageDraw, w: int, h: int) -> None:
    """A bullet camera on its bracket, looking down to the left."""
    white = (*_WHITE, 255)
    cx, cy, s = w * 0.5, h * 0.36, w * 0.40

    def turned(x: float, y: float, angle: float = -0.30) -> tuple[float, float]:
        c, sn = np.cos(angle), np.sin(angle)
        return cx + s * (x * c - y * sn), cy + s * (x * sn + y * c)

    body = [turned(*p) for p in ((-0.72, -0.24), (0.58, -0.24), (0.58, 0.22), (-0.72, 0.22))]
    hood = [turned(*p) for p in ((-0.92, -0.36), (0.66, -0.36), (0.66, -0.24), (-0.92, -0.24))]
    lens = [turned(*p) for p in ((-0.94, -0.17), (-0.72, -0.17), (-0.72, 0.15), (-0.94, 0.15))]
    draw.polygon(body, fill=white)
    draw.polygon(hood, fill=white)
    draw.polygon(lens, fill=white)
    x, y = turned(-0.40, 0.0)
    r = s * 0.10
    draw.ellipse([x - r, y - r, x + r, y + r], fill=(*_BLUE, 255))
    arm = [turned(0.30, 0.22), (cx + s * 0.42, cy + s * 0.52), (cx + s * 0.95, cy + s * 0.52)]
    draw.line(arm, fill=white, width=round(s * 0.14), joint="curve")
    draw.rectangle([cx + s * 0.88, cy + s * 0.26, cx + s * 1.02, cy + s * 0.80], fill=white)


def _write(draw: ImageDraw.ImageDraw, character: str, x: float, y: float, size: float) -> None:
    thick = max(2, round(size * 0.095))
    for stroke in _STROKES[character]:
        points = [(x + px * size, y + py * size) for px, py in stroke]
        draw.line(points, fill=_BLUE, width=thick, joint="curve")


def _leaves(picture: PillowImage.Image, w: int, h: int) -> None:
    """A branch has grown over most of it."""
    draw = ImageDraw.Draw(picture)
    rng = np.random.default_rng(7)
    branch = [(0, h * 0.12), (w * 0.4, h * 0.45), (w * 0.8, h * 0.95)]
    draw.line(branch, fill=(72, 58, 44, 255), width=14)
    count = 620
    for k in range(count):
        x, y = rng.uniform(-0.05, 1.05) * w, rng.uniform(0.02, 1.05) * h
        if x / w + 0.5 * (1 - y / h) > 1.12:  # the branch comes from the left and hangs
            continue
        size, angle = w * rng.uniform(0.03, 0.07), rng.uniform(-0.4, 1.2)
        dx, dy = size * np.cos(angle), size * np.sin(angle)
        tone = (0.45 + 0.75 * k / count) * rng.uniform(0.85, 1.15)
        colour = (int(78 * tone), int(108 * tone), int(46 * tone), 255)
        nx, ny = dy * 0.45, dx * 0.45
        leaf = [(x - dx, y - dy), (x + nx, y - ny), (x + dx, y + dy), (x - nx, y + ny)]
        draw.polygon(leaf, fill=colour)
