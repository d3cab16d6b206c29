"""The camera's link to its broker. Being written: signatures are final, bodies follow."""

from __future__ import annotations

from collections.abc import Callable

from viewkeeper.agent.adapters.link.messages import LinkCounts, Lost, ReceivedOrder, ReplyTo
from viewkeeper.agent.adapters.link.settings import LinkSettings
from viewkeeper.protocol.topics import Topics
from viewkeeper.protocol.vocabulary import OrderKind


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
    """

    def __init__(
        self,
        settings: LinkSettings,
        on_order: Callable[[ReceivedOrder], None],
        on_state: Callable[[bool], None] = lambda connected: None,
        *,
        on_gap: Callable[[Lost], bytes | None] | None = None,
    ) -> None:
        self.settings = settings
        self.topics = Topics(settings.site, settings.camera)

    def start(self) -> None:
        """Open the outbox and begin to connect in the background.

        Raises:
            SetupError: a TLS or password file that cannot be read, paho-mqtt older than 2.1.
        """
        raise NotImplementedError

    def stop(self, timeout_s: float = 3.0) -> None:
        """Say ``offline``, disconnect cleanly, write the outbox. Safe to call twice."""
        raise NotImplementedError

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and not been lost since."""
        raise NotImplementedError

    @property
    def counts(self) -> LinkCounts:
        """What the link did since it started."""
        raise NotImplementedError

    def publish_report(self, payload: bytes) -> None:
        """The present report: retained; an unsent older one is forgotten; renewed on reconnect."""
        raise NotImplementedError

    def publish_state(self, payload: bytes) -> None:
        """The plain JSON mirror: as the report."""
        raise NotImplementedError

    def publish_checkpoint(self, payload: bytes) -> None:
        """The ledger's signed checkpoint: as the report."""
        raise NotImplementedError

    def publish_event(self, kind: str, payload: bytes) -> None:
        """A signed event: held until acknowledged; by ``history`` if that needs a reconnect."""
        raise NotImplementedError

    def set_alarm(self, alarm_id: str, payload: bytes | None) -> None:
        """Raise an alarm (retained, held until acknowledged) or clear it with ``None``."""
        raise NotImplementedError

    def publish_verdict(
        self, kind: OrderKind, payload: bytes, response: ReplyTo | None = None
    ) -> None:
        """A signed verdict: ``config/applied`` (retained) or ``reply``; held as an event is."""
        raise NotImplementedError

    def publish_history(self, payload: bytes) -> None:
        """A signed record straight to ``history``: gaps, clock fixes. Held as an event is."""
        raise NotImplementedError
