"""Noisy frames added up: what sum comes out, when, and what the judgement makes of it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.agent.core import assessment
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.core.view.guard import BLIND_FRAMES
from viewkeeper.agent.core.view.registered import RegisteredView, register
from viewkeeper.agent.core.view.stack import STACK_FRAMES, STACK_S, Stack, add
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.protocol.vocabulary import ViewCause, ViewVerdict

from .scenery import LENS, SMALL, frame, picture

CONTRAST, NOISE = 0.25, 76.0
"""Of the day's, and in grey levels: of such a night one frame tells nothing here, eight do."""


def grey(value: int, shape: tuple[int, int] = (16, 20)) -> np.ndarray:
    return np.full(shape, value, np.uint8)


@given(values=st.lists(st.integers(0, 255), min_size=STACK_FRAMES, max_size=STACK_FRAMES))
def test_the_mean_is_that_of_all_frames_and_the_stack_is_empty_then(values: list[int]):
    stack = Stack()
    for index, value in enumerate(values):
        before = stack
        stack, whole = add(stack, frame(grey(value)), float(index))
        assert (whole is None) == (index < STACK_FRAMES - 1)
        assert before.total is None or int(before.total[0, 0]) == sum(values[:index])
    assert whole is not None
    assert abs(int(whole.luma[0, 0]) - sum(values) / STACK_FRAMES) <= 0.5
    assert stack == Stack()


@pytest.mark.parametrize("at_s", [STACK_S + 1.0, -5.0])
def test_what_is_not_full_in_time_is_begun_anew(at_s: float):
    stack, _ = add(Stack(), frame(grey(9)), 0.0)
    stack, _ = add(stack, frame(grey(7)), at_s)
    assert (stack.count, stack.began_s) == (1, at_s)


def test_a_picture_of_another_size_begins_anew():
    stack, _ = add(Stack(), frame(grey(9)), 0.0)
    stack, _ = add(stack, frame(grey(9, (20, 16))), 1.0)
    assert stack.count == 1
    assert stack.total is not None
    assert stack.total.shape == (20, 16)


@pytest.fixture(scope="module")
def view() -> RegisteredView:
    return register([frame(picture(size=SMALL, noise_seed=seed)) for seed in (1, 2, 3)], LENS)


def night(move: Move | None, seed: int) -> np.ndarray:
    """uint8 (H, W)."""
    day = picture(move, size=SMALL, noise=0.0).astype(float)
    noise = np.random.default_rng(seed).normal(0.0, NOISE, day.shape)
    return np.clip(np.rint(128.0 + CONTRAST * (day - 128.0) + noise), 0, 255).astype(np.uint8)


def watch(
    view: RegisteredView,
    state: assessment.WatchState,
    count: int,
    from_s: float,
    move: Move | None = None,
    *,
    by_day: bool = False,
) -> tuple[assessment.WatchState, list[assessment.Check]]:
    checks: list[assessment.Check] = []
    for index in range(count):
        at_s = from_s + index
        seed = int(at_s) + 50
        luma = picture(move, size=SMALL, noise_seed=seed) if by_day else night(move, seed)
        shown = frame(luma, at_s)
        state, check = assessment.check(state, view, shown, Tolerance(), at_s)
        checks.append(check)
    return state, checks


@pytest.fixture(scope="module")
def settled(view: RegisteredView) -> assessment.WatchState:
    return watch(view, assessment.start(0.0), 6, 0.0, by_day=True)[0]


def test_a_night_in_which_no_frame_tells_is_told_by_stacks(
    view: RegisteredView, settled: assessment.WatchState
):
    _, alone = watch(view, replace(settled, stack=None), 40, 10.0)
    assert alone[-1].verdict is ViewVerdict.CANNOT_TELL
    _, stacked = watch(view, settled, 40, 10.0)
    assert {check.verdict for check in stacked} == {ViewVerdict.SAME}
    told = [check for check in stacked if check.stacked]
    assert len(told) == 40 // STACK_FRAMES
    assert all(abs(check.estimate.move.pan_deg) < 0.35 for check in told)


def test_a_knock_in_such_a_night_is_reported_by_five_stacks_or_so(
    view: RegisteredView, settled: assessment.WatchState
):
    _, checks = watch(view, settled, 7 * STACK_FRAMES, 10.0, Move(2.0, -1.0))
    assert checks[-1].verdict is ViewVerdict.MOVED
    assert all(check.verdict is not ViewVerdict.MOVED for check in checks[: 3 * STACK_FRAMES])


def test_same_is_regained_by_stacks(view: RegisteredView):
    _, checks = watch(view, assessment.start(0.0), 5 * STACK_FRAMES, 10.0)
    assert checks[-1].verdict is ViewVerdict.SAME


def test_a_covered_lens_is_said_as_soon_as_without_stacks(
    view: RegisteredView, settled: assessment.WatchState
):
    def until_said(state: assessment.WatchState) -> int:
        for index in range(2 * BLIND_FRAMES):
            at_s = 10.0 + index
            shown = frame(np.clip(np.random.default_rng(index).normal(60, 2, (125, 200)), 0, 255)
                          .astype(np.uint8), at_s)  # fmt: skip
            state, check = assessment.check(state, view, shown, Tolerance(), at_s)
            if check.verdict is ViewVerdict.CANNOT_TELL:
                assert check.cause is not ViewCause.STARTING
                return index
        raise AssertionError("never said")

    assert until_said(settled) == until_said(replace(settled, stack=None))


def test_daylight_adds_nothing_up(view: RegisteredView, settled: assessment.WatchState):
    state, checks = watch(view, settled, 5, 10.0, by_day=True)
    assert state.stack == Stack()
    assert not any(check.stacked for check in checks)
