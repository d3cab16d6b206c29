"""Between linear light and the numbers of a picture: sRGB curve, luma, chroma.

Rule: pixel-wise arithmetic only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.floating[Any]]
"""Pixels in linear light or codes; float32 at every door, wider only inside a formula."""

# Rec. 709 luminance of linear light
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)

_CODES = np.arange(256, dtype=np.float64) / 255
_DECODE = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)
_STEPS = 4095
_ramp = np.arange(_STEPS + 1, dtype=np.float64) / _STEPS
# index is the square root of linear light, so the table is fine where the curve is steep
_lin = _ramp**2
_ENCODE = np.where(
    _lin <= 0.0031308, _lin * 12.92 * 255, (1.055 * _lin ** (1 / 2.4) - 0.055) * 255
).astype(np.float32)


def to_linear(codes: NDArray[np.uint8]) -> Image:
    """sRGB codes uint8 -> linear light float32, 0..1, same shape (IEC 61966-2-1)."""
    return np.take(_DECODE, codes)


def to_codes(linear: Image) -> Image:
    """Linear light, clipped to 0..1 -> sRGB codes as float32 0..255 (not rounded)."""
    root = np.sqrt(np.clip(linear, 0.0, 1.0))
    return np.take(_ENCODE, (root * _STEPS + np.float32(0.5)).astype(np.int32))


def luminance(linear: Image) -> Image:
    """(..., 3) -> (...)."""
    return linear @ LUMINANCE


def quantise(codes: Image) -> NDArray[np.uint8]:
    """Round and clip to uint8."""
    return np.clip(codes + np.float32(0.5), 0, 255).astype(np.uint8)


def luma_chroma(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Full-range BT.601 as JPEG has it: luma (H, W) and half-size CbCr (H/2, W/2, 2)."""
    r, g, b = (rgb[..., i].astype(np.float32) for i in range(3))
    y = 0.299 * r + 0.587 * g + 0.114 * b
    height, width = y.shape[0] // 2 * 2, y.shape[1] // 2 * 2
    small = (
        np.stack([(b - y) * 0.564 + 128, (r - y) * 0.713 + 128], axis=-1)[:height, :width]
        .reshape(height // 2, 2, width // 2, 2, 2)
        .mean(axis=(1, 3), dtype=np.float32)
    )
    return quantise(y.astype(np.float32)), quantise(small)
