"""Every kind of sign in every state, played: what the agent's rooms say, and a picture of it.

Printed and powered boards are cut out of what the simulated camera sees; a display is what
luma.emulator was made to show; a photo is drawn as the board on it reads.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tests.support.ina219 import Chip
from viewkeeper.agent.adapters.signage.display import DisplaySign
from viewkeeper.agent.adapters.signage.face import FONTS, Notice, draw
from viewkeeper.agent.adapters.signage.lamp import GpioLamp
from viewkeeper.agent.core.signage import watch
from viewkeeper.agent.core.signage.lamp import UNKNOWN, LampLimits, SignageStatus, judge_lamp
from viewkeeper.agent.core.signage.printed import Region, template_of
from viewkeeper.agent.core.signage.standing import ShownText, stand
from viewkeeper.agent.core.view.geometry import Lens, Move
from viewkeeper.agent.core.view.registered import register
from viewkeeper.agent.settings import SignageSettings
from viewkeeper.protocol.orders import SignText
from viewkeeper.protocol.signage import SignPhoto
from viewkeeper.protocol.vocabulary import LitState, SignageState
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.panorama import Panorama
from viewkeeper.sim.camera.virtual import VirtualCamera
from viewkeeper.sim.signage import SignState

if TYPE_CHECKING:
    from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SHEET = ROOT / "docs" / "pictures" / "signs.png"
WORDS = ROOT / "dashboard" / "static" / "i18n"
SIGN = Region(55 / 320, 133 / 240, 100 / 320, 187 / 240)
"""Where the street has its board."""
CUT = (35, 115, 120, 205)
"""The board and what surrounds it: left, top, right, bottom in pixels of 320 × 240."""
TEXT = SignText(
    operator="合肥市公安局示范支队", purpose="维护公共安全", phone="0551-0000-0000",
    lit_required=True,
)  # fmt: skip
PHOTO = SignPhoto(
    photo_hash=bytes(32), taken_on="2026-08-01", inspector="Li Wei", operator=TEXT.operator,
    phone=TEXT.phone, valid_days=90,
)  # fmt: skip
TILE, MOST = (272, 226), (220, 150)
"""Of the sheet: pixels a tile, and what of them a picture may fill."""
Row = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Example:
    """One sign: its kind, what was played, what the agent said, and how it looks."""

    kind: str
    deed: str
    status: SignageStatus
    picture: Image.Image

    @property
    def words(self) -> tuple[str, ...]:
        """State and, where it is known, light, in the words of the wire."""
        lit = self.status.lit
        return (self.status.state.value, *(() if lit is LitState.UNKNOWN else (lit.value,)))

    @property
    def row(self) -> Row:
        return self.kind, self.deed, ", ".join(f"`{word}`" for word in self.words)


def examples(street: Panorama) -> list[Example]:
    """All of them, in the order of docs/signage.md."""
    return [*_printed(street), *_powered(street), *_display(), *_photo()]


def _printed(street: Panorama) -> Iterator[Example]:
    """The board in the view, by day and by infrared night; the camera turned by 0.6°."""
    camera = VirtualCamera(street, size=(320, 240), seed=1)
    camera.sign = SignState.UNLIT
    view = register([camera.frame(float(t))[0] for t in range(7)], Lens(60))
    template = template_of(view, SIGN)
    camera.knock(pan_deg=0.6)
    dice = np.random.default_rng(3)
    poster = np.kron(dice.integers(20, 235, (8, 6)), np.ones((5, 5))).astype(np.uint8)
    for sky, conditions in (("day", Conditions()), ("night", Conditions(night=1.0))):
        for sign, deed in (
            (SignState.UNLIT, "the board hangs"),
            (SignState.OBSCURED, "leaves over the board"),
            (SignState.MISSING, "the board is gone"),
            (SignState.UNLIT, "a poster in the same frame"),
        ):
            camera.conditions, camera.sign = conditions, sign
            state = watch.PrintedState()
            luma: NDArray[np.uint8] = np.zeros((240, 320), np.uint8)
            for k in range(16):
                frame, truth = camera.frame(20.0 + k)
                if "poster" in deed:
                    frame = replace(frame, luma=frame.luma.copy())
                    frame.luma[140:180, 57:87] = poster
                move = Move(truth.move.pan_deg, truth.move.tilt_deg, truth.move.roll_deg)
                state = watch.step(state, template, frame, move, 20.0 + k)
                luma = frame.luma
            yield Example(
                "printed", f"{deed}, {sky}", replace(UNKNOWN, state=state.state), _seen(luma)
            )


def _powered(street: Panorama) -> Iterator[Example]:
    """Lamp, contact and photodiode on gpiozero's mock pins, an INA219 by its registers; the
    pictures are what a camera at night would see of such a sign."""
    import gpiozero
    from gpiozero.pins.mock import MockFactory

    settings = SignageSettings(driver="gpio", lamp_pin="GPIO17", presence_pin="GPIO27", i2c_bus=1)
    camera = VirtualCamera(street, size=(320, 240), seed=1)
    camera.conditions = Conditions(night=1.0)
    for deed, current_ma, light, hangs, sign in (
        ("320 mA, light on the photodiode", 320.0, 0.7, True, SignState.LIT),
        ("no current, dark", 0.0, 0.02, True, SignState.UNLIT),
        ("320 mA, dark", 320.0, 0.02, True, SignState.UNLIT),
        ("60 mA", 60.0, None, True, SignState.LIT),
        ("320 mA, the board's contact open", 320.0, None, False, SignState.MISSING),
    ):
        gpiozero.Device.pin_factory = MockFactory()
        chip = Chip()
        chip.flows(current_ma)
        lamp = GpioLamp(settings, bus=chip)
        contact = gpiozero.Device.pin_factory.pin("GPIO27")
        (contact.drive_low if hangs else contact.drive_high)()
        reading = lamp.read()
        lamp.close()
        status = judge_lamp(
            commanded=reading.lamp_commanded, current_ma=reading.current_ma, light_level=light,
            present=reading.present, limits=LampLimits(),
        )  # fmt: skip
        camera.sign = sign
        yield Example("powered", deed, status, _seen(camera.frame(20.0)[0].luma))


def _display() -> Iterator[Example]:
    """The agent's own drawing on luma.emulator's panel, which keeps it as a PNG."""
    from luma.emulator.device import capture
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        panel: Any = capture(
            width=400, height=300, transform="none", scale=1,
            file_template=f"{folder}/sign-{{0:02}}.png",
        )  # fmt: skip
        sign = DisplaySign(SignageSettings(notice_url="https://example.org/notice/cam-0001"), panel)
        sign.show(TEXT, 30)
        shown = sign.read().shown
        with Image.open(max(Path(folder).glob("sign-*.png"))) as drawn:
            picture = drawn.convert("L")
    other = replace(TEXT, phone="110")
    for deed, text in (("drawn and read back", TEXT), ("another telephone is registered", other)):
        yield Example("display", deed, _stands(shown=shown, text=text), picture)


def _photo() -> Iterator[Example]:
    """An inspector's photo, 90 days."""
    wrong = replace(PHOTO, operator="示范公司")
    for deed, photo, day in (
        ("taken 1 August, on its 90th day", PHOTO, dt.date(2026, 10, 30)),
        ("a day later", PHOTO, dt.date(2026, 10, 31)),
        ("shows another operator", wrong, dt.date(2026, 8, 2)),
    ):
        board = draw(Notice(photo.operator, TEXT.purpose, photo.phone, 30), (320, 200))
        yield Example("photo", deed, _stands(photo=photo, today=day, text=TEXT), board.convert("L"))


def _stands(
    text: SignText, *, shown: ShownText | None = None, photo: SignPhoto | None = None,
    today: dt.date | None = None,
) -> SignageStatus:  # fmt: skip
    return stand(
        seen=SignageState.UNKNOWN, sensed=UNKNOWN, shown=shown, photo=photo, text=text, today=today
    )


def _seen(luma: NDArray[np.uint8]) -> Image.Image:
    from PIL import Image

    left, top, right, bottom = CUT
    return Image.fromarray(luma[top:bottom, left:right].copy())


def sheet(signs: list[Example], columns: int = 4) -> Image.Image:
    """All on one picture, each with what was played and what the agent said, in both languages."""
    from PIL import Image, ImageDraw, ImageFont

    font = next(each for each in FONTS if Path(each).exists())
    small, large = ImageFont.truetype(font, 12), ImageFont.truetype(font, 14)
    words = [json.loads((WORDS / f"{one}.json").read_text("utf-8")) for one in ("en", "zh")]
    rows = -(-len(signs) // columns)
    whole = Image.new("L", (columns * TILE[0], rows * TILE[1]), 255)
    pen = ImageDraw.Draw(whole)
    for n, sign in enumerate(signs):
        x, y = n % columns * TILE[0] + 8, n // columns * TILE[1] + 6
        scale = min(MOST[0] / sign.picture.width, MOST[1] / sign.picture.height)
        size = (round(sign.picture.width * scale), round(sign.picture.height * scale))
        whole.paste(sign.picture.resize(size, Image.Resampling.LANCZOS), (x, y))
        pen.rectangle((x, y, x + size[0] - 1, y + size[1] - 1), outline=120)
        pen.text((x, y + MOST[1] + 6), f"{sign.kind}: {sign.deed}", font=small, fill=60)
        for line, table in enumerate(words):
            lit = table["vocabulary"]["LitState"] if len(sign.words) > 1 else {}
            said = [
                table["vocabulary"]["SignageState"][sign.words[0]],
                *map(lit.get, sign.words[1:]),
            ]
            pen.text((x, y + MOST[1] + 24 + 19 * line), " · ".join(said), font=large, fill=0)
    return whole
