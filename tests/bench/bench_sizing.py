"""Measures what a camera costs broker, network and recorder, and holds the model against fleets.

`make sizing` writes docs/benchmarks/sizing.md. Two small fleets give the constants, three others
are predicted by the model and then run. Mutual TLS, ACL, a real recorder; processor time, not
wall-clock time.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from viewkeeper.sim.fleet.camera import FleetCamera
from viewkeeper.sim.fleet.outcome import Outcome
from viewkeeper.sim.fleet.plan import Fault, FaultKind, Plan
from viewkeeper.sim.fleet.run import Fleet
from viewkeeper.sim.fleet.sizing import Costs, Need, need
from viewkeeper.sim.fleet.tally import Sample, most_within

OUT = Path(__file__).parents[2] / "docs" / "benchmarks" / "sizing.md"
PERIOD_S, RATE = 10.0, 150.0
SMALL, CHECKED = (100, 300), (500, 1_000, 2_000)
NATION, NATION_RATE = 800_000, 2_000.0


@dataclass(frozen=True)
class Seen:
    """One fleet that was run, and what of it counts; from the steady stretch before the cut."""

    outcome: Outcome
    seconds: float
    reports: float
    rss_kib: float
    base_kib: float
    broker_ms: float
    recorder_ms: float
    cycle_up: float
    cycle_down: float
    connect_up: float
    connect_down: float
    row_bytes: float
    worst_attempts: int
    all_back_s: float


def run(cameras: int) -> Seen:
    """A fleet that starts, reports, loses its power for ten seconds and comes back."""
    spread_s = Plan(cameras=cameras, seconds=60, connects_per_s=RATE).spread_s
    steady_s = 40.0
    cut_s = spread_s + 10 + steady_s
    plan = Plan(
        cameras=cameras,
        seconds=cut_s + 10 + 1.3 * spread_s + 15,
        period_s=PERIOD_S,
        connects_per_s=RATE,
        events_per_hour=0,
        slow_share=0.1,
        tls=True,
        faults=(Fault(FaultKind.POWER_CUT, cut_s, 10),),
    )
    with tempfile.TemporaryDirectory(prefix="viewkeeper-sizing-") as folder:
        fleet = Fleet(plan, Path(folder), progress=_progress)
        outcome = fleet.run()
        size = sum(path.stat().st_size for path in Path(folder).glob("desk.sqlite*"))
    print(file=sys.stderr)
    samples = outcome.tally.samples
    # Nearly all: a machine that is busy loses a handshake now and then.
    enough = 0.98 * cameras
    full = [one for one in samples if one.connected >= enough and one.at_s < cut_s - 1]
    if len(full) < 5:
        raise SystemExit("bench_sizing: this machine is too busy: the cameras did not come up")
    first, last = full[1], full[-1]
    reports = last.sealed - first.sealed
    behind = int(0.1 * cameras)
    per_cycle = reports * behind / cameras

    def each(name: str) -> float:
        return float(getattr(last, name) - getattr(first, name))

    back = [one.at_s for one in samples if one.at_s > cut_s + 10 and one.connected >= enough]
    cycles_before = first.sealed * behind / cameras
    cycle_up, cycle_down = each("up_bytes") / per_cycle, each("down_bytes") / per_cycle
    after_cut = [at_s for at_s in outcome.tally.attempts_s if at_s - outcome.began_s > cut_s]
    return Seen(
        outcome=outcome,
        seconds=last.at_s - first.at_s,
        reports=reports,
        rss_kib=last.broker_rss_kib,
        base_kib=samples[0].broker_rss_kib,
        broker_ms=1000 * each("broker_cpu_s") / reports,
        recorder_ms=1000 * each("recorder_cpu_s") / reports,
        cycle_up=cycle_up,
        cycle_down=cycle_down,
        # What the first minute carried, without the reports in it.
        connect_up=(first.up_bytes - cycles_before * cycle_up) / behind,
        connect_down=(first.down_bytes - cycles_before * cycle_down) / behind,
        row_bytes=size / outcome.audit.kept,
        worst_attempts=most_within(after_cut),
        all_back_s=min(back) - cut_s - 10 if back else float("nan"),
    )


def costs_of(few: Seen, many: Seen) -> Costs:
    """From two fleets: what does not grow, and what a camera more costs."""
    cameras = (few.outcome.plan.cameras, many.outcome.plan.cameras)
    slope = (many.rss_kib - few.rss_kib) / (cameras[1] - cameras[0])
    camera = FleetCamera(1, 1, mirror=True, clock=time.monotonic)
    camera.begin(1_790_000_000_000)
    camera.report(1_790_000_000_000)
    camera.event(1_790_000_000_000)
    sent: dict[str, int] = {}
    while (job := camera.sender.next()) is not None:
        camera.sender.sent(1, job)
        camera.sender.acknowledged(1, refused=False)
        sent[job.message.topic.split("/", 4)[4].split("/")[0]] = len(job.message.payload)
    return Costs(
        report_bytes=sent["report"],
        mirror_bytes=sent["state"],
        event_bytes=sent["event"],
        cycle_up_bytes=many.cycle_up,
        cycle_down_bytes=many.cycle_down,
        connect_up_bytes=many.connect_up,
        connect_down_bytes=many.connect_down,
        broker_base_kib=few.rss_kib - slope * cameras[0],
        broker_camera_kib=slope,
        broker_cpu_ms=many.broker_ms,
        recorder_cpu_ms=many.recorder_ms,
        recorder_bytes=many.row_bytes,
    )


def check_table(costs: Costs, seen: list[Seen]) -> list[str]:
    """What the model said, and what was."""
    lines = [
        "| cameras | messages a second in | broker's memory, MiB | broker, cores | recorder, cores "
        "| worst second of the return, attempts | all back after, s |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in seen:
        plan = one.outcome.plan
        said = need(costs, plan.cameras, plan.period_s, plan.connects_per_s)
        rate = one.reports / one.seconds
        pairs = (
            (f"{said.messages_in:.1f}", f"{2 * rate:.1f}"),
            (f"{said.broker_mib:.1f}", f"{one.rss_kib / 1024:.1f}"),
            (f"{said.broker_cores:.4f}", f"{rate * one.broker_ms / 1000:.4f}"),
            (f"{said.recorder_cores:.3f}", f"{rate * one.recorder_ms / 1000:.3f}"),
            (f"≤ {plan.connects_per_s:.0f}", f"{one.worst_attempts}"),
            (f"≤ {said.spread_s:.0f}", f"{one.all_back_s:.0f}"),
        )
        cells = " | ".join(f"{model} / **{real}**" for model, real in pairs)
        lines.append(f"| {plan.cameras} | {cells} |")
    return lines


def nation_table(costs: Costs) -> list[str]:
    """800,000 cameras, by the model alone."""
    ways = [
        ("every 60 s, with the mirror", need(costs, NATION, 60, NATION_RATE)),
        ("every 60 s, signed alone", need(costs, NATION, 60, NATION_RATE, mirror=False)),
        ("every 300 s, signed alone", need(costs, NATION, 300, NATION_RATE, mirror=False)),
    ]
    rows: list[tuple[str, list[str]]] = [
        ("messages a second into the brokers", [f"{one.messages_in:,.0f}" for _, one in ways]),
        (
            "memory for connections, all brokers, GiB",
            [f"{one.broker_mib / 1024:.0f}" for _, one in ways],
        ),
        (
            "of that what stands retained, GiB",
            [f"{one.retained_mib / 1024:.2f}" for _, one in ways],
        ),
        ("broker, cores", [f"{one.broker_cores:.1f}" for _, one in ways]),
        ("recorder, cores", [f"{one.recorder_cores:.1f}" for _, one in ways]),
        ("recorder shards at half a core each", [f"{_shards(one)}" for _, one in ways]),
        ("recording a day, GiB", [f"{one.recording_day_mib / 1024:.0f}" for _, one in ways]),
        ("a camera's day, up, kB", [f"{one.camera_day_up_bytes / 1000:,.0f}" for _, one in ways]),
        (
            "a camera's day, down, kB",
            [f"{one.camera_day_down_bytes / 1000:,.0f}" for _, one in ways],
        ),
        (
            f"`reconnect_spread_s` at {NATION_RATE:,.0f} connects a second",
            [f"{one.spread_s:.0f}" for _, one in ways],
        ),
    ]
    head = ["| | " + " | ".join(name for name, _ in ways) + " |", "|---" * (len(ways) + 1) + "|"]
    return head + [f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows]


def _shards(one: Need) -> int:
    return max(1, -(-int(1000 * one.recorder_cores) // 500))


def written(costs: Costs, seen: list[Seen]) -> str:
    """The page."""
    losses = sum(one.outcome.audit.lost for one in seen)
    acknowledged = sum(one.outcome.audit.acknowledged for one in seen)
    late = max(sample.loop_late_s for one in seen for sample in one.outcome.tally.samples)
    connect = (costs.connect_up_bytes + costs.connect_down_bytes) / 1000
    facts = (
        ("a report, signed, bytes", f"{costs.report_bytes}"),
        ("its plain mirror, bytes", f"{costs.mirror_bytes}"),
        ("an event, signed, bytes", f"{costs.event_bytes}"),
        ("report and mirror on the wire (TLS, MQTT), up, bytes", f"{costs.cycle_up_bytes:.0f}"),
        ("their acknowledgements, down, bytes", f"{costs.cycle_down_bytes:.0f}"),
        ("a connection made (handshake to first report), both ways, kB", f"{connect:.1f}"),
        ("mosquitto, before the cameras, MiB", f"{costs.broker_base_kib / 1024:.1f}"),
        ("mosquitto, a TLS connection more, KiB", f"{costs.broker_camera_kib:.1f}"),
        ("mosquitto, a report with its mirror, in and out, ms", f"{costs.broker_cpu_ms:.3f}"),
        ("recorder, a report verified and kept, ms", f"{costs.recorder_cpu_ms:.2f}"),
        ("recorder, a report in SQLite with its indexes, bytes", f"{costs.recorder_bytes:.0f}"),
    )
    lines = [
        "# Sizing: measured, and the model held against fleets",
        "",
        "Written by `make sizing`; no number is typed by hand. "
        f"{platform.machine()}, Python {platform.python_version()}, mosquitto with mutual TLS "
        f"and the site's ACL, a signed report with its mirror every {PERIOD_S:g} s, stated "
        f"connect rate {RATE:g} a second. Costs are processor time of one core.",
        "",
        f"## What a camera costs (from fleets of {SMALL[0]} and {SMALL[1]})",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in facts),
        "",
        "## The model against three fleets: said / **was**",
        "",
        *check_table(costs, seen),
        "",
        f"In these runs, power cut included, {acknowledged:,} records were acknowledged and "
        f"{losses} of them lost. The simulating process was late by {late:.1f} s at most.",
        "",
        f"## {NATION:,} cameras, by the model",
        "",
        *nation_table(costs),
        "",
    ]
    return "\n".join(lines)


def _progress(plan: Plan, sample: Sample) -> None:
    line = (
        f"{plan.cameras} cameras: {sample.at_s:.0f} of {plan.seconds:.0f} s, {sample.connected} up"
    )
    print(f"\r{line}  ", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Run the five fleets; ``--quick``: three tiny ones, to see that it works."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny fleets, printed only")
    options = parser.parse_args()
    small, checked = ((20, 40), (30,)) if options.quick else (SMALL, CHECKED)
    few, many = (run(cameras) for cameras in small)
    costs = costs_of(few, many)
    page = written(costs, [run(cameras) for cameras in checked])
    if options.quick:
        print(page)
    else:
        OUT.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
