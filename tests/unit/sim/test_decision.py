"""Theory of the decision against cases with known answers, and against the guard itself."""

import numpy as np
import pytest

from viewkeeper.agent.core.view import guard
from viewkeeper.sim import decision
from viewkeeper.sim.cli import main


def test_a_fair_walk_of_five_steps_takes_thirty_frames_on_average():
    # Up or down by one, down from zero stays: n (n + 1) steps to n (Feller 1968, ch. XIV).
    assert decision.mean_run_length(decision.deceived(0.5)) == pytest.approx(30.0, rel=1e-6)


def test_certain_evidence_takes_as_many_frames_as_the_bar_has_caps():
    assert decision.mean_run_length(decision.deceived(1.0)) == pytest.approx(5.0)
    assert -(-guard.BAR // guard.FRAME_CAP) == 5


def test_ten_blind_frames_in_a_row_come_as_often_as_a_run_of_heads():
    # (1 - p^n) / ((1 - p) p^n); 2046 tosses of a coin for ten heads.
    assert decision.blind_run_length(0.5) == pytest.approx(2046.0)


@pytest.mark.parametrize("share", [0.35, 0.5])
def test_the_guard_alarms_as_often_as_theory_says(share):
    rng = np.random.default_rng(3)
    theory = decision.mean_run_length(decision.deceived(share))

    def frame():
        return decision.frame_of(3.0 if rng.random() < share else 0.0, 0.05)

    row = decision.simulate("", theory, frame, runs=120, most=10**5)
    assert row.silent == 0
    assert abs(row.simulated - theory) < 4.0 * row.error


def test_a_small_move_known_badly_is_reported_when_theory_says():
    rng = np.random.default_rng(4)
    theory = decision.mean_run_length(decision.moved_by(1.5, 0.3))

    def frame():
        return decision.frame_of(1.5 + 0.3 * float(rng.standard_normal()), 0.3)

    row = decision.simulate("", theory, frame, runs=300, most=10**4)
    assert row.simulated == pytest.approx(theory, rel=0.1)


def test_too_few_runs_are_refused(capsys):
    assert main(["decision", "--runs", "1"]) == 2
    assert "--runs must be 2" in capsys.readouterr().err
