"""One connection's life: opened, pumped, closed. It, ``properties.py`` and ``trial.py`` know paho.

A fresh paho client for every attempt: nothing of an old connection (queued publications, packet
ids, a version that was refused) leaks into a new one; what must survive is in the outbox. The
client is driven through paho's external-loop calls, so that every call into it comes from one
thread and the pause between attempts is ours (paho's own has no jitter).
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from viewkeeper.agent.adapters.link.credentials import password_of, tls_context
from viewkeeper.agent.adapters.link.messages import Incoming, Outgoing, ReplyTo
from viewkeeper.agent.adapters.link.properties import of_connect, of_publication, of_will
from viewkeeper.agent.adapters.link.settings import LinkSettings
from viewkeeper.agent.adapters.link.versions import Version
from viewkeeper.protocol.topics import OFFLINE

_UNSUPPORTED_VERSION = 0x84  # MQTT 5 §3.2.2.2
_FAILURE = 0x80  # MQTT 5 §2.4: reason codes from here on are failures


class ConnectionFailed(Exception):
    """An attempt that failed, or a connection that broke.

    Attributes:
        refused_version: the broker said that it does not speak this version.
        unanswered: it took the connection and gave no CONNACK.
    """

    def __init__(
        self, text: str, *, refused_version: bool = False, unanswered: bool = False
    ) -> None:
        super().__init__(text)
        self.refused_version = refused_version
        self.unanswered = unanswered


class Connection:
    """A connection to the broker, from CONNECT to its end. One thread, please.

    Args:
        settings: whom to call.
        version: which MQTT to speak.
        on_acknowledged: (packet id, failure text or empty) for each PUBACK.
        on_incoming: each message received; it is acknowledged when this returns.
    """

    def __init__(
        self,
        settings: LinkSettings,
        version: Version,
        on_acknowledged: Callable[[int, str], None],
        on_incoming: Callable[[Incoming], None],
    ) -> None:
        self._settings = settings
        self.version = version
        self.receive_maximum = 65_535
        self.warning = ""
        self.subscribed = False
        self._on_acknowledged = on_acknowledged
        self._on_incoming = on_incoming
        self._accepted = False
        self._answered = False
        self._version_refused = False
        self._ended: str | None = None
        self._said_s = time.monotonic()
        self._client = self._new_client()

    def _new_client(self) -> paho.Client:
        settings, is_v5 = self._settings, self.version is Version.V5
        client = paho.Client(
            callback_api_version=CallbackAPIVersion.VERSION2,
            client_id=settings.mqtt_client_id,
            clean_session=None if is_v5 else False,
            protocol=paho.MQTTv5 if is_v5 else paho.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = settings.connect_timeout_s
        client.max_inflight_messages_set(0)  # the window is ours, in window.py
        if settings.username is not None:
            client.username_pw_set(settings.username, password_of(settings))
        if settings.tls is not None:
            client.tls_set_context(tls_context(settings.tls))
        will = None
        if is_v5:
            will = of_will(settings)
        client.will_set(settings.topics.status, OFFLINE, qos=1, retain=True, properties=will)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_publish = self._published
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        return client

    def dial(self) -> None:
        """TCP, TLS and CONNECT; the broker's answer is still to come.

        Raises:
            ConnectionFailed
        """
        settings, is_v5 = self._settings, self.version is Version.V5
        properties = None
        if is_v5:
            properties = of_connect(settings)
        try:
            self._client.connect(
                settings.host,
                settings.port,
                keepalive=settings.keepalive_s,
                clean_start=False if is_v5 else paho.MQTT_CLEAN_START_FIRST_ONLY,
                properties=properties,
            )
        except (OSError, ValueError) as error:  # ValueError: a certificate for another host
            raise ConnectionFailed(f"{type(error).__name__}: {error}") from error

    @property
    def accepted(self) -> bool:
        """Whether the broker's CONNACK has come, and was a good one."""
        return self._accepted

    def open(self, wake: int) -> None:
        """Connect and wait for the broker's CONNACK.

        Args:
            wake: a file descriptor that ends a wait when it becomes readable.

        Raises:
            ConnectionFailed
        """
        self.dial()
        deadline = time.monotonic() + self._settings.connect_timeout_s
        while not self._accepted:
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                self.abandon()
                raise ConnectionFailed("the broker did not answer CONNECT", unanswered=True)
            if not self.pump(min(remaining_s, 1.0), wake):
                raise ConnectionFailed(
                    self.end_text,
                    refused_version=self._version_refused,
                    unanswered=not self._answered,
                )

    @property
    def end_text(self) -> str:
        """Why it ended."""
        return self._ended or "the broker closed the connection"

    def pump(self, timeout_s: float, wake: int) -> bool:
        """Let bytes in and out for a while; whether the connection still lives."""
        sock: Any = self._client.socket()
        if sock is None:
            return False
        pending = getattr(sock, "pending", None)
        if pending is not None and pending() > 0:
            timeout_s = 0.0  # decrypted already: poll() would not see it
        poll = select.poll()  # not select(): it fails from file descriptor 1024 on
        want_write = select.POLLOUT if self._client.want_write() else 0
        poll.register(sock, select.POLLIN | want_write)
        poll.register(wake, select.POLLIN)
        ready = dict(poll.poll(max(0.0, timeout_s) * 1000))
        events = ready.get(sock.fileno(), 0)
        if timeout_s == 0.0 or events & ~select.POLLOUT:
            self._client.loop_read()
        if events & select.POLLOUT and self._client.socket() is not None:
            self._client.loop_write()
        # loop_misc() pings. paho does not take publications for signs of life (its issue 813) and
        # would ping every keepalive_s, also a broker that has just acknowledged something.
        silent_s = time.monotonic() - self._said_s
        if self._client.socket() is not None and silent_s >= self._client.keepalive:
            self._client.loop_misc()
        return self._client.socket() is not None and self._ended is None

    def fileno(self) -> int:
        """Its socket, for a loop that waits for many connections at once; -1: there is none."""
        sock: Any = self._client.socket()
        return -1 if sock is None else sock.fileno()

    @property
    def wants_write(self) -> bool:
        """Whether bytes wait for the socket to take them."""
        return self._client.want_write()

    def subscribe(self, topics: Sequence[str]) -> None:
        """Subscribe, and have what is retained delivered now.

        ``retainAsPublished``: an order published to be kept is seen as such even by a
        subscriber that was there at the time.
        """
        if self.version is Version.V5:
            options = SubscribeOptions(qos=1, retainAsPublished=True)
            self._client.subscribe([(topic, options) for topic in topics])
        else:
            self._client.subscribe([(topic, 1) for topic in topics])
        self._said_s = time.monotonic()

    def publish(self, message: Outgoing) -> int:
        """Hand a publication (QoS 1) to the socket; its packet id."""
        properties = None
        if self.version is Version.V5:
            properties = of_publication(message)
        info = self._client.publish(
            message.topic, message.payload, qos=1, retain=message.retain, properties=properties
        )
        self._said_s = time.monotonic()
        return info.mid

    def close(self, wake: int, timeout_s: float = 1.0) -> None:
        """Disconnect cleanly: the broker forgets the will."""
        self._client.disconnect()
        deadline = time.monotonic() + timeout_s
        while self._client.want_write() and time.monotonic() < deadline and self.pump(0.1, wake):
            pass
        self.abandon()

    def abandon(self) -> None:
        """Drop the connection without a word, as a cut cable would."""
        sock: Any = self._client.socket()
        if sock is not None:
            sock.close()
        self._ended = self._ended or "abandoned"

    # paho's callbacks; they run inside pump()

    def _connected(
        self, client: object, userdata: object, flags: object, code: ReasonCode, properties: object
    ) -> None:
        self._answered = True
        if code.is_failure:
            self._version_refused = code.value == _UNSUPPORTED_VERSION
            self._ended = f"the broker refused: {code}"
        else:
            self._accepted = True
            self.receive_maximum = getattr(properties, "ReceiveMaximum", 65_535)

    def _disconnected(
        self, client: object, userdata: object, flags: Any, code: ReasonCode, properties: object
    ) -> None:
        by_broker = getattr(flags, "is_disconnect_packet_from_server", False)
        if self._ended is None:
            self._ended = f"the broker hung up: {code}" if by_broker else f"connection lost: {code}"

    def _published(
        self, client: object, userdata: object, mid: int, code: ReasonCode, properties: object
    ) -> None:
        self._on_acknowledged(mid, str(code) if code.value >= _FAILURE else "")

    def _subscribed(
        self,
        client: object,
        userdata: object,
        mid: int,
        codes: Sequence[ReasonCode],
        properties: object,
    ) -> None:
        self.subscribed = True
        refused = [code for code in codes if code.is_failure]
        self.warning = ""
        if refused:  # reports still matter where orders cannot come
            self.warning = f"the broker refused a subscription to orders: {refused[0]}"

    def _received(self, client: object, userdata: object, message: paho.MQTTMessage) -> None:
        reply = None
        response_topic = getattr(message.properties, "ResponseTopic", None)
        if response_topic:
            correlation = getattr(message.properties, "CorrelationData", None)
            reply = ReplyTo(response_topic, correlation)
        self._on_incoming(
            Incoming(message.topic, bytes(message.payload), bool(message.retain), reply)
        )
