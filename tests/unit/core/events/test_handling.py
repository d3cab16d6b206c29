from viewkeeper.agent.core.events.handling import (
    COVERED_CHECKS,
    STRUCK_REST_S,
    HandlingState,
    Observation,
    step,
)
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.protocol.vocabulary import EventKind, ViewCause, ViewVerdict


def play(observations):
    state, flags = HandlingState(), []
    for seen in observations:
        state, now = step(state, seen)
        flags.extend((seen.at_s, flag) for flag in now)
    return flags


def covered(at_s):
    return Observation(at_s, ViewVerdict.CANNOT_TELL, ViewCause.COVERED, None)


def seen(at_s, pan_deg=0.0, verdict=ViewVerdict.SAME, **rest):
    return Observation(at_s, verdict, None, Move(pan_deg=pan_deg), **rest)


def test_a_cover_is_flagged_once_with_its_true_beginning_and_once_when_it_ends():
    flags = play([seen(0), *(covered(t) for t in range(1, 10)), seen(10), seen(11)])
    assert [(at, f.kind, f.started_s, f.ended_s) for at, f in flags] == [
        (COVERED_CHECKS, EventKind.CAMERA_COVERED, 1, None),
        (10, EventKind.CAMERA_COVERED, 1, 10),
    ]


def test_a_short_shadow_over_the_lens_is_no_cover():
    assert play([seen(0), *(covered(t) for t in range(1, COVERED_CHECKS)), seen(9)]) == []


def test_darkness_is_no_cover():
    dark = [Observation(t, ViewVerdict.CANNOT_TELL, ViewCause.DARK, None) for t in range(20)]
    assert play(dark) == []


def test_a_jump_between_two_checks_is_a_blow_and_its_ringing_is_the_same_blow():
    swing = [0.0, 2.0, -1.5, 1.2, 0.0]
    flags = play([seen(t, pan) for t, pan in enumerate(swing)])
    assert [(at, f.kind) for at, f in flags] == [(1, EventKind.CAMERA_STRUCK)]


def test_a_second_blow_after_the_rest_is_another():
    late = STRUCK_REST_S + 5
    flags = play([seen(0), seen(1, 2.0), seen(2), seen(late), seen(late + 1, 2.0)])
    assert [at for at, _ in flags] == [1, late + 1]


def test_slow_drift_is_no_blow():
    assert play([seen(t, 0.05 * t) for t in range(100)]) == []


def test_a_blow_is_seen_across_blind_checks():
    flags = play([seen(0), covered(1), seen(2, 3.0)])
    assert [f.kind for _, f in flags] == [EventKind.CAMERA_STRUCK]


def test_shaking_is_a_blow_though_the_view_is_the_same():
    flags = play([seen(0), seen(1, shaking=True)])
    assert [f.kind for _, f in flags] == [EventKind.CAMERA_STRUCK]


def test_a_move_begins_once_and_ends_only_when_the_view_is_back():
    moved = [seen(t, 3.0, ViewVerdict.MOVED) for t in range(3)]
    blind = [Observation(3, ViewVerdict.CANNOT_TELL, ViewCause.DARK, None)]
    flags = play([*moved, *blind, seen(4, 3.0, ViewVerdict.MOVED), seen(5, 3.0)])
    kinds = [(f.started_s, f.ended_s) for _, f in flags if f.kind is EventKind.CAMERA_MOVED]
    assert kinds == [(0, None), (0, 5)]
