"""Scenes with truth for the zone events: what is played, in what weather, and what must be said."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from tests.support.staging import Parcel, Walk, area, line
from viewkeeper.protocol.vocabulary import EventKind as E
from viewkeeper.protocol.vocabulary import LineDirection
from viewkeeper.sim.camera.conditions import Conditions

DWELL_S = 12
WHOLE = (
    area("street", watch=(E.INTRUSION,)),
    area("dwell", watch=(E.LOITERING, E.OBJECT_LEFT, E.OBJECT_REMOVED), dwell_s=DWELL_S),
    area("fast", watch=(E.FAST_MOTION,), speed=2000),
    line("line"),
    line("oneway", watch=(E.WRONG_WAY,), direction=LineDirection.BACKWARD),
)
TUNED_WEATHER = {
    "day": Conditions(),
    "dusk": Conditions(night=0.5),
    "night": Conditions(night=1.0),
    "fog": Conditions(fog=0.3),
    "rain": Conditions(rain=0.6),
    "downpour": Conditions(rain=0.9),
    "compressed": Conditions(jpeg_quality=22),
    "wind": Conditions(sway_deg=0.13),
}
HELD_WEATHER = {
    "day": Conditions(),
    "dusk": Conditions(night=0.6),
    "night": Conditions(night=1.0, noise=0.006),
    "haze": Conditions(fog=0.2),
    "shower": Conditions(rain=0.8),
    "compressed": Conditions(jpeg_quality=20),
    "wind": Conditions(sway_deg=0.15),
}


@dataclass(slots=True)
class Score:
    """Right, missed and false flags, by kind."""

    right: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)

    def add(self, wanted: Counter[str], said: Counter[str]) -> None:
        self.right += wanted & said
        self.missed += wanted - said
        self.false += said - wanted

    @property
    def sums(self) -> tuple[int, int, int]:
        return self.right.total(), self.missed.total(), self.false.total()


def f1(right: int, missed: int, false: int) -> float:
    return 2 * right / max(1, 2 * right + missed + false)


@dataclass(frozen=True, slots=True)
class Scene:
    """What is played, and the kinds of flags it must raise."""

    walks: tuple[Walk, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    wanted: tuple[E, ...] = ()
    seconds: int = 18


def scenes(seed: int) -> dict[str, Scene]:
    """The same deeds at places that a seed moves about."""
    dice = random.Random(seed)
    z, look = 10.0 + dice.uniform(-1.2, 1.8), dice.randrange(100)
    left, right = (1.5, z), (9.5, z + dice.uniform(-0.5, 0.5))
    across, back = (left, right), (right, left)
    go = {"look": look, "start_s": 4.0, "speed_m_s": dice.uniform(1.1, 1.5)}
    spot = (dice.uniform(4.0, 6.0), z - 0.1)
    crossed = (E.INTRUSION, E.LINE_CROSSED)
    far, farther = dice.uniform(15.0, 18.0), ((1.5, z + 1.2), (9.5, z + 1.2))
    return {
        "to the right": Scene((Walk(across, **go),), (), (*crossed, E.WRONG_WAY)),
        "to the left": Scene((Walk(back, **go),), (), crossed),
        "runs": Scene(
            (Walk(across, **{**go, "speed_m_s": 4.2}),),
            (),
            (*crossed, E.WRONG_WAY, E.FAST_MOTION),
            12,
        ),
        "paces": Scene(
            (Walk(((3.6, z), (7.2, z), (3.6, z)), **go, paces=True),),
            (),
            (E.INTRUSION, E.LOITERING),
            26,
        ),
        "leaves a thing": Scene(
            (Walk(across, **go),), (Parcel(spot, 7.5),),
            (*crossed, E.WRONG_WAY, E.OBJECT_LEFT), 30,
        ),
        "takes a thing": Scene(
            (Walk(across, **go),), (Parcel(spot, 0.0, 7.5),),
            (*crossed, E.WRONG_WAY, E.OBJECT_REMOVED), 30,
        ),
        "stands": Scene(
            (Walk((left, (dice.uniform(3.6, 7.0), z)), **go, stays_s=60.0),), (),
            (*crossed, E.WRONG_WAY, E.LOITERING), 30,
        ),
        "two meet": Scene(
            (Walk(across, **go), Walk((farther[1], farther[0]), **{**go, "look": look + 7})), (),
            (*crossed, E.LINE_CROSSED, E.WRONG_WAY),
        ),
        "far": Scene(
            (Walk(((0.0, far), (0.78 * far, far)), **go),), (), (*crossed, E.WRONG_WAY), 22
        ),
        "nobody": Scene((), (), (), 20),
    }  # fmt: skip
