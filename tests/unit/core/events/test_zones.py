"""People walk through the simulated street; zones see them, and nothing else."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.support.staging import (
    LENS,
    RATE_HZ,
    Parcel,
    Staged,
    Walk,
    area,
    begun,
    line,
    play,
)
from viewkeeper.agent.core.events import foreground
from viewkeeper.agent.core.events.areas import contains, corners_of
from viewkeeper.agent.core.events.blobs import Detection, blobs_of
from viewkeeper.agent.core.events.foreground import Foreground
from viewkeeper.agent.core.events.placing import Placing
from viewkeeper.agent.core.events.zones import Outside, ZonesState, step
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.protocol.vocabulary import EventKind, LineDirection, ViewVerdict, WatchState
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.panorama import street_scene

E, D = EventKind, LineDirection
ACROSS = ((1.5, 11.0), (10.0, 11.0))
WHOLE = area()


@pytest.fixture(scope="module")
def street():
    return street_scene(1, 2048)


@pytest.fixture
def camera(street):
    return Staged(street, size=(320, 240), seed=2)


@pytest.mark.parametrize("conditions", [Conditions(), Conditions(night=1.0), Conditions(fog=0.3)])
def test_a_walker_is_one_intrusion_with_beginning_and_end(camera, conditions):
    camera.walks, camera.conditions = (Walk(ACROSS),), conditions
    flags = play(camera, (WHOLE,), 16)
    assert begun(flags) == [E.INTRUSION]
    assert [f.ended_s is not None for f in flags] == [False, True]
    assert flags[0].started_s >= 4.0
    assert flags[1].track.hits >= 5
    assert 0.1 < flags[1].track.way < 1.2


@pytest.mark.parametrize(("way", "direction"), [(ACROSS, D.BACKWARD), (ACROSS[::-1], D.FORWARD)])
def test_a_line_tells_the_direction(camera, way, direction):
    camera.walks = (Walk(way),)
    flags = play(camera, (line("kerb"),))
    assert [(f.kind, f.direction) for f in flags] == [(E.LINE_CROSSED, direction)]


def test_the_allowed_way_is_silent_and_the_other_is_wrong(camera):
    camera.walks = (Walk(ACROSS),)
    gate = {"watch": (E.WRONG_WAY,)}
    assert play(camera, (line("gate", direction=D.FORWARD, **gate),)) == []
    assert begun(play(camera, (line("gate", direction=D.BACKWARD, **gate),))) == [E.WRONG_WAY]


def test_who_paces_to_and_fro_loiters_once(camera):
    camera.walks = (Walk(((3.0, 14.0), (7.0, 14.0), (3.0, 14.0)), paces=True),)
    yard = area("yard", watch=(E.LOITERING,), dwell_s=12)
    assert begun(play(camera, (yard,), 24)) == [E.LOITERING]


def test_who_walks_through_does_not_loiter(camera):
    camera.walks = (Walk(ACROSS),)
    assert play(camera, (area("yard", watch=(E.LOITERING,), dwell_s=12),), 16) == []


def test_who_stands_still_for_two_minutes_is_still_there(camera):
    camera.walks = (Walk(((1.5, 8.0), (4.0, 8.0)), stays_s=150),)
    yard = area("yard", watch=(E.LOITERING,), dwell_s=120)
    assert begun(play(camera, (yard,), 145)) == [E.LOITERING]


def test_a_thing_that_is_left_is_flagged_and_who_left_it_is_not(camera):
    camera.walks = (Walk(ACROSS),)
    camera.parcels = (Parcel((5.0, 10.9), 7.0),)
    yard = area("yard", watch=(E.OBJECT_LEFT, E.OBJECT_REMOVED), dwell_s=10)
    assert begun(play(camera, (yard,), 30)) == [E.OBJECT_LEFT]


def test_a_thing_that_is_taken_away_is_flagged_as_gone(camera):
    camera.walks = (Walk(ACROSS),)
    camera.parcels = (Parcel((5.0, 11.1), 0.0, 7.0),)
    yard = area("yard", watch=(E.OBJECT_LEFT, E.OBJECT_REMOVED), dwell_s=10)
    assert begun(play(camera, (yard,), 30)) == [E.OBJECT_REMOVED]


def test_who_runs_is_fast_and_who_walks_is_not(camera):
    zone = area("yard", watch=(E.FAST_MOTION,), speed=2000)
    camera.walks = (Walk(ACROSS, speed_m_s=4.5),)
    assert begun(play(camera, (zone,), 9)) == [E.FAST_MOTION]
    camera.walks = (Walk(ACROSS),)
    assert play(camera, (zone,), 14) == []


def boxes(count, spread=0.5):
    return tuple(
        Detection(x - 0.02, 0.45, x + 0.02, 0.65, 0.9)
        for x in (0.5 - spread / 2 + spread * i / max(1, count - 1) for i in range(count))
    )


def outside(zones, seconds, seen_at):
    state, flags = ZonesState(), []
    for k in range(int(seconds * RATE_HZ)):
        t = k / RATE_HZ
        state, now = step(
            state,
            zones,
            np.zeros((120, 160), np.uint8),
            LENS,
            verdict=ViewVerdict.SAME,
            move=Move(),
            at_s=t,
            outside=Outside("frigate", seen_at(t)),
        )
        flags += now
    return flags


def test_a_crowd_is_dense_until_it_is_not():
    zone = area(watch=(E.CROWD_DENSITY,), crowd=4)
    flags = outside((zone,), 20, lambda t: boxes(5 if 5 <= t < 12 else 2))
    assert begun(flags) == [E.CROWD_DENSITY]
    assert flags[0].track.objects == 5
    assert flags[1].ended_s is not None


def test_a_sudden_gathering_is_told_from_a_slow_one():
    zone = area(watch=(E.GATHERING,), crowd=6)
    assert begun(outside((zone,), 20, lambda t: boxes(7 if t > 10 else 1))) == [E.GATHERING]
    assert outside((zone,), 60, lambda t: boxes(1 + int(t / 10))) == []


def test_a_crowd_that_scatters_is_flagged():
    zone = area(watch=(E.SCATTERING,), crowd=6)
    assert begun(outside((zone,), 25, lambda t: boxes(7 if t < 12 else 1))) == [E.SCATTERING]


def test_a_zone_is_suspended_while_the_view_is_moved(camera):
    camera.walks = (Walk(ACROSS),)
    for verdict in (ViewVerdict.MOVED, ViewVerdict.CANNOT_TELL):
        assert play(camera, (WHOLE,), 8, verdict) == []


def test_what_goes_on_when_the_view_is_lost_ends_there(camera):
    state = ZonesState()
    luma = np.zeros((120, 160), np.uint8)
    common = {"move": Move()}
    for k in range(10):
        state, _ = step(
            state, (WHOLE,), luma, LENS, verdict=ViewVerdict.SAME, at_s=k / 5,
            outside=Outside("x", boxes(1)), **common,
        )  # fmt: skip
    state, flags = step(state, (WHOLE,), luma, LENS, verdict=ViewVerdict.MOVED, at_s=2, **common)
    assert [(f.kind, f.ended_s) for f in flags] == [(E.INTRUSION, 2)]
    assert state.watch is WatchState.SUSPENDED


def infrared(camera, t):
    camera.conditions = Conditions(night=1.0 if 5 <= t < 9 else 0.0)


def clouds(camera, t):
    camera.conditions = Conditions(exposure_ev=0.8 * math.sin(t))


def showers(camera, t):
    camera.conditions = Conditions(rain=0.7)


def cloudburst(camera, t):
    camera.conditions = Conditions(rain=1.0)


def night(camera, t):
    camera.conditions = Conditions(night=1.0)


def wind(camera, t):
    camera.conditions = Conditions(sway_deg=0.2)


def sun_and_shade(camera, t):
    camera.conditions = Conditions(shadow=0.5, shadow_position=0.1 + 0.02 * t)


@pytest.mark.parametrize(
    "change", [infrared, clouds, night, showers, cloudburst, wind, sun_and_shade]
)
def test_light_and_weather_alone_raise_nothing(camera, change):
    everything = area(
        watch=(E.INTRUSION, E.LOITERING, E.OBJECT_LEFT, E.OBJECT_REMOVED, E.FAST_MOTION),
        dwell_s=5,
        speed=3000,
    )
    assert play(camera, (everything,), 20, change=change) == []


def test_headlights_raise_nothing(camera):
    y, x = np.mgrid[0:240, 0:320]
    state, flags = ZonesState(), []
    for k in range(60):
        frame, _ = camera.frame(k / RATE_HZ)
        spot = np.exp(-(((x - 4 * k) / 30) ** 2) - ((y - 180) / 20) ** 2) * 90 * (k > 20)
        luma = np.clip(frame.luma + spot, 0, 255).astype(np.uint8)
        state, now = step(
            state, (WHOLE,), luma, LENS, verdict=ViewVerdict.SAME, move=Move(), at_s=k / RATE_HZ
        )
        flags += now
    assert flags == []


def test_leaves_that_swing_on_the_spot_raise_nothing(camera):
    rng = np.random.default_rng(6)
    leaves = np.kron(rng.integers(20, 200, (16, 20)), np.ones((4, 4)))
    state, flags = ZonesState(), []
    for k in range(120):
        frame, _ = camera.frame(k / RATE_HZ)
        luma = frame.luma.copy()
        dx, dy = round(6 * math.sin(k * 0.9)), round(3 * math.sin(k * 1.7))
        luma[90 + dy : 154 + dy, 180 + dx : 260 + dx] = leaves
        state, now = step(
            state, (WHOLE,), luma, LENS, verdict=ViewVerdict.SAME, move=Move(), at_s=k / RATE_HZ
        )
        flags += now
    assert flags == []


def test_detections_from_outside_replace_the_blobs_and_are_named():
    flags = outside(
        (line("door", ((5000, 0), (5000, 10_000))),),
        4,
        lambda t: (Detection(0.18 + 0.15 * t, 0.4, 0.22 + 0.15 * t, 0.6, 0.9),),
    )
    assert [(f.kind, f.direction, f.detector) for f in flags] == [
        (E.LINE_CROSSED, D.BACKWARD, "frigate")
    ]


def test_who_dithers_on_a_line_crosses_once_and_who_comes_back_later_crosses_again():
    def box(t):
        x = 0.5 + 0.02 * math.sin(9 * t) if t < 4 else 0.5 + 0.2 * math.sin((t - 4) / 2)
        return (Detection(x - 0.02, 0.4, x + 0.02, 0.6, 0.9),)

    flags = outside((line("kerb"),), 24, box)
    ways = [(round(f.started_s), f.direction) for f in flags]
    assert [way for at, way in ways if at <= 4] in (
        [D.BACKWARD, D.FORWARD],
        [D.FORWARD, D.BACKWARD],
    )
    assert [way for at, way in ways if at > 5] == [D.FORWARD, D.BACKWARD, D.FORWARD]


def test_a_foot_is_carried_to_the_registered_picture():
    place = Placing.of(LENS, (320, 240), Move(pan_deg=10)).point((0.5, 0.5))
    assert place is not None
    assert place[0] == pytest.approx(0.5 + 0.5 * math.tan(math.radians(10)) / math.tan(math.pi / 6))
    assert Placing.of(LENS, (320, 240), Move(pan_deg=170)).point((0.5, 0.5)) is None


def background_of(came):
    """A flat wall, and what came before it; grey levels."""
    state, _ = foreground.step(None, np.full(came.shape, 90, np.uint8), 0.2)
    return replace(state, present=(90 + came).astype(np.float32))


def test_diagonal_pieces_are_one_blob_and_specks_are_none():
    mask = np.zeros((40, 60), bool)
    mask[4:14, 4:14] = mask[14:24, 14:24] = True
    mask[30, 50] = True
    found = Foreground(mask, mask, 1, settled=True, change=np.zeros(mask.shape, np.float32))
    assert [(b.left, b.top) for b in blobs_of(found, background_of(40.0 * mask))] == [
        (2 / 60, 2 / 40)
    ]


def test_a_soft_change_of_light_is_no_blob_and_a_body_as_large_is_one():
    y, x = np.mgrid[0:80, 0:100]
    soft = 40 * np.exp(-(((x - 50) / 14.0) ** 2) - ((y - 40) / 14.0) ** 2)
    mask = np.hypot(x - 50, y - 40) < 26
    found = Foreground(mask, mask, 1, settled=True, change=np.zeros(mask.shape, np.float32))
    assert blobs_of(found, background_of(soft)) == ()
    assert len(blobs_of(found, background_of(40.0 * (np.hypot(x - 50, y - 40) < 22)))) == 1


def test_a_polygon_holds_its_middle():
    assert contains(corners_of(WHOLE), (0.5, 0.5))
    assert not contains(corners_of(WHOLE), (0.5, 0.1))
