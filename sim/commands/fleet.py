"""``viewkeeper-sim fleet``: thousands of cameras on a real broker, with a real recorder."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path

from viewkeeper.sim.errors import SimError
from viewkeeper.sim.fleet import plots, report
from viewkeeper.sim.fleet.outcome import Outside
from viewkeeper.sim.fleet.plan import Fault, FaultKind, Plan
from viewkeeper.sim.fleet.run import Fleet
from viewkeeper.sim.fleet.tally import Sample

SUMMARY = "thousands of cameras on a real broker and recorder, through power cuts and worse"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        "Cameras without pictures, but with the agent's own link, signatures and topics, report "
        "to a mosquitto that is started for them (or to a broker that runs); a real recorder "
        "verifies and keeps. In the end every record that the broker acknowledged is looked for "
        "in the recording. Exit code 1: one was lost or kept twice, or more connections a second "
        "were made than stated."
    )
    parser.epilog = (
        "example: viewkeeper-sim fleet --cameras 2000 --seconds 240 --fault power-cut@60+15 "
        "--fault broker-restart@150+5 --out fleet/"
    )
    parser.add_argument("--cameras", type=int, default=200, metavar="N", help="(default 200)")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="(default 60)")
    parser.add_argument(
        "--period", type=float, default=10.0, metavar="S", help="between two reports (default 10)"
    )
    parser.add_argument(
        "--connect-rate",
        type=float,
        default=200.0,
        metavar="N",
        help="connects a second that the broker takes; the fleet's spread follows (default 200)",
    )
    parser.add_argument(
        "--fault",
        action="append",
        type=str,
        default=[],
        metavar="KIND@S+S",
        help=f"what goes wrong, when, for how long; KIND is one of {', '.join(FaultKind)}",
    )
    parser.add_argument(
        "--events", type=float, default=2.0, metavar="N", help="events an hour and camera"
    )
    parser.add_argument(
        "--slow-share",
        type=float,
        default=0.1,
        metavar="X",
        help="of the cameras, behind the link that slow-network slows (default 0.1)",
    )
    parser.add_argument("--tls", action="store_true", help="mutual TLS and ACL, as at a site")
    parser.add_argument("--no-mirror", action="store_true", help="no plain mirror on state")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument(
        "--broker", metavar="HOST:PORT", help="a broker that runs already, without password"
    )
    parser.add_argument(
        "--recorder-broker", metavar="HOST:PORT", help="another node of it, for the recorder"
    )
    parser.add_argument(
        "--certs",
        type=Path,
        metavar="DIR",
        help="mutual TLS with that broker: folder of broker_config/certs.py with every camera "
        "(site-000/cam-00000 ...) and recorder fleet",
    )
    parser.add_argument(
        "--mqtt", choices=("5", "3.1.1"), default="5", help="what that broker speaks (default 5)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="for report.txt, report.json, report.png and logs"
    )
    parser.add_argument("--no-plots", action="store_true", help="spare matplotlib")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def run(arguments: argparse.Namespace) -> int:
    """Run; 0 where everything held, else 1."""
    plan = Plan(
        cameras=arguments.cameras,
        seconds=arguments.seconds,
        period_s=arguments.period,
        connects_per_s=arguments.connect_rate,
        events_per_hour=arguments.events,
        slow_share=arguments.slow_share,
        mirror=not arguments.no_mirror,
        tls=arguments.tls or arguments.certs is not None,
        seed=arguments.seed,
        faults=tuple(Fault.parse(text) for text in arguments.fault),
    )
    outside = _outside(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    with tempfile.TemporaryDirectory(prefix="viewkeeper-fleet-") as temporary:
        folder: Path = arguments.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.glob("desk.sqlite*")) or (folder / "mosquitto.db").exists():
            raise SimError("fleet_folder", f"{folder} holds another run: give an empty folder")
        fleet = Fleet(
            plan,
            folder.resolve(),
            outside=outside,
            progress=(lambda plan, sample: None) if arguments.quiet else _progress,
        )
        outcome = fleet.run()
        if not arguments.quiet:
            print(file=sys.stderr)
        told = report.summary(outcome)
        if arguments.out is not None:
            (folder / "report.json").write_text(json.dumps(told, indent=2) + "\n", "utf-8")
            (folder / "report.txt").write_text(report.text(outcome), "utf-8")
            if not arguments.no_plots:
                plots.draw(outcome, folder / "report.png")
    print(json.dumps(told) if arguments.json else report.text(outcome), end="")
    return 0 if outcome.holds else 1


def _interrupt(_number: int, _frame: object) -> None:
    """Broker and recorder must not outlive us."""
    raise KeyboardInterrupt


def _outside(arguments: argparse.Namespace) -> Outside | None:
    if arguments.broker is None:
        if arguments.recorder_broker or arguments.certs or arguments.mqtt != "5":
            raise SimError("fleet_range", "--recorder-broker, --certs and --mqtt need --broker")
        return None
    if arguments.tls:
        raise SimError("fleet_range", "--tls is for the mosquitto that is started here")
    cameras = _address(arguments.broker)
    other = arguments.recorder_broker
    return Outside(cameras, _address(other) if other else cameras, arguments.mqtt, arguments.certs)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise SimError("fleet_range", f"{text!r}: write HOST:PORT")
    return host, int(port)


def _progress(plan: Plan, sample: Sample) -> None:
    live = sys.stderr.isatty()
    if not live and int(sample.at_s) % 10:
        return
    line = (
        f"{sample.at_s:5.0f} of {plan.seconds:.0f} s: {sample.connected} of {plan.cameras} "
        f"connected, {sample.acknowledged} records acknowledged, {sample.kept} kept, "
        f"{sample.waiting} waiting"
    )
    print(f"\r{line}   " if live else line, end="" if live else "\n", file=sys.stderr, flush=True)
