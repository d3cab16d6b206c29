"""A run: broker, recorder and cameras started, faults at their moments, everything counted.

The composition root of this room: the only file that knows all its parts.
"""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from viewkeeper.agent.adapters.link.settings import LinkSettings, TlsSettings
from viewkeeper.sim.broker import LOOPBACK
from viewkeeper.sim.errors import SimError
from viewkeeper.sim.fleet.broker import FleetBroker
from viewkeeper.sim.fleet.camera import FleetCamera
from viewkeeper.sim.fleet.desk import Desk
from viewkeeper.sim.fleet.line import Line, silent_pipe
from viewkeeper.sim.fleet.outcome import Outcome, Outside
from viewkeeper.sim.fleet.plan import FaultKind, Plan
from viewkeeper.sim.fleet.process import cost_of
from viewkeeper.sim.fleet.slow_link import SlowLink
from viewkeeper.sim.fleet.tally import Sample, Tally
from viewkeeper.sim.fleet.troubles import Troubles

OPENERS = 128
SAMPLE_S, ASK_S, TEND_S = 1.0, 3.0, 10.0
DRAIN_S = 180.0
_SPARE_FILES = 400


class Fleet:
    """One run.

    Args:
        plan: what to do.
        folder: for the files of broker and recorder.
        outside: brokers that run already; ``None``: start a mosquitto.
        progress: told every sample.
    """

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        *,
        outside: Outside | None = None,
        progress: Callable[[Plan, Sample], None] = lambda plan, sample: None,
    ) -> None:
        self._plan, self._folder, self._progress = plan, folder, progress
        self._outside = outside
        ours = {FaultKind.BROKER_KILL, FaultKind.BROKER_RESTART}
        if outside is not None and any(fault.kind in ours for fault in plan.faults):
            raise SimError("fleet_range", "a broker that is not ours is not ours to restart")
        self.tally = Tally()
        self._cameras = [
            FleetCamera(index, plan.seed, mirror=plan.mirror, clock=time.monotonic)
            for index in range(plan.cameras)
        ]
        names = [camera.name for camera in self._cameras]
        self._broker = None if outside else FleetBroker(folder, tls=plan.tls, cameras=names)
        tls = self._tls_of("recorder.fleet")
        where = outside.recorder if outside else (LOOPBACK, self._port)
        self.desk = Desk(
            folder,
            self._cameras,
            *where,
            tls=tls,
            mqtt=outside.mqtt if outside else "5",
            period_s=plan.period_s,
        )
        self._lines: list[Line] = []
        self._down: set[int] = set()
        self._began_s = 0.0
        self._late_s = 0.0
        self._health: Mapping[str, Any] = {}
        _allow_files(2 * plan.cameras + _SPARE_FILES)

    def run(self) -> Outcome:
        """Start everything, live through the plan, end everything, hold the books together."""
        try:
            if self._broker is not None:
                self._broker.start()
            self.desk.start()
            asyncio.run(self._live())
            caught_up_s = self._wait_for_recorder()
        finally:
            self.desk.stop()
            if self._broker is not None:
                self._broker.stop()
        audit = self.desk.audit(self.tally.acknowledged)
        connections = None
        if self._broker is not None:
            connections = max(self._broker.connections_by_second().values(), default=0)
        return Outcome(
            plan=self._plan,
            tally=self.tally,
            audit=audit,
            began_s=self._began_s,
            connections=connections,
            caught_up_s=caught_up_s,
        )

    @property
    def _port(self) -> int:
        assert self._broker is not None
        return self._broker.port

    def _wait_for_recorder(self) -> float | None:
        since = time.monotonic()
        while time.monotonic() - since < DRAIN_S:
            if self.desk.missing(self.tally.acknowledged) == 0:
                return time.monotonic() - since
            time.sleep(1.0)
        return None

    async def _live(self) -> None:
        plan, loop = self._plan, asyncio.get_running_loop()
        host, port = self._outside.cameras if self._outside else (LOOPBACK, self._port)
        slow = SlowLink(port)
        await slow.start()
        openers = ThreadPoolExecutor(OPENERS, "opener")
        wake, other_end = silent_pipe()
        slow_ones = int(plan.slow_share * plan.cameras) if host == LOOPBACK else 0
        self._lines = [
            Line(
                camera,
                self._settings(camera, host, slow.port if camera.index < slow_ones else port),
                openers,
                self.tally,
                _utc_ms,
                wake,
            )
            for camera in self._cameras
        ]
        while not (await loop.run_in_executor(openers, self.desk.health)).get("connected"):
            await asyncio.sleep(0.2)
        self._began_s = time.monotonic()
        for line in self._lines:
            line.power_on()
        watching = loop.create_task(self._watch(slow))
        asking = loop.create_task(self._ask())
        troubles = Troubles(
            self._cameras, self._lines, self._broker, self.tally, self._down, _utc_ms
        )
        happenings = [loop.create_task(troubles.happen(fault, slow)) for fault in plan.faults]
        self._start_reporting(loop)
        await asyncio.sleep(plan.seconds)
        for task in (*happenings, watching, asking):
            task.cancel()
        self._began_s, began = 0.0, self._began_s  # no more reports
        gate = asyncio.Semaphore(200)

        async def leave(line: Line) -> None:
            async with gate:
                await line.say_goodbye()

        await asyncio.gather(*(leave(line) for line in self._lines))
        self._began_s = began
        await slow.close()
        await loop.run_in_executor(None, openers.shutdown)
        for end in (wake, other_end):
            os.close(end)

    def _settings(self, camera: FleetCamera, host: str, port: int) -> LinkSettings:
        old = self._outside is not None and self._outside.mqtt == "3.1.1"
        return LinkSettings(
            host=host,
            port=port,
            site=camera.topics.site,
            camera=camera.topics.camera,
            tls=self._tls_of(camera.name),
            spread_s=self._plan.spread_s,
            prefer_v311=old,
        )

    def _tls_of(self, name: str) -> TlsSettings | None:
        if self._outside is not None:
            return self._outside.tls_of(name)
        return None if self._broker is None else self._broker.tls_of(name)

    # what goes on all the time

    def _start_reporting(self, loop: asyncio.AbstractEventLoop) -> None:
        """Each camera at its own moment of the period, as cameras are."""
        for camera, line in zip(self._cameras, self._lines, strict=True):
            first_s = camera.chance.uniform(0.0, self._plan.period_s)
            loop.call_later(first_s, self._report, camera, line, loop.time() + first_s)
            self._draw_event(loop, camera, line)

    def _report(self, camera: FleetCamera, line: Line, due_s: float) -> None:
        if self._began_s == 0.0:
            return
        loop = asyncio.get_running_loop()
        self._late_s = max(self._late_s, loop.time() - due_s)
        due_s += self._plan.period_s
        loop.call_at(due_s, self._report, camera, line, due_s)
        if camera.index not in self._down:
            camera.report(_utc_ms())
            self.tally.sealed += 1
            line.flush()

    def _draw_event(self, loop: asyncio.AbstractEventLoop, camera: FleetCamera, line: Line) -> None:
        if self._plan.events_per_hour:
            wait_s = camera.chance.expovariate(self._plan.events_per_hour / 3600)
            loop.call_later(wait_s, self._event, camera, line)

    def _event(self, camera: FleetCamera, line: Line) -> None:
        if self._began_s == 0.0:
            return
        if camera.index not in self._down:
            camera.event(_utc_ms())
            self.tally.sealed += 1
            line.flush()
        self._draw_event(asyncio.get_running_loop(), camera, line)

    async def _ask(self) -> None:
        """The recorder counts its records to answer: not too often."""
        while True:
            self._health = await asyncio.to_thread(self.desk.health) or self._health
            await asyncio.sleep(ASK_S)

    async def _watch(self, slow: SlowLink) -> None:
        tended_s = time.monotonic()
        while True:
            await asyncio.sleep(SAMPLE_S)
            health = self._health
            broker, recorder = (
                cost_of(self._broker.pid if self._broker else 0),
                cost_of(self.desk.pid),
            )
            tally, late_s, self._late_s = self.tally, self._late_s, 0.0
            sample = Sample(
                at_s=time.monotonic() - self._began_s,
                connected=tally.connected,
                sealed=tally.sealed,
                acknowledged=len(tally.acknowledged),
                kept=int(health.get("records", 0)),
                waiting=int(health.get("waiting", 0)),
                loop_late_s=late_s,
                broker_rss_kib=broker.rss_kib,
                recorder_rss_kib=recorder.rss_kib,
                broker_cpu_s=broker.cpu_s,
                recorder_cpu_s=recorder.cpu_s,
                own_cpu_s=time.process_time(),
                up_bytes=slow.up_bytes,
                down_bytes=slow.down_bytes,
            )
            tally.samples.append(sample)
            self._progress(self._plan, sample)
            if time.monotonic() - tended_s >= TEND_S:
                tended_s = time.monotonic()
                for start in range(0, len(self._lines), 200):
                    for line in self._lines[start : start + 200]:
                        line.tend()
                    await asyncio.sleep(0)


def _utc_ms() -> int:
    return time.time_ns() // 1_000_000


def _allow_files(needed: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < needed:
        if 0 <= hard < needed:
            raise SimError(
                "open_files", f"needs {needed} open files, {hard} are allowed: ulimit -n"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
