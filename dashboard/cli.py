"""``viewkeeper-dashboard``: the operator's page. Parses and reports; nothing else."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import Any

from viewkeeper.command_line import OneLineParser, guarded
from viewkeeper.dashboard import operators, plans, register, server
from viewkeeper.dashboard.recorder import key as recorder_key
from viewkeeper.dashboard.recorder import options as record_options
from viewkeeper.dashboard.signing_in import SignIn
from viewkeeper.protocol.errors import Reason, SetupError

_REGISTER_HELP = """\
The register is a JSON file:

  {"cameras": [{
     "site": "old-town", "camera": "cam-07",       ids as in the MQTT topics
     "title": "North gate", "title_zh": "北门",     title_zh is optional
     "device_key": "<64 hex digits>",              raw Ed25519 public key of the camera
     "hfov_deg": 62.0,                             optional, for the drawing of the view
     "aspect": 1.78, "report_period_s": 60,        optional, with these defaults
     "tolerance": {"pan_deg": 1.0, "tilt_deg": 1.0, "roll_deg": 1.0, "zoom": 0.03},
     "azimuth_deg": 240.0, "position": [12.5, -3.0]   optional, for the map
  }],
   "signers": [{"person": "Li Ming", "public": "<64 hex digits>"}],       optional: who signs
   "witness_keys": [{"person": "desk", "public": "<64 hex digits>"}]}     configurations; who
                                                  countersigns checkpoints

A file of plans names one PNG or JPEG picture a site, beside it, and the cameras in its pixels:

  {"plans": [{
     "site": "old-town", "image": "old-town.png",
     "north_deg": 0,                               optional: north, clockwise from straight up
     "cameras": {"cam-07": {"at": [412, 230], "azimuth_deg": 240}},
     "metres_per_pixel": 0.1, "origin": [40, 600]  optional, together: where the register's
  }]}                                              position (0, 0) lies, to place its cameras by

Example:
  viewkeeper-dashboard serve --register register.json --broker-url ws://192.168.1.5:9001
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = OneLineParser(
        prog="viewkeeper-dashboard", description="The operator's page over signed camera reports."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        help="serve the page",
        description="Serve the page. Browsers open the broker's WebSocket themselves and verify "
        "every record with the keys of the register.",
        epilog=_REGISTER_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    serve.add_argument(
        "--register", required=True, type=Path, metavar="FILE", help="the cameras (JSON, see below)"
    )
    serve.add_argument(
        "--broker-url",
        required=True,
        metavar="URL",
        help="where browsers find the broker: ws://HOST:PORT or wss://HOST:PORT",
    )
    serve.add_argument(
        "--host", default=server.DEFAULT_HOST, help="address to listen on (default %(default)s)"
    )
    serve.add_argument(
        "--port",
        type=_port,
        default=server.DEFAULT_PORT,
        help="port to listen on; 0 takes a free one (default %(default)s)",
    )
    serve.add_argument(
        "--operators",
        type=Path,
        metavar="FILE",
        help="who may sign in (viewkeeper-dashboard operator add FILE NAME); must be given where "
        "--host is not this machine alone",
    )
    serve.add_argument(
        "--plans",
        type=Path,
        metavar="FILE",
        help="pictures of the sites and where the cameras stand in them (JSON, see below)",
    )
    record_options.add_options(serve)
    key = commands.add_parser(
        "key",
        help="make or show the recorder's key",
        description="Makes the key at the first call and prints its public half. Give it to the "
        "signing desk: viewkeeper-authority key import DESK NAME --role witness --public HEX, "
        "then keyset rotate --add NAME.",
    )
    key.add_argument("file", type=Path, metavar="FILE")
    _add_operator_commands(commands)
    return top


def _add_operator_commands(commands: Any) -> None:
    operator = commands.add_parser(
        "operator",
        help="say who may sign in",
        description="Keeps the file for serve --operators: names and salted scrypt hashes, for "
        "its owner alone. A running dashboard reads it again when it changes.",
    )
    doing = operator.add_subparsers(dest="doing", required=True, metavar="DOING")
    for name, told in (
        ("add", "add somebody, or give a new password: asked for, or the first line of a pipe"),
        ("remove", "remove somebody; their sessions end"),
        ("list", "list the names"),
    ):
        one = doing.add_parser(name, help=told, description=told)
        one.add_argument("file", type=Path, metavar="FILE")
        if name != "list":
            one.add_argument("name", metavar="NAME")


def main(argv: list[str] | None = None) -> int:
    """Run; 0 after Ctrl-C, 2 when something is set wrongly."""
    options = parser().parse_args(argv)
    run = {"key": _key, "operator": _operator, "serve": _serve}[options.command]
    return guarded("viewkeeper-dashboard", lambda: run(options))


def _operator(options: argparse.Namespace) -> int:
    path: Path = options.file
    begins = options.doing == "add" and not path.exists()
    known = {} if begins else dict(operators.load_operators(path))
    if options.doing == "list":
        print("\n".join(sorted(known)))
        return 0
    if options.doing == "remove":
        if known.pop(options.name, None) is None:
            raise SetupError(Reason.SETTING, f"{path} names no {options.name!r}")
    else:
        made = operators.new_operator(options.name, _new_password())
        known[made.name] = made
    operators.save_operators(path, known)
    return 0


def _new_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise SetupError(Reason.SETTING, "the two passwords differ; nothing was changed")
    return password


def _key(options: argparse.Namespace) -> int:
    print(recorder_key.load(options.file, create=True).verify_key.raw.hex())
    return 0


def _serve(options: argparse.Namespace) -> int:
    cameras = register.load_register(options.register)
    sign_in = None if options.operators is None else SignIn(options.operators)
    pictures = () if options.plans is None else plans.load_plans(options.plans, cameras)
    recording = record_options.start(options, cameras)
    try:
        running = server.start(
            cameras,
            options.broker_url,
            host=options.host,
            port=options.port,
            api=recording and recording.api,
            sign_in=sign_in,
            metrics=recording and recording.metrics,
            plans=pictures,
        )
        print(f"{running.url}  ({len(cameras.cameras)} cameras; Ctrl-C stops)", flush=True)
        try:
            running.wait()
        except KeyboardInterrupt:
            running.close()
    finally:
        if recording is not None:
            recording.recorder.close()
    return 0


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 65_535:
        raise argparse.ArgumentTypeError("a port is 0 to 65535")
    return value


if __name__ == "__main__":
    sys.exit(main())
