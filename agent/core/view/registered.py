"""The registered view: what the camera was accepted to look at, small enough to sign.

Rule: nothing of the picture but its orientation field leaves `register`. The bytes are the
identity: their SHA-256 stands in the signed configuration.

Format, version 2, little-endian: ``VKRV``, version u8, factor u8, width u16, height u16,
field width u16, field height u16, hfov f64, k1 f64, k2 f64, then the fine field, from which signs
are cut, and the coarser one that frames are matched with, each one byte a field pixel, row by
row: real part in the high nibble, imaginary part in the low one, each 1..15 for -1.4..1.4.
"""

from __future__ import annotations

import hashlib
import itertools
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.field import (
    MATCH_PIXELS,
    Field,
    Luma,
    line_tiles,
    orientation_field,
    reduce_luma,
    reduction_factor,
)
from viewkeeper.agent.core.view.geometry import Camera, Lens
from viewkeeper.agent.core.view.match import Reference
from viewkeeper.agent.core.view.pyramid import pyramid_of_field

_HEADER = struct.Struct("<4sBBHHHHddd")
_MAGIC = b"VKRV"
_VERSION = 2
_SPAN = 1.4
_LEAST_SIDE_PX = 64
_LEAST_TEXTURED = 0.12
"""Share of tiles with lines; below it four unknowns hang on a corner of the view."""
_LEAST_LIKENESS = 0.2
"""Correlation of consecutive fields; unlike views stay below 0.1, noisy like ones above 0.3."""
_DARK_LEVEL = 12.0
_BRIGHT_LEVEL = 245.0
MOST_FRAMES = 31


class RegistrationError(Exception):
    """The frames cannot become a registered view.

    Attributes:
        reason: stable code: ``no_frames``, ``too_small``, ``sizes_differ``, ``too_dark``,
            ``overexposed``, ``no_texture``, ``frames_disagree``, ``damaged`` or ``version``.
        hint: what a person should do.
    """

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(f"{reason}: {hint}")
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True, slots=True)
class RegisteredView:
    """A reference to compare frames with.

    Attributes:
        lens: of the camera.
        size: (width, height) of the frames it was made from, pixels.
        codes: uint8, (h, w), the quantised fine orientation field.
        match_codes: uint8, (h', w'), the quantised field that frames are matched with.
    """

    lens: Lens
    size: tuple[int, int]
    codes: NDArray[np.uint8] = field(repr=False, compare=False)
    match_codes: NDArray[np.uint8] = field(repr=False, compare=False)
    reference: Reference = field(init=False, repr=False, compare=False)
    digest: bytes = field(init=False)

    def __post_init__(self) -> None:
        pyramid = pyramid_of_field(_dequantise(self.match_codes), self.lens, self.size)
        object.__setattr__(self, "reference", Reference(pyramid))
        object.__setattr__(self, "digest", hashlib.sha256(self.to_bytes()).digest())

    def to_bytes(self) -> bytes:
        """The file; equal views give equal bytes."""
        height, width = self.codes.shape
        header = _HEADER.pack(
            _MAGIC,
            _VERSION,
            reduction_factor(self.size),
            self.size[0],
            self.size[1],
            width,
            height,
            self.lens.hfov_deg,
            self.lens.k1,
            self.lens.k2,
        )
        return header + self.codes.tobytes() + self.match_codes.tobytes()

    def fine(self) -> tuple[Field, Camera]:
        """The fine field, complex64 (h, w), and its camera."""
        camera = Camera.of_picture(self.lens, self.size).reduced(reduction_factor(self.size))
        return _dequantise(self.codes), camera

    @classmethod
    def from_bytes(cls, data: bytes) -> RegisteredView:
        """Read a file.

        Raises:
            RegistrationError: ``damaged`` or ``version``.
        """
        damaged = "register the view again, or restore the file whose hash was accepted"
        if len(data) < _HEADER.size or data[:4] != _MAGIC:
            raise RegistrationError("damaged", damaged)
        if data[4] != _VERSION:
            raise RegistrationError("version", f"this agent reads version {_VERSION} only")
        _, _, factor, width, height, columns, rows, hfov, k1, k2 = _HEADER.unpack_from(data)
        size = (width, height)
        if (
            min(size) < _LEAST_SIDE_PX
            or factor != reduction_factor(size)
            or (columns, rows) != (width // factor, height // factor)
        ):
            raise RegistrationError("damaged", damaged)
        coarser = reduction_factor(size, MATCH_PIXELS)
        shape = (height // coarser, width // coarser)
        every = np.frombuffer(data, np.uint8, offset=_HEADER.size)
        if len(every) != rows * columns + shape[0] * shape[1]:
            raise RegistrationError("damaged", damaged)
        if ((every >> 4) == 0).any() or ((every & 15) == 0).any():
            raise RegistrationError("damaged", damaged)  # one encoding per field, no slack
        codes = every[: rows * columns].reshape(rows, columns)
        match_codes = every[rows * columns :].reshape(shape)
        try:
            lens = Lens(hfov, k1, k2)
        except ValueError as error:
            raise RegistrationError("damaged", damaged) from error
        return cls(lens, size, codes, match_codes)


def _quantise(finest: Field) -> NDArray[np.uint8]:
    def nibble(part: NDArray[np.float32]) -> NDArray[np.uint8]:
        return np.clip(np.rint(part * (7.0 / _SPAN)) + 8.0, 1, 15).astype(np.uint8)

    return (nibble(finest.real) * np.uint8(16)) | nibble(finest.imag)


def _dequantise(codes: NDArray[np.uint8]) -> Field:
    finest = np.empty(codes.shape, np.complex64)
    finest.real = ((codes >> 4).astype(np.float32) - 8.0) * (_SPAN / 7.0)
    finest.imag = ((codes & 15).astype(np.float32) - 8.0) * (_SPAN / 7.0)
    return finest


def register(frames: Sequence[Frame], lens: Lens) -> RegisteredView:
    """Make the reference from several frames of a camera that stands still.

    The median over frames of each part of the orientation field removes what moves: people,
    vehicles, leaves. Take the frames over a minute or more; 7 to 15 serve well, one works. Of
    more than `MOST_FRAMES`, that many, evenly spaced, are used.

    Raises:
        RegistrationError: with the reason the frames do not serve.
    """
    if not frames:
        raise RegistrationError("no_frames", "take at least one frame, better 7 to 15")
    if len({frame.luma.shape for frame in frames}) != 1:
        raise RegistrationError("sizes_differ", "take all frames with one setting of the camera")
    if len(frames) > MOST_FRAMES:
        chosen = np.linspace(0, len(frames) - 1, MOST_FRAMES).round().astype(int)
        frames = [frames[int(index)] for index in chosen]
    height, width = frames[0].luma.shape
    if min(width, height) < _LEAST_SIDE_PX:
        raise RegistrationError(
            "too_small", f"a picture of at least {_LEAST_SIDE_PX} pixels a side is needed"
        )
    factor = reduction_factor((width, height))
    reduced = [reduce_luma(frame.luma, factor) for frame in frames]
    level = float(np.median([np.median(luma) for luma in reduced]))
    contrast = float(np.median([np.percentile(luma, 95) for luma in reduced]))
    if contrast < _DARK_LEVEL:
        raise RegistrationError("too_dark", "register in daylight, or switch the infrared light on")
    if level > _BRIGHT_LEVEL:
        raise RegistrationError("overexposed", "correct the exposure and register again")
    textured = float(np.median([line_tiles(luma).mean() for luma in reduced]))
    if textured < _LEAST_TEXTURED:
        raise RegistrationError(
            "no_texture",
            f"only {100 * textured:.0f} % of the picture has lines to hold on to: check that the "
            "lens is clear and in focus, or choose a view with more structure",
        )
    fine, _ = _median_field(reduced)
    coarser = reduction_factor((width, height), MATCH_PIXELS)
    median, likeness = _median_field([reduce_luma(frame.luma, coarser) for frame in frames])
    if likeness < _LEAST_LIKENESS:
        raise RegistrationError(
            "frames_disagree",
            "the frames do not show one view: wait until the camera stands still "
            "and nothing large passes, then register again",
        )
    return RegisteredView(lens, (width, height), _quantise(fine), _quantise(median))


def _median_field(reduced: Sequence[Luma]) -> tuple[Field, float]:
    """Median of the parts of the pictures' fields, and the median likeness of neighbours."""
    fields = np.stack([orientation_field(luma) for luma in reduced])
    likeness = [
        float(np.sum((a * np.conj(b)).real))
        / (float(np.sum(np.abs(a) ** 2)) * float(np.sum(np.abs(b) ** 2)) + 1e-9) ** 0.5
        for a, b in itertools.pairwise(fields)
    ]
    median = np.empty(fields.shape[1:], np.complex64)
    median.real = np.median(fields.real, axis=0)
    median.imag = np.median(fields.imag, axis=0)
    return median, float(np.median(likeness)) if likeness else 1.0
