"""A camera's own rules: they speak for signed zones of their name, and for nothing else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support.staging import LENS, area, line
from viewkeeper.agent.core.events import told
from viewkeeper.agent.core.events.blobs import Detection
from viewkeeper.agent.core.events.told import Told
from viewkeeper.agent.core.events.zones import Outside, ZonesState, step
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.protocol.vocabulary import EventKind, ViewVerdict

E = EventKind
YARD, GATE = area("yard"), line("gate")
GREY = np.full((48, 64), 90, np.uint8)
INSIDE = Told(E.INTRUSION, "yard", 3.0, lasts=True)


def test_what_lasts_begins_and_ends_once():
    standing, began = told.step((), (YARD,), (INSIDE,), "onvif", 4.0)
    assert [(f.kind, f.started_s, f.ended_s, f.detector) for f in began] == [
        (E.INTRUSION, 3.0, None, "onvif")
    ]
    standing, more = told.step(standing, (YARD,), (INSIDE,), "onvif", 5.0)
    assert more == ()
    standing, ended = told.step(standing, (YARD,), (), "onvif", 6.0)
    assert standing == ()
    assert [(f.started_s, f.ended_s) for f in ended] == [(3.0, 6.0)]


def test_a_rule_that_nobody_signed_says_nothing():
    strange = (Told(E.INTRUSION, "attic", 3.0, lasts=True), Told(E.LOITERING, "yard", 3.0))
    assert told.step((), (YARD, GATE), strange, "onvif", 4.0) == ((), ())


@given(
    st.lists(
        st.lists(
            st.builds(
                Told, st.sampled_from([E.INTRUSION, E.LINE_CROSSED]),
                st.sampled_from(["yard", "gate", "attic"]), st.floats(0, 50), st.booleans(),
            ),
            max_size=4,
        ),
        max_size=12,
    )
)  # fmt: skip
def test_no_flag_ends_that_did_not_begin_and_none_begins_twice(frames):
    standing, going_on = (), set()
    for k, said in enumerate([*frames, []]):
        standing, flags = told.step(standing, (YARD, GATE), tuple(said), "x", float(k))
        for flag in flags:
            key = (flag.kind, flag.zone)
            if flag.ended_s is None:
                assert key not in going_on
                going_on.add(key)
            elif flag.ended_s != flag.started_s or key in going_on:
                assert flag.ended_s >= flag.started_s
                if not any(f.ended_s is None and (f.kind, f.zone) == key for f in standing):
                    going_on.discard(key)
    assert not standing


def play(frames, zones, verdict=ViewVerdict.SAME):
    state, flags = ZonesState(), []
    for k, outside in enumerate(frames):
        word = verdict if isinstance(verdict, ViewVerdict) else verdict(k)
        state, now = step(
            state, zones, GREY, LENS, verdict=word, move=Move(), at_s=0.2 * k, outside=outside
        )
        flags += now
    return flags


def test_the_camera_speaks_where_it_has_a_rule_and_the_boxes_speak_elsewhere():
    walker = tuple((Detection(0.1 + 0.02 * k, 0.4, 0.14 + 0.02 * k, 0.7, 0.9),) for k in range(30))
    crossed = Told(E.LINE_CROSSED, "gate", 2.0)
    spoken = frozenset({("gate", E.LINE_CROSSED)})
    frames = [
        Outside("onvif", boxes, (crossed,) if k == 10 else (), spoken)
        for k, boxes in enumerate(walker)
    ]
    flags = play(frames, (YARD, GATE))
    begun = {(f.kind, f.zone) for f in flags if f.ended_s in (None, f.started_s)}
    assert begun == {(E.LINE_CROSSED, "gate"), (E.INTRUSION, "yard")}
    assert [f.started_s for f in flags if f.kind is E.LINE_CROSSED] == [2.0]


def test_a_camera_that_falls_silent_ends_what_it_said():
    said = Outside("onvif", None, (INSIDE,), frozenset({("yard", E.INTRUSION)}))
    flags = play([said, said, None, None], (YARD,))
    assert [(f.kind, f.ended_s is None) for f in flags] == [
        (E.INTRUSION, True),
        (E.INTRUSION, False),
    ]


def test_while_the_view_is_moved_the_cameras_rules_are_not_believed_either():
    said = Outside("onvif", None, (Told(E.INTRUSION, "yard", 0.0, lasts=True),))
    turned = lambda k: ViewVerdict.MOVED if 2 <= k < 4 else ViewVerdict.SAME  # noqa: E731
    flags = play([said] * 6, (YARD,), turned)
    assert [f.ended_s is None for f in flags] == [True, False, True]
    assert play([said] * 4, (YARD,), ViewVerdict.MOVED) == []
