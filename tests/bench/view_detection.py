"""How surely a small move is told from none, at one false alarm in a thousand frames.

Every method's threshold comes from its own unmoved frames. Ours sees more of them than its peers:
a bound near 1e-3 takes thousands, and some peers take long.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from scipy.stats import binomtest

from tests.bench.peers import Peer
from tests.bench.view_missed import Missed, missed_of, sheet
from tests.bench.view_pairs import Pair
from tests.bench.view_report import ORB, OURS
from viewkeeper.agent.core.view.estimate import estimate
from viewkeeper.agent.core.view.registered import RegistrationError, register

RATE = 1e-3
MOVES_DEG = (1.0, 0.5)


@dataclass(frozen=True, slots=True)
class Told:
    """What one method measured of one frame; ``turn_deg`` is 0 where it found nothing."""

    move_deg: float
    place: str
    nuisance: str
    turn_deg: float
    found: bool
    elapsed_s: float
    missed: Missed | None = None
    """The pictures, where a move was not found and they are kept."""


Results = dict[str, list[Told]]


def measure(small: Iterable[tuple[float, Pair]], rivals: list[Peer], rivals_until: int) -> Results:
    """Every method on every pair; rivals on the first ``rivals_until`` only."""
    results: Results = defaultdict(list[Told])
    for move_deg, pair in small:
        try:
            view = register([pair.registered], pair.lens)
        except RegistrationError:
            continue  # a bare sky: nobody would be let register that
        view.reference.warm()
        label = (move_deg, pair.place, pair.nuisance)
        started = time.process_time()
        found = estimate(view, pair.present)
        elapsed_s = time.process_time() - started
        turn_deg = found.move.turn_deg() if found.found else 0.0
        missed = missed_of(pair) if move_deg > 0.0 and not found.found else None
        results[OURS].append(Told(*label, turn_deg, found.found, elapsed_s, missed))
        if len(results[OURS]) <= rivals_until:
            for rival in rivals:
                prepared = rival.prepare(pair.registered.luma)
                started = time.process_time()
                move = rival.measure(prepared, pair.present.luma, pair.lens)
                elapsed_s = time.process_time() - started
                turn_deg = 0.0 if move is None else move.turn_deg()
                told = Told(*label, turn_deg, move is not None, elapsed_s)
                results[rival.name].append(told)
        if len(results[OURS]) % 400 == 0:
            print(f"{len(results[OURS])} small moves", file=sys.stderr, flush=True)
    return results


def report(results: Results, size: tuple[int, int], folder: Path, name: str) -> list[str]:
    """The section in Markdown; its plot goes beside it in ``folder``."""
    ours = results[OURS]
    counts = Counter(told.move_deg for told in ours)
    lines = [
        "## A small move or none",
        "",
        f"{size[0]}×{size[1]}, {counts[0.0]} unmoved frames, {counts[1.0]} turned by 1° and "
        f"{counts[0.5]} by 0.5° in any direction, nuisances in turn; peers on the first only. A "
        "frame is an alarm if the turn that is measured is above a threshold: the "
        f"{1 - RATE:.3f} quantile over a method's own unmoved frames. What is not found is no "
        "alarm, and a move missed. In brackets: what holds with 95 % confidence (Clopper and "
        "Pearson), at most of false alarms, at least of detections.",
        "",
        "| | unmoved frames | threshold | false alarms | 1° detected | 0.5° detected "
        "| time of an unmoved check against ORB |",
        "|---|---|---|---|---|---|---|",
    ]
    orb_s = _still_s(results[ORB])
    figure, axes = plt.subplots(figsize=(9.5, 4))
    for method, told in results.items():
        unmoved = np.array([one.turn_deg for one in told if one.move_deg == 0.0])
        threshold = float(np.quantile(unmoved, 1 - RATE))
        above = int((unmoved > threshold).sum())
        cells = [f"{above} (≤ {_bounds(above, len(unmoved))[1]:.4f})"]
        for move_deg in MOVES_DEG:
            turns = np.array([one.turn_deg for one in told if one.move_deg == move_deg])
            seen = int((turns > threshold).sum())
            cells.append(f"{seen / len(turns):.3f} (≥ {_bounds(seen, len(turns))[0]:.3f})")
            steps = np.unique(np.concatenate([[0.0], unmoved, turns]))
            alarms = [(unmoved > step).mean() for step in steps]
            detected = [(turns > step).mean() for step in steps]
            style = "-" if move_deg == MOVES_DEG[0] else "--"
            colour = f"C{list(results).index(method)}"
            label = f"{method}, {move_deg}°"
            axes.plot(np.maximum(alarms, 3e-4), detected, style, color=colour, label=label)
        ratio = _still_s(told) / orb_s
        row = " | ".join(cells)
        lines.append(f"| {method} | {len(unmoved)} | {threshold:.3f}° | {row} | {ratio:.2f} |")
    axes.set(xscale="log", ylim=(0, 1.01), xlabel="false alarms a frame", ylabel="detected")
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="x-small")
    figure.tight_layout()
    figure.savefig(folder / f"{name}-roc.png", dpi=110)
    plt.close(figure)
    lines += ["", f"![Detected against false alarms]({name}-roc.png)", ""]
    lines += _misses(ours)
    unseen = [one.missed for one in ours if one.missed is not None]
    what = f"All {len(unseen)} turned frames of which Viewkeeper said that it cannot tell"
    return lines + sheet(unseen, folder, f"{name}-missed-small.png", what)


def _misses(ours: list[Told]) -> list[str]:
    """What was not detected, and what the frames that were found say alone."""
    unmoved = [one.turn_deg for one in ours if one.move_deg == 0.0]
    threshold = float(np.quantile(unmoved, 1 - RATE))
    lines: list[str] = []
    for move_deg in MOVES_DEG:
        moved = [one for one in ours if one.move_deg == move_deg]
        missed = [one for one in moved if one.turn_deg <= threshold]
        blind = [one for one in missed if not one.found]
        by: dict[str, int] = defaultdict(int)
        for one in missed:
            by[one.nuisance.replace("_", " ")] += 1
        told = ", ".join(f"{count} in {name}" for name, count in sorted(by.items())) or "none"
        found = sum(one.found for one in moved)
        seen = len(moved) - len(missed)
        low, _ = _bounds(seen, found)
        lines += [
            f"Of the {len(moved)} turned by {move_deg}° Viewkeeper missed {len(missed)} ({told}); "
            f"of {len(blind)} of these it said that it cannot tell. Where it found the view it "
            f"detected {seen / max(found, 1):.4f} (≥ {low:.4f}).",
            "",
        ]
    largest = sorted((one for one in ours if one.move_deg == 0.0), key=lambda one: -one.turn_deg)
    told = ", ".join(f"{one.turn_deg:.3f}° ({one.nuisance})" for one in largest[:5])
    return [*lines, f"Largest turns that it measured of an unmoved camera: {told}.", ""]


def _still_s(told: list[Told]) -> float:
    return float(np.median([one.elapsed_s for one in told if one.move_deg == 0.0]))


def _bounds(count: int, of: int) -> tuple[float, float]:
    """One-sided 95 % bounds, each way, of a rate."""
    interval = binomtest(count, max(of, 1)).proportion_ci(0.90, method="exact")
    return float(interval.low), float(interval.high)
