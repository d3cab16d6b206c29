"""Real clips: flags and time, F1 where there is a truth, and OpenCV's background model beside.

The truths of public clips lie in ``clips/``, found by the clip's name and SHA-256; that of a clip
of the reader's own lies beside it, ``street.json`` for ``street.mp4``. What stands in one is told
in docs/events.md. The clips themselves are not kept here.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.bench.events_hours import code
from tests.bench.events_scenes import WHOLE, f1
from tests.support.staging import LENS, RATE_HZ
from viewkeeper.agent.core.events import blobs
from viewkeeper.agent.core.events.blobs import Detection
from viewkeeper.agent.core.events.zones import Outside, ZonesState, step
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.protocol.vocabulary import EventKind, LineDirection, ViewVerdict, ZoneKind
from viewkeeper.protocol.zones import PLACE_SCALE, Zone

KEPT = Path(__file__).resolve().parents[2] / "artefacts" / "events-clips.jsonl"
CLIPS = (".avi", ".mp4", ".mkv", ".mov", ".webm", ".m4v")
TRUTHS = Path(__file__).parent / "clips"
SIZE = (320, 240)
SLACK_S = 1.5
"""How far a flag may be from its event, where the truth does not say otherwise."""
GOAL_F1 = 0.9
LEAST_SHARE = 0.001
"""Of the picture, that a blob of OpenCV's model must fill."""

Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened, or was flagged, at a time of the clip."""

    kind: str
    zone: str
    at_s: float
    direction: str | None = None
    slack_s: float = SLACK_S

    def is_told_by(self, flag: Happening) -> bool:
        return (
            (self.kind, self.zone) == (flag.kind, flag.zone)
            and self.direction in (None, flag.direction)
            and abs(self.at_s - flag.at_s) <= self.slack_s
        )


@dataclass(frozen=True, slots=True)
class Truth:
    """What a clip shows; without one the whole picture is watched and nothing is counted."""

    zones: tuple[Zone, ...] = WHOLE
    events: tuple[Happening, ...] | None = None
    begins_s: float = 0.0
    """From here on flags and events count: before, the background is learned."""
    get: str = ""
    """Where the clip is to be had, of a public one."""


def run(path: Path) -> None:
    """All clips of a folder, or one; prints as it goes, and keeps what public clips gave."""
    files = [path] if path.is_file() else sorted(
        file for file in path.glob("*") if file.suffix.lower() in CLIPS
    )  # fmt: skip
    if not files:
        print(f"no clips in {path}: nothing was measured")
    for file in files:
        truth = truth_of(file)
        row = _clip(file, truth)
        if truth.get and truth.events is not None:
            KEPT.parent.mkdir(parents=True, exist_ok=True)
            with KEPT.open("a", encoding="utf-8") as kept:
                kept.write(json.dumps({"code": code(), **row}) + "\n")
    there = {file.name for file in files}
    for told in map(_told, sorted(TRUTHS.glob("*.json"))):
        if path.is_dir() and told["clip"] not in there:
            print(f"{told['clip']} is not there; to get it: {told['get']}")


def section() -> str:
    """The page's words, from what was kept with this very code."""
    rows = (
        [json.loads(row) for row in KEPT.read_text("utf-8").splitlines()] if KEPT.exists() else []
    )
    newest = {row["clip"]: row for row in rows if row["code"] == code()}
    head = "## Real clips\n\n"
    if not newest:
        return f"{head}Not run yet with this code: `make bench-clips`."
    lines: list[str] = []
    sums = {"ours": [0, 0, 0], "theirs": [0, 0, 0]}
    missing: list[str] = []
    for told in map(_told, sorted(TRUTHS.glob("*.json"))):
        row = newest.get(told["clip"])
        if row is None:
            missing.append(told["clip"])
            continue
        for who, sum_ in sums.items():
            sums[who] = [a + b for a, b in zip(sum_, row[who], strict=True)]
        lines.append(
            f"| `{told['clip']}`: {told['shows']} | {_score(row['ours'])} | "
            f"{_score(row['theirs'])} | {row['ms'][0]:.2f} | {row['ms'][1]:.2f} |"
        )
    goal = "reached" if f1(*sums["ours"]) >= GOAL_F1 else "missed"
    absent = f" **Not run: {', '.join(missing)}.**" if missing else ""
    return (
        f"{head}Public clips, not kept here; what happens in them was told by eye "
        "(`tests/bench/clips/`). How bodies in one blob are told apart was set on `vtest.avi`, and "
        "nothing else on any of them; four mistakes that they showed were mended. "
        "Beside ours, OpenCV's MOG2 with connectedComponents as detections from outside, "
        "followed by the same tracks and zones. "
        f"Right / missed / false. Goal F1 ≥ {GOAL_F1:g} over all: {goal}.{absent}\n\n"
        "| clip | ours | F1 | MOG2 | F1 | ms a frame | MOG2's |\n|---|---|---|---|---|---|---|\n"
        + "\n".join(lines)
        + f"\n| **all** | {_score(sums['ours'])} | {_score(sums['theirs'])} | | |"
    )


def _score(counts: list[int]) -> str:
    return f"{' / '.join(map(str, counts))} | {f1(*counts):.2f}"


def _told(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text(encoding="utf-8"))


def truth_of(file: Path) -> Truth:
    """Beside the clip, or the one kept here for it."""
    beside = file.with_suffix(".json")
    if beside.exists():
        return read_truth(_told(beside))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    for told in map(_told, sorted(TRUTHS.glob("*.json"))):
        if told["sha256"] == digest:
            return read_truth(told)
    return Truth()


def read_truth(told: dict[str, Any]) -> Truth:
    """A truth from its file."""
    events = told.get("events")
    return Truth(
        tuple(_zone(zone) for zone in told.get("zones", ())) or WHOLE,
        None if events is None else tuple(Happening(**event) for event in events),
        told.get("begins_s", 0.0),
        told.get("get", ""),
    )


def _zone(told: dict[str, Any]) -> Zone:
    """A zone as a configuration has it."""
    direction = told.get("direction")
    return Zone(
        name=told["name"],
        kind=ZoneKind(told["kind"]),
        points=tuple((round(x * PLACE_SCALE), round(y * PLACE_SCALE)) for x, y in told["points"]),
        watch=tuple(EventKind(kind) for kind in told["watch"]),
        direction=None if direction is None else LineDirection(direction),
        **{key: told[key] for key in ("dwell_s", "crowd", "speed") if key in told},
    )


def frames_of(file: Path) -> Iterator[tuple[float, Grey]]:
    """Times and pictures, grey and small, at about the agent's rate."""
    clip = cv2.VideoCapture(str(file))
    rate_hz = clip.get(cv2.CAP_PROP_FPS) or 25.0
    every = max(1, round(rate_hz / RATE_HZ))
    k = -1
    while True:
        good, picture = clip.read()
        if not good:
            return
        k += 1
        if k % every == 0:
            grey = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), SIZE, interpolation=3)
            yield k / rate_hz, np.asarray(grey, np.uint8)


def score(truth: Truth, flags: list[Happening]) -> tuple[int, int, int] | None:
    """Right, missed, false; each flag tells one event, the nearest in time first."""
    if truth.events is None:
        return None
    said = [flag for flag in flags if flag.at_s >= truth.begins_s]
    near = sorted(
        (abs(event.at_s - flag.at_s), i, j)
        for i, event in enumerate(truth.events)
        for j, flag in enumerate(said)
        if event.is_told_by(flag)
    )
    events, told = set[int](), set[int]()
    for _, i, j in near:
        if i not in events and j not in told:
            events.add(i)
            told.add(j)
    return len(events), len(truth.events) - len(events), len(said) - len(told)


def _clip(file: Path, truth: Truth) -> dict[str, Any]:
    """Both on one clip, the camera taken to stand still: counts, where there is a truth, and mean
    times a frame of ours, zones and all, and of OpenCV's model with connectedComponents."""
    model = cv2.createBackgroundSubtractorMOG2()
    mine, peer = ZonesState(), ZonesState()
    flags: tuple[list[Happening], list[Happening]] = ([], [])
    spent_s = [0.0, 0.0]
    frames = 0
    for at_s, grey in frames_of(file):
        frames += 1
        start = time.process_time()
        mine, now = _step(mine, truth, grey, at_s, None)
        middle = time.process_time()
        mask = model.apply(grey)
        _, _, boxes, _ = cv2.connectedComponentsWithStats((mask == 255).astype(np.uint8))
        spent_s[1] += time.process_time() - middle
        spent_s[0] += middle - start
        flags[0].extend(now)
        peer, now = _step(peer, truth, grey, at_s, _boxes(boxes))
        flags[1].extend(now)
    counts = [score(truth, each) for each in flags]
    for flag in flags[0]:
        print(f"  {flag.at_s:7.1f} s {flag.kind} {flag.direction or ''} in {flag.zone}")
    ms = (1000 * spent_s[0] / max(1, frames), 1000 * spent_s[1] / max(1, frames))
    print(f"{file.name}: {frames} frames, {ms[0]:.2f} ms a frame, MOG2 {ms[1]:.2f} ms")
    for who, count in zip(("ours", "MOG2 with our tracks"), counts, strict=True):
        if count is not None:
            print(f"  {who}: right {count[0]}, missed {count[1]}, false {count[2]}: "
                  f"F1 {f1(*count):.2f}")  # fmt: skip
    return {"clip": file.name, "ours": counts[0], "theirs": counts[1], "ms": ms}


def _step(
    state: ZonesState, truth: Truth, grey: Grey, at_s: float, outside: Outside | None
) -> tuple[ZonesState, list[Happening]]:
    state, flags = step(
        state, truth.zones, grey, LENS, verdict=ViewVerdict.SAME, move=Move(), at_s=at_s,
        outside=outside,
    )  # fmt: skip
    return state, [
        Happening(
            flag.kind.value, flag.zone or "", at_s,
            None if flag.direction is None else flag.direction.value,
        )
        for flag in flags
        if flag.ended_s is None or flag.ended_s == flag.started_s
    ]  # fmt: skip


def _boxes(stats: NDArray[Any]) -> Outside:
    """OpenCV's components as another program's boxes, the small ones left out."""
    width, height = SIZE
    return Outside(
        "mog2",
        tuple(
            Detection(x / width, y / height, (x + w) / width, (y + h) / height)
            for x, y, w, h, area in stats[1:]
            if area >= LEAST_SHARE * height * width and h >= 2 * blobs.LEAST_STRONG
        ),
    )
