"""The real recorder in a process of its own, whose disk can be filled up."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from viewkeeper.dashboard.recorder.intake import Intake
from viewkeeper.dashboard.recorder.listener import Keeping, Recorder
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.recorder.subscription import BrokerAddress
from viewkeeper.dashboard.register import Camera, Register
from viewkeeper.sim.faults.agent import SITE, camera_id, limit_files, signer


def register(agents: int) -> Register:
    """The cameras of this run."""
    return Register(
        tuple(
            Camera(
                site=SITE,
                camera=camera_id(number),
                title=camera_id(number),
                device_key=signer(number).verify_key,
                hfov_deg=62.0,
            )
            for number in range(agents)
        )
    )


def main() -> None:
    """``recorder AGENTS PORT FILE``; commands come on standard input."""
    agents, port, path = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    recorder = Recorder(
        Intake(register(agents)),
        Recording(path),
        BrokerAddress(host="127.0.0.1", port=port),
        lambda: time.time_ns() // 1_000_000,
        keeping=Keeping(name="faults", retry_s=0.1),
    )
    for line in sys.stdin:
        match line.split():
            case ["limit", most]:
                limit_files(int(most))
            case ["count"]:
                health = recorder.health()
                connected = int(bool(health["connected"]))
                os.write(1, f"C {health['kept']} {health['waiting']} {connected}\n".encode())
            case _:
                break
    recorder.close()


if __name__ == "__main__":
    main()
