"""A run drawn: connects, cameras, records and lag over its time. Needs matplotlib."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path
from typing import Any

from viewkeeper.sim.errors import SimError
from viewkeeper.sim.fleet.outcome import Outcome


def draw(outcome: Outcome, path: Path) -> None:
    """Write a PNG.

    Raises:
        SimError: matplotlib is not installed.
    """
    try:
        pyplot: Any = importlib.import_module("matplotlib.figure")
    except ImportError:
        raise SimError("no_matplotlib", "plots need matplotlib: pip install matplotlib") from None
    figure = pyplot.Figure(figsize=(9, 9), layout="constrained")
    axes = figure.subplots(4, 1, sharex=True)
    _connects(axes[0], outcome)
    _cameras(axes[1], outcome)
    _records(axes[2], outcome)
    _waiting(axes[3], outcome)
    for axis in axes:
        for fault in outcome.plan.faults:
            axis.axvspan(fault.at_s, fault.at_s + fault.for_s, color="tab:red", alpha=0.12)
        axis.set_xlim(0, outcome.plan.seconds)
        axis.grid(alpha=0.3)
    for fault in outcome.plan.faults:
        place = (fault.at_s, axes[0].get_ylim()[1])
        axes[0].annotate(f" {fault.kind}", place, rotation=90, fontsize=7, va="top")
    axes[-1].set_xlabel("seconds")
    figure.savefig(path, dpi=100)


def _connects(axis: Any, outcome: Outcome) -> None:
    by_second = Counter(int(at_s - outcome.began_s) for at_s in outcome.tally.attempts_s)
    seconds = range(int(outcome.plan.seconds))
    axis.step(seconds, [by_second[second] for second in seconds], where="post", label="tried")
    axis.axhline(outcome.plan.connects_per_s, color="black", linestyle="--", label="stated")
    axis.set_ylabel("connects a second")
    axis.legend(loc="upper right")


def _cameras(axis: Any, outcome: Outcome) -> None:
    samples = outcome.tally.samples
    axis.plot([one.at_s for one in samples], [one.connected for one in samples])
    axis.axhline(outcome.plan.cameras, color="black", linestyle=":")
    axis.set_ylabel("connected")


def _records(axis: Any, outcome: Outcome) -> None:
    samples = outcome.tally.samples
    for name, label in (("acknowledged", "acknowledged"), ("kept", "kept by the recorder")):
        moments, rates = [], []
        for before, now in zip(samples, samples[9:], strict=False):
            moments.append(now.at_s)
            step = getattr(now, name) - getattr(before, name)
            rates.append(step / (now.at_s - before.at_s))
        axis.plot(moments, rates, label=label, alpha=0.8)
    axis.set_ylabel("records a second")
    axis.legend(loc="upper right")


def _waiting(axis: Any, outcome: Outcome) -> None:
    samples = outcome.tally.samples
    moments = [one.at_s for one in samples]
    axis.plot(moments, [one.acknowledged - one.kept for one in samples], label="not kept yet")
    axis.plot(moments, [one.waiting for one in samples], label="in the recorder's queue")
    axis.set_ylabel("records")
    axis.legend(loc="upper right")
