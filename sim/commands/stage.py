"""``viewkeeper-sim stage``: look at or change what a running virtual camera meets."""

from __future__ import annotations

import argparse
from pathlib import Path

from viewkeeper.sim.commands import options
from viewkeeper.sim.signage import Board, LampFault
from viewkeeper.sim.stage import Stage, StageHand, read_stage

SUMMARY = "knock, cover or darken a running virtual camera"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        "Change a stage file, which a running virtual camera follows at once; then "
        "print it. Without changes it is only printed."
    )
    parser.epilog = (
        "example: viewkeeper-sim stage cam-1.json --knock 3 0 0; "
        "viewkeeper-sim stage cam-1.json --straighten --with covered=0.98 --lamp dark"
    )
    parser.add_argument("file", type=Path, help="the stage file that the camera follows")
    parser.add_argument("--new", action="store_true", help="begin with a clear day on the street")
    parser.add_argument("--straighten", action="store_true", help="back to the registered pose")
    parser.add_argument(
        "--knock",
        nargs=3,
        type=options.number,
        metavar=("PAN", "TILT", "ROLL"),
        help="push the camera by these degrees from where it is; it rings and stays there",
    )
    parser.add_argument("--zoom", type=options.number, metavar="RATIO", help="zoom by this ratio")
    parser.add_argument("--strike", action="store_true", help="hit the pole")
    parser.add_argument(
        "--sensors",
        type=options.number,
        metavar="DEG",
        help="let the camera say which way is down, tilted so much more than its picture shows",
    )
    parser.add_argument("--clear", action="store_true", help="a clear day again")
    parser.add_argument(
        "--with",
        dest="conditions",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change conditions; names as in render --help",
    )
    parser.add_argument("--lamp", choices=tuple(LampFault), help="break the sign's lamp, or none")
    parser.add_argument("--lamp-off", action="store_true", help="switch the sign's lamp off")
    parser.add_argument("--board", choices=tuple(Board), help="what happened to the sign's board")
    parser.add_argument(
        "--signal", choices=("on", "off"), help="plug the camera's cable or pull it"
    )


def run(arguments: argparse.Namespace) -> int:
    """Change, then print."""
    hand = StageHand(arguments.file, Stage() if arguments.new else read_stage(arguments.file))
    if arguments.straighten:
        hand.straighten()
    if arguments.knock:
        hand.knock(*arguments.knock)
    if arguments.zoom is not None:
        hand.set(zoom=arguments.zoom)
    if arguments.strike:
        hand.strike()
    if arguments.sensors is not None:
        hand.sensors(felt_tilt_deg=arguments.sensors)
    if arguments.clear:
        hand.clear()
    if arguments.conditions:
        hand.set(conditions=options.conditions(arguments.conditions, hand.stage.conditions))
    if arguments.lamp or arguments.lamp_off:
        hand.lamp(arguments.lamp or hand.stage.sign.fault, on=not arguments.lamp_off)
    if arguments.board:
        hand.board(arguments.board)
    if arguments.signal:
        hand.signal(arguments.signal == "on")
    print(hand.stage.to_json(), end="")
    return 0
