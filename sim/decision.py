"""The decision over time, from theory and from simulation: false alarms and delay.

Theory is a Markov chain over the evidence (Brook and Evans 1972): frames are independent, each
raises or lowers it by a known amount, it is reset at zero and alarms at the bar. Simulation is the
agent's own `guard.step`, fed with the judgements of such frames. Where both agree, the table says
what the guard is worth; that real frames are not independent is what `sim/year.py` is for.

Rule: nothing here is a copy of the guard; its constants are read, its steps are called.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.quality.health import ImageHealth
from viewkeeper.agent.core.view import guard
from viewkeeper.agent.core.view.estimate import Estimate, MoveError, nothing_found
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.core.view.verdict import Judgement, Tolerance, judge
from viewkeeper.protocol.vocabulary import ViewCause, ViewVerdict

Floats = NDArray[np.float64]
NODES = 521
"""Of the evidence's range from zero to the bar."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What one frame does to the evidence: nats and their probabilities, which sum to 1."""

    nats: Floats
    chance: Floats


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: frames to the alarm, from theory and from simulation.

    Attributes:
        what: of the frames.
        theory: mean frames to the alarm.
        simulated, error: the same of the runs that alarmed, and its standard error.
        runs, silent: how many runs, and how many ended without an alarm.
        late: 99th percentile of the simulated.
    """

    what: str
    theory: float
    simulated: float
    error: float
    runs: int
    silent: int
    late: float


def mean_run_length(steps: Steps) -> float:
    """Mean frames until evidence that starts at zero and is reset there reaches the bar.

    Solves (I - Q) L = 1 over evidence on a grid; frames that lower it beyond zero leave zero.
    """
    grid = np.linspace(0.0, guard.BAR, NODES)
    pace = grid[1]
    transitions = np.zeros((NODES - 1, NODES - 1))
    for nats, chance in zip(steps.nats, steps.chance, strict=True):
        to = np.maximum(grid[:-1] + nats, 0.0)
        stays = to < guard.BAR - 1e-9
        place = np.clip(to / pace, 0.0, NODES - 1)
        low = np.floor(place + 1e-9).astype(int)
        share = place - low
        for start in np.flatnonzero(stays):
            for column, part in ((low[start], 1.0 - share[start]), (low[start] + 1, share[start])):
                if column < NODES - 1:
                    transitions[start, column] += chance * part
    lengths = np.linalg.solve(np.eye(NODES - 1) - transitions, np.ones(NODES - 1))
    return float(lengths[0])


def blind_run_length(share: float) -> float:
    """Mean frames until `BLIND_FRAMES` in a row tell nothing, each with this chance (Feller)."""
    count = guard.BLIND_FRAMES
    return (1.0 - share**count) / ((1.0 - share) * share**count)


def frame_of(excess: float, sigma: float, *, found: bool = True) -> Judgement:
    """The judgement of a frame that finds a pan of ``excess`` tolerances, known to ``sigma``."""
    if not found:
        return Judgement(ViewVerdict.CANNOT_TELL, ViewCause.NO_MATCH, nothing_found())
    tolerance = Tolerance()
    error = MoveError(sigma * tolerance.pan_deg, 0.001, 0.001, 0.0001)
    move = Move(excess * tolerance.pan_deg)
    return judge(Estimate(move, error, 1.0, 1.0, (), True), ImageHealth(), tolerance)


def deceived(share: float) -> Steps:
    """Frames of a camera that stands, a share of which see one and the same wrong move."""
    return Steps(np.array([guard.FRAME_CAP, -guard.FRAME_CAP]), np.array([share, 1.0 - share]))


def moved_by(excess: float, sigma: float, blind: float = 0.0) -> Steps:
    """Frames of a camera that was moved, a share of which tell nothing; errors are normal."""
    z = (np.arange(400) + 0.5) / 400
    errors = np.array([_normal_quantile(each) for each in z])
    nats = np.array([guard.evidence(abs(excess + sigma * each), sigma) for each in errors])
    chance = np.full(nats.size, (1.0 - blind) / nats.size)
    return Steps(np.append(nats, 0.0), np.append(chance, blind))


def _normal_quantile(share: float) -> float:
    low, high = -9.0, 9.0
    for _ in range(60):
        middle = (low + high) / 2.0
        below = 0.5 * math.erfc(-middle / math.sqrt(2.0))
        low, high = (middle, high) if below < share else (low, middle)
    return low


def simulate(
    what: str, theory: float, frame: Callable[[], Judgement], *, runs: int, most: int
) -> Row:
    """Feed the guard until it says `moved`, many times over; at most ``most`` frames a run."""
    waited: list[int] = []
    for _ in range(runs):
        state = guard.GuardState(verdict=ViewVerdict.SAME, cause=None)
        for count in range(1, most + 1):
            state = guard.step(state, frame(), ImageHealth(), float(count))
            if state.latched:
                waited.append(count)
                break
    return _row(what, theory, waited, runs)


def _row(what: str, theory: float, waited: list[int], runs: int) -> Row:
    times = np.array(waited or [math.nan], float)
    return Row(
        what,
        theory,
        float(times.mean()),
        float(times.std() / math.sqrt(len(times))),
        runs,
        runs - len(waited),
        float(np.percentile(times, 99)),
    )


def false_alarms(rng: np.random.Generator, runs: int) -> list[Row]:
    """A camera that stands; a share of its frames is deceived, all alike (the worst case)."""
    rows: list[Row] = []
    for share in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3):
        theory = mean_run_length(deceived(share))

        def frame(share: float = share) -> Judgement:
            return frame_of(3.0 if rng.random() < share else 0.0, 0.05)

        able = theory < 3e4
        what = f"{100 * share:g} % of frames deceived, alike"
        rows.append(
            simulate(what, theory, frame, runs=runs, most=10**6)
            if able
            else Row(what, theory, math.nan, math.nan, 0, 0, math.nan)
        )
    return rows


def unlike_alarms(rng: np.random.Generator, share: float, runs: int, most: int) -> Row:
    """The same, but every deceived frame sees another move: theory for alike is the bound."""

    def frame() -> Judgement:
        wrong = float(rng.uniform(2.0, 30.0)) * float(rng.choice([-1.0, 1.0]))
        return frame_of(wrong if rng.random() < share else 0.0, 0.05)

    what = f"{100 * share:g} % of frames deceived, each otherwise"
    return simulate(what, mean_run_length(deceived(share)), frame, runs=runs, most=most)


def delays(rng: np.random.Generator, runs: int) -> list[Row]:
    """A camera that was moved: by how much, known how well, and how many frames are blind."""
    rows: list[Row] = []
    for excess, sigma, blind in (
        (0.8, 0.1, 0.0),
        (0.9, 0.1, 0.0),
        (1.1, 0.1, 0.0),
        (1.25, 0.1, 0.0),
        (1.5, 0.1, 0.0),
        (1.5, 0.3, 0.0),
        (2.0, 0.3, 0.0),
        (3.0, 0.1, 0.0),
        (3.0, 0.1, 0.3),
        (3.0, 0.1, 0.6),
    ):
        theory = mean_run_length(moved_by(excess, sigma, blind))

        def frame(e: float = excess, s: float = sigma, b: float = blind) -> Judgement:
            seen = e + s * float(rng.standard_normal())
            return frame_of(seen, s, found=rng.random() >= b)

        what = f"moved by {excess:g} tolerances, known to {sigma:g}"
        what += f", {100 * blind:g} % of frames blind" if blind else ""
        if theory < 3e4:
            rows.append(simulate(what, theory, frame, runs=runs, most=10**6))
        else:
            rows.append(Row(what, theory, math.nan, math.nan, 0, 0, math.nan))
    return rows
