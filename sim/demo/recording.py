"""The demo's recorder: the real one, into a file beside the story, read by the page."""

from __future__ import annotations

import re
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from viewkeeper.dashboard.recorder.api import Api
from viewkeeper.dashboard.recorder.intake import Intake
from viewkeeper.dashboard.recorder.listener import Recorder
from viewkeeper.dashboard.recorder.metrics import PATH, Scrape
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.recorder.subscription import BrokerAddress
from viewkeeper.dashboard.register import Register
from viewkeeper.sim.broker import Broker
from viewkeeper.sim.demo.play import StoryError

FILE = "recorder.sqlite"
_TOLD = ("verified", "kept", "receipts")


@dataclass(frozen=True, slots=True)
class DemoRecorder:
    """A recorder at work, and what the server gives of it."""

    recorder: Recorder
    api: Api
    metrics: Scrape

    @classmethod
    def start(cls, folder: Path, register: Register, broker: Broker) -> DemoRecorder:
        """Begin to record.

        Raises:
            SetupError: the file cannot be opened.
        """
        recording = Recording(folder / FILE)
        mqtt = "5" if 5 in broker.versions else "3.1.1"
        address = BrokerAddress(host=broker.host, port=broker.tcp_port, mqtt=mqtt)
        recorder = Recorder(Intake(register), recording, address, _now_ms)
        return cls(
            recorder, Api(recording, _now_ms, recorder.health), Scrape(recorder.metrics, None)
        )

    def close(self) -> None:
        """Keep what was heard, and end."""
        self.recorder.close()


def counters(url: str) -> dict[str, int]:
    """What a running server's counters say, as Prometheus would ask them.

    Raises:
        StoryError: nothing was recorded.
    """
    with urllib.request.urlopen(url.rstrip("/") + PATH, timeout=10) as answer:  # noqa: S310  # ours
        text = answer.read().decode("utf-8")
    found = {
        name: int(number)
        for name, number in re.findall(r"^viewkeeper_recorder_(\w+)_total (\d+)$", text, re.M)
    }
    if not all(found.get(name) for name in _TOLD):
        raise StoryError(f"the recorder's counters say {found}")
    return {name: found[name] for name in _TOLD}


def _now_ms() -> int:
    return int(1000 * time.time())
