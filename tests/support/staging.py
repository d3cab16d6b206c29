"""A virtual street with people who walk where they are told, and things they leave behind."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from viewkeeper.agent.core.events.flags import Flag
from viewkeeper.agent.core.events.zones import ZonesState, step
from viewkeeper.agent.core.view.geometry import Lens, Move
from viewkeeper.protocol.vocabulary import EventKind, LineDirection, ViewVerdict, ZoneKind
from viewkeeper.protocol.zones import Zone
from viewkeeper.sim.camera import objects, sprites
from viewkeeper.sim.camera.virtual import VirtualCamera

LENS = Lens(60)
RATE_HZ = 5
SPEED_M_S = 1.3


@dataclass(frozen=True)
class Walk:
    """Somebody on a polyline of (x, z) in metres, from ``start_s`` on; repeats if ``paces``."""

    way: tuple[tuple[float, float], ...]
    start_s: float = 4.0
    speed_m_s: float = SPEED_M_S
    look: int = 5
    paces: bool = False
    stays_s: float = 0.0
    """How long at the end of the way."""

    def at(self, t_s: float):
        """(foot, previous point) at a time, or ``None`` when out of the scene."""
        if t_s < self.start_s:
            return None
        lengths = [math.dist(a, b) for a, b in zip(self.way, self.way[1:], strict=False)]
        along = self.speed_m_s * (t_s - self.start_s)
        if self.paces:
            along %= sum(lengths)
        for a, b, length in zip(self.way, self.way[1:], lengths, strict=False):
            if along <= length:
                share = along / length
                return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share), a, b
            along -= length
        if self.stays_s and along <= self.stays_s * self.speed_m_s:
            return self.way[-1], self.way[-2], self.way[-1]
        return None


@dataclass(frozen=True)
class Parcel:
    """A box on the ground from one time to another."""

    foot: tuple[float, float]
    from_s: float
    to_s: float = 1e9
    size: float = 0.45


def _parcel() -> np.ndarray:
    rng = np.random.default_rng(8)
    sprite = np.zeros((48, 24, 4), np.float32)
    body = np.repeat(np.repeat(rng.uniform(0.05, 0.5, (8, 6, 3)), 6, 0), 4, 1)
    sprite[..., :3], sprite[..., 3] = body.astype(np.float32), 1.0
    return sprite


class Staged(VirtualCamera):
    """A street with a cast."""

    walks: tuple[Walk, ...] = ()
    parcels: tuple[Parcel, ...] = ()

    def _light(self, pose, t_s, hidden):
        linear = super()._light(pose, t_s, hidden)
        look, brightness = self._look(pose), objects.ambient(linear)
        for parcel in self.parcels:
            if parcel.from_s <= t_s < parcel.to_s:
                objects._billboard(
                    linear, hidden, look, parcel.foot, parcel.size, _parcel(), brightness
                )
        cast = [(walk, place) for walk in self.walks if (place := walk.at(t_s)) is not None]
        cast.sort(key=lambda item: -math.hypot(*item[1][0]))
        for walk, (foot, a, b) in cast:
            # Who stands still shifts from foot to foot now and then.
            still = foot == b
            beat = t_s * 0.7 if still else t_s * 7
            sprite = sprites.walker(int(beat % sprites.WALK_PHASES), walk.look)
            right = (b[0] - a[0]) * foot[1] - (b[1] - a[1]) * foot[0] > 0
            objects._billboard(
                linear, hidden, look, foot, 1.0, sprite if right else sprite[:, ::-1], brightness
            )
        return linear


def area(name="street", points=None, watch=(EventKind.INTRUSION,), **more) -> Zone:
    points = points or ((200, 3000), (9800, 3000), (9800, 9900), (200, 9900))
    return Zone(name=name, kind=ZoneKind.AREA, points=points, watch=watch, **more)


def line(
    name="line",
    points=((5000, 2000), (5000, 10_000)),
    watch=(EventKind.LINE_CROSSED,),
    direction: LineDirection | None = None,
) -> Zone:
    return Zone(name=name, kind=ZoneKind.LINE, points=points, watch=watch, direction=direction)


def play(
    camera, zones, seconds=12, verdict=ViewVerdict.SAME, change=None, state=None
) -> list[Flag]:
    """Flags of a scene that is played for so long; the camera's true move is given."""
    state, flags = state or ZonesState(), []
    for k in range(int(seconds * RATE_HZ)):
        t = k / RATE_HZ
        if change is not None:
            change(camera, t)
        frame, truth = camera.frame(t)
        move = truth.move
        state, now = step(
            state,
            zones,
            frame.luma,
            LENS,
            verdict=verdict,
            move=Move(move.pan_deg, move.tilt_deg, move.roll_deg, move.zoom),
            at_s=t,
        )
        flags += now
    return flags


def begun(flags) -> list[EventKind]:
    """Kinds of the flags that began, in order."""
    ended = {(f.kind, f.zone, f.started_s) for f in flags if f.ended_s is None}
    return [
        f.kind for f in flags if f.ended_s is None or (f.kind, f.zone, f.started_s) not in ended
    ]
