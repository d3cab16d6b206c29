"""``viewkeeper-sim render``: one picture."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from viewkeeper.sim.commands import options
from viewkeeper.sim.errors import SimError

SUFFIXES = (".png", ".jpg", ".jpeg")


SUMMARY = "one picture from a panorama or the built-in street"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = "Render one picture; its exact truth goes to standard output with --json."
    parser.epilog = (
        "example: viewkeeper-sim render knocked.png --pan 3 --with night=1 --with people=6"
    )
    parser.add_argument("out", type=Path, metavar="PICTURE", help="a .png or .jpg to write")
    parser.add_argument("--time", type=options.number, default=0.0, metavar="S", help="of the walk")
    parser.add_argument("--json", action="store_true", help="print the truth as JSON")
    options.add_scene(parser)
    options.add_move(parser)
    options.add_conditions(parser)


def run(arguments: argparse.Namespace) -> int:
    """Render and save."""
    check_suffix(arguments.out)
    rgb, truth = options.camera(arguments).picture(arguments.time)
    save(arguments.out, rgb)
    if arguments.json:
        print(json.dumps(options.truth_json(truth)))
    else:
        print(arguments.out)
    return 0


def check_suffix(path: Path) -> None:
    """Refuse a name that says no known format, before the work is done."""
    if path.suffix.lower() not in SUFFIXES:
        raise SimError("picture_format", f"{path}: the name must end in {', '.join(SUFFIXES)}")


def save(path: Path, rgb: NDArray[np.uint8]) -> None:
    """Write an sRGB picture."""
    try:
        PillowImage.fromarray(rgb).save(path, quality=92)
    except OSError as error:
        why = error.strerror or "cannot be written"
        raise SimError("picture_unwritable", f"{path}: {why}") from None
