"""A camera's line to the broker: the agent's connection and sender, driven by an event loop.

A TLS handshake blocks, so that it happens on a thread; from then on the loop alone touches it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from viewkeeper.agent.adapters.link.connection import Connection, ConnectionFailed
from viewkeeper.agent.adapters.link.link import LASTED_S
from viewkeeper.agent.adapters.link.messages import Incoming
from viewkeeper.agent.adapters.link.session import WINDOW
from viewkeeper.agent.adapters.link.settings import LinkSettings
from viewkeeper.agent.adapters.link.versions import Version
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.topics import OFFLINE, ONLINE
from viewkeeper.sim.fleet.camera import FleetCamera
from viewkeeper.sim.fleet.tally import Tally


class Line:
    """Connects, sends what the camera's sender gives, comes back when the connection breaks.

    Args:
        camera: whose line it is.
        settings: whom to call and how patient to be.
        openers: threads on which connections are opened.
        tally: counts.
        utc_ms: the true time.
        wake: the reading end of a pipe nobody writes to; the agent's connection wants one.
    """

    def __init__(
        self,
        camera: FleetCamera,
        settings: LinkSettings,
        openers: ThreadPoolExecutor,
        tally: Tally,
        utc_ms: Callable[[], int],
        wake: int,
    ) -> None:
        self._camera, self._settings, self._openers = camera, settings, openers
        self._tally, self._utc_ms, self._wake = tally, utc_ms, wake
        self._loop = asyncio.get_running_loop()
        self._version = Version.V311 if settings.prefer_v311 else Version.V5
        self._sent_ms: dict[int, int] = {}
        self._connection: Connection | None = None
        self._watched = -1
        self._writing = False
        self._history_due: asyncio.TimerHandle | None = None
        self._ended: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._ghost: Connection | None = None

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    def power_on(self) -> None:
        """Begin to connect, after the fleet's spread."""
        self._task = self._loop.create_task(self._live())

    def power_off(self) -> None:
        """Gone without a word: the broker is left with a connection on which nothing comes."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._ghost = self._connection or self._ghost
        self._leave()

    def break_off(self) -> None:
        """The network breaks the connection."""
        if self._connection is not None:
            self._connection.abandon()
            self._end("cut")

    async def say_goodbye(self) -> None:
        """A clean end: ``offline`` is said, and acknowledged or not."""
        connection, self._task = self._connection, self._cancelled()
        if connection is None:
            return
        self._camera.sender.stand(self._camera.topics.status, OFFLINE)
        for _ in range(40):
            self.flush()
            if self._camera.sender.in_flight() == 0 or self._connection is None:
                break
            await asyncio.sleep(0.05)
        self._leave()
        await self._loop.run_in_executor(self._openers, connection.close, self._wake)

    def flush(self) -> None:
        """Send what may go now."""
        connection, sender = self._connection, self._camera.sender
        if connection is None:
            return
        window = min(WINDOW, connection.receive_maximum)
        while sender.in_flight() < window:
            job = sender.next()
            if job is None:
                break
            mid = connection.publish(job.message)
            sender.sent(mid, job)
            self._sent_ms[mid] = self._utc_ms()
            self._tally.payload_bytes += len(job.message.payload)
        history_s = sender.history_in_s()
        if history_s is not None and self._history_due is None:
            self._history_due = self._loop.call_later(max(history_s, 0.01), self._history)
        if connection.fileno() == self._watched:
            self._watch_writing()
        else:  # it broke while something was written to it
            self._end(connection.end_text)

    def tend(self) -> None:
        """Keep-alive, and word of a broker that acknowledges nothing; every few seconds."""
        if self._connection is None:
            return
        if self._camera.sender.oldest_age_s() > self._settings.stall_s:
            self._connection.abandon()
            self._end("the broker acknowledges nothing")
        else:
            self._pump()

    def _history(self) -> None:
        self._history_due = None
        self.flush()

    async def _live(self) -> None:
        chance = self._camera.chance
        backoff = self._settings.backoff
        await asyncio.sleep(chance.uniform(0.0, self._settings.spread_s))
        while True:
            lasted = await self._attempt()
            backoff = backoff.lasted() if lasted else backoff.failed()
            await asyncio.sleep(backoff.wait_s(chance.uniform))

    async def _attempt(self) -> bool:
        try:
            connection = await self._dialled()
            await self._greeted(connection)
        except (ConnectionFailed, SetupError, OSError) as error:
            self._tally.failures[str(error)[:60]] += 1
            return False
        since_s = time.monotonic()
        self._ended = self._loop.create_future()
        self._begin(connection)
        await self._ended
        return time.monotonic() - since_s >= LASTED_S

    async def _dialled(self) -> Connection:
        if self._settings.tls is None:  # on this machine that takes no time worth a thread
            return self._dial()
        opening = self._loop.run_in_executor(self._openers, self._dial)
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_abandon)
            raise

    def _dial(self) -> Connection:
        connection = Connection(self._settings, self._version, self._acknowledged, _ignore)
        self._tally.attempt(time.monotonic())
        connection.dial()
        return connection

    async def _greeted(self, connection: Connection) -> None:
        """Wait for the broker's CONNACK."""
        watched, answered = connection.fileno(), self._loop.create_future()
        if watched < 0:
            raise ConnectionFailed(connection.end_text)

        def hear() -> None:
            alive = connection.pump(0.0, self._wake)
            if (connection.accepted or not alive) and not answered.done():
                answered.set_result(alive)

        self._loop.add_reader(watched, hear)
        try:
            if not await asyncio.wait_for(answered, self._settings.connect_timeout_s):
                raise ConnectionFailed(connection.end_text)
        except asyncio.CancelledError:
            connection.abandon()
            raise
        except TimeoutError:
            connection.abandon()
            raise ConnectionFailed("the broker did not answer CONNECT") from None
        finally:
            self._loop.remove_reader(watched)

    def _begin(self, connection: Connection) -> None:
        ghost, self._ghost = self._ghost, None
        if ghost is not None:  # the broker has given its place to the new connection
            ghost.abandon()
        self._connection = connection
        self._watched = connection.fileno()
        if self._watched < 0:
            self._end("broken at once")
            return
        self._loop.add_reader(self._watched, self._pump)
        self._tally.connects += 1
        self._tally.connected += 1
        connection.subscribe(self._camera.topics.orders)
        self._camera.begin(self._utc_ms())
        self._camera.sender.stand(self._camera.topics.status, ONLINE)
        self.flush()

    def _pump(self) -> None:
        connection = self._connection
        if connection is None:
            return
        if connection.pump(0.0, self._wake):
            self.flush()
        else:
            self._end(connection.end_text)

    def _watch_writing(self) -> None:
        if self._connection is None or self._writing == self._connection.wants_write:
            return
        self._writing = not self._writing
        if self._writing:
            self._loop.add_writer(self._watched, self._pump)
        else:
            self._loop.remove_writer(self._watched)

    def _acknowledged(self, mid: int, failure: str) -> None:
        sent_ms = self._sent_ms.pop(mid, 0)
        job = self._camera.sender.acknowledged(mid, refused=bool(failure))
        if job is None:
            return
        if failure:
            self._tally.refused += 1
            self._tally.failures[f"refused: {failure}"] += 1
            return
        self._tally.published += 1
        place = self._camera.settled(job)
        if place is not None:
            self._tally.acknowledged.setdefault((self._camera.name, place), sent_ms)

    def _end(self, text: str) -> None:
        self._tally.failures[text[:60]] += 1
        self._leave()
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    def _leave(self) -> None:
        """The loop looks at this connection no more."""
        if self._connection is None:
            return
        self._connection = None
        self._tally.connected -= 1
        if self._watched >= 0:
            self._loop.remove_reader(self._watched)
            if self._writing:
                self._loop.remove_writer(self._watched)
        self._watched, self._writing = -1, False
        self._sent_ms.clear()

    def _cancelled(self) -> None:
        if self._task is not None:
            self._task.cancel()


def _ignore(message: Incoming) -> None:
    """A fleet camera obeys nobody."""


def _abandon(opening: asyncio.Future[Connection]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().abandon()


def silent_pipe() -> tuple[int, int]:
    """A pipe nobody writes to."""
    return os.pipe()
