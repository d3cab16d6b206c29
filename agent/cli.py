"""``viewkeeper-agent``: parses, calls, prints. Nothing is decided here."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from viewkeeper.agent import (
    access_commands,
    checking,
    lenses,
    measuring_command,
    reference_command,
    registering,
    requesting,
    sign_commands,
)
from viewkeeper.agent.adapters.pictures import draw_check
from viewkeeper.agent.catalogue import Adapters
from viewkeeper.agent.core.view.estimate import estimate
from viewkeeper.agent.core.view.geometry import Lens
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.agent.doctor import command as doctor_command
from viewkeeper.agent.settings_file import load
from viewkeeper.command_line import OneLineParser, guarded
from viewkeeper.protocol.errors import Reason, SetupError

_DEFAULT_HFOV_DEG = 60.0

_EPILOG = """\
exit codes: 0 done (check: same), 1 check: moved, 2 error (one line says what and the cure),
3 check: cannot tell, 130 interrupted

examples:
  viewkeeper-agent check today.jpg --against accepted.jpg --hfov 70 --plot found.png
  viewkeeper-agent check recording.mp4 --against accepted.view --json
  viewkeeper-agent request --config /etc/viewkeeper/agent.toml --out request
  viewkeeper-agent enrol --config /etc/viewkeeper/agent.toml --bundle cam-0001.enrolment
  viewkeeper-agent register --config /etc/viewkeeper/agent.toml --frames 12 --plot registered.png
  viewkeeper-agent doctor --config /etc/viewkeeper/agent.toml
  viewkeeper-agent run --config /etc/viewkeeper/agent.toml
  viewkeeper-agent export --config /etc/viewkeeper/agent.toml --out cam-0001.zip
"""


def main(argv: Sequence[str] | None = None, adapters: Adapters | None = None) -> int:
    """Run a command and return its exit code.

    Args:
        argv: without the program's name; the process's own by default.
        adapters: what settings may name; the harness passes its virtual camera.
    """
    arguments = _parser().parse_args(argv)
    known = adapters or Adapters()
    return guarded("viewkeeper-agent", lambda: arguments.run(arguments, known))


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="viewkeeper-agent",
        description="Keeps one fixed camera honest: its view, its sign, its orders, its reports.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    check = commands.add_parser(
        "check",
        help="compare pictures with a reference, once",
        description="How far has the camera turned? Prints pan, tilt, roll in degrees and zoom "
        "as a ratio, each with its standard error, and the verdict.",
    )
    check.add_argument("image", type=Path, help="a picture, a folder of pictures, or a video")
    check.add_argument(
        "--against",
        type=Path,
        required=True,
        metavar="REFERENCE",
        help=f"a registered view ({checking.VIEW_SUFFIX}), a picture, or a folder of the view",
    )
    check.add_argument(
        "--hfov",
        type=float,
        metavar="DEG",
        help="horizontal field of view of the camera, 5 to 140 degrees "
        f"(default {_DEFAULT_HFOV_DEG:g}; a registered view knows its own)",
    )
    check.add_argument("--json", action="store_true", help="one JSON object a frame")
    check.add_argument("--plot", type=Path, metavar="FILE", help="draw what was found (.png)")
    default = Tolerance()
    for name, value in (
        ("pan", default.pan_deg),
        ("tilt", default.tilt_deg),
        ("roll", default.roll_deg),
        ("zoom", default.zoom),
    ):
        check.add_argument(
            f"--tolerance-{name}",
            type=float,
            default=value,
            metavar="RATIO" if name == "zoom" else "DEG",
            help=f"beyond this the view has moved (default {value:g})",
        )
    check.set_defaults(run=_check)

    for name, runner, help_text, description in (
        (
            "run",
            _run,
            "run the agent",
            "Watches, reports and obeys until it is stopped (SIGTERM or Ctrl-C).",
        ),
        (
            "register",
            _register,
            "register the view the camera has now",
            (
                "Takes frames, removes what moves in them, keeps the registered view and prints "
                "its hash, which a signed configuration must name before it counts."
            ),
        ),
        (
            "enrol",
            _enrol,
            "take the signing desk's enrolment bundle",
            "Gives this camera its name's trust anchor. Compare the fingerprint with the desk's.",
        ),
        (
            "key",
            _key,
            "print this camera's public key",
            "Makes the device key at the first call and prints its public half, in hexadecimal.",
        ),
        (
            "export",
            _export,
            "write an inspection bundle of the ledger",
            (
                "Everything this camera was told and did, with proofs, for "
                "viewkeeper-authority audit. The agent must be stopped."
            ),
        ),
    ):
        command = commands.add_parser(name, help=help_text, description=description)
        command.add_argument(
            "--config",
            type=Path,
            required=True,
            metavar="FILE",
            action="append" if name == "run" else "store",
            help="settings, TOML" + ("; again for each further lens" if name == "run" else ""),
        )
        command.set_defaults(run=runner)
        if name == "register":
            command.add_argument(
                "--frames", type=int, default=12, metavar="N", help="how many (default 12)"
            )
            command.add_argument(
                "--interval",
                type=float,
                default=2.0,
                metavar="S",
                help="seconds between them (default 2)",
            )
            command.add_argument("--plot", type=Path, metavar="FILE", help="draw it (.png)")
            command.add_argument(
                "--out", type=Path, metavar="FILE", help="write a copy, not sealed"
            )
        if name == "enrol":
            command.add_argument("--bundle", type=Path, required=True, metavar="FILE")
        if name == "export":
            command.add_argument("--out", type=Path, required=True, metavar="FILE.zip")
        if name == "run":
            command.add_argument(
                "--verbose", action="store_true", help="say more on standard error"
            )
    requesting.add_to(commands)
    measuring_command.add_to(commands)
    reference_command.add_to(commands)
    sign_commands.add_to(commands)
    access_commands.add_to(commands)
    doctor_command.add_to(commands)
    return parser


def _check(arguments: argparse.Namespace, _adapters: Adapters) -> int:
    hfov_deg = _DEFAULT_HFOV_DEG if arguments.hfov is None else arguments.hfov
    if not 5 <= hfov_deg <= 140:
        raise SetupError(Reason.SETTING, f"--hfov must be 5 to 140 degrees, is {hfov_deg:g}")
    names = ("pan", "tilt", "roll", "zoom")
    values = [getattr(arguments, f"tolerance_{name}") for name in names]
    for name, value in zip(names, values, strict=True):
        if not 0 < value < 90:
            raise SetupError(Reason.SETTING, f"--tolerance-{name} must be above 0, is {value:g}")
    reference = checking.load_reference(arguments.against, Lens(hfov_deg))
    if arguments.hfov is None and reference.picture is not None and not arguments.json:
        print(f"field of view assumed to be {hfov_deg:g}°; angles scale with it (--hfov DEG)")
    return checking.check_path(
        arguments.image,
        reference,
        Tolerance(*values),
        as_json=arguments.json,
        plot=arguments.plot,
        emit=lambda line: print(line, flush=True),
    )


def _run(arguments: argparse.Namespace, adapters: Adapters) -> int:
    several = [load(path) for path in arguments.config]
    logging.basicConfig(
        level=logging.DEBUG if arguments.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s "
        + ("%(threadName)s: %(message)s" if len(several) > 1 else "%(name)s: %(message)s"),
        stream=sys.stderr,
    )
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    lenses.run_all(several, adapters, stopping)
    return 0


def _register(arguments: argparse.Namespace, adapters: Adapters) -> int:
    if arguments.frames < 1 or arguments.interval < 0:
        raise SetupError(Reason.SETTING, "--frames is at least 1 and --interval at least 0")

    def progress(done: int, wanted: int) -> None:
        if sys.stderr.isatty():
            print(f"\rframe {done} of {wanted}", end="", file=sys.stderr, flush=True)
            if done == wanted:
                print(file=sys.stderr)

    made = registering.register_view(
        load(arguments.config),
        adapters,
        frames=arguments.frames,
        interval_s=arguments.interval,
        progress=progress,
    )
    if arguments.out is not None:
        try:
            arguments.out.write_bytes(made.view.to_bytes())
        except OSError as error:
            raise SetupError(Reason.FILE_UNREADABLE, f"{arguments.out}: {error.strerror}") from None
    if arguments.plot is not None:
        found = estimate(made.view, made.first)
        caption = [f"registered view {made.view.digest.hex()[:16]}… from {made.frames} frames"]
        draw_check(arguments.plot, made.view, found, caption, made.first.luma)
    print(made.view.digest.hex())
    return 0


def _enrol(arguments: argparse.Namespace, _adapters: Adapters) -> int:
    enrolment = registering.enrol(load(arguments.config), arguments.bundle)
    print(f"enrolled {enrolment.site}/{enrolment.device}; compare with the desk:")
    print(enrolment.fingerprint)
    return 0


def _export(arguments: argparse.Namespace, _adapters: Adapters) -> int:
    entries = registering.export(load(arguments.config), arguments.out)
    print(f"{arguments.out}: {entries} entries; verify with viewkeeper-authority audit")
    return 0


def _key(arguments: argparse.Namespace, _adapters: Adapters) -> int:
    print(requesting.text_of(registering.device_key(load(arguments.config))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
