"""What is done with a connection that the broker accepted, until it ends. One thread, please."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from viewkeeper.agent.adapters.link.connection import Connection
from viewkeeper.agent.adapters.link.ears import Ears
from viewkeeper.agent.adapters.link.messages import (
    Incoming,
    LinkCounts,
    Lost,
    ReceivedOrder,
    order_kind,
)
from viewkeeper.agent.adapters.link.outbox import Outbox
from viewkeeper.agent.adapters.link.sender import Sender
from viewkeeper.agent.adapters.link.settings import LinkSettings
from viewkeeper.agent.adapters.link.waker import Waker
from viewkeeper.protocol.errors import RefusalError
from viewkeeper.protocol.receipts import places_of
from viewkeeper.protocol.topics import OFFLINE, ONLINE

log = logging.getLogger(__name__)

WINDOW = 10
"""Publications that may wait for their acknowledgement at one time."""
RESUBSCRIBE_S = 30.0
"""A refused subscription is tried again after this long."""


class Session:
    """Speaks and listens over one connection after another.

    Args:
        settings: whose topics, and how patient to be with the broker.
        sender, outbox: what is to go out.
        ears: whom to tell what comes in.
        introduce: Home Assistant was born: let the camera introduce itself.
        write: lets the card's thread look for rows.
        waker: ends the wait for bytes when there is something to say.
        stopping: set when the link is to end.
        clock: seconds, monotonic.

    Attributes:
        connected: set while the broker has accepted us and our subscription.
        counts: what was done so far.
    """

    def __init__(
        self,
        settings: LinkSettings,
        sender: Sender,
        outbox: Outbox,
        ears: Ears,
        introduce: Callable[[], None],
        write: Callable[[], None],
        waker: Waker,
        stopping: threading.Event,
        clock: Callable[[], float],
    ) -> None:
        self._settings, self._topics = settings, settings.topics
        self._sender, self._outbox, self._ears = sender, outbox, ears
        self._introduce, self._write = introduce, write
        self._waker, self._stopping = waker, stopping
        self._clock = clock
        self.connected = threading.Event()
        self.counts = LinkCounts()

    def serve(self, connection: Connection) -> None:
        """From the broker's acceptance to the connection's end."""
        self._sender.begin()
        self._talk(connection)
        if self.connected.is_set():
            self.connected.clear()
            self._ears.state(False)

    @property
    def _subscriptions(self) -> Sequence[str]:
        topics, introduction = self._topics, self._settings.introduction
        found = list(topics.orders)
        if self._ears.hear_witness:
            found.append(topics.witness)
        if self._settings.receipt_s > 0:
            found.append(topics.receipt)
        if introduction is not None:
            found.append(introduction.birth_topic)
        return found

    def _talk(self, connection: Connection) -> None:
        connection.subscribe(self._subscriptions)
        asked_s = self._clock()
        self._sender.stand(self._topics.status, ONLINE)
        window = min(WINDOW, connection.receive_maximum)
        warned = ""
        for replaced in self._sender.take_superseded():
            self._tell_gap(replaced)
        while not self._stopping.is_set():
            self._tell_losses()
            self._send(connection, window)
            history_s = self._sender.history_in_s()
            if not connection.pump(
                1.0 if history_s is None else min(1.0, history_s), self._waker.fileno()
            ):
                return
            self._waker.drain()
            if connection.subscribed and not self.connected.is_set():
                self.connected.set()
                self._ears.state(True)
            if connection.warning != warned:
                warned = connection.warning
                if warned:
                    self.counts = replace(self.counts, last_error=warned)
                    log.warning("link: %s", warned)
            if warned and self._clock() - asked_s >= RESUBSCRIBE_S:
                # A cluster that elects a leader refuses for a moment; orders must come some day.
                asked_s = self._clock()
                connection.subscribe(self._subscriptions)
            if self._sender.oldest_age_s() > self._settings.stall_s:
                log.warning("link: the broker acknowledges nothing")
                connection.abandon()
                return
        self._farewell(connection, window)

    def _farewell(self, connection: Connection, window: int) -> None:
        """The clean end: what is on its way gets a moment, then ``offline`` is said."""
        self._sender.stand(self._topics.status, OFFLINE)
        deadline = time.monotonic() + 2.0
        while time.monotonic() < deadline:
            self._send(connection, window, history=False)
            if self._sender.in_flight() == 0 or not connection.pump(0.1, self._waker.fileno()):
                break
            self._waker.drain()
        connection.close(self._waker.fileno())

    def _send(self, connection: Connection, window: int, *, history: bool = True) -> None:
        while self._sender.in_flight() < window:
            job = self._sender.next(history=history)
            if job is None:
                return
            self._sender.sent(connection.publish(job.message), job)

    def _tell_losses(self) -> None:
        for lost in self._outbox.take_losses():
            log.error("link: %d records were lost: the outbox was full", lost.count)
            self._tell_gap(lost)
        for lost in self._sender.let_go():
            log.warning("link: no recorder confirmed %d records in time", lost.unconfirmed)
            self._tell_gap(lost)

    def _tell_gap(self, lost: Lost) -> None:
        payload = self._ears.gap(lost)
        if payload is not None:
            self._sender.post_gap(payload)
            self._write()

    def acknowledged(self, packet_id: int, failure: str) -> None:
        """The broker answered a publication; ``failure``: why it refused it."""
        job = self._sender.acknowledged(packet_id, refused=bool(failure))
        if job is None:
            return
        if failure:
            log.warning("link: the broker refused %s: %s", job.message.topic, failure)
            told = f"{job.message.topic}: {failure}"
            self.counts = replace(self.counts, refused=self.counts.refused + 1, last_error=told)
        elif job.row:
            self.counts = replace(self.counts, sent=self.counts.sent + 1)
            self._ears.sent(job.message.payload)

    def incoming(self, message: Incoming) -> None:
        """Something came; it is acknowledged when this returns."""
        introduction = self._settings.introduction
        if introduction is not None and message.topic == introduction.birth_topic:
            if message.payload == ONLINE:
                self._introduce()
        elif message.topic == self._topics.receipt:
            self._note_receipt(message)
        elif self._ears.hear_witness and message.topic == self._topics.witness:
            self._ears.witness(message.payload)
        elif (kind := order_kind(self._topics, message.topic)) is not None:
            self._ears.order(
                ReceivedOrder(kind, message.payload, message.retained, message.reply, message.topic)
            )
        else:
            log.warning("link: ignored a message on %s", message.topic)

    def _note_receipt(self, message: Incoming) -> None:
        try:
            places = places_of(message.payload)
        except RefusalError as refusal:
            log.warning("link: not a receipt: %s", refusal)
            return
        for place in places:
            self._sender.confirmed(place)
