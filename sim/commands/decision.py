"""``viewkeeper-sim decision``: false alarms and delay of the decision, theory beside simulation."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np

from viewkeeper.agent.core.view import guard
from viewkeeper.sim import decision
from viewkeeper.sim.errors import SimError

SUMMARY = "false alarms and delay of the view's decision, from theory and from simulation"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        "How many frames pass until the view check says moved: for a camera that stands and is "
        "deceived now and then, and for one that was moved. Theory is a Markov chain over the "
        "evidence; simulation calls the agent's own decision."
    )
    parser.epilog = "example: viewkeeper-sim decision --out docs/benchmarks/decision.md"
    parser.add_argument("--runs", type=int, default=400, metavar="N", help="a line (default 400)")
    parser.add_argument("--seed", type=int, default=20261124, metavar="N", help="of chance")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="write it here; else print it")


def run(arguments: argparse.Namespace) -> int:
    """Compute and write."""
    if not 2 <= arguments.runs <= 100_000:
        raise SimError("runs_range", "--runs must be 2 .. 100000")
    text = page(arguments.runs, arguments.seed)
    if arguments.out is None:
        print(text, end="")
        return 0
    try:
        arguments.out.write_text(text, "utf-8")
    except OSError as error:
        raise SimError("out_unwritable", f"{arguments.out}: {error.strerror}") from None
    return 0


def page(runs: int, seed: int) -> str:
    """The page as Markdown."""
    rng = np.random.default_rng(seed)
    alarms = decision.false_alarms(rng, runs)
    alarms.append(decision.unlike_alarms(rng, 0.3, runs, 10**6))
    lines = [
        "# The decision over time, theory beside simulation",
        "",
        f"`viewkeeper-sim decision --runs {runs} --out docs/benchmarks/decision.md` writes this "
        f"page; seed {seed}.",
        f"Evidence is capped at {guard.FRAME_CAP:g} nats a frame, reset at zero, and alarms at "
        f"{guard.BAR:g}. Theory: a Markov chain over the evidence (Brook and Evans 1972), frames "
        "independent. Simulation: the agent's own guard. At one check a second a "
        "frame is a second.",
        "",
        "## Until a false alarm, of a camera that stands",
        "",
        *_table(alarms),
        "",
        "A deceived frame is one that *finds* a wrong move with full confidence and a small stated "
        "error. The benchmark counts how many do ([view.md](view.md)); they are rare, but not "
        "independent in life: one scene that deceives goes on deceiving. What that costs is "
        "counted by `viewkeeper-sim year`.",
        "",
        "## Until a move is reported",
        "",
        *_table(decision.delays(rng, runs)),
        "",
        f"Below the tolerance an alarm is a false one. `cannot_tell` is said after "
        f"{guard.BLIND_FRAMES} blind frames in a row: with 10, 30 and 60 % of frames blind by "
        "chance, after "
        + ", ".join(_number(decision.blind_run_length(share)) for share in (0.1, 0.3, 0.6))
        + " frames in the mean.",
        "",
    ]
    return "\n".join(lines)


def _table(rows: list[decision.Row]) -> list[str]:
    lines = [
        "| frames | theory, mean | simulated, mean ± standard error | simulated, 99 % within |",
        "|---|---|---|---|",
    ]
    for row in rows:
        told = "not simulated: too rare"
        late = ""
        if not math.isnan(row.simulated):
            told = f"{_number(row.simulated)} ± {_number(row.error)}"
            late = _number(row.late)
        lines.append(f"| {row.what} | {_number(row.theory)} | {told} | {late} |")
    return lines


def _number(value: float) -> str:
    if value >= 1e6:
        return f"{value:.1e}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
