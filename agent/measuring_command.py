"""``viewkeeper-agent measure-fov``: how wide the camera sees, from pictures while it is turned."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from viewkeeper.agent.catalogue import Adapters
from viewkeeper.agent.checking import frames_of
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.field_of_view import MeasuredLens, SweepError, measure
from viewkeeper.agent.registering import take_frames
from viewkeeper.agent.settings_file import load
from viewkeeper.protocol.errors import Reason, SetupError

MOST_FRAMES = 120
"""Of a video more are read and every second, fourth, ... one is kept."""


def add_to(commands: Any) -> None:
    """The command."""
    command = commands.add_parser(
        "measure-fov",
        help="measure the field of view while the camera is turned on its bracket",
        description="Before the camera is fixed: turn it slowly to one side and back, by a third "
        "of the picture or more, up and down a little as well, without zooming, in a place with "
        "lines and far from near things. Prints the horizontal field of view with its standard "
        "error, and the lines for the settings file. Nothing is changed.",
    )
    whence = command.add_mutually_exclusive_group(required=True)
    whence.add_argument("pictures", nargs="?", type=Path, help="a folder of pictures, or a video")
    whence.add_argument("--config", type=Path, metavar="FILE", help="take them from this camera")
    command.add_argument(
        "--frames", type=int, default=40, metavar="N", help="from the camera (default 40)"
    )
    command.add_argument(
        "--interval", type=float, default=0.5, metavar="S", help="between them (default 0.5)"
    )
    command.add_argument("--json", action="store_true", help="for machines")
    command.set_defaults(run=_measure)


def _measure(arguments: argparse.Namespace, adapters: Adapters) -> int:
    if arguments.frames < 3 or arguments.interval < 0:
        raise SetupError(Reason.SETTING, "--frames is at least 3 and --interval at least 0")
    if arguments.config is None:
        frames = _thinned(frames_of(arguments.pictures))
    else:
        print("turn the camera now, slowly, to one side and back", file=sys.stderr)
        frames = take_frames(
            load(arguments.config),
            adapters,
            arguments.frames,
            arguments.interval,
            lambda done, wanted: print(f"\rpicture {done} of {wanted}", end="", file=sys.stderr),
        )
        print(file=sys.stderr)
    try:
        found = measure(frames)
    except SweepError as error:
        raise SetupError(Reason.REGISTRATION, f"{error.reason}: {error.hint}") from None
    print(json.dumps(asdict(found)) if arguments.json else _told(found))
    return 0


def _told(found: MeasuredLens) -> str:
    lines = [
        f"{found.hfov_deg:.2f}° ± {found.hfov_error_deg:.2f} across, "
        f"k1 {found.k1:+.4f} ± {found.k1_error:.4f}; "
        f"turned by {found.turned_deg:.0f}°, {found.pictures} pictures, {found.points} points, "
        f"{found.residual_px:.2f} pixels left",
        "[camera]",
        f"hfov_deg = {found.hfov_deg:.2f}",
    ]
    if abs(found.k1) > 3.0 * found.k1_error:
        lines.append(f"k1 = {found.k1:.4f}")
    if found.hfov_error_deg > 0.02 * found.hfov_deg:
        lines.append("# imprecise: turn it further, or where there are more lines, and repeat")
    return "\n".join(lines)


def _thinned(frames: Iterable[Frame]) -> list[Frame]:
    kept: list[Frame] = []
    every = 1
    for number, frame in enumerate(frames):
        if number % every == 0:
            kept.append(frame)
        if len(kept) > MOST_FRAMES:
            kept, every = kept[::2], 2 * every
    return kept
