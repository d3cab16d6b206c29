"""What the operator's page costs: bytes, first paint, and a frame while 10,000 cameras scroll.

    python -m tests.bench.bench_dashboard [--cameras N] [--frames N] [--bytes]

The installed Chromium, without a graphics card, on the page as it is served; every camera with a
key of its own. Writes docs/benchmarks/dashboard.md.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import desk
from tests.conftest import ARGUMENTS, CHROMIUM
from viewkeeper.dashboard import server
from viewkeeper.dashboard.assets import load_assets
from viewkeeper.dashboard.register import Register
from viewkeeper.protocol.vocabulary import ViewVerdict

OUT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks"
PERIOD_S = 60
"""How often a camera reports by default."""
HAND_PX, DRAG_PX = 60, 700
"""A frame: a brisk hand on the wheel, and the scroll bar dragged."""
SCROLL = """async ([frames, step]) => {
  scrollTo(0, 0);
  await new Promise((done) => setTimeout(done, 300));
  const gaps = [];
  let last = await new Promise(requestAnimationFrame);
  for (let n = 0; n < frames; n++) {
    scrollBy(0, step);
    const now = await new Promise(requestAnimationFrame);
    gaps.push(now - last);
    last = now;
  }
  return gaps;
}"""


@dataclass(frozen=True, slots=True)
class Frames:
    """What a frame took.

    Attributes:
        median_ms, p95_ms, worst_ms: between two frames; 16.7 is the screen's own.
        thread_ms: processor time of the page's main thread for a frame, on average.
        process_ms: of the page's whole process, its painting included.
    """

    median_ms: float
    p95_ms: float
    worst_ms: float
    thread_ms: float
    process_ms: float


class Fleet:
    """Cameras that report one after the other, each once in ``PERIOD_S``."""

    def __init__(self, broker: desk.Broker, count: int) -> None:
        self.voices = [desk.Voice(broker, f"cam-{n}", f"Gate {n}") for n in range(count)]
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.max_inflight_messages_set(200)
        self._client.connect("127.0.0.1", broker.tcp_port)
        self._client.loop_start()
        self._stop = threading.Event()
        self.sent = 0

    def report_all(self) -> None:
        """Every camera's first report, kept by the broker."""
        last = None
        for number, voice in enumerate(self.voices):
            last = self._client.publish(
                voice.topics.report, voice.sign(_report(number)), qos=1, retain=True
            )
        if last is not None:
            last.wait_for_publish(60)

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Live reports at the fleet's own rate while the block runs."""
        self._stop.clear()
        thread = threading.Thread(target=self._report, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _report(self) -> None:
        began, number = time.monotonic(), 0
        gap = PERIOD_S / len(self.voices)
        while not self._stop.wait(max(0.0, began + number * gap - time.monotonic())):
            voice = self.voices[number % len(self.voices)]
            self._client.publish(
                voice.topics.report, voice.sign(_report(number)), qos=1, retain=True
            )
            number += 1
            self.sent += 1

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def _report(number: int) -> Any:
    """One in a hundred moved, so that the worst really are sorted to the front."""
    if number % 100 == 7:
        return desk.report(verdict=ViewVerdict.MOVED, pan_deg=3.0)
    return desk.report(pan_deg=0.001 * (number % 90))


def bundle(browser: Browser, url: str) -> tuple[int, int, int]:
    """(requests, bytes as sent, bytes unpacked) of the page itself, without its configuration."""
    page = browser.new_page()
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(url)
    # Quiet on the network is no sign of being done: a busy machine is quiet between two modules.
    page.wait_for_selector("main .tile, main .card")
    page.wait_for_load_state("networkidle")
    found: dict[str, tuple[int, int]] = {}
    for answer in answers:
        if not answer.url.endswith("config.json"):
            body = answer.body()
            found[answer.url] = (len(gzip.compress(body, 6)), len(body))
    page.close()
    return len(found), sum(one for one, _ in found.values()), sum(two for _, two in found.values())


def everything() -> int:
    """Bytes of every script, style and text of the page, each gzipped as it is sent."""
    told = (".js", ".css", ".json", ".svg", ".html")
    return sum(len(one.gzipped) for path, one in load_assets().items() if path.endswith(told))


def weights(browser: Browser, url: str) -> list[str]:
    """The rows that tell bytes, which no load of the machine changes."""
    requests, packed, plain = bundle(browser, url)
    return [
        f"| files the page loads at its start, one language | {requests}, {plain / 1024:.0f} KB, "
        f"**{packed / 1024:.0f} KB gzip** (goal 200) |",
        f"| every file it may ever load, both languages | {everything() / 1024:.0f} KB gzip |",
    ]


def first_paint(browser: Browser, url: str, times: int = 9) -> tuple[float, float]:
    """Medians in ms, each in a fresh browser profile: first contentful paint, first camera."""
    paints: list[float] = []
    cameras: list[float] = []
    for _ in range(times):
        context: BrowserContext = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector("[data-camera]")
        paint, now = page.evaluate(
            "[performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,"
            " performance.now()]"
        )
        paints.append(paint)
        cameras.append(now)
        context.close()
    return statistics.median(paints), statistics.median(cameras)


def scrolling(page: Page, frames: int, step: int) -> Frames:
    """Scroll from the top, one step a frame."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def spent_ms() -> tuple[float, float]:
        rows = session.send("Performance.getMetrics")["metrics"]
        found = {one["name"]: 1000 * one["value"] for one in rows}
        return found["ThreadTime"], found["ProcessTime"]

    page.evaluate(SCROLL, [30, step])  # the first frames compile
    before = spent_ms()
    gaps = sorted(page.evaluate(SCROLL, [frames, step]))
    thread, process = (
        (after - was) / frames for after, was in zip(spent_ms(), before, strict=True)
    )
    session.detach()
    p95 = gaps[int(0.95 * len(gaps))]
    return Frames(statistics.median(gaps), p95, gaps[-1], thread, process)


def measure(browser: Browser, count: int, frames: int) -> list[str]:
    """The table of one fleet, in lines."""
    with tempfile.TemporaryDirectory() as name:
        broker = desk.Broker(Path(name))
        broker.start()
        fleet = Fleet(broker, count)
        register = Register(tuple(voice.entry() for voice in fleet.voices))
        running = server.start(register, broker.url, port=0)
        few = server.start(Register(register.cameras[:3]), broker.url, port=0)
        try:
            return _measured(browser, fleet, running.url, few.url, frames)
        finally:
            running.close()
            few.close()
            fleet.close()
            broker.stop()


def _measured(browser: Browser, fleet: Fleet, url: str, few_url: str, frames: int) -> list[str]:
    paint, card = first_paint(browser, few_url)
    paint_all, card_all = first_paint(browser, url)
    fleet.report_all()
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    began = time.monotonic()
    page.goto(url)
    # Not wait_for_function: it polls by eval, which the page's policy forbids.
    expect(page.locator("[data-filter=none] b")).to_have_text("0", timeout=180_000)
    whole_s = time.monotonic() - began
    rows: list[tuple[str, Frames]] = []
    for name, step in (("a hand's scroll", HAND_PX), ("the bar dragged", DRAG_PX)):
        rows.append((f"{name}, nothing arrives", scrolling(page, frames, step)))
        with fleet.reporting():
            rows.append((f"{name}, all report", scrolling(page, frames, step)))
    count = len(fleet.voices)
    rate = count / PERIOD_S
    return [
        *weights(browser, few_url),
        f"| first contentful paint, 3 cameras | {paint:.0f} ms |",
        f"| first camera drawn, 3 cameras | {card:.0f} ms |",
        f"| first contentful paint, {count:,} cameras | {paint_all:.0f} ms |",
        f"| first camera drawn, {count:,} cameras | {card_all:.0f} ms |",
        f"| {count:,} kept reports received, verified, sorted | {whole_s:.1f} s |",
        "",
        f"Scrolling {count:,} cameras, {frames} frames each; where all report, {rate:.0f} signed "
        "reports a second arrive and are verified meanwhile. A screen of 60 Hz gives a frame "
        "every 16.7 ms. The last two columns are processor time a frame, which others on "
        f"the machine disturb less ({os.getloadavg()[0]:.0f} processes were waiting for "
        f"{os.cpu_count()} cores).",
        "",
        "| | px a frame | median ms | 95 % below ms | worst ms | main thread ms | process ms |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {name} | {HAND_PX if 'hand' in name else DRAG_PX} | {one.median_ms:.1f} "
            f"| {one.p95_ms:.1f} | {one.worst_ms:.1f} "
            f"| {one.thread_ms:.1f} | {one.process_ms:.1f} |"
            for name, one in rows
        ),
    ]


def weigh_again(browser: Browser, page: Path) -> None:
    """Write the rows of bytes anew and leave every time as it was measured."""
    nobody = desk.Broker(page.parent)  # never started
    register = desk.everybody(desk.Voice(nobody, "cam-0"))
    running = server.start(register, nobody.url, port=0)
    rows = weights(browser, running.url)
    running.close()
    label = {row.split(" | ")[0]: row for row in rows}
    lines = page.read_text(encoding="utf-8").splitlines()
    told = [label.get(line.split(" | ")[0], line) for line in lines]
    page.write_text("\n".join([*told, ""]), encoding="utf-8")
    print("\n".join(rows))


def main(argv: list[str] | None = None) -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cameras", type=int, default=10_000)
    parser.add_argument("--frames", type=int, default=240)
    parser.add_argument("--no-write", action="store_true", help="print only")
    parser.add_argument("--bytes", action="store_true", help="write the rows of bytes alone anew")
    options = parser.parse_args(argv)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        if options.bytes:
            weigh_again(browser, OUT / "dashboard.md")
            browser.close()
            return
        version = browser.version
        lines = measure(browser, options.cameras, options.frames)
        browser.close()
    text = "\n".join(
        [
            "# What the operator's page costs",
            "",
            f"Chromium {version} without a graphics card (it paints on the same processor), page, "
            "broker and fleet on one machine of two cores that others used too.",
            "",
            "| | |",
            "|---|---|",
            *lines,
            "",
        ]
    )
    print(text)
    if not options.no_write:
        (OUT / "dashboard.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
