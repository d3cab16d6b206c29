"""Picture files into luma and chroma: PGM by numpy alone, the rest through Pillow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.ports import SourceError
from viewkeeper.protocol.errors import Reason

SUFFIXES = frozenset({".pgm", ".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff"})
MAX_PIXELS = 64_000_000
"""An 8K frame is 33 million; more than twice that is no camera's picture."""


def read_picture(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Read a picture as (luma (H, W), chroma (H, W, 2) or None where it is grey).

    Raises:
        SourceError: missing, unreadable, too large, or Pillow is needed and not there.
    """
    if not path.exists():
        raise SourceError(Reason.FILE_MISSING, f"{path}: no such file")
    if path.is_dir():
        raise SourceError(Reason.FILE_UNREADABLE, f"{path} is a folder, a picture is needed")
    if path.suffix.lower() == ".pgm":
        return _read_pgm(path), None
    return _read_by_pillow(path)


def _read_pgm(path: Path) -> NDArray[np.uint8]:
    data = path.read_bytes()
    try:
        tokens: list[bytes] = []
        position = 0
        while len(tokens) < 4:
            end = position
            while data[end : end + 1] and not data[end : end + 1].isspace():
                end += 1
            if data[position : position + 1] == b"#":
                position = data.index(b"\n", position) + 1
                continue
            if end > position:
                tokens.append(data[position:end])
            position = end + 1
            if position > len(data):
                raise ValueError("the header ends early")
        width, height, top = (int(token) for token in tokens[1:])
        if tokens[0] != b"P5" or top != 255 or not 0 < width * height <= MAX_PIXELS:
            raise ValueError("only 8-bit binary PGM (P5, 255) is read")
        pixels = np.frombuffer(data, np.uint8, width * height, position)
    except (ValueError, IndexError) as error:
        raise SourceError(Reason.FILE_UNREADABLE, f"{path} is not a PGM picture: {error}") from None
    return pixels.reshape(height, width)


def _read_by_pillow(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    try:
        from PIL import Image
    except ImportError:
        raise SourceError(
            Reason.LIBRARY_MISSING,
            f"{path}: reading {path.suffix} needs Pillow: pip install 'viewkeeper[images]'",
        ) from None
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise SourceError(
                    Reason.FILE_UNREADABLE, f"{path}: more than {MAX_PIXELS} pixels, no camera's"
                )
            if picture.mode in ("L", "1", "I;16", "I", "F", "LA"):
                return np.asarray(picture.convert("L")), None
            planes = np.asarray(picture.convert("RGB").convert("YCbCr"))
    except SourceError:
        raise
    except Exception as error:  # noqa: BLE001 - Pillow's decoders raise nearly anything
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SourceError(Reason.FILE_UNREADABLE, f"{path} is not a picture: {text}") from None
    return np.ascontiguousarray(planes[..., 0]), np.ascontiguousarray(planes[..., 1:])
