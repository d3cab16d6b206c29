"""Clips of the reader's own: flags, time, and F1 where a truth lies beside the clip.

The truth of ``street.mp4`` is ``street.json``::

    {"zones": [{"name": "street", "kind": "area", "points": [[0, 0.3], …], "watch": ["intrusion"]}],
     "events": ["intrusion", "line_crossed"]}

``zones`` as in a configuration, with points in shares of the picture; without them the whole
picture is watched. ``events`` are the kinds that must be flagged, one entry each.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from tests.bench.events_scenes import WHOLE, Score, f1
from tests.support.staging import LENS, RATE_HZ, begun
from viewkeeper.agent.core.events.zones import ZonesState, step
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.protocol.vocabulary import EventKind, LineDirection, ViewVerdict, ZoneKind
from viewkeeper.protocol.zones import PLACE_SCALE, Zone

CLIPS = (".avi", ".mp4", ".mkv", ".mov", ".webm", ".m4v")
SIZE = (320, 240)


def run(path: Path) -> int:
    """All clips of a folder, or one; prints, and returns how many there were."""
    files = [path] if path.is_file() else sorted(
        file for file in path.glob("*") if file.suffix.lower() in CLIPS
    )  # fmt: skip
    if not files:
        print(f"no clips in {path}: nothing was measured")
        return 0
    score, with_truth = Score(), 0
    for file in files:
        truth = file.with_suffix(".json")
        told = json.loads(truth.read_text(encoding="utf-8")) if truth.exists() else {}
        zones = tuple(_zone(zone) for zone in told.get("zones", ())) or WHOLE
        said = _clip(file, zones)
        if "events" in told:
            wanted = Counter(str(kind) for kind in told["events"])
            score.add(wanted, said)
            with_truth += 1
            print(f"  missed {dict(wanted - said)}, false {dict(said - wanted)}")
    if with_truth:
        print(f"{with_truth} clips with truth: F1 {f1(*score.sums):.2f} of {score.sums}")
    return len(files)


def _zone(told: dict[str, object]) -> Zone:
    """A zone as the truth beside a clip has it."""
    points = told["points"]
    assert isinstance(points, list)
    watch = told["watch"]
    assert isinstance(watch, list)
    direction = told.get("direction")
    more = {k: told[k] for k in ("dwell_s", "crowd", "speed") if k in told}
    return Zone(
        name=str(told["name"]),
        kind=ZoneKind(told["kind"]),
        points=tuple((round(x * PLACE_SCALE), round(y * PLACE_SCALE)) for x, y in points),
        watch=tuple(EventKind(kind) for kind in watch),
        direction=None if direction is None else LineDirection(direction),
        **more,  # pyright: ignore[reportArgumentType]
    )


def _clip(file: Path, zones: tuple[Zone, ...]) -> Counter[str]:
    """The flags of one clip, at about the agent's rate; the camera is taken to stand still."""
    clip = cv2.VideoCapture(str(file))
    rate_hz = clip.get(cv2.CAP_PROP_FPS) or 25.0
    every = max(1, round(rate_hz / RATE_HZ))
    model = cv2.createBackgroundSubtractorMOG2()
    state, flags = ZonesState(), []
    ours: list[float] = []
    theirs: list[float] = []
    k = -1
    while True:
        good, picture = clip.read()
        if not good:
            break
        k += 1
        if k % every:
            continue
        grey = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), SIZE, interpolation=3)
        at_s = k / rate_hz
        start = time.process_time()
        state, now = step(
            state, zones, np.asarray(grey, np.uint8), LENS, verdict=ViewVerdict.SAME, move=Move(),
            at_s=at_s,
        )  # fmt: skip
        middle = time.process_time()
        mask = model.apply(grey)
        cv2.connectedComponentsWithStats((mask == 255).astype(np.uint8))
        ours.append(middle - start)
        theirs.append(time.process_time() - middle)
        for flag in now:
            over = "" if flag.ended_s in (None, flag.started_s) else " over"
            print(
                f"  {at_s:7.1f} s {flag.kind.value}{over} in {flag.zone}, "
                f"sure {flag.confidence:.2f}"
            )
        flags += now
    said = Counter(kind.value for kind in begun(flags))
    print(f"{file.name}: {len(ours)} frames; {dict(said)}")
    if ours:
        print(
            f"  {1000 * float(np.median(ours)):.2f} ms a frame; "
            f"MOG2 + connectedComponents {1000 * float(np.median(theirs)):.2f} ms"
        )
    return said
