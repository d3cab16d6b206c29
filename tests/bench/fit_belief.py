"""How sure the view check may be of a fit: its two logistics, fitted on the development places.

    python -m tests.bench.fit_belief [--data DIR] [--per-nuisance N] [--seed N]

Every frame is looked for on its own registered view and on another one's, where nothing is right.
Only nuisances that leave something in doubt are drawn.
Prints the constants of `belief_alone` and `belief_among` (agent/core/view/match.py) as measured,
beside what the present ones make of the same fits. Nothing held out is read.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from tests.bench.bench_view import PANORAMAS, outcome_of
from tests.bench.view_pairs import SIZES, Pair, pairs, places
from tests.bench.view_report import OK_DEG
from viewkeeper.agent.core.view import match as matching
from viewkeeper.agent.core.view.estimate import FOUND
from viewkeeper.agent.core.view.geometry import move_from_rotation
from viewkeeper.agent.core.view.pyramid import pyramid
from viewkeeper.agent.core.view.refine import Fit
from viewkeeper.agent.core.view.registered import RegisteredView, RegistrationError, register
from viewkeeper.agent.core.view.sample import Pose

WRONG_DEG = 1.0
"""Beyond it a fit is wrong; what lies between `OK_DEG` and it teaches nothing."""
DOUBTFUL = ("night", "fog", "rain", "occlusion", "noise", "mix")
Numbers = NDArray[np.float64]


@dataclass
class Asked:
    """Features and outcome of every fit that was asked about, one list for each logistic."""

    alone: list[tuple[float, ...]] = field(default_factory=list[tuple[float, ...]])
    among: list[tuple[float, ...]] = field(default_factory=list[tuple[float, ...]])

    def watch(self, view: RegisteredView, pair: Pair, true: bool) -> None:
        """Match a frame and keep what `match` asked. ``true``: it is of this view."""
        certain, among = matching._certain, matching.belief_among

        def outcome(fit: Fit) -> float:
            if not true:
                return 0.0
            move = move_from_rotation(fit.pose.rotation, fit.pose.zoom)
            error_deg = outcome_of(pair, move, 0.0, None).worst_deg
            return 1.0 if error_deg <= OK_DEG else 0.0 if error_deg > WRONG_DEG else math.nan

        def asked_alone(fit: Fit) -> bool:
            if fit.step_px < matching._AT_REST_PX:
                features = (1.0, math.log(fit.spread_px), matching._unrest(fit))
                self.alone.append((*features, outcome(fit)))
            return certain(fit)

        def asked_among(fit: Fit, rival: float) -> float:
            features = (1.0, math.log(fit.spread_px), matching._unrest(fit))
            self.among.append((*features, matching.significance(fit), rival, outcome(fit)))
            return among(fit, rival)

        with (
            mock.patch.object(matching, "_certain", asked_alone),
            mock.patch.object(matching, "belief_among", asked_among),
        ):
            frame = pyramid(pair.present, view.lens)
            matching.match(view.reference, frame, [Pose(np.eye(3), 1.0)])


def registered(
    folder: Path, each: int, seed: int
) -> Iterator[tuple[Pair, RegisteredView, RegisteredView]]:
    """Pairs of the development places, their view, and one of another direction or place."""
    panoramas = places(folder, development=True)
    for size in SIZES:
        before: RegisteredView | None = None
        for pair in pairs(panoramas, each, seed, size, DOUBTFUL):
            try:
                view = register([pair.registered], pair.lens)
            except RegistrationError:
                continue
            if before is not None:
                yield pair, view, before
            before = view


def fitted(rows: list[tuple[float, ...]]) -> tuple[Numbers, Numbers, Numbers]:
    """Weights of the features, the features, and the outcomes of a logistic; a mild ridge."""
    table = np.array([row for row in rows if not math.isnan(row[-1])])
    features, outcomes = table[:, :-1], table[:, -1]
    signs = 2.0 * outcomes - 1.0

    def loss(weights: Numbers) -> float:
        return float(
            np.logaddexp(0.0, -signs * (features @ weights)).sum() + 0.01 * (weights**2).sum()
        )

    return minimize(loss, np.zeros(features.shape[1])).x, features, outcomes


def told(name: str, odds: Numbers, outcomes: Numbers, least: float) -> str:
    """What a belief of ``least`` lets through, and how far belief is from what happened."""
    belief = 1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0)))
    passed, right = belief >= least, outcomes > 0.5
    loss = -np.log(np.clip(np.where(right, belief, 1.0 - belief), 1e-9, 1.0)).mean()
    return (
        f"{name}: of {int(right.sum())} right ones {int((passed & right).sum())} pass {least}, "
        f"of {int((~right).sum())} wrong ones {int((passed & ~right).sum())}; "
        f"mean log loss {loss:.4f}"
    )


def main(argv: list[str] | None = None) -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, default=PANORAMAS, help="folder of panoramas")
    parser.add_argument("--per-nuisance", type=int, default=60, metavar="N")
    parser.add_argument("--seed", type=int, default=41)
    arguments = parser.parse_args(argv)
    if not arguments.data.is_dir():
        parser.error(f"{arguments.data}: no such folder; name one of panoramas")
    asked = Asked()
    drawn = registered(arguments.data, arguments.per_nuisance, arguments.seed)
    for number, (pair, view, other) in enumerate(drawn, 1):
        asked.watch(view, pair, True)
        asked.watch(other, pair, False)
        if number % 50 == 0:
            print(f"{number} pairs", file=sys.stderr, flush=True)
    weights, features, outcomes = fitted(asked.alone)
    print("alone: constant, log spread, unrest:", np.round(weights, 2).tolist())
    present = features @ np.array(matching.ALONE)
    print(told("  present", present, outcomes, matching._SURE))
    print(told("  fitted", features @ weights, outcomes, matching._SURE))
    weights, features, outcomes = fitted(asked.among)
    prior = math.log(float((outcomes < 0.5).sum()) / float((outcomes > 0.5).sum()))
    print(
        "among: constant, log spread, unrest, significance, rival's significance:",
        np.round(weights, 2).tolist(),
        f"of which {prior:.2f} of the constant say that there were more wrong ones than right ones",
    )
    present = features @ np.array(matching.AMONG)
    print(told("  present", present, outcomes, FOUND))
    print(told("  fitted", features @ weights, outcomes, FOUND))


if __name__ == "__main__":
    main()
