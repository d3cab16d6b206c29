from dataclasses import replace

import numpy as np
import pytest

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.quality.health import ImageHealth
from viewkeeper.agent.core.view.estimate import MoveError, nothing_found
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.core.view.learned import Learned
from viewkeeper.agent.core.view.reference_set import (
    LESSON_FRAMES,
    LESSON_GAP_S,
    LESSON_S,
    MOST_LEARNED,
    Located,
    ReferenceSet,
    learn,
    locate,
)
from viewkeeper.agent.core.view.registered import RegisteredView, RegistrationError, register
from viewkeeper.agent.core.view.verdict import Judgement, Tolerance, judge
from viewkeeper.protocol.vocabulary import ViewVerdict

from .scenery import LENS, SMALL, frame, picture

DAY, DUSK, NIGHT = 0.0, 0.3, 0.8
"""Share of the lines that only the night has; by `NIGHT` those of the day are too faint."""
DAY_S = 86_400.0
ERROR = MoveError(0.01, 0.01, 0.02, 0.0005)


def seen(light: float, move: Move | None = None, noise_seed: int = 1, other: int = 7) -> Frame:
    day = picture(move, size=SMALL, noise_seed=noise_seed)
    night = picture(move, size=SMALL, seed=other, noise_seed=noise_seed + 1000)
    return frame((day * (1.0 - light) + night * light).astype(np.uint8))


@pytest.fixture(scope="module")
def accepted() -> RegisteredView:
    return register([seen(DAY, noise_seed=seed) for seed in (1, 2, 3)], LENS)


def one(references: ReferenceSet, shown: Frame) -> tuple[ReferenceSet, Located, Judgement]:
    references, located = locate(references, shown)
    return references, located, judge(located.estimate, ImageHealth(), Tolerance())


def located_in(references: ReferenceSet, shown: Frame) -> Located:
    return locate(references, shown)[1]


PACE_S = LESSON_S / LESSON_FRAMES


def lesson(
    references: ReferenceSet, light: float, move: Move | None, at_s: float, other: int = 7
) -> tuple[ReferenceSet, list[Learned]]:
    made: list[Learned] = []
    pictures = [seen(light, move, noise_seed=10 + turn, other=other) for turn in range(4)]
    for turn in range(LESSON_FRAMES):
        shown = pictures[turn % 4]
        references, located, judgement = one(references, shown)
        references, new = learn(references, shown, located, judgement, at_s + PACE_S * turn)
        made += [] if new is None else [new]
    return references, made


@pytest.fixture(scope="module")
def taught(accepted: RegisteredView) -> ReferenceSet:
    references, made = lesson(ReferenceSet(accepted), DUSK, None, 0.0)
    assert references.learned == tuple(made)
    assert len(made) == 1
    return references


def test_a_night_that_the_accepted_view_cannot_tell_is_told_once_dusk_was_learned(
    accepted: RegisteredView, taught: ReferenceSet
):
    move = Move(2.0, -1.0, 0.5, 1.02)
    assert not located_in(ReferenceSet(accepted), seen(NIGHT, move)).estimate.found
    located = located_in(taught, seen(NIGHT, move))
    assert located.estimate.found
    assert located.by == taught.learned[0]
    assert located.estimate.move.pan_deg == pytest.approx(2.0, abs=0.1)
    assert located.estimate.move.tilt_deg == pytest.approx(-1.0, abs=0.1)
    assert located.estimate.move.zoom == pytest.approx(1.02, abs=0.004)


def test_the_accepted_view_speaks_first_wherever_it_can(taught: ReferenceSet):
    for light in (DAY, DUSK):
        located = located_in(taught, seen(light))
        assert located.by is None
        assert located.estimate.found


def test_daylight_teaches_nothing_and_neither_does_a_night_that_is_not_recognised(
    accepted: RegisteredView,
):
    for light in (DAY, NIGHT):
        references, made = lesson(ReferenceSet(accepted), light, None, 0.0)
        assert not made
        assert references == ReferenceSet(accepted)


def test_a_frame_that_only_a_learned_reference_recognised_teaches_nothing(taught: ReferenceSet):
    references, made = lesson(taught, NIGHT, None, 2.0 * LESSON_GAP_S)
    assert not made
    assert references.learned == taught.learned


def test_a_light_that_is_known_is_not_learned_again(taught: ReferenceSet):
    references, made = lesson(taught, DUSK, None, 2.0 * LESSON_GAP_S)
    assert not made
    assert references.learned == taught.learned


def test_a_camera_near_its_tolerance_teaches_nothing(accepted: RegisteredView):
    for move in (Move(0.25), Move(tilt_deg=-0.3), Move(zoom=1.01), Move(3.0)):
        assert not lesson(ReferenceSet(accepted), DUSK, move, 0.0)[1]


def part_of_a_lesson(references: ReferenceSet, turns: range) -> tuple[ReferenceSet, list[Learned]]:
    made: list[Learned] = []
    for turn in turns:
        shown = seen(DUSK, noise_seed=10 + turn % 4)
        references, located, judgement = one(references, shown)
        references, new = learn(references, shown, located, judgement, PACE_S * turn)
        made += [] if new is None else [new]
    return references, made


def test_a_camera_that_was_knocked_during_a_lesson_begins_anew(accepted: RegisteredView):
    references, _ = part_of_a_lesson(ReferenceSet(accepted), range(LESSON_FRAMES - 1))
    knocked = seen(DUSK, Move(3.0))
    references, located, judgement = one(references, knocked)
    references, _ = learn(references, knocked, located, judgement, PACE_S * LESSON_FRAMES)
    assert references.lesson is None
    begin = LESSON_FRAMES + 1
    references, made = part_of_a_lesson(references, range(begin, begin + LESSON_FRAMES - 1))
    assert not made
    _, made = part_of_a_lesson(references, range(begin + LESSON_FRAMES, begin + LESSON_FRAMES + 1))
    assert len(made) == 1


def test_a_frame_that_teaches_nothing_delays_a_lesson_and_does_not_end_it(
    accepted: RegisteredView,
):
    references, _ = part_of_a_lesson(ReferenceSet(accepted), range(LESSON_FRAMES - 1))
    day = seen(DAY)
    references, new = learn(references, day, *one(references, day)[1:], PACE_S * LESSON_FRAMES)
    assert new is None
    after = LESSON_FRAMES + 1
    _, made = part_of_a_lesson(references, range(after, after + 1))
    assert len(made) == 1


def test_frames_come_no_faster_than_the_lesson_is_long(accepted: RegisteredView):
    references, shown = ReferenceSet(accepted), seen(DUSK)
    references, located, judgement = one(references, shown)
    for at_s in range(0, int(PACE_S), 2):
        references, new = learn(references, shown, located, judgement, float(at_s))
        assert new is None
        assert references.lesson is not None
        assert references.lesson.stack.count == 1


@pytest.mark.parametrize(
    "believed", [v for v in ViewVerdict if v is not ViewVerdict.SAME], ids=lambda v: v.value
)
def test_nothing_is_learned_while_the_verdict_over_time_is_not_same(
    accepted: RegisteredView, believed: ViewVerdict
):
    shown = seen(DUSK)
    references, located, judgement = one(ReferenceSet(accepted), shown)
    references, new = learn(references, shown, located, judgement, 0.0, believed)
    assert new is None
    assert references.lesson is None


def test_what_is_learned_off_centre_is_corrected_by_its_own_offset(accepted: RegisteredView):
    references, made = lesson(ReferenceSet(accepted), 0.26, Move(0.03), 0.0)
    assert made[0].offset.pan_deg == pytest.approx(0.03, abs=0.02)
    located = located_in(references, seen(NIGHT, Move(0.5)))
    assert located.by == made[0]
    assert located.estimate.move.pan_deg == pytest.approx(0.5, abs=0.07)
    assert located.estimate.stderr.pan_deg > made[0].error.pan_deg


def test_a_slow_drift_is_reported_by_day_and_by_night_and_never_learned(accepted: RegisteredView):
    """0.05° a day for 40 days, with a chance to learn at every dusk; a drifted day is sampled."""
    references, tolerance = ReferenceSet(accepted), Tolerance()
    learned_on: list[int] = []
    nights_told = 0
    for day in (*range(8), 10, 15, 20, 30, 40):
        true = Move(0.05 * day)
        references, made = lesson(references, DUSK, true, day * DAY_S)
        learned_on += [day] * len(made)
        for light in (DUSK, NIGHT):
            references, located, judgement = one(references, seen(light, true))
            if not located.estimate.found:
                continue
            nights_told += located.by is not None
            assert located.estimate.move.pan_deg == pytest.approx(true.pan_deg, abs=0.15)
            if true.pan_deg > tolerance.pan_deg + 0.1:
                assert judgement.verdict is ViewVerdict.MOVED
    assert learned_on
    assert max(learned_on) * 0.05 <= 0.5 * tolerance.pan_deg + 0.1
    assert nights_told > 9


def stand_in(accepted: RegisteredView, number: int) -> Learned:
    return Learned(accepted.digest, float(number), Move(), ERROR, accepted)


def test_the_oldest_makes_room_and_the_accepted_view_never(accepted: RegisteredView):
    full = ReferenceSet(accepted, tuple(stand_in(accepted, n) for n in range(MOST_LEARNED)))
    references, made = lesson(full, DUSK, None, 0.0)
    assert len(made) == 1
    assert references.learned == (*full.learned[1:], made[0])
    assert references.accepted == accepted


def test_a_set_holds_no_stranger_and_no_crowd(accepted: RegisteredView):
    stranger = replace(stand_in(accepted, 0), accepted=bytes(32))
    with pytest.raises(ValueError, match="another accepted view"):
        ReferenceSet(accepted, (stranger,))
    with pytest.raises(ValueError, match="at most"):
        ReferenceSet(accepted, (stand_in(accepted, 0),) * (MOST_LEARNED + 1))


def test_a_learned_reference_survives_its_bytes_and_is_small(taught: ReferenceSet):
    made = taught.learned[0]
    again = Learned.from_bytes(made.to_bytes())
    assert again == made
    assert again.digest == made.digest
    assert again.view.digest == made.view.digest
    assert len(made.to_bytes()) <= 100_000


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda data: data[:60], "damaged"),
        (lambda data: b"VKRV" + data[4:], "damaged"),
        (lambda data: data[:4] + b"\x02" + data[5:], "version"),
        (lambda data: data[:45] + b"\xff" * 8 + data[53:], "damaged"),
        (lambda data: data[:-1], "damaged"),
    ],
)
def test_damaged_bytes_are_refused(taught: ReferenceSet, harm, reason: str):
    with pytest.raises(RegistrationError) as refused:
        Learned.from_bytes(harm(taught.learned[0].to_bytes()))
    assert refused.value.reason == reason


def test_a_frame_that_tells_nothing_is_located_nowhere(taught: ReferenceSet):
    located = located_in(taught, Frame(np.zeros((16, 16), np.uint8), 0.0))
    assert located == Located(nothing_found())


def test_learned_references_take_turns_until_one_answers(taught: ReferenceSet):
    first = taught.learned[0]
    strange = register([seen(NIGHT, noise_seed=3, other=99)], LENS)
    both = replace(taught, learned=(first, replace(first, at_s=9.0, view=strange)))
    both, located = locate(both, seen(NIGHT))
    assert not located.estimate.found  # the newest was asked, and knows another night
    both, located = locate(both, seen(NIGHT))
    assert located.by == first
    _, located = locate(both, seen(NIGHT, noise_seed=2))
    assert located.by == first
