"""Draws what a check found: both outlines and the tiles that matched. Needs Pillow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.estimate import Estimate, outline
from viewkeeper.agent.core.view.registered import RegisteredView
from viewkeeper.protocol.errors import Reason, SetupError

_WIDTH = 960
_MARGIN = 0.18
_GREEN, _RED, _BLUE, _AMBER = (60, 190, 90), (214, 72, 60), (70, 130, 240), (245, 170, 40)


def draw_check(
    path: Path,
    view: RegisteredView,
    found: Estimate,
    caption: list[str],
    background: NDArray[np.uint8] | None,
) -> None:
    """Write a picture of a check.

    Args:
        path: .png or .jpg to write.
        view: the registered view.
        found: the estimate.
        caption: lines under the picture.
        background: the registered frame's luma, (H, W); ``None`` where only the registered
            view is at hand (no picture can be made from it).

    Raises:
        SetupError: Pillow is missing, or the file cannot be written.
    """
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise SetupError(
            Reason.LIBRARY_MISSING, "--plot needs Pillow: pip install 'viewkeeper[images]'"
        ) from None
    width, height = view.size
    scale = _WIDTH / (width * (1 + 2 * _MARGIN))
    left, top = width * _MARGIN, height * _MARGIN
    canvas_height = round(height * (1 + 2 * _MARGIN) * scale)
    line_px = 22
    canvas = Image.new("RGB", (_WIDTH, canvas_height + line_px * (len(caption) + 1)), (24, 27, 32))
    draw: Any = ImageDraw.Draw(canvas)

    def at(x_px: float, y_px: float) -> tuple[float, float]:
        return (x_px + left) * scale, (y_px + top) * scale

    if background is not None:
        dimmed = Image.fromarray((background.astype(np.float32) * 0.6).astype(np.uint8))
        size = (round(width * scale), round(height * scale))
        canvas.paste(dimmed.resize(size).convert("RGB"), (round(left * scale), round(top * scale)))
    for tile in found.tiles:
        colour = _GREEN if tile.agreed else _RED
        if not tile.visible:
            colour = (90, 94, 102)
        draw.rectangle(
            (*at(tile.x0 + 1, tile.y0 + 1), *at(tile.x1 - 1, tile.y1 - 1)), outline=colour
        )
    draw.rectangle((*at(0, 0), *at(width, height)), outline=_BLUE, width=3)
    if found.found:
        points = [at(x, y) for x, y in outline(view, found.move)]
        draw.line([*points, points[0]], fill=_AMBER, width=3)
    legend = (
        "blue: registered view   amber: present view   green: tiles that agree   red: that do not"
    )
    for number, line in enumerate([*caption, legend]):
        draw.text(
            (12, canvas_height + line_px * number + 2), line, fill=(225, 228, 232), font_size=15
        )
    try:
        canvas.save(path)
    except (OSError, ValueError) as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path} cannot be written: {error}") from None
