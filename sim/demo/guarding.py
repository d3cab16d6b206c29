"""The story's chapters on zones and on the printed sign: an intruder, and leaves over the board."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from viewkeeper.protocol.orders import Command, Config
from viewkeeper.protocol.signage import SignRegion
from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    EventKind,
    SignageSource,
    SignageState,
    WatchState,
    ZoneKind,
)
from viewkeeper.protocol.zones import PLACE_SCALE, Zone
from viewkeeper.sim.camera import pinhole
from viewkeeper.sim.demo.observer import Seen
from viewkeeper.sim.demo.play import Play, must, told
from viewkeeper.sim.signage import Board
from viewkeeper.sim.source import set_scene
from viewkeeper.sim.stage import Scene

FORECOURT = Zone(
    name="forecourt",
    kind=ZoneKind.AREA,
    points=((200, 4000), (9800, 4000), (9800, 9900), (200, 9900)),
    watch=(EventKind.INTRUSION,),
)


def sign_region(scene: Scene) -> SignRegion | None:
    """Where the street's own sign is in the registered picture; ``None`` where it has none."""
    camera = set_scene(scene)
    sign = camera.panorama.sign
    if sign is None:
        return None
    corners: list[list[float]] = []
    for across in (-0.5, 0.5):
        for up in (-0.5, 0.5):
            azimuth = math.radians(sign.azimuth_deg + across * sign.width_deg)
            elevation = math.radians(sign.elevation_deg + up * sign.height_deg)
            level = math.cos(elevation)
            corners.append(
                [level * math.sin(azimuth), -math.sin(elevation), level * math.cos(azimuth)]
            )
    size = (scene.width_px, scene.height_px)
    pixels = pinhole.project(np.array(corners), camera.registered, camera.lens, size)
    low, high = (pixels.min(axis=0) + 0.5) / size, (pixels.max(axis=0) + 0.5) / size
    left, top, right, bottom = (
        int(np.clip(round(float(value) * PLACE_SCALE), 0, PLACE_SCALE)) for value in (*low, *high)
    )
    return SignRegion(left=left, top=top, right=right, bottom=bottom)


def guarded(play: Play) -> Config:
    """The demo's configuration with a zone and the sign's region."""
    return dataclasses.replace(
        play.world.configuration(play.view_hash),
        zones=(FORECOURT,),
        sign_region=sign_region(play.camera.scene),
    )


def watch(play: Play) -> None:
    """Put a zone and the sign's region in force and wait until both are watched."""
    answer = told(play.world.order(play.camera, guarded(play)))
    must(answer in ("accepted", "already_applied"), f"the camera answered {answer}")

    def watching(seen: Seen) -> bool:
        events = None if seen.report is None else seen.report.events
        return events is not None and events.state is WatchState.WATCHING

    must(play.sees(watching), "the zones are not watched")


def intruder(play: Play) -> str:
    """People walk into the zone; the operator reports it and the clock stops."""
    watch(play)
    before = len(play.world.observer.seen(play.camera.name).events)
    play.camera.stage.conditions(people=4)

    def flagged(seen: Seen) -> bool:
        flags = [e for e in seen.events[before:] if e.event is EventKind.INTRUSION]
        waits = AlarmKind.EVENT_UNREPORTED.value in seen.alarms
        return bool(flags) and waits and flags[0].zone == FORECOURT.name

    must(play.sees(flagged), "the intruder is not flagged")
    play.camera.stage.conditions(people=0)
    must(play.sees(_over(before)), "the end of the intrusion is not flagged")
    flags = play.world.observer.seen(play.camera.name).events[before:]
    for event_id in {e.event_id for e in flags if e.event is EventKind.INTRUSION}:
        assert event_id is not None  # the agent gives every flag one
        order = Command(name="reported", argument=f"{event_id.hex()} DEMO-110-1")
        answer = told(play.world.order(play.camera, order))
        must(answer in ("accepted", "already_applied"), f"the camera answered {answer}")
    must(
        play.sees(lambda seen: AlarmKind.EVENT_UNREPORTED.value not in seen.alarms),
        "the reporting clock does not stop",
    )
    first = flags[0]
    return (
        f"{first.event.value} in {first.zone}, GB/T 28181 {first.alarm_method}/{first.alarm_type}; "
        "reported"
    )


def hidden_sign(play: Play) -> str:
    """Leaves grow over the board, and are cut."""
    if sign_region(play.camera.scene) is None:
        return "this panorama has no sign of its own"
    must(play.sees(_sign_is(SignageState.PRESENT)), "the board is not seen")
    play.camera.stage.board(Board.OBSCURED)
    must(play.sees(_sign_is(SignageState.OBSCURED)), "the covered board is not seen")
    must(
        play.sees(lambda seen: AlarmKind.SIGN_FAULT.value in seen.alarms),
        "the covered board raises no alarm",
    )
    play.camera.stage.board(Board.PRESENT)
    must(play.sees(_sign_is(SignageState.PRESENT)), "the board is clear, and this is not seen")
    return "obscured with an alarm, then present"


def _over(before: int) -> Callable[[Seen], bool]:
    def over(seen: Seen) -> bool:
        flags = [e for e in seen.events[before:] if e.event is EventKind.INTRUSION]
        ended = {e.event_id for e in flags if e.ended_ms is not None}
        return bool(flags) and {e.event_id for e in flags} == ended

    return over


def _sign_is(state: SignageState) -> Callable[[Seen], bool]:
    def right(seen: Seen) -> bool:
        sign = None if seen.report is None else seen.report.signage
        return sign is not None and sign.state is state and sign.source is SignageSource.VIEW

    return right
