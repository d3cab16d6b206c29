"""Taking a signed order to its camera over MQTT and bringing the verdict back."""

from __future__ import annotations

import contextlib
import hashlib
import queue
import secrets
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from viewkeeper.authority.register import Camera
from viewkeeper.protocol.cose import lookup_in
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError
from viewkeeper.protocol.orders import Command, Order
from viewkeeper.protocol.records import Record, VerdictRecord, unseal
from viewkeeper.protocol.vocabulary import OrderKind

T = TypeVar("T")
_SUBSCRIBED, _HUNG_UP = "subscribed", "hung up"


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and who we are there."""

    host: str = "localhost"
    port: int = 1883
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


def order_topic(camera: Camera, order: Order) -> str:
    """Where an order of this kind goes."""
    command = order.body.name if isinstance(order.body, Command) else "+"
    return camera.topics.order(order.kind, command)


def verdict_of(payload: bytes, camera: Camera, message: bytes) -> VerdictRecord | None:
    """The verdict in ``payload`` if it is this camera's, signed, and on this message."""
    try:
        record: Record = unseal(payload, lookup_in([camera.key]))
    except RefusalError:
        return None
    body = record.body
    if record.header.device != camera.camera or not isinstance(body, VerdictRecord):
        return None
    return body if body.order_hash == hashlib.sha256(message).digest() else None


def send(
    broker: Broker, camera: Camera, order: Order, message: bytes, *, timeout_s: float
) -> VerdictRecord:
    """Publish an order and wait for the camera's own signed verdict on it.

    A configuration is published retained, so that a camera that is away finds it. MQTT 5
    is tried first, 3.1.1 where the broker does not speak it.

    Raises:
        SetupError: ``broker`` where it cannot be reached or no verdict came in time.
    """
    deadline_s = time.monotonic() + timeout_s
    for version in (MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311):
        session = _Session(broker, version)
        try:
            if session.subscribed(camera, deadline_s):
                return session.exchange(camera, order, message, deadline_s)
        finally:
            session.close()
    raise SetupError(Reason.BROKER, f"{broker.host}:{broker.port} speaks neither MQTT 5 nor 3.1.1")


class _Session:
    """One connection, in one version of MQTT."""

    def __init__(self, broker: Broker, version: MQTTProtocolVersion) -> None:
        self._broker = broker
        self._arrived: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._news: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._topics: list[tuple[str, int]] = []
        # A name of its own: a broker that takes names from certificates refuses none at all.
        name = f"desk-{secrets.token_hex(6)}"
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=version)
        identify(self._client, broker)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._news.put(_SUBSCRIBED)
        self._client.on_disconnect = lambda *_: self._news.put(_HUNG_UP)
        self._client.on_message = lambda _client, _data, arrival: self._arrived.put(
            bytes(arrival.payload)
        )

    def subscribed(self, camera: Camera, deadline_s: float) -> bool:
        """Whether the camera's answers are subscribed to; not in this version if false."""
        where = f"{self._broker.host}:{self._broker.port}"
        self._topics = [(camera.topics.config_applied, 1), (camera.topics.reply, 1)]
        try:
            self._client.connect(self._broker.host, self._broker.port, keepalive=30)
        except (OSError, ValueError) as error:
            raise SetupError(Reason.BROKER, f"{where}: {error}") from error
        self._client.loop_start()
        news = _next(self._news, deadline_s, f"{where} does not answer")
        if news in (_HUNG_UP, "Unsupported protocol version"):
            return False
        if news != _SUBSCRIBED:
            raise SetupError(Reason.BROKER, f"{where} refuses: {news}")
        return True

    def exchange(
        self, camera: Camera, order: Order, message: bytes, deadline_s: float
    ) -> VerdictRecord:
        """Publish and wait."""
        self._client.publish(
            order_topic(camera, order), message, qos=1, retain=order.kind is OrderKind.CONFIG
        )
        while True:
            payload = _next(
                self._arrived, deadline_s, f"no verdict from {camera.camera}; is it online?"
            )
            verdict = verdict_of(payload, camera, message)
            if verdict is not None:
                return verdict

    def close(self) -> None:
        with contextlib.suppress(ValueError, OSError):
            self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: object, _props: object
    ) -> None:
        if getattr(reason, "is_failure", False):
            self._news.put(str(reason))
        else:
            client.subscribe(self._topics)


def identify(client: mqtt.Client, broker: Broker) -> None:
    """Tell the client who we are at the broker."""
    if broker.username is not None:
        client.username_pw_set(broker.username, broker.password)
    if broker.ca_file is not None:
        try:
            context = ssl.create_default_context(cafile=str(broker.ca_file))
            if broker.cert_file is not None:
                context.load_cert_chain(str(broker.cert_file), broker.key_file)
        except (OSError, ssl.SSLError) as error:
            raise SetupError(Reason.FILE_UNREADABLE, f"certificates: {error}") from error
        client.tls_set_context(context)


def _next(source: queue.SimpleQueue[T], deadline_s: float, otherwise: str) -> T:
    try:
        return source.get(timeout=max(0.0, deadline_s - time.monotonic()))
    except queue.Empty as error:
        raise SetupError(Reason.BROKER, otherwise) from error
