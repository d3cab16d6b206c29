"""A slow network for many connections on one event loop: each chunk is held for a while.

`sim/relay.py` does the same with threads, for a few connections that a test cuts by hand.
"""

from __future__ import annotations

import asyncio
from typing import cast

from viewkeeper.sim.broker import LOOPBACK


class _End(asyncio.Protocol):
    """One end of a pair; what comes in goes out at the other, in order."""

    def __init__(self, link: SlowLink, *, near: bool) -> None:
        self._link, self._near = link, near
        self._loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None
        self.other: _End | None = None
        self._held: list[bytes] = []
        self._free_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._near:
            self._link.up_bytes += len(data)
        else:
            self._link.down_bytes += len(data)
        # Never before what was held earlier, also when the network has got faster meanwhile.
        # The least bit later: the loop does not keep the order of what is due at one moment.
        self._free_s = max(self._free_s + 1e-6, self._loop.time() + self._link.delay_s)
        self._loop.call_at(self._free_s, self._pass_on, data)

    def connection_lost(self, exc: Exception | None) -> None:
        at_s = max(self._free_s + 1e-6, self._loop.time() + self._link.delay_s)
        self._loop.call_at(at_s, self._hang_up)

    def _pass_on(self, data: bytes) -> None:
        if self.other is None:  # the far end is not there yet
            self._held.append(data)
        elif self.other.transport is not None and not self.other.transport.is_closing():
            self.other.transport.write(data)

    def _hang_up(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()

    def meet(self, other: _End) -> None:
        """Know the other end; what came before goes to it now."""
        self.other = other
        held, self._held = self._held, []
        for data in held:
            self._pass_on(data)


class SlowLink:
    """Relays ``port`` to a broker.

    Attributes:
        port: connect here instead.
        delay_s: how long each chunk is held, either way, from now on.
        up_bytes, down_bytes: carried so far, of what TCP carries (TLS, MQTT).
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._calls: set[asyncio.Task[None]] = set()
        self.port = 0
        self.delay_s = 0.0
        self.up_bytes = self.down_bytes = 0

    async def start(self) -> None:
        """Listen on a free port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, LOOPBACK, 0, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
        for call in self._calls:
            call.cancel()

    def _accept(self) -> _End:
        near = _End(self, near=True)
        call = asyncio.get_running_loop().create_task(self._call(near))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        return near

    async def _call(self, near: _End) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, far = await loop.create_connection(
                lambda: _End(self, near=False), LOOPBACK, self._target_port
            )
        except OSError:
            if near.transport is not None:
                near.transport.abort()
            return
        near.meet(far)
        far.meet(near)
