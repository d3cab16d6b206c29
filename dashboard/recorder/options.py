"""The recorder's share of ``viewkeeper-dashboard serve``: its options, and what they start."""

from __future__ import annotations

import argparse
import platform
import time
from dataclasses import dataclass
from pathlib import Path

from viewkeeper.dashboard.recorder import key as recorder_key
from viewkeeper.dashboard.recorder.api import Api
from viewkeeper.dashboard.recorder.intake import Intake
from viewkeeper.dashboard.recorder.listener import (
    OTHER_DAYS,
    REPORT_DAYS,
    Keeping,
    Recorder,
)
from viewkeeper.dashboard.recorder.metrics import Scrape
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.recorder.subscription import BrokerAddress
from viewkeeper.dashboard.recorder.witness import Witness
from viewkeeper.dashboard.register import Register
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.secret_file import read_secret_text


def add_options(serve: argparse.ArgumentParser) -> None:
    """Everything that says what to keep, and where from."""
    record = serve.add_argument_group(
        "recorder", "keeps history and acknowledgements; without it the page shows what is live"
    )
    record.add_argument(
        "--record",
        metavar="FILE|URL",
        help="keep verified records in this SQLite file, or in PostgreSQL at "
        "postgresql://USER@HOST/DATABASE?passfile=FILE, which several recorders may share",
    )
    record.add_argument(
        "--mqtt",
        type=_address,
        metavar="HOST[:PORT]",
        help="where the recorder finds the broker (plain MQTT, port 1883 unless said)",
    )
    record.add_argument("--mqtt-user", metavar="NAME", help="user name at the broker")
    record.add_argument(
        "--mqtt-password-file", type=Path, metavar="FILE", help="file with the password"
    )
    record.add_argument(
        "--witness-key",
        type=Path,
        metavar="FILE",
        help="countersign the cameras' checkpoints with this key (viewkeeper-dashboard key FILE)",
    )
    record.add_argument(
        "--metrics-token",
        type=Path,
        metavar="FILE",
        help="let Prometheus read /metrics with the token in this file; must be given where "
        "--host is not this machine alone",
    )
    record.add_argument(
        "--name",
        default=platform.node(),
        help="of this recorder: the broker keeps for a week what it misses while it is down "
        "(default: this machine's, %(default)s)",
    )
    record.add_argument(
        "--share",
        default="",
        metavar="GROUP",
        help="share the cameras with the other recorders of this group (MQTT 5)",
    )
    record.add_argument(
        "--keep-reports",
        type=_days,
        default=REPORT_DAYS,
        metavar="DAYS",
        help="forget reports after so many days (default %(default)s)",
    )
    record.add_argument(
        "--keep-rest",
        type=_days,
        default=OTHER_DAYS,
        metavar="DAYS",
        help="and events, alarms, verdicts after so many (default %(default)s)",
    )
    record.add_argument(
        "--mqtt-ca", type=Path, metavar="FILE", help="certificate authority: speak TLS"
    )
    record.add_argument(
        "--mqtt-cert",
        type=Path,
        metavar="FILE",
        help="the recorder's own certificate, for mutual TLS",
    )
    record.add_argument("--mqtt-key", type=Path, metavar="FILE", help="and its private key")
    record.add_argument(
        "--mqtt-version",
        choices=("5", "3.1.1"),
        default="5",
        help="3.1.1 for a broker that speaks nothing newer (default %(default)s)",
    )


@dataclass(frozen=True, slots=True)
class Running:
    """A recorder at work, and what the server gives of it."""

    recorder: Recorder
    api: Api
    metrics: Scrape


def start(options: argparse.Namespace, cameras: Register) -> Running | None:
    """Begin to record; ``None`` where nothing is to be recorded.

    Raises:
        SetupError: a file, an address or a database that cannot be used.
    """
    if options.record is None:
        return None
    if options.mqtt is None:
        raise SetupError(Reason.SETTING, "--record needs --mqtt HOST[:PORT]")
    host, port = options.mqtt
    address = BrokerAddress(
        host=host,
        port=port,
        username=options.mqtt_user,
        password=_secret(options.mqtt_password_file),
        ca_file=options.mqtt_ca,
        cert_file=options.mqtt_cert,
        key_file=options.mqtt_key,
        mqtt=options.mqtt_version,
    )
    token = _secret(options.metrics_token)
    recording = Recording(options.record)
    witness = None
    if options.witness_key is not None:
        witness = Witness(recorder_key.load(options.witness_key), recording)
    keeping = Keeping(
        name=options.name,
        share=options.share,
        report_days=options.keep_reports,
        other_days=options.keep_rest,
    )
    recorder = Recorder(
        Intake(cameras), recording, address, _now_ms, witness=witness, keeping=keeping
    )
    return Running(
        recorder, Api(recording, _now_ms, recorder.health), Scrape(recorder.metrics, token)
    )


def _now_ms() -> int:
    return int(1000 * time.time())


def _secret(path: Path | None) -> str | None:
    return None if path is None else read_secret_text(path)


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon:
        return text, 1883
    if not host or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65_535:
        raise argparse.ArgumentTypeError("use HOST or HOST:PORT")
    return host, int(port)


def _days(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 36_500:
        raise argparse.ArgumentTypeError("days are 1 to 36500")
    return value
