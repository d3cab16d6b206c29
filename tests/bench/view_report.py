"""What the methods made of the pairs, as tables and plots."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

from tests.bench.view_missed import Missed, sheet

OK_DEG = 0.5
OURS = "Viewkeeper"
ORB = "OpenCV ORB + RANSAC"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one method made of one pair; ``error`` is infinite where it gave nothing."""

    nuisance: str
    pan_deg: float
    tilt_deg: float
    roll_deg: float
    zoom: float
    elapsed_s: float
    normalised: float | None = None
    """Squared error over the squared standard error, mean of the four."""
    missed: Missed | None = None
    """The pictures, where it was not recovered and they are kept."""

    @property
    def worst_deg(self) -> float:
        """Largest error of pan, tilt and roll."""
        return max(abs(self.pan_deg), abs(self.tilt_deg), abs(self.roll_deg))

    @property
    def ok(self) -> bool:
        """Recovered within half a degree."""
        return self.worst_deg <= OK_DEG


def table(
    results: dict[str, list[Outcome]], size: tuple[int, int], folder: Path, name: str
) -> list[str]:
    """One size's report in Markdown; its plots go beside it in ``folder``."""
    ours = results[OURS]
    orb_times = [outcome.elapsed_s for outcome in results[ORB]]
    orb_s, orb_mean_s = float(np.median(orb_times)), float(np.mean(orb_times))
    lines = [
        f"## {size[0]}×{size[1]}, {len(ours)} pairs",
        "",
        "| | recovered | median error pan, tilt | roll | zoom | time against ORB | mean time |",
        "|---|---|---|---|---|---|---|",
    ]
    for method, outcomes in results.items():
        good = [outcome for outcome in outcomes if outcome.ok]
        turn = _median([max(abs(o.pan_deg), abs(o.tilt_deg)) for o in good])
        roll = _median([abs(o.roll_deg) for o in good])
        zoom = 100 * _median([abs(o.zoom) for o in good])
        times = [o.elapsed_s for o in outcomes]
        ratio, mean = float(np.median(times)) / orb_s, float(np.mean(times)) / orb_mean_s
        share = len(good) / len(outcomes)
        lines.append(
            f"| {method} | {share:.3f} | {turn:.3f}° | {roll:.3f}° | {zoom:.3f} % "
            f"| {ratio:.2f} | {mean:.2f} |"
        )
    honest = [o.normalised for o in ours if o.ok and o.normalised is not None]
    wrong = sum(1 for o in ours if not o.ok and np.isfinite(o.pan_deg))
    lines += [
        "",
        f"Viewkeeper's squared error over its squared standard error: mean "
        f"{np.mean(honest):.2f}, median {np.median(honest):.2f} over recovered pairs (1 is "
        f"honest). It claimed a move that was not the true one in {wrong} of {len(ours)} pairs.",
        "",
        "| recovered | " + " | ".join(results) + " |",
        "|---|" + "---|" * len(results),
    ]
    for nuisance in dict.fromkeys(outcome.nuisance for outcome in ours):
        shares = [
            np.mean([outcome.ok for outcome in outcomes if outcome.nuisance == nuisance])
            for outcomes in results.values()
        ]
        label = nuisance.replace("_", " ")
        lines.append(f"| {label} | " + " | ".join(f"{share:.2f}" for share in shares) + " |")
    error, time = f"{name}-error-{size[0]}.png", f"{name}-time-{size[0]}.png"
    plot(results, folder / error)
    plot_times(results, folder / time)
    lines += ["", f"![Share of pairs with an error below]({error})", ""]
    lines += [f"![Share of pairs done within a time]({time})", ""]
    missed = [outcome.missed for outcome in ours if outcome.missed is not None]
    what = f"All {len(missed)} pairs that Viewkeeper did not recover"
    return lines + sheet(missed, folder, f"{name}-missed-{size[0]}.png", what)


def _median(values: list[float]) -> float:
    return float(np.median(values)) if values else float("nan")


def plot(results: dict[str, list[Outcome]], path: Path) -> None:
    """Cumulative distribution of the largest angle error."""
    figure, axes = plt.subplots(figsize=(9.5, 4))
    for name, outcomes in results.items():
        errors = sorted(outcome.worst_deg for outcome in outcomes)
        share = np.arange(1, len(errors) + 1) / len(errors)
        axes.plot(np.maximum(errors, 1e-4), share, label=name)
    axes.set(xscale="log", xlim=(1e-3, 30), ylim=(0, 1))
    axes.set(xlabel="largest error of pan, tilt, roll [°]", ylabel="share of pairs")
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def plot_times(results: dict[str, list[Outcome]], path: Path) -> None:
    """Cumulative distribution of the time a pair takes, over ORB's median."""
    orb_s = float(np.median([o.elapsed_s for o in results[ORB]]))
    figure, axes = plt.subplots(figsize=(9.5, 4))
    for name, outcomes in results.items():
        times = np.sort([o.elapsed_s / orb_s for o in outcomes])
        axes.plot(times, np.arange(1, len(times) + 1) / len(times), label=name)
    axes.set(xscale="log", ylim=(0, 1))
    axes.set(xlabel="time over ORB's median", ylabel="share of pairs")
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
