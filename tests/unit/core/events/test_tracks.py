"""Tracks: who is the same from frame to frame, and who counts."""

import math

from viewkeeper.agent.core.events import rejoining, tracks
from viewkeeper.agent.core.events.blobs import Detection
from viewkeeper.agent.core.events.track import Tracks

DT_S = 0.2


def person(x, y=0.6, wide=0.06, tall=0.24):
    return Detection(x - wide / 2, y - tall, x + wide / 2, y)


def follow(frames, state=None, start_s=0.0):
    """States after each frame of detections."""
    state, states = state or Tracks(), []
    for k, seen in enumerate(frames):
        state = tracks.step(state, tuple(seen), start_s + k * DT_S, trusted=False)
        states.append(state)
    return states


def walk(x0, x1, speed=0.13):
    steps = int(abs(x1 - x0) / (speed * DT_S))
    return [x0 + (x1 - x0) * k / steps for k in range(steps + 1)]


def real(state):
    return [track.number for track in state.all if track.real]


def test_a_walker_counts_and_stays_one():
    states = follow([[person(x)] for x in walk(0.2, 0.8)])
    assert real(states[-1]) == [1]


def test_who_comes_in_from_below_counts_before_his_feet_are_seen():
    rising = [[Detection(0.44, 0.9 - 0.04 * k, 0.56, 1.0)] for k in range(9)]
    assert real(follow(rising)[-1]) == [1]


def test_who_walks_towards_the_camera_counts_though_his_head_goes_less_far_than_his_feet():
    nearing = [
        [
            Detection(
                0.5 - 0.03 - 0.001 * k, 0.30 + 0.006 * k, 0.5 + 0.03 + 0.001 * k, 0.5 + 0.02 * k
            )
        ]
        for k in range(14)
    ]
    assert real(follow(nearing)[-1]) == [1]


def test_light_on_a_wall_that_shrinks_at_one_end_never_counts():
    shrinking = [[Detection(0.01, 0.6, 0.13, 0.88 - 0.02 * k)] for k in range(10)]
    assert all(real(state) == [] for state in follow(shrinking))


def test_a_bush_at_the_lower_edge_never_counts():
    swaying = [[Detection(0.44, 0.8 + 0.1 * math.sin(1.1 * k), 0.56, 1.0)] for k in range(60)]
    assert all(real(state) == [] for state in follow(swaying))


def test_the_creeping_edge_of_a_shadow_never_counts():
    states = follow([[person(x)] for x in walk(0.3, 0.5, speed=0.02)])
    assert real(states[-1]) == []


def test_who_was_already_there_counts_as_soon_as_he_walks():
    idle = [[person(0.4 + 0.01 * math.sin(0.9 * k))] for k in range(100)]
    before, after = follow(idle), walk(0.41, 0.7)
    assert real(before[-1]) == []
    states = follow([[person(x)] for x in after], before[-1], len(idle) * DT_S)
    assert real(states[-1]) == [1]
    assert next(k for k, state in enumerate(states) if real(state)) * DT_S <= 5.0


def test_a_runner_counts():
    states = follow([[person(x)] for x in walk(0.1, 0.9, speed=0.36)])
    assert len(real(states[-1])) == 1


def test_two_pieces_of_a_body_are_one_track():
    frames = [[person(x)] for x in walk(0.2, 0.4)]
    for x in walk(0.42, 0.6):
        upper, lower = person(x, 0.47, tall=0.11), person(x, 0.6, tall=0.11)
        frames.append([upper, lower])
    last = follow(frames)[-1]
    assert len(last.all) == 1
    assert real(last) == [1]


def test_who_was_hidden_is_the_same_when_seen_steadily_again():
    before, hidden, after = walk(0.2, 0.4), walk(0.42, 0.52), walk(0.54, 0.75)
    states = follow([[person(x)] for x in before] + [[] for _ in hidden])
    begins_s = (len(before) + len(hidden)) * DT_S
    states = follow([[person(x)] for x in after], states[-1], begins_s)
    assert real(states[-1]) == [1]


def test_a_lone_blob_where_somebody_was_lost_does_not_carry_him_on():
    states = follow([[person(x)] for x in walk(0.2, 0.5)] + [[]] * 5)
    lost = states[-1].all[0]
    states = follow([[person(0.55)], [], []], states[-1], 100 * DT_S)
    assert all(track.seen_s == lost.seen_s for track in states[0].all if track.real)


def parting():
    """Somebody leaves a thing, and the track stays with it: (a frame before, then)."""
    states = follow([[person(x)] for x in walk(0.2, 0.5)])
    state, before = states[-1], states[-1]
    for k, x in enumerate(walk(0.5, 0.75)):
        before = state
        at_s = (len(states) + k) * DT_S
        thing = Detection(0.47, 0.5, 0.53, 0.6)
        state = tracks.step(state, (thing, person(x + 0.05)), at_s, trusted=False)
        was = set(real(before))
        if len(set(real(state)) - was) == 1 and was:
            return before, state
    return before, state


def test_a_walker_gets_back_the_track_that_stuck_to_what_he_left():
    before, after = parting()
    if len(real(after)) == 1:  # the track went with the walker by itself
        assert next(t for t in after.all if t.real).place[0] > 0.6
        return
    given_back = rejoining.parted(before, after, lambda _: True)
    (walker,) = [track for track in given_back.all if track.real]
    assert walker.number == 1
    assert walker.place[0] > 0.55


def test_two_who_part_keep_a_track_each_while_the_one_who_stays_stirs():
    before, after = parting()
    assert rejoining.parted(before, after, lambda _: False) == after


def test_who_parts_from_what_he_left_keeps_his_track():
    frames = [[person(x)] for x in walk(0.2, 0.5)]
    # Thing and walker are one blob until he is clear of it.
    frames += [[Detection(0.47, 0.36, x + 0.03, 0.6)] for x in walk(0.51, 0.60, speed=0.1)]
    together = follow(frames)[-1]
    thing = Detection(0.47, 0.5, 0.56, 0.6)
    apart_now = [[thing, Detection(x - 0.03, 0.36, x + 0.03, 0.55)] for x in walk(0.62, 0.7)]
    last = follow(apart_now, together, len(frames) * DT_S)[-1]
    (walker,) = [track for track in last.all if track.real]
    assert walker.number == 1
    assert walker.place[0] > 0.62
