"""A camera's life in the virtual machine: each step, and what was seen in it."""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from card import Card, copy_of_data, inspection_of, partitions
from machine import Machine
from site_around import CAMERA, HOST_SEEN_FROM_INSIDE, Surroundings, authority

from viewkeeper.agent.adapters.store.ledger_file import LedgerFile

PRESENT, OLDER, NEWER, BROKEN, LAME = "0.1.2", "0.1.1", "0.1.3", "0.1.4", "0.1.5"
GROWN_BYTES = 512 << 20
LOOK_AROUND = """
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
SOON_KEY = "systemd.unit-dropin.viewkeeper-update.timer~soon"
SOON = """
[Timer]
OnBootSec=
OnBootSec=25s
OnUnitActiveSec=15s
RandomizedDelaySec=0
AccuracySec=1s
"""


class Story:
    """The steps, and what was seen in each."""

    def __init__(
        self, arch: str, part: str, around: Surroundings, machine: Machine, disk: Path
    ) -> None:
        self.arch, self.part = arch, part
        self.around, self.machine, self.disk = around, machine, disk
        self._file = disk.parent / "result.json"
        self.seen: dict[str, Any] = {"arch": arch, "part": part, "done": []}
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
        self._until_a_report()
        sockets = self.machine.wait_for(r"listening sockets: (\d+)", 60)
        self.seen["listening_sockets"] = int(sockets[1])
        self.machine.wait_for("root: .*Read-only file system", 20)
        self.machine.wait_for("root: .*squashfs", 20)
        self.machine.wait_for("looked around", 20)
        # Unless it was obeyed before, and this is a second try of the step.
        if not self.around.state.get("config", {}).get("sequence"):
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
        self._remember_the_ledger()
        self.machine.pull_the_plug()

    def _until_a_report(self) -> float:
        """Switch on; how long it takes to the first report."""
        self.around.state = {}
        began = time.monotonic()
        self.machine.start()
        took = self.around.next_report(120 * self.machine.patience) - began
        self.seen.setdefault("to_report_s", []).append(round(took))
        return took

    def _remember_the_ledger(self) -> None:
        """What the camera says of ledger and configuration; a later plug may take none of it."""
        state = self.around.any_state(60 * self.machine.patience)
        told = state["ledger"]["size"], state["ledger"]["root"]
        if state["config"]["sequence"] < self.seen.get("config_sequence", 0):
            sys.exit(f"error: the configuration went back to {state['config']}")
        self.seen["config_sequence"] = state["config"]["sequence"]
        heard = self.seen.setdefault("roots", [])
        if heard and told[0] < heard[-1][0]:
            sys.exit(f"error: the ledger went back from {heard[-1][0]} to {told[0]} entries")
        heard.append(told)

    def plug(self, number: int) -> None:
        """The plug pulled once; every fourth time at work, else somewhere in the start."""
        self.machine.forget_unit(SOON_KEY)
        chance = random.Random(number)  # noqa: S311 - moments, not secrets
        if number % 4:
            self.machine.start()
            span = chance.uniform(0.1, 1.0) * statistics.median(self.seen["to_report_s"])
            time.sleep(span)
            where = "in the start"
        else:
            span = self._until_a_report()
            self._remember_the_ledger()
            rest = chance.uniform(0.0, 5.0)
            time.sleep(rest)
            span, where = span + rest, "at work"
        self.machine.pull_the_plug()
        self.seen.setdefault("plugs", []).append((where, round(span)))
        print(f"plug {number + 1}: {where}, after {span:.0f} s", flush=True)

    def ledger_after_the_plugs(self) -> None:
        """The disk as the last plug left it."""
        self.seen["audit_after_plugs"] = self.audit()

    def after_the_plugs(self) -> None:
        """It still starts, reports, and its ledger is whole."""
        self.machine.forget_unit(SOON_KEY)
        self._until_a_report()
        self._remember_the_ledger()
        self.machine.wait_for(r"version \S+ in slot \w works", 90)
        self.machine.pull_the_plug()
        self.seen["audit"] = self.audit()

    def audit(self) -> str:
        """The ledger from the disk, with every decision taken anew, and the roots heard outside."""
        files = copy_of_data(self.disk, self.around.folder / "data") / "viewkeeper"
        told = inspection_of(files, self.around.folder, self.around.settings())
        lines = authority("audit", told, "--desk", self.around.desk).splitlines()
        if "Nothing is wrong" not in lines[2]:
            sys.exit("error: the audit finds fault:\n" + "\n".join(lines))
        tail = LedgerFile(files / "ledger").tail
        heard = self.seen.get("roots", [])
        for size, root in heard:
            found = tail.root_at(size)
            if found is None or not found.hex().startswith(root):
                sys.exit(f"error: the ledger of {size} entries reported before is not in this one")
        return (
            f"{lines[2].rstrip('.')}; {tail.size} entries; the {len(heard)} roots reported "
            "before are its own"
        )

    def refused(self, bundle: Path, why: str, name: str) -> None:
        """A bundle that must not be installed; the camera goes on."""
        self._on_for_updates()
        self.around.bundle = bundle
        found = self.machine.wait_for(f"update refused: (.*(?:{why}).*)", 150)
        self.seen[name] = found[1].strip()

    def cut_short(self, bundle: Path) -> None:
        """The plug pulled while the other slot is written; the present one starts again."""
        self._on_for_updates()
        self.around.bundle = bundle
        self.machine.wait_for(f"installing version {NEWER}", 200)
        time.sleep(1.0 + self.machine.patience)
        if self.machine.has_said(f"version {NEWER} is installed"):
            sys.exit("error: the update was written before its plug was pulled")
        self.machine.pull_the_plug()
        self._on_for_updates()
        found = self.machine.wait_for("^slot ([AB])$", 60)
        self.seen["cut_short"] = f"starts from slot {found[1]}"

    def updated(self, bundle: Path) -> None:
        """A newer one is installed into the other slot and works."""
        self._on_for_updates()
        self.around.bundle = bundle
        self.machine.wait_for(f"installing version {NEWER}", 200)
        began = time.monotonic()
        self.machine.wait_for(f"version {NEWER} is installed", 300)
        self.machine.wait_for("^slot B$", 60)
        self.machine.wait_for(f"version {NEWER} in slot B works", 150)
        self.around.next_report(90 * self.machine.patience)
        self.seen["update_s"] = time.monotonic() - began

    def rolled_back(self, bundle: Path, version: str, name: str) -> None:
        """One that does not work is left for the one before it, by itself."""
        self._on_for_updates()
        self.around.bundle = bundle
        self.machine.wait_for(f"installing version {version}", 200)
        began = time.monotonic()
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

    def _on_for_updates(self) -> None:
        """See that it is switched on and asks soon for an update, not once a day."""
        self.machine.add_unit("soon", SOON, dropin_of="viewkeeper-update.timer")
        self.machine.on()

    def updates_from_here(self) -> None:
        """The card names the update server; the timer is told to be quick."""
        folder = self.around.folder
        url, settings = folder / "update.url", folder / "agent.toml"
        url.write_text(f"http://{HOST_SEEN_FROM_INSIDE}:{self.around.web_port}/update.raucb\n")
        settings.write_text(self.around.settings())
        card = Card(self.disk)
        card.put(url, "update.url")
        card.put(settings, "agent.toml")

    def after_the_updates(self) -> None:
        """The ledger once more, after updates and their failures."""
        self.machine.pull_the_plug()
        self.around.bundle = None
        self.seen["audit_after_updates"] = self.audit()
