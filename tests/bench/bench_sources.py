"""What a bad camera costs the agent, and how soon it is well again.

    python -m tests.bench.bench_sources [--seconds N]

The agent's own process, in use, on a real RTSP server (GStreamer) and a real HTTP camera, one check
a second and a report every five. Each is then spoiled for a while and mended. Writes
docs/benchmarks/sources.md.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import platform
import re
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray
from PIL import Image

from tests.support.http_camera import HttpCamera, dripping, half, whole
from tests.support.video import write_video
from viewkeeper.protocol.records import ViewReport
from viewkeeper.protocol.vocabulary import ViewVerdict
from viewkeeper.sim.broker import Broker
from viewkeeper.sim.camera.panorama import street_scene
from viewkeeper.sim.camera.virtual import VirtualCamera
from viewkeeper.sim.demo.play import Play
from viewkeeper.sim.demo.story import register
from viewkeeper.sim.demo.world import Camera, World
from viewkeeper.sim.relay import Relay

OUT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks" / "sources.md"
RTSP_SERVER = Path(__file__).resolve().parents[1] / "support" / "rtsp_server.py"
SIZE = (640, 360)
LARGE = 12
"""8K is so many times as wide and high."""
FILM_S, LARGE_S = 300, 45
PATIENCE_S = 90.0
FROZEN = "frozen: the connection stands, nothing comes"

Luma = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that goes wrong with a camera, and how it is put right."""

    name: str
    spoil: Callable[[], None]
    mend: Callable[[], None]


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


def noisy(luma: Luma, chance: np.random.Generator) -> Luma:
    """The same street with fresh noise; two equal pictures would be a frozen camera."""
    noise = chance.integers(-3, 4, luma.shape)
    return np.clip(luma + noise, 0, 255).astype(np.uint8)


def enlarged(luma: Luma) -> Luma:
    return np.kron(luma, np.ones((LARGE, LARGE), np.uint8))


def jpeg(luma: Luma) -> bytes:
    file = io.BytesIO()
    Image.fromarray(luma).save(file, "JPEG", quality=85)
    return file.getvalue()


def rtsp_server(film: Path | str, stack: contextlib.ExitStack) -> int:
    """Its port."""
    server = subprocess.Popen(
        ["/usr/bin/python3", RTSP_SERVER, film], stdout=subprocess.PIPE, text=True
    )
    stack.callback(server.kill)
    assert server.stdout is not None
    return int(server.stdout.readline())


def babbler(stack: contextlib.ExitStack) -> int:
    """The port of something that answers whatever is asked with noise."""
    server = socket.create_server(("127.0.0.1", 0))
    stack.callback(server.close)

    def talk() -> None:
        noise = np.random.default_rng(5).bytes(65536)
        while True:
            try:
                caller, _ = server.accept()
            except OSError:
                return
            with caller, contextlib.suppress(OSError):
                caller.sendall(noise)

    threading.Thread(target=talk, daemon=True).start()
    return server.getsockname()[1]


def rtsp_troubles(
    folder: Path, luma: Luma, stack: contextlib.ExitStack
) -> tuple[str, list[Trouble]]:
    """The address of a stream, and what may befall it.

    After each trouble another server takes over: one that began its film anew would be a replay.
    """
    chance = np.random.default_rng(1)

    def serving(kind: str, make: Callable[[Luma], Luma] = lambda luma: luma) -> int:
        lumas = [make(noisy(luma, chance)) for _ in range(FILM_S if kind != "large" else LARGE_S)]
        film = write_video(
            folder / f"{chance.integers(1 << 32)}.{kind}.mkv", lumas, frames=len(lumas), rate=1,
            key_every=1,
        )  # fmt: skip
        return rtsp_server(film, stack)

    good = serving("film")
    relay = stack.enter_context(Relay(good))

    def leads(port: int) -> Callable[[], None]:
        def turn() -> None:
            relay.target_port, relay.open, relay.delay_s = port, True, 0.0
            relay.cut()
            relay.thaw()

        return turn

    def shut() -> None:
        relay.open = False
        relay.cut()

    def slow() -> None:
        relay.delay_s = 1.0

    spoilt = [
        ("cut", shut),
        (FROZEN, relay.freeze),
        ("slow drip, 4 KiB a second", slow),
        ("garbage", leads(babbler(stack))),
        ("a codec that nobody reads", leads(rtsp_server("strange", stack))),
        ("half frames: a third of all slices lost", leads(serving("lossy"))),
        ("8K, a key frame a second", leads(serving("large", enlarged))),
    ]
    troubles = [Trouble(name, spoil, leads(serving("film"))) for name, spoil in spoilt]
    return f"rtsp://127.0.0.1:{relay.port}/view", troubles


def http_troubles(luma: Luma, stack: contextlib.ExitStack) -> tuple[str, list[Trouble]]:
    """The address of a camera's picture, and what may befall it."""
    chance, over = np.random.default_rng(2), threading.Event()
    stack.callback(over.set)

    def well(handler: BaseHTTPRequestHandler) -> None:
        whole(jpeg(noisy(luma, chance)))(handler)

    camera = stack.enter_context(HttpCamera(well))
    one = jpeg(luma)
    bitmap = io.BytesIO()
    Image.fromarray(luma).save(bitmap, "TIFF")

    def large(handler: BaseHTTPRequestHandler) -> None:
        whole(jpeg(enlarged(noisy(luma, chance))))(handler)

    def hung_up(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.shutdown(socket.SHUT_RDWR)

    def answers(answer: Callable[[BaseHTTPRequestHandler], None]) -> Callable[[], None]:
        return lambda: setattr(camera, "answer", answer)

    def silent(_handler: BaseHTTPRequestHandler) -> None:
        over.wait(600)

    def noise(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(np.random.default_rng(6).bytes(4096))

    mend = answers(well)
    return camera.url, [
        Trouble("cut", answers(hung_up), mend),
        Trouble(FROZEN, answers(silent), mend),
        Trouble("slow drip, ten bytes a second", answers(dripping(one, over)), mend),
        Trouble("garbage", answers(noise), mend),
        Trouble("a codec that is not read (TIFF)", answers(whole(bitmap.getvalue())), mend),
        Trouble("half frames", answers(half(one)), mend),
        Trouble("8K", answers(large), mend),
    ]


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
