"""Boots a real systemd with the packages in a container, and pulls the plug on it.

    sudo .venv/bin/python packaging/boot_test.py [--plugs 20]

The container is a copy of the clean root that `make deb` leaves; systemd runs as its first
process, the service in its cage, the broker outside. A plug pulled kills every process at
once; the page cache survives it, so what a card loses at a power cut is the business of
`make kill` and of the power-cut tests. Needs root and systemd-nspawn (systemd-container).
"""

from __future__ import annotations

import argparse
import os
import queue
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from viewkeeper.sim.broker import Broker

TOP = Path(__file__).resolve().parents[1]
ROOT = TOP / "build" / "boot"
CLEAN = TOP / "build" / "root-trixie"
SITE, CAMERA = "hefei", "cam-1"
REPORT = f"viewkeeper/v1/{SITE}/{CAMERA}/report"
AS_AGENT = ("setpriv", "--reuid=viewkeeper", "--regid=viewkeeper", "--init-groups")
SETTINGS = """
[camera]
site = "{site}"
id = "{camera}"
hfov_deg = 60
[source]
kind = "files"
path = "/srv/frames"
loop = true
[broker]
host = "{host}"
port = {port}
[storage]
dir = "/var/lib/viewkeeper"
"""
TELL = """
[Unit]
After=viewkeeper-agent.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c "systemctl show -p ActiveState,StatusText,NRestarts,Result \
viewkeeper-agent > /var/told; sync"
[Install]
WantedBy=multi-user.target
"""


def run(*words: object, quiet: bool = True) -> str:
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        sys.exit(f"error: {' '.join(map(str, words))}: {done.stdout}{done.stderr}")
    return done.stdout if quiet else done.stdout + done.stderr


def inside(*words: object) -> str:
    return run("chroot", ROOT, *words)


def agent(*words: object) -> str:
    return inside(*AS_AGENT, "viewkeeper-agent", *words, "--config", "/etc/viewkeeper/agent.toml")


def authority(*words: object) -> str:
    return run(sys.executable, "-m", "viewkeeper.authority.cli", *words)


def prepare(broker: Broker) -> Path:
    """A fresh root with the packages in it and an enrolled camera; returns the desk's folder."""
    if not (CLEAN / ".ready").exists() or not list((TOP / "dist").glob("viewkeeper-agent_*.deb")):
        sys.exit("error: no packages and no clean root here: make deb")
    shutil.rmtree(ROOT, ignore_errors=True)
    run("cp", "-a", CLEAN, ROOT)
    shutil.rmtree(ROOT / "build", ignore_errors=True)
    for package in (TOP / "dist").glob("*.deb"):
        shutil.copy(package, ROOT / "srv")
    inside("apt-get", "install", "-qq", "-y", "--no-install-recommends", "systemd-sysv", "dbus")
    agent_package = next((ROOT / "srv").glob("viewkeeper-agent_*.deb")).name
    inside("apt-get", "install", "-qq", "-y", "--no-install-recommends", f"/srv/{agent_package}")
    inside("install", "-d", "-m", "0700", "-o", "viewkeeper", "-g", "viewkeeper",
           "/var/lib/viewkeeper")  # fmt: skip
    frames = ROOT / "srv" / "frames"
    frames.mkdir()
    tiles = np.random.default_rng(1).integers(30, 220, (15, 20), np.uint8)
    picture = b"P5\n320 240\n255\n" + np.kron(tiles, np.ones((16, 16), np.uint8)).tobytes()
    for number in range(3):
        (frames / f"{number}.pgm").write_bytes(picture)
    settings = ROOT / "etc" / "viewkeeper" / "agent.toml"
    settings.write_text(
        SETTINGS.format(site=SITE, camera=CAMERA, host=broker.host, port=broker.tcp_port)
    )
    desk, bundle = TOP / "build" / "boot-desk", ROOT / "srv" / "cam-1.enrolment"
    shutil.rmtree(desk, ignore_errors=True)
    authority("init", desk, "--person", "Li Wei", "--no-passphrase")
    authority("camera", "enrol", desk, "--camera", CAMERA, "--site", SITE,
              "--device-key", agent("key").strip(), "--hfov-deg", 60, "--out", bundle)  # fmt: skip
    bundle.chmod(0o644)
    agent("enrol", "--bundle", "/srv/cam-1.enrolment")
    (ROOT / "etc/systemd/system/tell.service").write_text(TELL)
    inside("systemctl", "enable", "tell.service")
    return desk


def boot() -> subprocess.Popen[bytes]:
    words = ["systemd-nspawn", "-q", "-D", ROOT, "--register=no", "--keep-unit", "--boot"]
    return subprocess.Popen(
        [str(word) for word in [*words, "--console=pipe"]],
        env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def pull_the_plug(machine: subprocess.Popen[bytes]) -> None:
    """Kill the container's first process: the kernel takes all others with it at once."""
    (first,) = Path(f"/proc/{machine.pid}/task/{machine.pid}/children").read_text().split()
    grandchildren = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    # nspawn may stand between: its inner child is the one that became systemd.
    leader = next(
        int(each)
        for each in (first, *grandchildren)
        if Path(f"/proc/{each}/comm").read_text().strip() == "systemd"
    )
    os.kill(leader, signal.SIGKILL)
    machine.wait(timeout=30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plugs", type=int, default=20, help="how often (default 20)")
    plugs = parser.parse_args().plugs
    if os.geteuid() or shutil.which("systemd-nspawn") is None:
        sys.exit("error: needs root and systemd-nspawn: sudo apt install systemd-container")
    heard: queue.Queue[float] = queue.Queue()
    with Broker.start("mosquitto") as broker:
        desk = prepare(broker)
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.on_message = lambda *_: heard.put(time.monotonic())
        client.connect(broker.host, broker.tcp_port)
        client.subscribe(REPORT, 1)
        client.loop_start()
        taken: list[float] = []
        for plug in range(plugs):
            while not heard.empty():
                heard.get()
            began = time.monotonic()
            machine = boot()
            try:
                taken.append(heard.get(timeout=60) - began)
            except queue.Empty:
                sys.exit(f"error: no report after boot {plug + 1}")
            time.sleep(0.2 + 0.1 * (plug % 7))  # each time at another moment
            pull_the_plug(machine)
            print(f"plug {plug + 1}: first report after {taken[-1]:.1f} s", flush=True)
        machine = boot()
        heard.get(timeout=60)
        time.sleep(6)
        pull_the_plug(machine)
        client.loop_stop()
        print((ROOT / "var" / "told").read_text().strip())
    agent("export", "--out", "/var/lib/viewkeeper/cam-1.zip")
    bundle = ROOT / "var/lib/viewkeeper/cam-1.zip"
    print(authority("audit", bundle, "--desk", desk))
    print(f"{plugs} plugs pulled; slowest first report {max(taken):.1f} s after boot")


if __name__ == "__main__":
    main()
