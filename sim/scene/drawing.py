"""Small helps for drawing with Pillow: shades of a colour, and letters.

Rule: nothing here knows what is drawn.
"""

from __future__ import annotations

from PIL import ImageFont

PX_PER_M = 36
"""Of house fronts."""

Colour = tuple[int, int, int]


def font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own letters, so that no machine needs a font installed."""
    return ImageFont.load_default(max(6, size_px))


def mix(colour: Colour, by: float) -> Colour:
    """Lighter (by > 1) or darker."""
    r, g, b = (max(0, min(255, int(c * by))) for c in colour)
    return r, g, b
