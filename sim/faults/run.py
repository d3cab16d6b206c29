"""``make faults``: strike, mend, settle, and hold what was said against what the recorder has.

``python -m viewkeeper.sim.faults.run --faults 1000 --seed 1 [--report FILE]``
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import heapq
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from viewkeeper.command_line import OneLineParser, guarded
from viewkeeper.protocol import cose, records
from viewkeeper.sim.faults.agent import camera_id, signer
from viewkeeper.sim.faults.plan import Fault, Kind, faults
from viewkeeper.sim.faults.world import Identity, World

AGENTS = 4
SETTLE_S = 400.0
"""A row that went five times in vain waits as long again as it has waited."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run showed.

    Attributes:
        made, acknowledged, kept: records; ``kept`` are those on the recorder's disk.
        lost: acknowledged, and not kept.
        missing: neither acknowledged nor kept nor excused, though their agents lived on or had
            written them down.
        excused: taken by a kill before they could be written or sent, and not kept.
        strangers: kept, and nobody said that it made them.
        doubled: kept more than once.
        forged: kept, and the signature does not hold.
        unsettled: what was still to be sent or kept in the end; empty: nothing.
    """

    seed: int
    struck: Counter[Kind]
    took_s: float
    made: int
    acknowledged: int
    kept: int
    lost: tuple[Identity, ...]
    missing: tuple[Identity, ...]
    excused: int
    strangers: int
    doubled: int
    forged: int
    named_lost: int
    lives: int
    unsettled: str

    @property
    def good(self) -> bool:
        """Whether everything held that must."""
        wrong = self.strangers + self.doubled + self.forged + self.named_lost
        return not (self.unsettled or self.lost or self.missing or wrong)


def run(
    seed: int, count: int, folder: Path, tell: Callable[[str], None] = lambda line: None
) -> Outcome:
    """Strike ``count`` times.

    Args:
        folder: for the processes' files.
        tell: takes a line of progress now and then.
    """
    begun_s = time.monotonic()
    world = World(folder, AGENTS)
    struck: Counter[Kind] = Counter()
    due: list[tuple[float, int, Fault]] = []
    with contextlib.closing(world):
        time.sleep(2.0)  # let everybody arrive
        for number, fault in enumerate(faults(seed, count, AGENTS), 1):
            world.strike(fault)
            struck[fault.kind] += 1
            heapq.heappush(due, (time.monotonic() + fault.lasts_s, number, fault))
            until_s = time.monotonic() + fault.pause_s
            while due and due[0][0] <= until_s:
                at_s, _, over = heapq.heappop(due)
                time.sleep(max(0.0, at_s - time.monotonic()))
                world.mend(over)
            time.sleep(max(0.0, until_s - time.monotonic()))
            if number % 25 == 0 or number == count:
                tell(f"{number} of {count} faults, {time.monotonic() - begun_s:.0f} s")
        for _, _, fault in sorted(due):
            world.mend(fault)
        unsettled = world.settle(SETTLE_S)
    return _judge(world, seed, struck, time.monotonic() - begun_s, unsettled=unsettled)


def _judge(
    world: World, seed: int, struck: Counter[Kind], took_s: float, *, unsettled: str
) -> Outcome:
    kept: Counter[Identity] = Counter()
    contents: set[bytes] = set()
    forged = repeated = named_lost = 0
    cameras = {f"faults/{camera_id(number)}": number for number in range(AGENTS)}
    with contextlib.closing(sqlite3.connect(world.recording)) as db:
        rows = db.execute("SELECT camera, boot, sequence, message FROM records").fetchall()
    for camera, boot, sequence, message in rows:
        number = cameras[camera]
        kept[(number, boot.hex(), sequence)] += 1
        digest = hashlib.sha256(message).digest()
        repeated += digest in contents
        contents.add(digest)
        try:
            record = records.unseal(message, cose.lookup_in([signer(number).verify_key]))
        except cose.EnvelopeRefusal:
            forged += 1
            continue
        if isinstance(record.body, records.Gap):
            named_lost += record.body.lost
    have = set(kept)
    return Outcome(
        seed=seed,
        struck=struck,
        took_s=took_s,
        made=len(world.made),
        acknowledged=len(world.acknowledged),
        kept=len(rows),
        lost=tuple(sorted(world.acknowledged - have)),
        missing=tuple(sorted(world.made - world.acknowledged - world.excused - have)),
        excused=len(world.excused - have),
        strangers=len(have - world.made),
        doubled=repeated + sum(times - 1 for times in kept.values()),
        forged=forged,
        named_lost=named_lost,
        lives=sum(world.lives.values()),
        unsettled=unsettled,
    )


def page(outcomes: list[Outcome]) -> str:
    """The report, in Markdown."""
    lines = [
        "# Random faults",
        "",
        "Written by `make faults`. Four light agents (the real link with its outbox and "
        "signatures) each make ten records a second and reach a real mosquitto through relays; the "
        "real recorder reads from it, through another, into SQLite. The broker writes what it "
        "remembers once a second (at a site: once a minute), so that a kill takes what it "
        "acknowledged since. From a seed come the faults: "
        "what, whom, how long; they overlap. In the end everything is mended, what waits is sent, "
        "and what the broker acknowledged is looked for in the recorder's database, each "
        "signature checked again. A full disk is a limit on the size of the process's files.",
        "",
        "| seed | faults | time | records made | acknowledged | kept | acknowledged and lost "
        "| lost though written down | twice | of unknown origin | taken by a kill before they "
        "were written | processes started |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.seed} | {one.struck.total():,} | {one.took_s:.0f} s | {one.made:,} "
        f"| {one.acknowledged:,} | {one.kept:,} | **{len(one.lost)}** "
        f"| **{len(one.missing)}** | **{one.doubled}** | **{one.strangers + one.forged}** "
        f"| {one.excused} | {one.lives} |"
        for one in outcomes
    ]
    struck: Counter[Kind] = sum((one.struck for one in outcomes), Counter())
    lines += ["", f"| fault | of {struck.total():,} |", "|---|---|"]
    lines += [f"| {kind.value} | {struck[kind]} |" for kind in Kind]
    for one in outcomes:
        if one.unsettled:
            told = f"Seed {one.seed} did not come to rest in {SETTLE_S:.0f} s: {one.unsettled} "
            lines += [
                "",
                f"{told}(agents: not sent, not confirmed, lost; recorder: kept, waiting).",
            ]
        named = [("acknowledged and lost", one.lost), ("lost", one.missing)]
        for what, which in named:
            lines += [f"- seed {one.seed}, {what}: {identity}" for identity in which[:20]]
    return "\n".join([*lines, ""])


def main(argv: list[str] | None = None) -> int:
    """0: everything held; 1: something did not."""
    parser = OneLineParser(prog="faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=1000, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the first run")
    parser.add_argument(
        "--runs", type=int, default=1, metavar="N", help="divide the faults among so many seeds"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the processes' files there")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the page there, too")
    return guarded("faults", lambda: _main(parser.parse_args(argv)))


def _main(options: argparse.Namespace) -> int:
    outcomes: list[Outcome] = []
    for turn in range(options.runs):
        seed = options.seed + turn

        def tell(line: str, seed: int = seed) -> None:
            print(f"seed {seed}: {line}", file=sys.stderr, flush=True)

        with contextlib.ExitStack() as stack:
            if options.keep is None:
                made = tempfile.TemporaryDirectory(prefix="viewkeeper-faults-")
                folder = Path(stack.enter_context(made))
            else:
                folder = options.keep / f"seed-{seed}"
                folder.mkdir(parents=True)
            outcomes.append(run(seed, options.faults // options.runs, folder, tell))
        if options.report is not None:
            options.report.write_text(page(outcomes), encoding="utf-8")
    print(page(outcomes))
    return 0 if all(one.good for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
