"""What a display in place of a printed board shows: both languages, a QR code, nothing cut off.

The law asks for a conspicuous sign and gives no wording; operator, purpose, telephone, period and
rights follow EDPB 3/2019 para. 114 and PIPL Art. 17 (REGULATION §10, a proposal). Text is set as
large as fits; where even the smallest legible size does not fit, or the font lacks a character,
nothing is drawn and the error says so. Needs Pillow and segno.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewkeeper.protocol.errors import Reason, SetupError

if TYPE_CHECKING:
    from PIL import Image, ImageFont

FONTS = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
)
LEAST_FONT_PX = 10
"""A Chinese character has up to eight strokes a side; below this they run together."""
LEAST_MODULE_PX = 2
QUIET_MODULES = 4
"""Clear border of a QR code, ISO/IEC 18004."""
HEADER_SHARE = 0.24
MAX_URL = 120


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said on the sign."""

    operator: str
    purpose: str
    phone: str
    retention_days: int
    url: str = ""
    """Where a person reads on; empty: no QR code."""

    @property
    def headlines(self) -> tuple[str, str]:
        return "公共安全视频图像采集区域", "Public-security video area"

    @property
    def paragraphs(self) -> tuple[str, ...]:
        days = self.retention_days
        said = (
            f"管理单位 Operator: {self.operator}",
            f"目的 Purpose: {self.purpose}",
            f"电话 Phone: {self.phone}",
            f"保存 Kept: {days} 日 / {days} days" if days else "不保存录像 No footage is kept",
        )
        return (*said, "扫码了解权利 Scan for your rights") if self.url else said


@dataclass(frozen=True, slots=True)
class Placed:
    """A line of text and the box its ink must stay in: left, top, right, bottom in pixels."""

    text: str
    font_px: int
    box: tuple[int, int, int, int]
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything goes on a panel of ``size``."""

    size: tuple[int, int]
    lines: tuple[Placed, ...]
    qr: tuple[int, int, int] | None
    """Left, top and pixels a module, quiet border included."""


def draw(notice: Notice, size: tuple[int, int], font: str = "") -> Image.Image:
    """The sign as a picture of two tones, mode "1".

    Raises:
        SetupError: a library or font is missing, the font lacks a character, or it cannot fit.
    """
    image_module, draw_module, _ = _pillow()
    face = Face(font)
    code = code_of(notice.url)
    plan = lay_out(notice, size, face, None if code is None else len(code))
    picture = image_module.new("1", size, 1)
    pen = draw_module.Draw(picture)
    pen.rectangle((0, 0, size[0] - 1, header_px(size) - 1), fill=0)
    for line in plan.lines:
        # The ink's own upper left corner, not the pen's, stands in the box's corner.
        ink = face.ink(line.text, line.font_px)
        place = (line.box[0] - ink[0], line.box[1] - ink[1])
        pen.text(place, line.text, font=face.at(line.font_px), fill=1 if line.inverted else 0)
    if plan.qr is not None and code is not None:
        left, top, module = plan.qr
        for y, row in enumerate(code):
            for x, dark in enumerate(row):
                if dark:
                    a, b = left + x * module, top + y * module
                    pen.rectangle((a, b, a + module - 1, b + module - 1), fill=0)
    return picture


def lay_out(notice: Notice, size: tuple[int, int], face: Face, modules: int | None) -> Layout:
    """Place everything, as large as it goes.

    Raises:
        SetupError: the panel is too small for the text.
    """
    width, height = size
    if width < 96 or height < 64:
        raise SetupError(Reason.SETTING, f"a sign needs 96 × 64 pixels, the panel has {size}")
    margin = max(2, min(size) // 40)
    head = header_px(size)
    lines = list(
        _fit(face, notice.headlines, (margin, margin, width - margin, head - margin), wrap=False)
    )
    lines = [Placed(line.text, line.font_px, line.box, inverted=True) for line in lines]
    qr = None
    right = width - margin
    if modules is not None:
        room = min(2 * width // 5, height - head - 2 * margin)
        module = room // modules
        if module < LEAST_MODULE_PX:
            raise SetupError(
                Reason.SETTING,
                f"the QR code needs {modules * LEAST_MODULE_PX} pixels, the panel leaves {room}: "
                "a shorter notice_url, or a larger panel",
            )
        right = width - modules * module - margin
        qr = (right, head + (height - head - modules * module) // 2, module)
    body = (margin, head + margin, right - margin, height - margin)
    lines += _fit(face, notice.paragraphs, body, wrap=True)
    return Layout(size, tuple(lines), qr)


def header_px(size: tuple[int, int]) -> int:
    return max(2 * (LEAST_FONT_PX + 3) + 6, round(size[1] * HEADER_SHARE))


def _fit(
    face: Face, paragraphs: tuple[str, ...], box: tuple[int, int, int, int], *, wrap: bool
) -> list[Placed]:
    """The largest size at which all lines fit the box."""
    left, top, right, bottom = box
    for font_px in _sizes((bottom - top) * 5 // (4 * len(paragraphs))):
        lines: list[str] = []
        for text in paragraphs:
            lines += face.wrapped(text, font_px, right - left) if wrap else [text]
        inks = [face.ink(line, font_px) for line in lines]
        leading = max(1, font_px // 5)
        tall = sum(ink[3] - ink[1] for ink in inks) + leading * (len(lines) - 1)
        wide = max((ink[2] - ink[0] for ink in inks), default=0)
        if tall > bottom - top or wide > right - left:
            continue
        placed: list[Placed] = []
        y = top + (bottom - top - tall) // 2
        for text, ink in zip(lines, inks, strict=True):
            high = ink[3] - ink[1]
            placed.append(Placed(text, font_px, (left, y, left + ink[2] - ink[0], y + high)))
            y += high + leading
        return placed
    raise SetupError(
        Reason.SETTING,
        f"the sign's text does not fit {right - left} × {bottom - top} pixels at {LEAST_FONT_PX} "
        "pixels a character: a larger panel, or a shorter operator and purpose",
    )


def _sizes(most: int) -> list[int]:
    """Font sizes to try, the largest first, each about a twentieth smaller."""
    sizes = [max(LEAST_FONT_PX, most)]
    while sizes[-1] > LEAST_FONT_PX:
        sizes.append(max(LEAST_FONT_PX, min(sizes[-1] - 1, sizes[-1] * 19 // 20)))
    return sizes


class Face:
    """A font in every size, and whether it can write a text at all."""

    def __init__(self, path: str) -> None:
        _, _, self._fonts = _pillow()
        self.path = path or next((each for each in FONTS if Path(each).exists()), "")
        if not self.path:
            raise SetupError(
                Reason.FILE_MISSING,
                "no font with Chinese characters: apt install fonts-wqy-microhei, "
                "or name one in [signage] font",
            )
        self._sizes: dict[int, Any] = {}
        self._written: set[str] = set()
        self._nothing = self._mask("\uffff")

    def _mask(self, char: str) -> bytes:
        mask: Any = self.at(24).getmask(char)
        return bytes(mask)

    def at(self, px: int) -> ImageFont.FreeTypeFont:
        if px not in self._sizes:
            try:
                self._sizes[px] = self._fonts.truetype(self.path, px)
            except OSError as error:
                raise SetupError(
                    Reason.FILE_UNREADABLE,
                    f"font {self.path}: {error}; name a TrueType or OpenType file with Chinese "
                    "characters, such as apt install fonts-wqy-microhei brings",
                ) from None
        return self._sizes[px]

    def ink(self, text: str, px: int) -> tuple[int, int, int, int]:
        """Box of the ink when the pen stands at (0, 0); refuses what the font cannot write."""
        for char in set(text) - self._written:
            if not char.isspace() and self._mask(char) == self._nothing:
                raise SetupError(
                    Reason.SETTING,
                    f"the font {Path(self.path).name} has no {char!r}: name another in "
                    "[signage] font",
                )
        self._written |= set(text)
        left, top, right, bottom = self.at(px).getbbox(text, mode="1")
        return int(left), int(top), int(right + 0.999), int(bottom + 0.999)

    def wrapped(self, text: str, px: int, width: int) -> list[str]:
        """Broken before what no longer fits: at a space, or between Chinese characters."""
        lines, line = [""], ""
        for piece in _pieces(text):
            longer = line + piece
            if line and self._wide(longer.rstrip(), px) > width:
                line = piece.lstrip()
                lines.append(line.rstrip())
            else:
                line = longer
                lines[-1] = line.rstrip()
            while len(line) > 1 and self._wide(line.rstrip(), px) > width:
                cut = next(
                    n for n in range(len(line) - 1, 0, -1)
                    if n == 1 or self._wide(line[:n], px) <= width
                )  # fmt: skip
                lines[-1], line = line[:cut], line[cut:]
                lines.append(line.rstrip())
        return [each for each in lines if each]

    def _wide(self, text: str, px: int) -> int:
        left, _, right, _ = self.at(px).getbbox(text, mode="1")
        return int(right - left + 0.999)


def _pieces(text: str) -> list[str]:
    pieces: list[str] = [""]
    for char in text:
        wide = ord(char) >= 0x2E80
        if wide or (pieces[-1] and (pieces[-1].endswith(" ") or ord(pieces[-1][-1]) >= 0x2E80)):
            pieces.append(char)
        else:
            pieces[-1] += char
    return [piece for piece in pieces if piece]


def code_of(url: str) -> list[list[bool]] | None:
    """The QR code's modules with their quiet border; ``None`` without an address."""
    if not url:
        return None
    if len(url) > MAX_URL:
        raise SetupError(Reason.SETTING, f"notice_url is longer than {MAX_URL} characters")
    try:
        import segno
    except ImportError:
        raise SetupError(
            Reason.LIBRARY_MISSING, "the sign's QR code needs segno: pip install segno"
        ) from None
    made = segno.make(url, error="m", micro=False)
    return [[bool(cell) for cell in row] for row in made.matrix_iter(scale=1, border=QUIET_MODULES)]


def _pillow() -> tuple[Any, Any, Any]:
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError:
        raise SetupError(
            Reason.LIBRARY_MISSING, "drawing the sign needs Pillow: pip install pillow"
        ) from None
    return Image, ImageDraw, ImageFont
