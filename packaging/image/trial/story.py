"""Boots the image in QEMU, from the first start to an update that fails.

    sudo .venv/bin/python packaging/image/trial/story.py [--arch amd64|arm64] [--plugs 20]

The chain is the real one: the desk enrols the camera from the request on its card, the broker is
mosquitto with mutual TLS, pictures come over HTTP from a drawn street, the plug is pulled by
killing QEMU, the audit reads the ledger from the disk's data partition. Console and result are
kept under build/boot-image/; docs/benchmarks/image.md is written from the result. What was
stopped goes on where it was; --fresh begins anew.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import report
from card import Card, copy_of_data, inspection_of, partitions, run
from machine import Machine
from site_around import CAMERA, HOST_SEEN_FROM_INSIDE, Surroundings, authority

TOP = Path(__file__).resolve().parents[3]
BUILD = TOP / "packaging" / "image" / "build.sh"
WORK = TOP / "build" / "boot-image"
PRESENT, OLDER, NEWER, BROKEN, LAME = "0.1.2", "0.1.1", "0.1.3", "0.1.4", "0.1.5"
GROWN_BYTES = 512 << 20
PORTS = """
[Unit]
After=viewkeeper-agent.service systemd-networkd.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'sleep 5; ss -Hlntup | sed "s/^/listens: /"; ss -Hlntu | wc -l | \
sed "s/^/listening sockets: /"; touch /written 2>&1 | sed "s/^/root: /"; \
findmnt -no SOURCE,FSTYPE,OPTIONS / | sed "s/^/root: /"; df -k --output=size /data | tail -n 1 | \
sed "s/^/data KiB: /"; grep -c . /etc/shadow | sed "s/^/accounts: /"; \
systemctl --failed --plain --no-legend | sed "s/^/failed: /"; echo looked around'
StandardOutput=journal+console
"""
"""Put into the machine through its firmware: the image itself has no shell to ask."""
SOON = "[Timer]\nOnBootSec=\nOnBootSec=25s\nRandomizedDelaySec=0\n"


def built(verb: str, arch: str, version: str, folder: Path, **environment: str) -> Path:
    """An image or a bundle; one that is newer than all it is made of is taken as it is."""
    target = folder / f"viewkeeper-{version}-{arch}.{'img' if verb == 'image' else 'raucb'}"
    made_of = [
        *BUILD.parent.glob("rootfs*/**/*"),
        BUILD,
        *(TOP / "dist").glob("viewkeeper-agent*.deb"),
    ]
    newest = max(path.stat().st_mtime for path in made_of)
    if target.exists() and target.stat().st_mtime > newest:
        return target
    folder.mkdir(parents=True, exist_ok=True)
    told = {**os.environ, "IMAGE_OUT": str(folder), "IMAGE_COMPRESSION": "3", **environment}
    print(f"building {verb} {version} {' '.join(environment.values())}", flush=True)
    run(BUILD, verb, arch, version, environment=told)
    return target


class Story:
    """The steps, and what was seen in each."""

    def __init__(self, arch: str, around: Surroundings, machine: Machine, disk: Path) -> None:
        self.arch, self.around, self.machine, self.disk = arch, around, machine, disk
        self._file = disk.parent / "result.json"
        self.seen: dict[str, Any] = {"arch": arch, "accelerated": machine.accelerated, "done": []}
        if self._file.exists():
            self.seen = json.loads(self._file.read_text())

    def keep(self) -> None:
        """What was seen so far, for the report and for going on later."""
        self._file.write_text(json.dumps(self.seen, indent=1))

    def first_start(self) -> None:
        """Settings go in on the card, keys are made, a request comes out."""
        card = Card(self.disk)
        settings = self.around.folder / "agent.toml"
        settings.write_text(self.around.settings())
        card.put(settings, "agent.toml")
        card.put(self.around.tls / "ca.crt", "ca.pem")
        began = time.monotonic()
        self.machine.start()
        self.machine.wait_for("request written", 90)
        self.seen["request_s"] = time.monotonic() - began
        self.machine.wait_for(f"version {PRESENT} in slot A works", 90)
        self.machine.pull_the_plug()
        self.seen["data_grown"] = partitions(self.disk)["data"][1] > GROWN_BYTES
        self.seen["image_mb"] = self.disk.stat().st_size - GROWN_BYTES >> 20

    def enrolment(self) -> None:
        """The desk answers the request; the camera enrols, registers its view and reports."""
        card, folder = Card(self.disk), self.around.folder
        key = card.get(f"{CAMERA}.device-key", folder / "device-key")
        request = card.get(f"{CAMERA}.csr", folder / "csr")
        bundle, certificate = self.around.enrol(key, request)
        card.put(bundle, bundle.name)
        card.put(certificate, f"{CAMERA}.pem")
        self.machine.start()
        self.machine.wait_for("^(?:.*: )?enrolled", 90)
        self.machine.wait_for("view registered", 120)
        self.around.next_report(60 * self.machine.patience)
        self.machine.pull_the_plug()

    def view(self) -> None:
        """A signed configuration arrives: the view is the same; turned, the camera says so."""
        digest = Card(self.disk).text("view.txt").strip().split()[-1]
        began = time.monotonic()
        self.machine.start()
        first = self.around.next_report(90 * self.machine.patience)
        self.seen["first_report_s"] = first - began
        sockets = self.machine.wait_for(r"listening sockets: (\d+)", 60)
        self.seen["listening_sockets"] = int(sockets[1])
        self.machine.wait_for("root: .*Read-only file system", 20)
        self.machine.wait_for("root: .*squashfs", 20)
        self.machine.wait_for("looked around", 20)
        told = self.around.configure(digest)
        if "accepted" not in told:
            sys.exit(f"error: the configuration was not accepted: {told}")
        self.around.wait_for_view("same", 60 * self.machine.patience)
        self.around.pan_deg = 3.0
        state = self.around.wait_for_view("moved", 90 * self.machine.patience)
        self.seen["pan_deg"] = state["view"]["pan_deg"]
        self.seen["memory_kib"] = state["health"]["memory_kib"]
        self.around.pan_deg = 0.0
        self.around.wait_for_view("same", 90 * self.machine.patience)
        self.machine.pull_the_plug()

    def plug(self, number: int) -> None:
        """The plug pulled once; every other time somewhere in the start, else during work."""
        chance = random.Random(number)  # noqa: S311 - moments, not secrets
        began = time.monotonic()
        self.machine.start()
        if number % 2:
            time.sleep(chance.uniform(0.2, 1.0) * self.seen["first_report_s"])
        else:
            self.around.next_report(120 * self.machine.patience)
            time.sleep(chance.uniform(0.0, 5.0))
            self.seen["plugs_after_a_report"] = self.seen.get("plugs_after_a_report", 0) + 1
        self.machine.pull_the_plug()
        self.seen["plugs"] = self.seen.get("plugs", 0) + 1
        print(f"plug {number + 1} after {time.monotonic() - began:.0f} s", flush=True)

    def after_the_plugs(self) -> None:
        """It still starts, reports, and its ledger is whole."""
        self.machine.start()
        self.around.next_report(180 * self.machine.patience)
        self.machine.wait_for(rf"version {PRESENT} in slot \w works", 90)
        self.machine.pull_the_plug()
        self.seen["audit"] = self.audit()

    def audit(self) -> str:
        """The ledger from the disk, with every decision taken anew."""
        files = copy_of_data(self.disk, self.around.folder / "data")
        told = inspection_of(files / "viewkeeper", self.around.folder, self.around.settings())
        return authority("audit", told, "--desk", self.around.desk).strip().splitlines()[-1]

    def refused(self, bundle: Path, why: str, name: str) -> None:
        """A bundle that must not be installed."""
        self.around.bundle = bundle
        self.machine.start()
        found = self.machine.wait_for(f"update refused: (.*{why}.*)", 150)
        self.seen[name] = found[1].strip()
        self.around.next_report(60 * self.machine.patience)
        self.machine.pull_the_plug()

    def updated(self, bundle: Path) -> None:
        """A newer one is installed into the other slot and works."""
        self.around.bundle = bundle
        began = time.monotonic()
        self.machine.start()
        self.machine.wait_for(f"version {NEWER} is installed", 300)
        self.machine.wait_for("slot B", 60)
        self.machine.wait_for(f"version {NEWER} in slot B works", 150)
        self.around.next_report(90 * self.machine.patience)
        self.seen["update_s"] = time.monotonic() - began
        self.machine.pull_the_plug()

    def rolled_back(self, bundle: Path, version: str, name: str) -> None:
        """One that does not work is left for the one before it, by itself."""
        self.around.bundle = bundle
        began = time.monotonic()
        self.machine.start()
        self.machine.wait_for(f"version {version} is installed", 300)
        starts = 0
        while True:
            found = self.machine.wait_for(
                rf"^slot ([AB])$|version {version} did not work and is given up", 400
            )
            if not found[1]:
                break
            starts += found[1] == "A"
        self.machine.wait_for(f"version {NEWER} in slot B works", 60)
        self.around.next_report(90 * self.machine.patience)
        self.seen[name] = {"starts": starts, "seconds": time.monotonic() - began}
        self.machine.wait_for(f"update {version} did not work here once", 120)
        self.machine.pull_the_plug()

    def updates_from_here(self) -> None:
        """The card names the update server; the timer is told to be quick."""
        folder = self.around.folder
        url, settings = folder / "update.url", folder / "agent.toml"
        url.write_text(f"http://{HOST_SEEN_FROM_INSIDE}:{self.around.web_port}/update.raucb\n")
        settings.write_text(self.around.settings())
        card = Card(self.disk)
        card.put(url, "update.url")
        card.put(settings, "agent.toml")

    def at_the_end(self) -> None:
        """All of it once more, after updates and their failures."""
        self.seen["audit_at_the_end"] = self.audit()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", default="amd64", choices=("amd64", "arm64"))
    parser.add_argument("--plugs", type=int, default=20, help="how often (default 20)")
    parser.add_argument("--minutes", type=float, default=1e9, help="then stop between two steps")
    parser.add_argument("--fresh", action="store_true", help="begin anew, not where it stopped")
    options = parser.parse_args()
    if os.geteuid():
        sys.exit("error: building an image needs root: sudo make boot-image")
    arch, folder, began = options.arch, WORK / options.arch, time.monotonic()
    disk = folder / "disk.img"
    if options.fresh or not disk.exists():
        shutil.rmtree(folder, ignore_errors=True)
        image = built("image", arch, PRESENT, TOP / "dist")
        folder.mkdir(parents=True)
        run("cp", "--sparse=always", image, disk)
        with disk.open("r+b") as file:
            file.truncate(disk.stat().st_size + GROWN_BYTES)
    bundles = WORK / f"bundles-{arch}"
    with Surroundings(folder / "around") as around:
        machine = Machine(arch, disk, folder / "console.log")
        story = Story(arch, around, machine, disk)
        machine.add_unit("look-around.service", PORTS)
        wants = "[Unit]\nWants=look-around.service\n"
        machine.add_unit("look", wants, dropin_of="multi-user.target")
        machine.add_unit("soon", SOON, dropin_of="viewkeeper-update.timer")
        ran = False
        try:
            for name, step in steps_of(story, arch, bundles, options.plugs):
                if name in story.seen["done"]:
                    continue
                if ran and time.monotonic() - began > 60 * options.minutes:
                    print("stopped; the same command goes on from here")
                    break
                print(f"== {name}", flush=True)
                step()
                ran = True
                story.seen["done"].append(name)
                story.seen["day"] = f"{datetime.datetime.now(datetime.UTC):%F}"
                story.keep()
        finally:
            machine.pull_the_plug()
    report.write(WORK, TOP / "docs" / "benchmarks" / "image.md")


def steps_of(
    story: Story, arch: str, bundles: Path, plugs: int
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Each step by its name; bundles are built when their turn comes."""

    def bundle(version: str, folder: Path = bundles, **environment: str) -> Path:
        path = built("bundle", arch, version, folder, **environment)
        story.seen["bundle_mb"] = path.stat().st_size >> 20
        return path

    def foreign() -> Path:
        stranger = bundles / "stranger"
        stranger.mkdir(parents=True, exist_ok=True)
        key, cert = stranger / "key.pem", stranger / "cert.pem"
        if not cert.exists():
            run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-subj", "/CN=stranger", "-keyout", key, "-out", cert)  # fmt: skip
        return bundle(NEWER, stranger, IMAGE_KEY=str(key), IMAGE_CERT=str(cert))

    yield "first start", story.first_start
    yield "enrolment", story.enrolment
    yield "view", story.view
    for number in range(plugs):
        yield f"plug {number + 1}", lambda number=number: story.plug(number)
    yield "after the plugs", story.after_the_plugs
    yield "update server", story.updates_from_here
    yield "unsigned", lambda: story.refused(foreign(), "signature|verif|certificate", "unsigned")
    yield "older", lambda: story.refused(bundle(OLDER), "version", "older")
    yield "update", lambda: story.updated(bundle(NEWER))
    yield (
        "does not boot",
        lambda: story.rolled_back(bundle(BROKEN, IMAGE_FAULT="hash"), BROKEN, "does_not_boot"),
    )
    yield (
        "agent fails",
        lambda: story.rolled_back(bundle(LAME, IMAGE_FAULT="agent"), LAME, "agent_fails"),
    )
    yield "at the end", story.at_the_end


if __name__ == "__main__":
    main()
