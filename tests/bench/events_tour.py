"""An example of every flag and of every kind of sign, played and written into
docs/benchmarks/examples.md, the signs as a picture beside it.

One deed each on the simulated street; what stands in the page is what the agent's rooms said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.bench import sign_tour
from tests.bench.events_scenes import WHOLE, scenes
from tests.bench.sign_tour import Row
from tests.support.staging import LENS, RATE_HZ, Staged, area
from viewkeeper.agent.core import assessment
from viewkeeper.agent.core.events.blobs import Detection
from viewkeeper.agent.core.events.flags import Flag, event_of
from viewkeeper.agent.core.events.zones import Outside, ZonesState, step
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.geometry import Lens, Move
from viewkeeper.agent.core.view.registered import register
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.protocol.vocabulary import EventKind, ViewVerdict
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.panorama import Panorama, street_scene
from viewkeeper.sim.camera.virtual import VirtualCamera

E = EventKind
PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks" / "examples.md"
CROWD = area("square", watch=(E.CROWD_DENSITY, E.GATHERING, E.SCATTERING), crowd=6)


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


def main() -> None:
    """Play all and write the page."""
    street = street_scene(1, 2048)
    flags = [*zone_flags(street), *crowd_flags(), *camera_flags(street)]
    signs = sign_tour.examples(street)
    sign_tour.sheet(signs).save(sign_tour.SHEET, optimize=True)
    PAGE.write_text(
        "# An example of every flag and every sign\n\nPlayed on the simulated street by "
        "`make examples`; the last column is what the agent's own code said.\n\n"
        "| flag | what was played | as it goes out |\n|---|---|---|\n"
        + "".join(f"| `{kind}` | {deed} | {words} |\n" for kind, deed, words in flags)
        + "\n| sign | what was played | state |\n|---|---|---|\n"
        + "".join(f"| {' | '.join(sign.row)} |\n" for sign in signs)
        + f"\n![The same signs as they look](../pictures/{sign_tour.SHEET.name})\n",
        encoding="utf-8",
    )
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
