"""Empty streets for hours on end: how often are the zone events wrong when nobody is there?

Each piece is half an hour of one day of a simulated year; the days are spread over the year and
the hours over the day. What was lived through is kept, so that many short runs make one long one;
other code starts anew.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.bench.events_scenes import WHOLE
from tests.support.restless import Restless
from tests.support.staging import LENS, begun
from viewkeeper.agent.core.events import foreground
from viewkeeper.agent.core.events.zones import ZonesState, step
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.protocol.vocabulary import ViewVerdict
from viewkeeper.sim.camera.panorama import Panorama, street_scene

KEPT = Path(__file__).resolve().parents[2] / "artefacts" / "events-hours.jsonl"
PIECE_H = 0.5
YEAR, STREETS = 77, (61, 62, 63, 64)
DAYS = 365
GOAL_A_DAY = 1.0


def code() -> str:
    """Digest of what is measured."""
    digest = hashlib.sha256()
    folder = Path(foreground.__file__).parent
    parts = "areas blobs bodies foreground objects placing rejoining track tracks zones"
    for name in parts.split():
        digest.update((folder / f"{name}.py").read_bytes())
    digest.update((Path(__file__).parents[1] / "support" / "restless.py").read_bytes())
    return digest.hexdigest()[:16]


def kept(rate_hz: float) -> list[dict[str, Any]]:
    """Pieces lived through by this very code."""
    if not KEPT.exists():
        return []
    rows = [json.loads(row) for row in KEPT.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["code"] == code() and row["rate_hz"] == rate_hz]


def live(hours: float, rate_hz: float, budget_s: float) -> None:
    """Go on until so many hours are kept or so much time is spent."""
    until = time.monotonic() + budget_s
    streets: dict[int, Panorama] = {}
    for piece in range(round(hours / PIECE_H)):
        if any(row["piece"] == piece for row in kept(rate_hz)):
            continue
        if time.monotonic() > until:
            print(f"{len(kept(rate_hz)) * PIECE_H} of {hours:g} h; the same command goes on")
            return
        street = STREETS[piece % len(STREETS)]
        if street not in streets:
            streets[street] = street_scene(street, 2048)
        row = _piece(piece, streets[street], rate_hz)
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        with KEPT.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"code": code(), "rate_hz": rate_hz, **row}) + "\n")


def _piece(piece: int, street: Panorama, rate_hz: float) -> dict[str, Any]:
    # the golden section spreads days over the year, whatever number of pieces is lived through
    day = int(DAYS * (0.618034 * piece % 1))
    hour = day * 24 + (piece * PIECE_H) % 24
    world, state = Restless(street, hour, YEAR), ZonesState()
    flags, weather = [], Counter[str]()
    for k in range(round(PIECE_H * 3600 * rate_hz)):
        at_s = k / rate_hz
        luma = world.luma(at_s)
        state, now = step(
            state, WHOLE, luma, LENS, verdict=ViewVerdict.SAME, move=Move(), at_s=at_s
        )
        flags += now
        sky = world.conditions
        for name in ("night", "rain", "fog", "sway_deg", "shadow"):
            weather[name] += getattr(sky, name) > (0.02 if name == "sway_deg" else 0.05)
    frames = PIECE_H * 3600 * rate_hz
    return {
        "piece": piece,
        "hour": hour,
        "false": [
            {"kind": flag.kind.value, "started_s": flag.started_s}
            for flag in flags
            if flag.ended_s is None or flag.ended_s == flag.started_s
        ],
        "flags": len(begun(flags)),
        "weather": {name: round(count / frames, 3) for name, count in weather.items()},
    }


def _at_most(seen: int) -> float:
    """Mean of a Poisson count that gives so few or fewer in one case of twenty."""
    low, high = 0.0, 3.0 * seen + 10.0
    for _ in range(60):
        mean = (low + high) / 2
        chance = sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(seen + 1))
        low, high = (mean, high) if chance > 0.05 else (low, mean)
    return low


def section(rate_hz: float) -> str:
    """The page's words."""
    rows = kept(rate_hz)
    if not rows:
        return "## Nobody there\n\nNot run yet with this code: `make bench-events HOURS=24`."
    hours = len(rows) * PIECE_H
    false = Counter(flag["kind"] for row in rows for flag in row["false"])
    a_day = 24 * false.total() / hours
    most = 24 * _at_most(false.total()) / hours
    share = {
        name: sum(row["weather"].get(name, 0) for row in rows) * PIECE_H
        for name in ("night", "rain", "fog", "sway_deg", "shadow")
    }
    kinds = f": {', '.join(f'{kind} {n}' for kind, n in sorted(false.items()))}" if false else ""
    return (
        "## Nobody there\n\n"
        f"{hours:g} hours of up to {len(STREETS)} empty streets, spread over a simulated year, "
        f"{rate_hz:g} frames a second; of these "
        f"{share['night']:.1f} h by night or dusk with headlights sweeping, "
        f"{share['rain']:.1f} h of rain, {share['fog']:.1f} h of fog, "
        f"{share['sway_deg']:.1f} h of a swaying pole, {share['shadow']:.1f} h of hard "
        "shadows with clouds; leaves wave all the time, and the infrared lamp flutters at "
        "twilight. Intrusion, loitering, things, fast motion and two lines were watched over the "
        f"whole picture.\n\n**{false.total()} false, {a_day:.1f} a camera-day**"
        f"{kinds}; with 95 % confidence at most {most:.1f}. Goal ≤ {GOAL_A_DAY:g}: "
        f"{'met by the count' if a_day <= GOAL_A_DAY else 'missed'}"
        f"{', not yet with that confidence' if a_day <= GOAL_A_DAY < most else ''}."
    )
