from dataclasses import replace

from viewkeeper.agent.core import assessment
from viewkeeper.agent.core.assessment import Check, WatchState
from viewkeeper.agent.core.quality.health import ImageHealth
from viewkeeper.agent.core.reporting import view_report
from viewkeeper.agent.core.view.estimate import Estimate, MoveError, nothing_found
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.core.view.verdict import Tolerance, judge
from viewkeeper.protocol.vocabulary import ViewVerdict

SEEN = Estimate(Move(), MoveError(0.01, 0.01, 0.01, 0.001), 0.99, 0.6, (), True)


def watched(verdict: ViewVerdict, seen: Estimate) -> tuple[WatchState, Check]:
    state = assessment.start(0.0)
    state = replace(state, guard=replace(state.guard, verdict=verdict, hidden_share=0.225))
    health = ImageHealth()
    return state, Check(verdict, None, seen, judge(seen, health, Tolerance()), health, ())


def test_an_obstructed_view_reports_the_share_that_one_thing_hides():
    assert view_report(*watched(ViewVerdict.OBSTRUCTED, SEEN)).lost_permille == 225


def test_an_obstructed_view_keeps_its_share_through_a_frame_that_tells_nothing():
    assert view_report(*watched(ViewVerdict.OBSTRUCTED, nothing_found())).lost_permille == 225


def test_a_view_that_is_not_obstructed_reports_what_the_frame_does_not_show():
    assert view_report(*watched(ViewVerdict.SAME, SEEN)).lost_permille == 400
    assert view_report(*watched(ViewVerdict.CANNOT_TELL, nothing_found())).lost_permille is None
