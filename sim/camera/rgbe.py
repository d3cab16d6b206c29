"""Radiance RGBE pictures (.hdr) into arrays, and back for tests.

Rule: bytes in, array out; no path is opened here. Format: Greg Ward, "Real Pixels", Graphics Gems
II, 1991; the run-length codings as in Radiance's color.c (flat, old runs, new per-channel runs).
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from viewkeeper.sim.errors import PanoramaError

_MAX_SIDE_PX = 32768
_MAX_PIXELS = 1 << 28


def decode(data: bytes) -> NDArray[np.float32]:
    """Linear radiance, float32 (H, W, 3), row 0 at the top.

    Raises:
        PanoramaError: not RGBE, an orientation other than -Y +X, or cut short.
    """
    width, height, exposure, offset = _header(data)
    rgbe = _pixels(data, offset, width, height)
    mantissa = rgbe[..., :3].astype(np.float32)
    exponent = rgbe[..., 3].astype(np.int32)
    scale = np.ldexp(np.float32(1.0), exponent - (128 + 8)).astype(np.float32)
    scale[exponent == 0] = 0.0
    # +0.5: the mantissa was truncated when written (Radiance's colr_color)
    radiance = (mantissa + np.float32(0.5)) * scale[..., None]
    return (radiance / np.float32(exposure)).astype(np.float32)


def _header(data: bytes) -> tuple[int, int, float, int]:
    """(width, height, product of EXPOSURE lines, offset of the first scan line)."""
    if not data.startswith((b"#?RADIANCE", b"#?RGBE")):
        raise PanoramaError("not_rgbe", "the file does not begin as a Radiance .hdr picture does")
    end = data.find(b"\n\n")
    if end < 0 or end > 65536:
        raise PanoramaError("rgbe_header", "the .hdr header never ends")
    exposure = 1.0
    for line in data[:end].split(b"\n"):
        if line.startswith(b"FORMAT=") and line != b"FORMAT=32-bit_rle_rgbe":
            raise PanoramaError("rgbe_format", "only 32-bit_rle_rgbe pictures can be read")
        if line.startswith(b"EXPOSURE="):
            try:
                exposure *= float(line[9:])
            except ValueError:
                raise PanoramaError("rgbe_header", "EXPOSURE is not a number") from None
    match = re.match(rb"-Y (\d{1,5}) \+X (\d{1,5})\n", data[end + 2 : end + 64])
    if match is None:
        raise PanoramaError("rgbe_orientation", "the picture must be stored as -Y height +X width")
    height, width = int(match[1]), int(match[2])
    sane = 0 < width <= _MAX_SIDE_PX and 0 < height <= _MAX_SIDE_PX and exposure > 0
    if not sane or width * height > _MAX_PIXELS:
        raise PanoramaError("rgbe_size", f"{width} × {height} pixels cannot be right")
    return width, height, exposure, end + 2 + match.end()


def _pixels(data: bytes, offset: int, width: int, height: int) -> NDArray[np.uint8]:
    raw = np.frombuffer(data, dtype=np.uint8)
    out = np.empty((height, width, 4), dtype=np.uint8)
    for y in range(height):
        head = data[offset : offset + 4]
        is_new = (
            8 <= width < 0x8000
            and len(head) == 4
            and head[0] == 2
            and head[1] == 2
            and (head[2] << 8 | head[3]) == width
        )
        if is_new:
            offset = _new_scan_line(data, raw, offset + 4, out[y])
        else:
            offset = _old_scan_line(data, raw, offset, out[y])
    return out


def _new_scan_line(
    data: bytes, raw: NDArray[np.uint8], offset: int, line: NDArray[np.uint8]
) -> int:
    """Four channels one after another: count > 128 repeats one byte, else copies bytes."""
    width = line.shape[0]
    for channel in range(4):
        x = 0
        while x < width:
            if offset + 1 >= len(data):
                raise _cut_short()
            count = data[offset]
            if count > 128:
                count -= 128
                line[x : x + count, channel] = data[offset + 1]
                offset += 2
            else:
                run = raw[offset + 1 : offset + 1 + count]
                if count == 0 or run.size < count or x + count > width:
                    raise _cut_short()
                line[x : x + count, channel] = run
                offset += 1 + count
            x += count
            if x > width:
                raise _cut_short()
    return offset


def _old_scan_line(
    data: bytes, raw: NDArray[np.uint8], offset: int, line: NDArray[np.uint8]
) -> int:
    """Flat pixels; (1, 1, 1, n) repeats the pixel before n times, shifted by 8 per such pixel."""
    width = line.shape[0]
    block = raw[offset : offset + 4 * width].reshape(-1)
    if block.size == 4 * width:
        pixels = block.reshape(width, 4)
        if not (pixels[:, :3] == 1).all(axis=1).any():
            line[:] = pixels
            return offset + 4 * width
    x, shift = 0, 0
    while x < width:
        if offset + 4 > len(data):
            raise _cut_short()
        pixel = data[offset : offset + 4]
        offset += 4
        if pixel[:3] == b"\x01\x01\x01":
            count = pixel[3] << shift
            if x == 0 or x + count > width:
                raise _cut_short()
            line[x : x + count] = line[x - 1]
            x += count
            shift = min(shift + 8, 16)
        else:
            line[x] = raw[offset - 4 : offset]
            x, shift = x + 1, 0
    return offset


def _cut_short() -> PanoramaError:
    return PanoramaError("rgbe_damaged", "the .hdr picture is cut short or damaged")


def encode(radiance: NDArray[np.float32], *, run_length: bool = True) -> bytes:
    """Write linear (H, W, 3) as RGBE, with new run-length coding or flat."""
    height, width = radiance.shape[:2]
    brightest = radiance.max(axis=2)
    _, exponent = np.frexp(brightest)
    scale = np.ldexp(np.float64(256.0), -exponent)
    rgbe = np.zeros((height, width, 4), dtype=np.uint8)
    rgbe[..., :3] = np.clip(radiance * scale[..., None], 0, 255).astype(np.uint8)
    rgbe[..., 3] = np.clip(exponent + 128, 1, 255)
    rgbe[brightest < 1e-32] = 0
    head = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n" + f"-Y {height} +X {width}\n".encode()
    if not run_length or not 8 <= width < 0x8000:
        return head + rgbe.tobytes()
    parts = [head]
    for line in rgbe:
        parts.append(bytes((2, 2, width >> 8, width & 255)))
        parts.extend(_runs(line[:, c].tobytes()) for c in range(4))
    return b"".join(parts)


def _runs(channel: bytes) -> bytes:
    """Runs of four and more equal bytes as repeats, the rest copied."""
    out = bytearray()
    for match in re.finditer(rb"(.)\1{3,126}|(?:(?!(.)\2{3}).){1,128}", channel, re.DOTALL):
        run = match[0]
        if match[1] is not None:
            out += bytes((128 + len(run), run[0]))
        else:
            out += bytes((len(run),)) + run
    return bytes(out)
