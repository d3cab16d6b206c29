"""A run told: as JSON, as text for people. Pure; the plots are `plots.py`'s."""

from __future__ import annotations

import itertools
import platform
from collections.abc import Sequence
from typing import Any

from viewkeeper.sim.fleet.outcome import Outcome
from viewkeeper.sim.fleet.tally import Sample


def summary(outcome: Outcome) -> dict[str, Any]:
    """Everything that is worth a number, as plain JSON values."""
    plan, tally, audit = outcome.plan, outcome.tally, outcome.audit
    steady = tally.samples[-1].at_s - tally.samples[0].at_s if len(tally.samples) > 1 else 0.0
    return {
        "machine": {"processor": platform.machine(), "python": platform.python_version()},
        "plan": {
            "cameras": plan.cameras,
            "seconds": plan.seconds,
            "period_s": plan.period_s,
            "connects_per_s": plan.connects_per_s,
            "spread_s": round(plan.spread_s, 2),
            "events_per_hour": plan.events_per_hour,
            "slow_share": plan.slow_share,
            "mirror": plan.mirror,
            "tls": plan.tls,
            "seed": plan.seed,
            "faults": [f"{one.kind}@{one.at_s:.0f}+{one.for_s:.0f}" for one in plan.faults],
        },
        "connecting": {
            "attempts": len(tally.attempts_s),
            "accepted": tally.connects,
            "most_attempts_in_a_second": tally.most_attempts,
            "most_connections_in_a_second_by_the_broker": outcome.connections,
            "failures": dict(tally.failures.most_common(12)),
        },
        "records": {
            "sealed": tally.sealed,
            "acknowledged": audit.acknowledged,
            "kept": audit.kept,
            "lost": audit.lost,
            "examples_of_lost": list(audit.examples),
            "duplicated": audit.duplicated,
            "kept_though_unacknowledged": audit.unacknowledged,
            "refused": audit.refused,
            "faults": audit.faults,
            "cameras_with_a_jumped_clock": len(tally.jumped),
        },
        "publications": {
            "acknowledged": tally.published,
            "refused": tally.refused,
            "payload_bytes": tally.payload_bytes,
        },
        "recorder": {
            "lag_ms": {
                "median": _share(audit.lag_ms, 0.5),
                "99 %": _share(audit.lag_ms, 0.99),
                "most": _share(audit.lag_ms, 1.0),
            },
            "most_waiting": max((one.waiting for one in tally.samples), default=0),
            "caught_up_s": None if outcome.caught_up_s is None else round(outcome.caught_up_s, 1),
        },
        "cost": _cost(tally.samples, steady),
        "holds": outcome.holds,
    }


def text(outcome: Outcome) -> str:
    """For a person."""
    told = summary(outcome)
    plan, connecting, records = told["plan"], told["connecting"], told["records"]
    recorder, cost = told["recorder"], told["cost"]
    by_broker = connecting["most_connections_in_a_second_by_the_broker"]
    lines = [
        f"{plan['cameras']} cameras, a signed report every {plan['period_s']:g} s, "
        f"{plan['seconds']:g} s, {'mutual TLS' if plan['tls'] else 'TCP'}",
        f"faults                 {', '.join(plan['faults']) or 'none'}",
        f"connects a second      at most {connecting['most_attempts_in_a_second']} tried, "
        f"{'?' if by_broker is None else by_broker} by the broker's log; stated "
        f"{plan['connects_per_s']:g} (spread {plan['spread_s']:g} s)",
        f"connections            {connecting['accepted']} of {connecting['attempts']} attempts",
        f"records                {records['sealed']} sealed, "
        f"{records['acknowledged']} acknowledged, {records['kept']} kept",
        f"                       {records['lost']} acknowledged and lost, "
        f"{records['duplicated']} duplicated, {records['refused']} refused, "
        f"{records['faults']} faults",
        f"recorder's lag         median {recorder['lag_ms']['median']} ms, "
        f"99 % {recorder['lag_ms']['99 %']} ms, most {recorder['lag_ms']['most']} ms; "
        f"at most {recorder['most_waiting']} waiting",
        "recorder caught up     "
        + ("never" if recorder["caught_up_s"] is None else f"{recorder['caught_up_s']} s")
        + " after the last camera went",
    ]
    for who in ("broker", "recorder", "cameras"):
        share, rss = cost[who]["processor_share"], cost[who].get("rss_mib")
        memory = "" if rss is None else f", {rss} MiB at most"
        lines.append(f"{who:22} {share:.0%} of one core{memory}")
    lines.append(f"this process was late  {cost['cameras']['late_s']} s at most")
    lines.append("RESULT                 " + ("holds" if told["holds"] else "DOES NOT HOLD"))
    return "\n".join(lines) + "\n"


def _cost(samples: Sequence[Sample], seconds: float) -> dict[str, Any]:
    def share(values: Sequence[float]) -> float:
        # A restarted broker counts from nothing again: only what rises is summed.
        steps = (b - a for a, b in itertools.pairwise(values))
        return round(sum(step for step in steps if step > 0) / seconds, 4) if seconds else 0.0

    def most(values: Sequence[int]) -> float:
        return round(max(values, default=0) / 1024, 1)

    return {
        "broker": {
            "processor_share": share([one.broker_cpu_s for one in samples]),
            "rss_mib": most([one.broker_rss_kib for one in samples]),
        },
        "recorder": {
            "processor_share": share([one.recorder_cpu_s for one in samples]),
            "rss_mib": most([one.recorder_rss_kib for one in samples]),
        },
        "cameras": {
            "processor_share": share([one.own_cpu_s for one in samples]),
            "late_s": round(max((one.loop_late_s for one in samples), default=0.0), 2),
        },
    }


def _share(ordered: Sequence[int], share: float) -> int | None:
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
