"""What a camera's link costs a day: bytes on the wire while nothing happens, bytes to the card.

``python -m tests.bench.bench_link [--minutes 5]`` writes docs/benchmarks/link.md. The real link,
mutual TLS, a real mosquitto with the site's ACL; a relay between them counts, and the kernel says
how many segments there were. Some minutes are run and taken for a day.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.link.conftest import listens
from tests.integration.link.peer import until
from tests.unit.protocol.test_report_size import report
from viewkeeper.agent.adapters.link import Introduction, Link, LinkSettings, TlsSettings
from viewkeeper.agent.core.reporting import mirror_of
from viewkeeper.protocol import cose, records
from viewkeeper.protocol.vocabulary import ClockTrust
from viewkeeper.sim.broker import free_port
from viewkeeper.sim.relay import Relay
from viewkeeper.sim.site_config import acl_head, mosquitto_conf, tool

ROOT = Path(__file__).resolve().parents[2]
SIGNER = cose.SoftwareSigner.from_seed(bytes(32))
REPORT_S, DAY_MINUTES = 60.0, 1440
SITE, CAMERA = "old-town", "cam-0000-0000"
EVENTS = 50
MIB, KIB = 1e6, 1e3


@contextmanager
def site_broker(folder: Path) -> Iterator[int]:
    """A site's mosquitto with the files of broker_config; its TLS port."""
    certs = tool("certs")
    authority = certs.Authority(folder, datetime.datetime.now(datetime.UTC))
    authority.init(["localhost"])
    authority.issue("camera", f"{SITE}/{CAMERA}")
    authority.issue("desk", "main")
    (folder / "acl").write_text(certs.acl(authority.issued(), acl_head()), "utf-8")
    port = free_port()
    conf = mosquitto_conf(folder, folder, folder / "log", port=port)
    (folder / "mosquitto.conf").write_text(conf, "utf-8")
    process = subprocess.Popen(
        ["mosquitto", "-c", str(folder / "mosquitto.conf")],
        env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin"},
        stderr=subprocess.DEVNULL,
    )
    until(lambda: listens(port))
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def sealed(body: records.Body, sequence: int) -> tuple[records.Header, bytes]:
    header = records.Header(
        device=CAMERA,
        boot=bytes(8),
        sequence=sequence,
        utc_ms=time.time_ns() // 1_000_000,
        mono_ms=time.monotonic_ns() // 1_000_000,
        clock=ClockTrust.SYNCHRONISED,
    )
    return header, records.seal(records.Record(header, body), SIGNER)


def link_to(
    port: int, folder: Path, outbox: Path | None, introduction: Introduction | None = None
) -> Link:
    authority = tool("certs").Authority(folder, datetime.datetime.now(datetime.UTC))
    cert, key = (authority.path_of(f"{SITE}/{CAMERA}", suffix) for suffix in ("crt", "key"))
    tls = TlsSettings(folder / "ca.crt", cert, key)
    settings = LinkSettings(
        host="localhost",
        port=port,
        site=SITE,
        camera=CAMERA,
        tls=tls,
        outbox=outbox,
        introduction=introduction,
    )
    return Link(settings, lambda order: None)


@dataclass(frozen=True, slots=True)
class Day:
    """What goes over the wire in a day: bytes, and segments with bare acknowledgements."""

    up: float
    down: float
    segments: float

    @property
    def whole(self) -> float:
        """With the headers of IPv4 and TCP with time stamps: 20 + 32 bytes a segment."""
        return self.up + self.down + 52 * self.segments

    def plus(self, other: Day, times: float) -> Day:
        """So many times another's difference to this one more."""
        return Day(
            *(
                getattr(self, name) + times * (getattr(other, name) - getattr(self, name))
                for name in ("up", "down", "segments")
            )
        )


def a_day(minutes: float, *, mirrors: bool) -> Day:
    """Some minutes of a camera with nothing wrong, taken for a day; a mirror each, too, or none."""
    body = report(())
    with tempfile.TemporaryDirectory(prefix="viewkeeper-bench-") as text:
        folder = Path(text)
        with site_broker(folder) as port, Relay(port) as relay:
            link = link_to(relay.port, folder, None, Introduction() if mirrors else None)
            link.start()
            assert link.wait_connected(20.0), link.counts
            link.publish_state(b"{}")  # what is told at the start is not told all day
            time.sleep(10.0)
            before = relay.counts()
            sequence, until_s = 0, time.monotonic() + 60 * minutes
            while time.monotonic() < until_s:
                sequence += 1
                header, message = sealed(body, sequence)
                link.publish_report(message)
                mirror = mirror_of(SITE, header, body)
                plain = json.dumps(mirror, separators=(",", ":")).encode()
                link.publish_state(plain, changed=mirrors)
                time.sleep(REPORT_S)
            after = relay.counts()
            link.stop()
    scale = DAY_MINUTES / minutes
    return Day(*((after[name] - before[name]) * scale for name in ("up", "down", "segments")))


CARD = """
import sys, time
from pathlib import Path
from tests.bench import bench_link as bench
from viewkeeper.protocol import records
from viewkeeper.protocol.vocabulary import EventKind
port, folder, outbox, gap_s = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])
link = bench.link_to(port, folder, Path(outbox))
link.start()
if port != 1:
    assert link.wait_connected(20.0), link.counts
def written():
    return int(next(l for l in open("/proc/self/io") if l.startswith("write_bytes")).split()[1])
time.sleep(1.0)
before = written()
for sequence in range(1, bench.EVENTS + 1):
    event = records.Event(event=EventKind.CAMERA_COVERED, started_ms=0,
        confidence_permille=900, alarm_method=5, alarm_type=13)
    link.publish_event("camera_covered", bench.sealed(event, sequence)[1])
    time.sleep(gap_s)
time.sleep(4.0)
print(written() - before, link.counts.written_bytes, link.counts.waiting)
link.stop()
"""


def to_card(*, online: bool, gap_s: float) -> tuple[int, int]:
    """(bytes handed to the block device, payload bytes among them) for ``EVENTS`` events."""
    at = ROOT / "artefacts"
    at.mkdir(exist_ok=True)
    # Not in a memory file system: what goes to a device is what is counted.
    with tempfile.TemporaryDirectory(prefix="bench-link-", dir=at) as text:
        folder = Path(text)
        with site_broker(folder) as port:
            arguments = [str(port if online else 1), text, f"{text}/outbox.sqlite", f"{gap_s}"]
            done = subprocess.run(
                [sys.executable, "-c", CARD, *arguments],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
                cwd=ROOT,
            )
    written, payload, waiting = (int(word) for word in done.stdout.split())
    assert (waiting == 0) is online
    return written, payload


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    minutes = parser.parse_args().minutes
    bare, mirrored = a_day(minutes, mirrors=False), a_day(minutes, mirrors=True)
    renewals = {
        name: REPORT_S / period_s
        for name, period_s in (
            ("an hour", LinkSettings(host="h", port=1, site="s", camera="c").mirror_period_s),
            ("Home Assistant", Introduction().renew_s),
        )
    }
    ways = {
        "signed reports, the plain mirror once an hour": bare.plus(mirrored, renewals["an hour"]),
        f"for Home Assistant, nothing it shows moves: the mirror every {Introduction().renew_s:g} "
        "s": bare.plus(mirrored, renewals["Home Assistant"]),
        "for Home Assistant, something it shows moves by a step each minute: the mirror with each "
        "report": mirrored,
    }
    cards = {
        "broker there, one a second (a transaction each)": to_card(online=True, gap_s=1.0),
        "broker there, twenty a second (written together)": to_card(online=True, gap_s=0.05),
        "broker away, one a second (a transaction each)": to_card(online=False, gap_s=1.0),
    }
    lines = [
        "# Link: what a camera sends and writes a day",
        "",
        f"The real link to a real mosquitto over mutual TLS, a report every {REPORT_S:.0f} s, "
        f"nothing wrong with the camera; {minutes:g} minutes of it, taken for a day. *Headers* are "
        "52 bytes of IPv4 and TCP for each segment that the kernel counted, acknowledgements "
        "included. The first two rows are the reports alone, and as many mirrors as such a day "
        "has at what the third row's cost.",
        "",
        "| idle camera, a day | camera to broker | broker to camera | headers | together "
        "| goal 1 MB |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in ways.items():
        met = "met" if found.whole <= MIB else "**missed**"
        lines.append(
            f"| {name} | {found.up / MIB:.2f} MB | {found.down / MIB:.2f} MB "
            f"| {found.segments * 52 / MIB:.2f} MB | {found.whole / MIB:.2f} MB | {met} |"
        )
    lines += [
        "",
        f"Bytes to the card, for {EVENTS} events of a process with the outbox on a real file "
        "system; reports never touch the card. A day without events writes nothing.",
        "",
        f"| {EVENTS} events | to the block device | payload among it | so many a day, a year |",
        "|---|---|---|---|",
    ]
    for name, (written, payload) in cards.items():
        lines.append(
            f"| {name} | {written / KIB:.0f} kB | {payload / KIB:.0f} kB "
            f"| {365 * written / MIB:.0f} MB |"
        )
    lines += [
        "",
        "An event is on the card before it goes out. Once the recorder has confirmed it, it is "
        "wiped with one of the next, or ten minutes later: at most a transaction more.",
    ]
    text = "\n".join([*lines, ""])
    (ROOT / "docs" / "benchmarks" / "link.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
