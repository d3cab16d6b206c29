"""The camera's link to its broker: threads, timing, and nothing that decides.

One thread speaks to the network (``_run``), one to the card (``_keep``); callers speak to
neither. Settings come in, orders go out, bytes are never looked into.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from viewkeeper.agent.adapters.link.backoff import Uniform
from viewkeeper.agent.adapters.link.connection import Connection, ConnectionFailed
from viewkeeper.agent.adapters.link.credentials import password_of, tls_context
from viewkeeper.agent.adapters.link.ears import Ears
from viewkeeper.agent.adapters.link.messages import LinkCounts, Lost, ReceivedOrder, dress
from viewkeeper.agent.adapters.link.outbox import Outbox
from viewkeeper.agent.adapters.link.sender import Sender
from viewkeeper.agent.adapters.link.session import Session
from viewkeeper.agent.adapters.link.settings import LinkSettings
from viewkeeper.agent.adapters.link.versions import Versions
from viewkeeper.agent.adapters.link.voice import Voice
from viewkeeper.agent.adapters.link.waker import Waker
from viewkeeper.protocol.errors import Reason, SetupError, ViewkeeperError
from viewkeeper.protocol.topics import ONLINE

log = logging.getLogger(__name__)

LASTED_S = 30.0
"""A connection that broke sooner counts as a failed attempt: no hot loop of quarrels."""


class Link(Voice):
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
        on_sent: told each record that mattered, each time the broker has acknowledged it.
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
        self._uniform = uniform
        self._outbox = Outbox(
            settings.outbox,
            most_rows=settings.outbox_rows,
            most_bytes=settings.outbox_bytes,
            linger_s=settings.linger_s,
            clock=clock,
        )
        topics = settings.topics
        sender = Sender(
            self._outbox,
            topics.history,
            dress(topics, settings.telemetry_expiry_s, settings.record_expiry_s),
            history_rate_hz=settings.history_rate_hz,
            clock=clock,
            hold_s=settings.receipt_s or settings.settle_s,
            resend_s=settings.resend_s,
            tells=settings.receipt_s > 0,
        )
        self._versions = Versions.first(settings)
        self._backoff = settings.backoff
        self._stopping = threading.Event()
        self._kept_awake = threading.Event()
        self._waker = Waker()
        sender.stand(topics.status, ONLINE)
        super().__init__(settings, sender, clock, self._wake)
        self._session = Session(
            settings,
            sender,
            self._outbox,
            Ears(on_order, on_state, on_gap, on_witness, on_sent),
            self._introduce,
            self._kept_awake.set,
            self._waker,
            self._stopping,
            clock,
        )
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
            self._waker.close()

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and our subscription, and not been lost since."""
        return self._session.connected.is_set()

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait for a connection; whether there is one. For tests and one-off tools."""
        return self._session.connected.wait(timeout_s)

    @property
    def counts(self) -> LinkCounts:
        """What the link did since it started."""
        outbox = self._outbox.counts
        return replace(
            self._session.counts,
            lost=outbox.lost,
            waiting=self._sender.unacknowledged(),
            unconfirmed=self._sender.unconfirmed(),
            written_bytes=outbox.written_bytes,
        )

    def _wake(self, for_card: bool = False) -> None:
        if for_card:
            self._kept_awake.set()
        self._waker.wake()

    # the thread of the card

    def _keep(self) -> None:
        while not self._stopping.is_set():
            due_s = self._outbox.due_in_s()
            self._kept_awake.wait(60.0 if due_s is None else max(due_s, 0.05))
            self._kept_awake.clear()
            if self._outbox.due_in_s() == 0.0:
                self._outbox.flush()
                self._waker.wake()  # what is on the card may go out
        self._outbox.flush()
        self._waker.wake()

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
                self.settings,
                self._versions.present,
                self._session.acknowledged,
                self._session.incoming,
            )
            connection.open(self._waker.fileno())
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
        self._session.counts = replace(
            self._session.counts,
            connects=self._session.counts.connects + 1,
            mqtt=connection.version.value,
        )
        log.info("link: connected, MQTT %s", connection.version.value)
        self._session.serve(connection)
        if not self._stopping.is_set():
            self._ended(connection.end_text, lasted=self._clock() - since_s >= LASTED_S)

    def _ended(self, text: str, *, lasted: bool) -> None:
        self._backoff = self._backoff.lasted() if lasted else self._backoff.failed()
        counts = self._session.counts
        self._session.counts = replace(counts, failures=counts.failures + 1, last_error=text)
        log.warning("link: %s", text)
