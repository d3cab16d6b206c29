"""Options that several commands share: which scene, which pose, which conditions.

Rule: turns words of the command line into values, or raises one clear ``SimError``.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict
from typing import Any

from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.virtual import Truth, VirtualCamera
from viewkeeper.sim.errors import SimError
from viewkeeper.sim.signage import SignState
from viewkeeper.sim.source import set_scene
from viewkeeper.sim.stage_format import STREET, Scene, Stage, check_ranges

_SIZES = {"qvga": (320, 240), "vga": (640, 480), "hd": (1280, 720)}


def add_scene(parser: argparse.ArgumentParser, size: str = "640x480") -> None:
    """Options of the world and the camera in it."""
    group = parser.add_argument_group("scene")
    group.add_argument(
        "--panorama",
        default=STREET,
        metavar="FILE",
        help="equirectangular .hdr, PNG or JPEG; without it the built-in street",
    )
    group.add_argument(
        "--seed", type=int, default=1, help="of street, noise and crowds (default 1)"
    )
    group.add_argument(
        "--size", type=parse_size, default=size, metavar="WxH", help=f"pixels (default {size})"
    )
    group.add_argument(
        "--hfov", type=number, default=60.0, metavar="DEG", help="horizontal view (default 60)"
    )
    group.add_argument("--k1", type=number, default=0.0, help="radial distortion, < 0 is barrel")
    group.add_argument("--k2", type=number, default=0.0, help="radial distortion, second term")
    group.add_argument(
        "--azimuth", type=number, metavar="DEG", help="registered direction, + right of the middle"
    )
    group.add_argument("--elevation", type=number, metavar="DEG", help="registered direction, + up")


def add_move(parser: argparse.ArgumentParser) -> None:
    """Options of a move from the registered pose."""
    group = parser.add_argument_group("move of the camera from its registered pose")
    group.add_argument("--pan", type=number, default=0.0, metavar="DEG", help="+ to the right")
    group.add_argument("--tilt", type=number, default=0.0, metavar="DEG", help="+ up")
    group.add_argument("--roll", type=number, default=0.0, metavar="DEG", help="+ clockwise")
    group.add_argument("--zoom", type=number, default=1.0, metavar="RATIO", help="> 1 is narrower")


def add_conditions(parser: argparse.ArgumentParser) -> None:
    """Options of weather, lens, sensor and sign."""
    group = parser.add_argument_group("conditions")
    group.add_argument(
        "--with",
        dest="conditions",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="may be repeated; names: " + ", ".join(Conditions.names()),
    )
    group.add_argument(
        "--sign",
        choices=tuple(str(state) for state in SignState),
        default=str(SignState.LIT),
        metavar="STATE",
        help="the street's sign: " + ", ".join(SignState) + " (default lit)",
    )


def number(text: str) -> float:
    """A finite number."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not finite")
    return value


def parse_size(text: str) -> tuple[int, int]:
    """``640x480``, or a name."""
    if text.lower() in _SIZES:
        return _SIZES[text.lower()]
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 640x480")
    return int(width), int(height)


def standing_camera(arguments: argparse.Namespace) -> VirtualCamera:
    """The virtual camera that the scene options describe, as registered."""
    width, height = arguments.size
    scene = Scene(
        panorama=arguments.panorama,
        seed=arguments.seed,
        width_px=width,
        height_px=height,
        hfov_deg=arguments.hfov,
        k1=arguments.k1,
        k2=arguments.k2,
        azimuth_deg=arguments.azimuth,
        elevation_deg=arguments.elevation,
    )
    check_ranges(Stage(scene))
    return set_scene(scene)


def camera(arguments: argparse.Namespace) -> VirtualCamera:
    """The same, moved and under conditions."""
    move = (arguments.pan, arguments.tilt, arguments.roll, arguments.zoom)
    check_ranges(Stage(Scene(), *move))
    made = standing_camera(arguments)
    made.pose = made.registered.moved(*move)
    made.conditions = conditions(arguments.conditions)
    made.sign = SignState(arguments.sign)
    return made


def conditions(words: list[str], base: Conditions | None = None) -> Conditions:
    """``["fog=0.5", "frozen"]`` as conditions, over ``base``."""
    values: dict[str, Any] = (base or Conditions()).to_dict()
    for word in words:
        name, equals, text = word.partition("=")
        try:
            values[name] = json.loads(text) if equals else True
        except json.JSONDecodeError:
            raise SimError("condition_value", f"--with {word}: {text!r} is not a number") from None
    return Conditions.from_dict(values)


def truth_json(truth: Truth) -> dict[str, Any]:
    """A truth as plain JSON values."""
    values = asdict(truth)
    values["conditions"] = truth.conditions.to_dict()
    return values
