from dataclasses import replace

import pytest

from viewkeeper.agent.core.quality.health import EXPLAINING, Finding, ImageHealth, Kind
from viewkeeper.agent.core.view.estimate import Estimate, MoveError, nothing_found
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.core.view.verdict import Tolerance, judge
from viewkeeper.protocol.vocabulary import ViewCause, ViewVerdict

WELL = ImageHealth()
SURE = MoveError(0.01, 0.01, 0.02, 0.0002)


def found(move: Move, error: MoveError = SURE) -> Estimate:
    return Estimate(move, error, 0.99, 0.9, (), True)


def sick(*kinds: Kind) -> ImageHealth:
    return ImageHealth(tuple(Finding(kind, 1.0, 0.5) for kind in kinds))


def test_a_view_within_tolerance_is_the_same():
    judgement = judge(found(Move(pan_deg=0.1)), WELL, Tolerance())
    assert (judgement.verdict, judgement.cause) == (ViewVerdict.SAME, None)


@pytest.mark.parametrize(
    "move", [Move(pan_deg=-0.5), Move(tilt_deg=0.5), Move(roll_deg=-1.0), Move(zoom=0.98)]
)
def test_each_part_beyond_its_tolerance_is_a_move(move: Move):
    assert judge(found(move), WELL, Tolerance()).verdict is ViewVerdict.MOVED


@pytest.mark.parametrize("kind", [Kind.DARK, Kind.FROZEN, Kind.SIGNAL_LOST])
@pytest.mark.parametrize("pan_deg", [0.0, 5.0])
def test_darkness_a_frozen_picture_and_no_signal_are_never_same_nor_moved(
    kind: Kind, pan_deg: float
):
    judgement = judge(found(Move(pan_deg=pan_deg)), sick(kind), Tolerance())
    assert (judgement.verdict, judgement.cause) == (ViewVerdict.CANNOT_TELL, ViewCause(kind.value))


@pytest.mark.parametrize("kind", [Kind.DEFOCUSED, Kind.COVERED, Kind.LOW_CONTRAST])
def test_a_sick_measure_does_not_hide_a_move_that_was_found(kind: Kind):
    assert judge(found(Move(pan_deg=5.0)), sick(kind), Tolerance()).verdict is ViewVerdict.MOVED


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_wrong_with_the_picture_is_the_cause_when_nothing_is_found(kind: Kind):
    judgement = judge(nothing_found(), sick(kind), Tolerance())
    assert judgement.verdict is ViewVerdict.CANNOT_TELL
    assert judgement.cause is not None
    assert judgement.cause.value == (kind.value if kind in EXPLAINING else "no_match")


def test_a_well_picture_of_something_else_is_no_match():
    assert judge(nothing_found(), WELL, Tolerance()).cause is ViewCause.NO_MATCH


def test_an_error_larger_than_the_tolerance_cannot_tell():
    vague = replace(SURE, pan_deg=1.0)
    judgement = judge(found(Move(pan_deg=0.5), vague), WELL, Tolerance())
    assert judgement.cause is ViewCause.IMPRECISE
    assert judge(found(Move(pan_deg=9.0), vague), WELL, Tolerance()).verdict is ViewVerdict.MOVED


def test_a_tolerance_of_nothing_is_refused():
    with pytest.raises(ValueError, match="positive"):
        Tolerance(pan_deg=0.0)


def test_every_fault_of_a_picture_can_be_said_as_a_cause():
    assert {kind.value for kind in Kind} <= {cause.value for cause in ViewCause}
