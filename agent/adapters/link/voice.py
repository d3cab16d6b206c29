"""What a camera says, each kind of thing in its way: stands, matters, or is renewed.

Any thread may speak, before there is a connection, too; nothing here waits for one.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from viewkeeper.agent.adapters.link.messages import ReplyTo, verdict_topic
from viewkeeper.agent.adapters.link.sender import Sender
from viewkeeper.agent.adapters.link.settings import LinkSettings
from viewkeeper.agent.adapters.link.shown import shows_otherwise
from viewkeeper.protocol.vocabulary import OrderKind


class Voice:
    """The speaking half of a ``Link``.

    Args:
        settings: whose topics, and how rarely the plain mirror goes.
        sender: takes what is said.
        clock: seconds, monotonic.
        wake: told after each word; ``True``: one for the card, too.
    """

    def __init__(
        self,
        settings: LinkSettings,
        sender: Sender,
        clock: Callable[[], float],
        wake: Callable[[bool], None],
    ) -> None:
        self.settings, self.topics = settings, settings.topics
        self._sender, self._clock, self._awaken = sender, clock, wake
        self._withdrawn = False
        self._mirrored_s, self._mirrored = -math.inf, b"{}"
        self._introduce()

    def publish_report(self, payload: bytes) -> None:
        """The present report: retained; an unsent older one is forgotten; renewed on reconnect."""
        self._sender.stand(self.topics.report, payload, numbered=True)
        self._awaken(False)

    def publish_state(self, payload: bytes, *, changed: bool = True) -> None:
        """The plain JSON mirror: as the report.

        Args:
            changed: whether it tells anything new but time and measurements. What does not, and
                shows nothing new in Home Assistant, is held back for a while: it would be most of
                an idle camera's traffic.
        """
        introduction, period_s = self.settings.introduction, self.settings.mirror_period_s
        if introduction is not None:
            period_s = min(period_s, introduction.renew_s)
            changed = changed or shows_otherwise(self._mirrored, payload)
        now_s = self._clock()
        if not changed and now_s - self._mirrored_s < period_s:
            return
        self._mirrored_s, self._mirrored = now_s, payload
        self._sender.stand(self.topics.state, payload)
        self._awaken(False)

    def publish_checkpoint(self, payload: bytes) -> None:
        """The ledger's signed checkpoint: as the report."""
        self._sender.stand(self.topics.checkpoint, payload)
        self._awaken(False)

    def publish_event(self, kind: str, payload: bytes) -> None:
        """A signed event: held until a recorder confirms it; sent again by ``history``."""
        self._post(self.topics.event(kind), payload)

    def publish_access(self, payload: bytes) -> None:
        """A signed entry of the access register: held as an event is."""
        self._post(self.topics.access, payload)

    def set_alarm(self, alarm_id: str, payload: bytes | None) -> None:
        """Raise an alarm (retained, held as an event is) or clear it with ``None``.

        What stands survives a restart of the agent: see ``standing_alarms``.
        """
        topic = self.topics.alarm(alarm_id)
        if payload is None:
            self._sender.clear(topic)
            self._awaken(False)
        else:
            self._post(topic, payload, stands=True)

    def end_alarm(self, alarm_id: str, payload: bytes) -> None:
        """Send the signed end of an alarm, held as an event is; then clear its topic."""
        topic = self.topics.alarm(alarm_id)
        self._post(topic, payload)
        self._sender.clear(topic)
        self._awaken(False)

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
            self._awaken(False)

    def _introduce(self) -> None:
        introduction = self.settings.introduction
        if introduction is None or self._withdrawn:
            return
        for topic, payload in introduction.messages(self.topics).items():
            self._sender.stand(topic, payload)

    def _post(
        self, topic: str, payload: bytes, *, stands: bool = False, correlation: bytes | None = None
    ) -> None:
        self._sender.post(topic, payload, stands=stands, correlation=correlation)
        self._awaken(True)
