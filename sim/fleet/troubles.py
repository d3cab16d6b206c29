"""What goes wrong in a run: power, broker, line, network and clocks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from viewkeeper.sim.fleet.broker import FleetBroker
from viewkeeper.sim.fleet.camera import FleetCamera
from viewkeeper.sim.fleet.line import Line
from viewkeeper.sim.fleet.plan import Fault, FaultKind
from viewkeeper.sim.fleet.slow_link import SlowLink
from viewkeeper.sim.fleet.tally import Tally

SLOW_S = 2.0
CLOCK_SHARE = 0.1
"""Of the cameras, whose clocks jump together."""


class Troubles:
    """Does to a running fleet what its plan says.

    Args:
        cameras, lines: in the same order.
        broker: ours to restart, or none.
        tally: counts what a trouble makes the cameras say.
        down: indices of cameras without power; others look there before they report.
        utc_ms: the true clock.
    """

    def __init__(
        self,
        cameras: Sequence[FleetCamera],
        lines: Sequence[Line],
        broker: FleetBroker | None,
        tally: Tally,
        down: set[int],
        utc_ms: Callable[[], int],
    ) -> None:
        self._cameras, self._lines, self._broker = cameras, lines, broker
        self._tally, self._down, self._utc_ms = tally, down, utc_ms

    async def happen(self, fault: Fault, slow: SlowLink) -> None:
        """Wait for its moment, do it, and end it."""
        await asyncio.sleep(fault.at_s)
        if fault.kind is FaultKind.POWER_CUT:
            await self._power_cut(fault.for_s)
        elif fault.kind in (FaultKind.BROKER_KILL, FaultKind.BROKER_RESTART):
            await self._restart(fault)
        elif fault.kind is FaultKind.LINK_CUT:
            for line in self._lines:
                line.break_off()
        elif fault.kind is FaultKind.SLOW_NETWORK:
            slow.delay_s = SLOW_S
            await asyncio.sleep(fault.for_s)
            slow.delay_s = 0.0
        else:
            await self._clock_jump(fault.for_s)

    async def _power_cut(self, for_s: float) -> None:
        self._down.update(range(len(self._cameras)))
        for line in self._lines:
            line.power_off()
        await asyncio.sleep(for_s)
        for camera, line in zip(self._cameras, self._lines, strict=True):
            camera.boot()
            line.power_on()
        self._down.clear()

    async def _restart(self, fault: Fault) -> None:
        assert self._broker is not None
        end = self._broker.kill if fault.kind is FaultKind.BROKER_KILL else self._broker.stop
        await asyncio.to_thread(end)
        await asyncio.sleep(fault.for_s)
        await asyncio.to_thread(self._broker.start)

    async def _clock_jump(self, for_s: float) -> None:
        every = int(1 / CLOCK_SHARE)
        off = [
            pair
            for pair in zip(self._cameras, self._lines, strict=True)
            if not pair[0].index % every
        ]
        for camera, _ in off:
            camera.set_clock(self._utc_ms(), camera.draw_jump_ms())
            self._tally.jumped.add(camera.name)
        await asyncio.sleep(for_s)
        for camera, line in off:
            camera.set_clock(self._utc_ms(), 0)
            self._tally.sealed += 1
            line.flush()
