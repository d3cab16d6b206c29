"""Where panoramas come from: files, and the built-in street.

Rule: the one place of `sim/camera` that opens a file; what is read becomes linear light at once.
"""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

from viewkeeper.sim.camera import light, rgbe
from viewkeeper.sim.camera.equirect import Panorama, direction, from_pixels
from viewkeeper.sim.camera.light import Image
from viewkeeper.sim.camera.pose import Pose
from viewkeeper.sim.errors import PanoramaError
from viewkeeper.sim.scene.street import draw_street

__all__ = ["Panorama", "direction", "from_pixels", "load_panorama", "street_scene"]

_MAX_FILE_BYTES = 512 * 2**20


def load_panorama(path: str | Path, home: Pose | None = None) -> Panorama:
    """Read a .hdr (Radiance RGBE), PNG or JPEG equirectangular panorama.

    Args:
        path: the file.
        home: the pose cameras are registered at; level and straight ahead by default.

    Raises:
        PanoramaError: missing, unreadable, damaged, or not twice as wide as high.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise PanoramaError("panorama_too_large", f"{path}: larger than 512 MiB")
        data = path.read_bytes()
    except OSError as error:
        why = error.strerror or "cannot be read"
        raise PanoramaError("panorama_unreadable", f"{path}: {why}") from None
    try:
        pixels = rgbe.decode(data) if data[:2] == b"#?" else _decode_picture(data)
    except PanoramaError as error:
        raise PanoramaError(error.reason, f"{path}: {error.hint}") from None
    return from_pixels(pixels, path.stem, home)


def _decode_picture(data: bytes) -> Image:
    try:
        with PillowImage.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            codes = np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError, PillowImage.DecompressionBombError):
        raise PanoramaError("panorama_format", "not a readable .hdr, PNG or JPEG picture") from None
    return light.to_linear(codes)


@lru_cache(maxsize=4)
def street_scene(seed: int = 1, width_px: int = 3072) -> Panorama:
    """The built-in street, drawn; the same seed gives the same street. Kept in memory."""
    return draw_street(seed, width_px)
