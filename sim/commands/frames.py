"""``viewkeeper-sim frames``: a folder of numbered frames, and the truth of each beside them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from viewkeeper.sim.commands import options, render
from viewkeeper.sim.errors import SimError

TRUTH = "truth.jsonl"


SUMMARY = "a folder of numbered frames with their truth"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        f"Write frames 00000.png, 00001.png, ... and {TRUTH}, one line a frame. "
        "With --move-at the camera stands registered before that frame and moved from it on."
    )
    parser.epilog = (
        "example: viewkeeper-sim frames walk/ --count 40 --pan 2 --move-at 20 --with people=12"
    )
    parser.add_argument("out", type=Path, metavar="FOLDER", help="made if it is not there")
    parser.add_argument("--count", type=int, default=30, metavar="N", help="frames (default 30)")
    parser.add_argument(
        "--fps", type=options.number, default=5.0, help="frames a second (default 5)"
    )
    parser.add_argument("--move-at", type=int, default=0, metavar="N", help="first moved frame")
    parser.add_argument(
        "--strike-at", type=int, metavar="N", help="the pole is hit before this one"
    )
    parser.add_argument("--format", choices=("png", "jpg"), default="png", help="(default png)")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    options.add_scene(parser)
    options.add_move(parser)
    options.add_conditions(parser)


def run(arguments: argparse.Namespace) -> int:
    """Render and save them all."""
    if not 1 <= arguments.count <= 1_000_000:
        raise SimError("frame_count", "--count must be 1 .. 1000000")
    if not 0.001 <= arguments.fps <= 1000:
        raise SimError("frame_rate", "--fps must be 0.001 .. 1000")
    camera = options.camera(arguments)
    folder: Path = arguments.out
    moved = camera.pose
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / TRUTH).open("w", encoding="utf-8") as truths:
            for index in range(arguments.count):
                at_s = index / arguments.fps
                camera.pose = moved if index >= arguments.move_at else camera.registered
                if index == arguments.strike_at:
                    camera.strike(at_s - 0.03)
                rgb, truth = camera.picture(at_s)
                name = f"{index:05d}.{arguments.format}"
                render.save(folder / name, rgb)
                line = {"frame": name, **options.truth_json(truth)}
                truths.write(json.dumps(line) + "\n")
                if not arguments.quiet:
                    show_progress(index + 1, arguments.count)
    except OSError as error:
        why = error.strerror or "cannot be written"
        raise SimError("folder_unwritable", f"{folder}: {why}") from None
    if not arguments.quiet:
        print(file=sys.stderr)
    print(folder)
    return 0


def show_progress(done: int, count: int, what: str = "frames") -> None:
    """One line that overwrites itself on a terminal, a line each tenth elsewhere."""
    if sys.stderr.isatty():
        print(f"\r{done} of {count} {what}", end="", file=sys.stderr, flush=True)
    elif done == count or done % max(1, count // 10) == 0:
        print(f"{done} of {count} {what}", file=sys.stderr)
