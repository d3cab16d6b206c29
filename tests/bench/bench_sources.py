"""What a bad camera costs the agent, and how soon it is well again.

    python -m tests.bench.bench_sources [--seconds N]

The agent's own process, in use, on a real RTSP server (GStreamer) and a real HTTP camera, one check
a second and a report every five. Each is then spoiled for a while and mended. Writes
docs/benchmarks/sources.md.
"""

from __future__ import annotations

import argparse
import contextlib
import platform
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from tests.bench.bad_cameras import Trouble, http_troubles, rtsp_troubles
from viewkeeper.protocol.records import ViewReport
from viewkeeper.protocol.vocabulary import ViewVerdict
from viewkeeper.sim.broker import Broker
from viewkeeper.sim.camera.panorama import street_scene
from viewkeeper.sim.camera.virtual import VirtualCamera
from viewkeeper.sim.demo.play import Play
from viewkeeper.sim.demo.story import register
from viewkeeper.sim.demo.world import Camera, World

OUT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks" / "sources.md"
SIZE = (640, 360)
PATIENCE_S = 90.0


@dataclass(frozen=True, slots=True)
class Row:
    """What was seen of one trouble.

    Attributes:
        share: of one core that the agent took meanwhile.
        peak_mib: the most memory that was resident meanwhile.
        said: what the reports said of the view at its end.
        reports: how many came meanwhile.
        recovery_s: from mending it to a report of the view as it is; None: never.
    """

    name: str
    share: float
    peak_mib: float
    said: str
    reports: int
    recovery_s: float | None


def told(view: ViewReport) -> str:
    return view.verdict.value + (f" ({view.cause.value})" if view.cause else "")


def watched(world: World, camera: Camera, seconds: float) -> tuple[float, float, str, int]:
    """Share of a core, peak memory in MiB, what was said at the end, and reports."""
    process, seen = psutil.Process(camera.pid), world.observer.seen(camera.name)
    Path(f"/proc/{camera.pid}/clear_refs").write_text("5", "ascii")  # VmHWM begins anew
    before, reports, at = process.cpu_times(), seen.reports, time.monotonic()
    time.sleep(seconds)
    after, span_s = process.cpu_times(), time.monotonic() - at
    (peak_kib,) = re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{camera.pid}/status").read_text())
    spent = after.user + after.system - before.user - before.system
    assert seen.report is not None
    return spent / span_s, int(peak_kib) / 1024, told(seen.report.view), seen.reports - reports


def recovery_s(play: Play) -> float | None:
    """How long until the view is reported as it is again."""
    began = time.monotonic()
    well = play.sees(
        lambda seen: seen.report is not None and seen.report.view.verdict is ViewVerdict.SAME,
        PATIENCE_S,
    )
    return time.monotonic() - began if well else None


def rows_of(
    world: World, name: str, source: str, troubles: list[Trouble], seconds: float
) -> list[Row]:
    """A new camera on this source, through all of its troubles."""
    camera = world.add_camera(name, name)
    settings = re.sub(r"\[signage\][^\[]*", "", camera.config.read_text(encoding="utf-8"))
    settings = re.sub(r"\[source\][^\[]*", f"[source]\n{source}\n\n", settings)
    camera.config.write_text(settings, encoding="utf-8")
    play = Play(world, camera)
    register(play)
    world.order(camera, world.configuration(play.view_hash, check_period_s=1.0))
    if recovery_s(play) is None:
        raise SystemExit(f"error: {name}: the view is not seen as the registered one")
    time.sleep(20.0)
    rows = [Row("nothing", *watched(world, camera, seconds), None)]
    for trouble in troubles:
        trouble.spoil()
        seen = watched(world, camera, seconds)
        trouble.mend()
        rows.append(Row(trouble.name, *seen, recovery_s(play)))
        print(rows[-1], flush=True)
    camera.stop()
    return rows


def table(rows: list[Row]) -> list[str]:
    """Markdown."""
    lines = [
        "| what is wrong | share of one core | peak resident memory | reports meanwhile | "
        "what they say of the view | mended, `same` after |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        back = "" if row.name == "nothing" else "never"
        if row.recovery_s is not None:
            back = f"{row.recovery_s:.1f} s"
        lines.append(
            f"| {row.name} | {100 * row.share:.1f} % | {row.peak_mib:.0f} MiB | {row.reports} | "
            f"{row.said} | {back} |"
        )
    return lines


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="What a bad camera costs.")
    parser.add_argument("--seconds", type=float, default=30.0)
    seconds = parser.parse_args().seconds
    with (
        tempfile.TemporaryDirectory() as name,
        contextlib.ExitStack() as stack,
        World(Path(name), Broker.start()) as world,
    ):
        luma = VirtualCamera(street_scene(1), size=SIZE, seed=4).frame(0.0)[0].luma
        url, troubles = http_troubles(luma, stack)
        source = f'kind = "snapshot"\nurl = "{url}"'
        http = rows_of(world, "http", source, troubles, seconds)
        url, troubles = rtsp_troubles(Path(name), luma, stack)
        source = f'kind = "rtsp"\nurl = "{url}"'
        rtsp = rows_of(world, "rtsp", source, troubles, seconds)
    text = [
        "# A bad camera",
        "",
        "Written by `make bench-sources`: the agent's own process on "
        f"{SIZE[0]}×{SIZE[1]} pictures, "
        f"one check a second, a report every five and at every change; each trouble lasts "
        f"{seconds:.0f} s. Python "
        f"{platform.python_version()}, numpy {np.__version__} from wheels.",
        "",
        "## A camera's pictures over HTTP",
        "",
        *table(http),
        "",
        "## A stream over RTSP (GStreamer's server, H.264, key frames alone)",
        "",
        *table(rtsp),
        "",
    ]
    OUT.write_text("\n".join(text), encoding="utf-8")
    print("\n".join(text))


if __name__ == "__main__":
    main()
