"""An example of every flag and of every kind of sign, played and written into
docs/benchmarks/examples.md.

One deed each on the simulated street; what stands in the page is what the agent's rooms said.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.bench.events_scenes import WHOLE, scenes
from tests.support.ina219 import Chip
from tests.support.staging import LENS, RATE_HZ, Staged, area
from viewkeeper.agent.adapters.signage.display import DisplaySign
from viewkeeper.agent.adapters.signage.lamp import GpioLamp
from viewkeeper.agent.core import assessment
from viewkeeper.agent.core.events.blobs import Detection
from viewkeeper.agent.core.events.flags import Flag, event_of
from viewkeeper.agent.core.events.zones import Outside, ZonesState, step
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.signage import watch
from viewkeeper.agent.core.signage.lamp import UNKNOWN, LampLimits, judge_lamp
from viewkeeper.agent.core.signage.printed import Region, template_of
from viewkeeper.agent.core.signage.standing import ShownText, stand
from viewkeeper.agent.core.view.geometry import Lens, Move
from viewkeeper.agent.core.view.registered import register
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.agent.settings import SignageSettings
from viewkeeper.protocol.orders import SignText
from viewkeeper.protocol.signage import SignPhoto
from viewkeeper.protocol.vocabulary import EventKind, SignageState, ViewVerdict
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.panorama import Panorama, street_scene
from viewkeeper.sim.camera.virtual import VirtualCamera
from viewkeeper.sim.signage import SignState

E = EventKind
PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks" / "examples.md"
CROWD = area("square", watch=(E.CROWD_DENSITY, E.GATHERING, E.SCATTERING), crowd=6)
SIGN = Region(55 / 320, 133 / 240, 100 / 320, 187 / 240)
"""Where the street has its board."""
TEXT = SignText(
    operator="合肥市公安局示范支队", purpose="维护公共安全", phone="0551-0000-0000",
    lit_required=True,
)  # fmt: skip
Row = tuple[str, str, str]


def said(flag: Flag) -> str:
    """A flag as it goes out."""
    event = event_of(flag, bytes(8))
    parts = [
        f"GB/T 28181 {event.alarm_method}/{event.alarm_type}",
        "" if event.zone is None else f"zone `{event.zone}`",
        "" if event.direction is None else event.direction.value,
        f"sure {event.confidence_permille / 1000:.2f}",
        f"at {flag.started_s:.1f} s",
    ]
    return ", ".join(part for part in parts if part)


def zone_flags(street: Panorama) -> Iterator[Row]:
    """What people and things do, seen by the camera itself."""
    deeds = {
        "to the right": ("somebody walks across", (E.INTRUSION, E.LINE_CROSSED, E.WRONG_WAY)),
        "runs": ("somebody runs across", (E.FAST_MOTION,)),
        "paces": ("somebody paces to and fro", (E.LOITERING,)),
        "leaves a thing": ("a box is put down", (E.OBJECT_LEFT,)),
        "takes a thing": ("a box is taken away", (E.OBJECT_REMOVED,)),
    }
    for name, (deed, kinds) in deeds.items():
        scene = scenes(1)[name]
        camera = Staged(street, size=(320, 240), seed=1)
        camera.walks, camera.parcels = scene.walks, scene.parcels
        state, flags = ZonesState(), list[Flag]()
        for k in range(scene.seconds * RATE_HZ):
            frame, _ = camera.frame(k / RATE_HZ)
            state, now = step(
                state, WHOLE, frame.luma, LENS, verdict=ViewVerdict.SAME, move=Move(),
                at_s=k / RATE_HZ,
            )  # fmt: skip
            flags += now
        yield from _rows(flags, deed, kinds)


def crowd_flags() -> Iterator[Row]:
    """A crowd in another program's boxes."""
    grey, state, flags = np.full((48, 64), 90, np.uint8), ZonesState(), list[Flag]()
    for k in range(40 * RATE_HZ):
        t = k / RATE_HZ
        many = 8 if 12 <= t < 26 else 2
        boxes = tuple(
            Detection(x - 0.02, 0.5, x + 0.02, 0.7, 0.9)
            for x in (0.1 + 0.1 * n + 0.004 * math.sin(t + n) for n in range(many))
        )
        state, now = step(
            state, (CROWD,), grey, LENS, verdict=ViewVerdict.SAME, move=Move(), at_s=t,
            outside=Outside("frigate", boxes),
        )  # fmt: skip
        flags += now
    kinds = (E.GATHERING, E.CROWD_DENSITY, E.SCATTERING)
    yield from _rows(flags, "two people, then eight for 14 s, then two (boxes from Frigate)", kinds)


def camera_flags(street: Panorama) -> Iterator[Row]:
    """What is done to the camera, one check a second."""

    def played(change: Callable[[VirtualCamera, float], None], loop: bool = False) -> list[Flag]:
        camera = VirtualCamera(street, size=(320, 240), seed=3)
        view = register([camera.frame(float(k))[0] for k in range(8)], Lens(camera.lens.hfov_deg))
        state, flags, kept = assessment.start(0.0), list[Flag](), list[Frame]()
        for k in range(60):
            at_s = 10.0 + k
            change(camera, float(k))
            frame = camera.frame(at_s)[0]
            if loop:
                kept.append(frame)
                frame = replace(kept[k % 6], captured_mono_s=at_s) if k >= 12 else frame
            state, check = assessment.check(state, view, frame, Tolerance(), at_s)
            flags += check.flags
        return flags

    def covered(camera: VirtualCamera, k: float) -> None:
        camera.conditions = Conditions(covered=0.97 if k > 10 else 0.0)

    def turned(camera: VirtualCamera, k: float) -> None:
        if k == 10:
            camera.knock(pan_deg=4.0)

    def struck(camera: VirtualCamera, k: float) -> None:
        if k == 10:
            camera.knock(tilt_deg=-0.8)

    def frozen(camera: VirtualCamera, k: float) -> None:
        camera.conditions = Conditions(frozen=k > 10)

    def nothing(_camera: VirtualCamera, _k: float) -> None:
        pass

    for kind, deed, change in (
        (E.CAMERA_COVERED, "a bag over the lens", covered),
        (E.CAMERA_STRUCK, "a blow that leaves it 0.8° lower", struck),
        (E.CAMERA_MOVED, "the camera turned by 4°", turned),
        (E.FEED_FROZEN, "the feed repeats one picture", frozen),
    ):
        yield from _rows(played(change), deed, (kind,))
    flags = played(nothing, loop=True)
    yield from _rows(flags, "six recorded pictures played over and over", (E.FEED_REPLAYED,))


def _rows(flags: list[Flag], deed: str, kinds: tuple[EventKind, ...]) -> Iterator[Row]:
    for kind in kinds:
        found = [flag for flag in flags if flag.kind is kind]
        yield kind.value, deed, said(found[0]) if found else "**not flagged**"


def printed_signs(street: Panorama) -> Iterator[Row]:
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
            for k in range(16):
                frame, truth = camera.frame(20.0 + k)
                if "poster" in deed:
                    frame = replace(frame, luma=frame.luma.copy())
                    frame.luma[140:180, 57:87] = poster
                move = Move(truth.move.pan_deg, truth.move.tilt_deg, truth.move.roll_deg)
                state = watch.step(state, template, frame, move, 20.0 + k)
            yield "printed", f"{deed}, {sky}", f"`{state.state.value}`"


def powered_signs() -> Iterator[Row]:
    """Lamp, contact and photodiode on gpiozero's mock pins, an INA219 by its registers."""
    import gpiozero
    from gpiozero.pins.mock import MockFactory

    settings = SignageSettings(driver="gpio", lamp_pin="GPIO17", presence_pin="GPIO27", i2c_bus=1)
    for deed, current_ma, light, hangs in (
        ("320 mA, light on the photodiode", 320.0, 0.7, True),
        ("no current, dark", 0.0, 0.02, True),
        ("320 mA, dark", 320.0, 0.02, True),
        ("60 mA", 60.0, None, True),
        ("320 mA, the board's contact open", 320.0, None, False),
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
        yield "powered", deed, f"`{status.state.value}`, `{status.lit.value}`"


def display_signs() -> Iterator[Row]:
    """The agent's own drawing on luma's dummy panel."""
    from luma.core.device import dummy

    sign = DisplaySign(SignageSettings(driver="display"), dummy(width=400, height=300, mode="1"))
    sign.show(TEXT, 30)
    shown = sign.read().shown
    other = replace(TEXT, phone="110")
    for deed, text in (("drawn and read back", TEXT), ("another telephone is registered", other)):
        yield "display", deed, _stands(shown=shown, text=text)


def photo_signs() -> Iterator[Row]:
    """An inspector's photo, 90 days."""
    photo = SignPhoto(
        photo_hash=bytes(32), taken_on="2026-08-01", inspector="Li Wei", operator=TEXT.operator,
        phone=TEXT.phone, valid_days=90,
    )  # fmt: skip
    wrong = replace(photo, operator="示范公司")
    for deed, what, day in (
        ("taken 1 August, on its 90th day", photo, dt.date(2026, 10, 30)),
        ("a day later", photo, dt.date(2026, 10, 31)),
        ("shows another operator", wrong, dt.date(2026, 8, 2)),
    ):
        yield "photo", deed, _stands(photo=what, today=day, text=TEXT)


def _stands(
    text: SignText, *, shown: ShownText | None = None, photo: SignPhoto | None = None,
    today: dt.date | None = None,
) -> str:  # fmt: skip
    status = stand(
        seen=SignageState.UNKNOWN, sensed=UNKNOWN, shown=shown, photo=photo, text=text, today=today
    )
    return f"`{status.state.value}`"


def main() -> None:
    """Play all and write the page."""
    street = street_scene(1, 2048)
    flags = [*zone_flags(street), *crowd_flags(), *camera_flags(street)]
    signs = [*printed_signs(street), *powered_signs(), *display_signs(), *photo_signs()]
    PAGE.write_text(
        "# An example of every flag and every sign\n\nPlayed on the simulated street by "
        "`make examples`; the last column is what the agent's own code said.\n\n"
        "| flag | what was played | as it goes out |\n|---|---|---|\n"
        + "".join(f"| `{kind}` | {deed} | {words} |\n" for kind, deed, words in flags)
        + "\n| sign | what was played | state |\n|---|---|---|\n"
        + "".join(f"| {kind} | {deed} | {words} |\n" for kind, deed, words in signs),
        encoding="utf-8",
    )
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
