"""The camera's link to its broker: threads, timing, and nothing that decides.

One thread speaks to the network (``_run``), one to the card (``_keep``); callers speak to
neither. Settings come in, orders go out, bytes are never looked into.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from viewkeeper.agent.adapters.link.backoff import Uniform
from viewkeeper.agent.adapters.link.connection import (
    Connection,
    ConnectionFailed,
    Incoming,
    password_of,
    tls_context,
)
from viewkeeper.agent.adapters.link.messages import (
    LinkCounts,
    Lost,
    ReceivedOrder,
    ReplyTo,
    dress,
    order_kind,
    verdict_topic,
)
from viewkeeper.agent.adapters.link.outbox import Outbox
from viewkeeper.agent.adapters.link.sender import Sender
from viewkeeper.agent.adapters.link.settings import LinkSettings
from viewkeeper.agent.adapters.link.versions import Versions
from viewkeeper.protocol.errors import Reason, SetupError, ViewkeeperError
from viewkeeper.protocol.topics import OFFLINE, ONLINE
from viewkeeper.protocol.vocabulary import OrderKind

log = logging.getLogger(__name__)
T = TypeVar("T")

WINDOW = 10
"""Publications that may wait for their acknowledgement at one time."""
RESUBSCRIBE_S = 30.0
"""A refused subscription is tried again after this long."""
LASTED_S = 30.0
"""A connection that broke sooner counts as a failed attempt: no hot loop of quarrels."""


class Link:
    """MQTT for one camera. No method but ``stop`` waits for the network or the card.

    Every publish method may be called from any thread, before ``start`` and while offline.
    ``on_order`` and ``on_state`` are called on the link's own thread: the broker hears that an
    order arrived (PUBACK) only after ``on_order`` has returned. An exception out of a callback
    is logged and counted, never fatal.

    Args:
        settings: where the broker is and how patient to be with it.
        on_order: takes each order as received, unverified.
        on_state: told ``True`` on each accepted connection, ``False`` when it is lost.
        on_gap: seals a Gap record for records that had to be dropped; ``None`` as its answer,
            or no ``on_gap`` at all: the loss is only counted and logged.
        on_witness: takes what the recorder countersigned, as received, unverified.
        on_sent: told each record that mattered, once the broker has acknowledged it.
        uniform: chance for the pause between attempts, like ``random.uniform``.
        clock: seconds, monotonic.

    Raises:
        SetupError: an outbox whose folder cannot be made.
    """

    def __init__(
        self,
        settings: LinkSettings,
        on_order: Callable[[ReceivedOrder], None],
        on_state: Callable[[bool], None] = lambda connected: None,
        *,
        on_gap: Callable[[Lost], bytes | None] | None = None,
        on_witness: Callable[[bytes], None] | None = None,
        on_sent: Callable[[bytes], None] | None = None,
        uniform: Uniform = random.uniform,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.topics = settings.topics
        self._on_order, self._on_state, self._on_gap = on_order, on_state, on_gap
        self._on_witness, self._on_sent = on_witness, on_sent
        self._uniform, self._clock = uniform, clock
        self._withdrawn = False
        self._mirrored_s = -math.inf
        self._outbox = Outbox(
            settings.outbox,
            most_rows=settings.outbox_rows,
            most_bytes=settings.outbox_bytes,
            linger_s=settings.linger_s,
            clock=clock,
        )
        self._sender = Sender(
            self._outbox,
            self.topics.history,
            dress(self.topics, settings.telemetry_expiry_s, settings.record_expiry_s),
            history_rate_hz=settings.history_rate_hz,
            clock=clock,
            settle_s=settings.settle_s,
        )
        self._versions = Versions.first(settings)
        self._backoff = settings.backoff
        self._counts = LinkCounts()
        self._connected = threading.Event()
        self._stopping = threading.Event()
        self._kept_awake = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._sender.stand(self.topics.status, ONLINE)
        if settings.introduction is not None:
            self._introduce()
        self._connection: Connection | None = None
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to connect in the background.

        Raises:
            SetupError: a TLS or password file that cannot be read.
        """
        if self._threads:
            raise SetupError(Reason.SETTING, "a link starts once; make a new one")
        password_of(self.settings)
        if self.settings.tls is not None:
            tls_context(self.settings.tls)
        for name, body in (("link", self._run), ("link-outbox", self._keep)):
            thread = threading.Thread(target=body, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, timeout_s: float = 3.0) -> None:
        """Say ``offline``, disconnect cleanly, write the outbox. Safe to call twice."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._wake()
        self._kept_awake.set()
        for thread in self._threads:
            thread.join(timeout_s)
        self._outbox.close()
        if not any(thread.is_alive() for thread in self._threads):
            os.close(self._wake_read)
            os.close(self._wake_write)
            self._wake_read = self._wake_write = -1

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and our subscription, and not been lost since."""
        return self._connected.is_set()

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait for a connection; whether there is one. For tests and one-off tools."""
        return self._connected.wait(timeout_s)

    @property
    def counts(self) -> LinkCounts:
        """What the link did since it started."""
        outbox = self._outbox.counts
        return replace(
            self._counts,
            lost=outbox.lost,
            waiting=max(0, self._sender.unacknowledged()),
            written_bytes=outbox.written_bytes,
        )

    # what the camera says

    def publish_report(self, payload: bytes) -> None:
        """The present report: retained; an unsent older one is forgotten; renewed on reconnect."""
        self._sender.stand(self.topics.report, payload, numbered=True)
        self._wake()

    def publish_state(self, payload: bytes, *, changed: bool = True) -> None:
        """The plain JSON mirror: as the report.

        Args:
            changed: whether it tells anything new but time and measurements. What does not is
                held back for ``mirror_period_s``: it would be most of an idle camera's traffic.
        """
        now_s = self._clock()
        rare = self.settings.introduction is None  # Home Assistant forgets what is not renewed
        if rare and not changed and now_s - self._mirrored_s < self.settings.mirror_period_s:
            return
        self._mirrored_s = now_s
        self._sender.stand(self.topics.state, payload)
        self._wake()

    def publish_checkpoint(self, payload: bytes) -> None:
        """The ledger's signed checkpoint: as the report."""
        self._sender.stand(self.topics.checkpoint, payload)
        self._wake()

    def publish_event(self, kind: str, payload: bytes) -> None:
        """A signed event: held until acknowledged; by ``history`` if that needs a reconnect."""
        self._post(self.topics.event(kind), payload)

    def publish_access(self, payload: bytes) -> None:
        """A signed entry of the access register: held as an event is."""
        self._post(self.topics.access, payload)

    def set_alarm(self, alarm_id: str, payload: bytes | None) -> None:
        """Raise an alarm (retained, held until acknowledged) or clear it with ``None``.

        What stands survives a restart of the agent: see ``standing_alarms``.
        """
        topic = self.topics.alarm(alarm_id)
        if payload is None:
            self._sender.clear(topic)
            self._wake()
        else:
            self._post(topic, payload, stands=True)

    def end_alarm(self, alarm_id: str, payload: bytes) -> None:
        """Send the signed end of an alarm, held as an event is; then clear its topic."""
        topic = self.topics.alarm(alarm_id)
        self._post(topic, payload)
        self._sender.clear(topic)
        self._wake()

    @property
    def standing_alarms(self) -> tuple[str, ...]:
        """Ids of the alarms that stand, also those a former process of this agent raised."""
        prefix = self.topics.alarm("")
        return tuple(topic.removeprefix(prefix) for topic in self._sender.standing(prefix))

    def publish_verdict(
        self, kind: OrderKind, payload: bytes, response: ReplyTo | None = None
    ) -> None:
        """A signed verdict: ``config/applied`` (retained) or ``reply``; held as an event is."""
        self._post(
            verdict_topic(self.topics, kind, response),
            payload,
            stands=kind is OrderKind.CONFIG,
            correlation=response.correlation_data if response else None,
        )

    def publish_history(self, payload: bytes) -> None:
        """A signed record straight to ``history``: gaps, clock fixes. Held as an event is."""
        self._post(self.topics.history, payload)

    def withdraw(self) -> None:
        """Take the camera's introduction back: Home Assistant forgets its entities."""
        introduction = self.settings.introduction
        self._withdrawn = True
        if introduction is not None:
            for topic in introduction.messages(self.topics):
                self._sender.clear(topic)
            self._wake()

    def _introduce(self) -> None:
        introduction = self.settings.introduction
        if introduction is None or self._withdrawn:
            return
        for topic, payload in introduction.messages(self.topics).items():
            self._sender.stand(topic, payload)

    @property
    def _subscriptions(self) -> tuple[str, ...]:
        introduction = self.settings.introduction
        birth = () if introduction is None else (introduction.birth_topic,)
        witness = () if self._on_witness is None else (self.topics.witness,)
        return self.topics.orders + witness + birth

    def _post(
        self, topic: str, payload: bytes, *, stands: bool = False, correlation: bytes | None = None
    ) -> None:
        self._sender.post(topic, payload, stands=stands, correlation=correlation)
        self._kept_awake.set()
        self._wake()

    def _wake(self) -> None:
        # A full pipe means that it will wake anyway; a closed one, that it has stopped.
        with contextlib.suppress(OSError):
            os.write(self._wake_write, b"\0")

    # the thread of the card

    def _keep(self) -> None:
        while not self._stopping.is_set():
            due_s = self._outbox.due_in_s()
            self._kept_awake.wait(60.0 if due_s is None else max(due_s, 0.05))
            self._kept_awake.clear()
            if self._outbox.due_in_s() == 0.0:
                self._outbox.flush()

    # the thread of the network

    def _run(self) -> None:
        self._stopping.wait(self._uniform(0.0, self.settings.spread_s))
        while not self._stopping.is_set():
            self._attempt()
            if self._stopping.is_set():
                return
            wait_s = self._backoff.wait_s(self._uniform)
            log.info("link: next attempt in %.1f s", wait_s)
            self._stopping.wait(wait_s)

    def _attempt(self) -> None:
        """One connection from CONNECT to its end."""
        since_s = self._clock()
        try:
            connection = Connection(
                self.settings, self._versions.present, self._acknowledged, self._incoming
            )
            connection.open(self._wake_read)
        except ConnectionFailed as error:
            self._versions = self._versions.failed(
                refused_version=error.refused_version, unanswered=error.unanswered
            )
            self._ended(str(error), lasted=False)
            return
        except (ViewkeeperError, OSError) as error:  # a certificate that went away meanwhile
            self._ended(str(error), lasted=False)
            return
        self._versions = self._versions.accepted()
        self._counts = replace(
            self._counts, connects=self._counts.connects + 1, mqtt=connection.version.value
        )
        log.info("link: connected, MQTT %s", connection.version.value)
        self._sender.begin()
        self._connection = connection
        self._serve(connection)
        self._connection = None
        if self._connected.is_set():
            self._connected.clear()
            self._tell(False)
        if not self._stopping.is_set():
            self._ended(connection.end_text, lasted=self._clock() - since_s >= LASTED_S)

    def _ended(self, text: str, *, lasted: bool) -> None:
        self._backoff = self._backoff.lasted() if lasted else self._backoff.failed()
        self._counts = replace(self._counts, failures=self._counts.failures + 1, last_error=text)
        log.warning("link: %s", text)

    def _serve(self, connection: Connection) -> None:
        connection.subscribe(self._subscriptions)
        asked_s = self._clock()
        self._sender.stand(self.topics.status, ONLINE)
        window = min(WINDOW, connection.receive_maximum)
        warned = ""
        for replaced in self._sender.take_superseded():
            self._tell_gap(replaced)
        while not self._stopping.is_set():
            self._sender.settle()
            self._tell_losses()
            self._send(connection, window)
            history_s = self._sender.history_in_s()
            if not connection.pump(
                1.0 if history_s is None else min(1.0, history_s), self._wake_read
            ):
                return
            self._drain()
            if connection.subscribed and not self._connected.is_set():
                self._connected.set()
                self._tell(True)
            if connection.warning != warned:
                warned = connection.warning
                if warned:
                    self._counts = replace(self._counts, last_error=warned)
                    log.warning("link: %s", warned)
            if warned and self._clock() - asked_s >= RESUBSCRIBE_S:
                # A cluster that elects a leader refuses for a moment; orders must come some day.
                asked_s = self._clock()
                connection.subscribe(self._subscriptions)
            if self._sender.oldest_age_s() > self.settings.stall_s:
                log.warning("link: the broker acknowledges nothing")
                connection.abandon()
                return
        self._farewell(connection, window)

    def _farewell(self, connection: Connection, window: int) -> None:
        """The clean end: what is on its way gets a moment, then ``offline`` is said."""
        self._sender.stand(self.topics.status, OFFLINE)
        deadline = time.monotonic() + 2.0
        while time.monotonic() < deadline:
            self._send(connection, window, history=False)
            if self._sender.in_flight() == 0 or not connection.pump(0.1, self._wake_read):
                break
            self._drain()
        connection.close(self._wake_read)

    def _send(self, connection: Connection, window: int, *, history: bool = True) -> None:
        while self._sender.in_flight() < window:
            job = self._sender.next(history=history)
            if job is None:
                return
            self._sender.sent(connection.publish(job.message), job)

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while len(os.read(self._wake_read, 4096)) == 4096:
                pass

    def _tell_losses(self) -> None:
        for lost in self._outbox.take_losses():
            log.error("link: %d records were lost: the outbox was full", lost.count)
            self._tell_gap(lost)

    def _tell_gap(self, lost: Lost) -> None:
        if self._on_gap is None:
            return
        try:
            payload = self._on_gap(lost)
        except Exception:  # the caller's code must not end the link
            log.exception("link: on_gap failed")
            return
        if payload is not None:
            self._sender.post_gap(payload)

    def _tell(self, connected: bool) -> None:
        self._guarded("on_state", self._on_state, connected)

    def _guarded(self, name: str, call: Callable[[T], object], value: T) -> None:
        try:
            call(value)
        except Exception:  # the caller's code must not end the link
            log.exception("link: %s failed", name)

    def _acknowledged(self, packet_id: int, failure: str) -> None:
        job = self._sender.acknowledged(packet_id, refused=bool(failure))
        if job is None:
            return
        counts = self._counts
        if failure:
            log.warning("link: the broker refused %s: %s", job.message.topic, failure)
            self._counts = replace(
                counts, refused=counts.refused + 1, last_error=f"{job.message.topic}: {failure}"
            )
        elif job.row:
            self._counts = replace(counts, sent=counts.sent + 1)
            if self._on_sent is not None:
                self._guarded("on_sent", self._on_sent, job.message.payload)

    def _incoming(self, message: Incoming) -> None:
        introduction = self.settings.introduction
        if introduction is not None and message.topic == introduction.birth_topic:
            if message.payload == ONLINE:
                self._introduce()
            return
        if self._on_witness is not None and message.topic == self.topics.witness:
            self._guarded("on_witness", self._on_witness, message.payload)
            return
        kind = order_kind(self.topics, message.topic)
        if kind is None:
            log.warning("link: ignored a message on %s", message.topic)
            return
        order = ReceivedOrder(kind, message.payload, message.retained, message.reply, message.topic)
        self._guarded("on_order", self._on_order, order)
