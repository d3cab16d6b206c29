"""Picture files into luma and chroma: PGM by numpy alone, the rest through Pillow."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.adapters.sources.planes import MAX_PIXELS, MAX_WIDTH, factor_for, shrink
from viewkeeper.agent.ports import SourceError
from viewkeeper.protocol.errors import Reason

SUFFIXES = frozenset({".pgm", ".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff"})


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


CAMERA_FORMATS = ("JPEG", "PNG")
"""What cameras send; a hostile one shall not choose among Pillow's fifty decoders."""


def decode_picture(data: bytes, where: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Decode a camera's picture from memory, no wider than is of use.

    JPEG is scaled while it is decoded (by 2, 4 or 8), so an 8K picture costs no 8K plane.

    Raises:
        SourceError: not a picture, cut short, too large, or Pillow is needed and not there.
    """
    pillow = _pillow(where)
    try:
        with pillow.open(io.BytesIO(data), formats=CAMERA_FORMATS) as picture:
            _check_size(picture, where)
            picture.draft("YCbCr", (MAX_WIDTH, MAX_WIDTH * picture.height // picture.width))
            luma, chroma = _planes(picture)
    except SourceError:
        raise
    except Exception as error:  # noqa: BLE001 - Pillow's decoders raise nearly anything
        raise _not_a_picture(where, error) from None
    factor = factor_for(luma.shape[1])
    if chroma is not None:
        chroma = np.stack([shrink(chroma[..., i], factor) for i in (0, 1)], axis=-1)
    return shrink(luma, factor), chroma


def _read_by_pillow(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    pillow = _pillow(f"{path}: reading {path.suffix}")
    try:
        with pillow.open(path) as picture:
            _check_size(picture, str(path))
            return _planes(picture)
    except SourceError:
        raise
    except Exception as error:  # noqa: BLE001 - Pillow's decoders raise nearly anything
        raise _not_a_picture(str(path), error) from None


def _pillow(what: str) -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise SourceError(
            Reason.LIBRARY_MISSING,
            f"{what} needs Pillow: apt install python3-pil or pip install 'viewkeeper[images]'",
        ) from None
    return Image


def _check_size(picture: Any, where: str) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise SourceError(
            Reason.FILE_UNREADABLE, f"{where}: more than {MAX_PIXELS} pixels, no camera's"
        )


def _planes(picture: Any) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    if picture.mode in ("L", "1", "I;16", "I", "F", "LA"):
        return np.asarray(picture.convert("L")), None
    if picture.mode != "YCbCr":
        picture = picture.convert("RGB").convert("YCbCr")
    planes = np.asarray(picture)
    return np.ascontiguousarray(planes[..., 0]), np.ascontiguousarray(planes[..., 1:])


def _not_a_picture(where: str, error: Exception) -> SourceError:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "identify image file" in text:
        text = "unknown format"  # Pillow's own text names a memory address
    return SourceError(Reason.FILE_UNREADABLE, f"{where} is not a picture: {text}")
