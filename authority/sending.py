"""Taking a signed order to its camera over MQTT and bringing the verdict back."""

from __future__ import annotations

import contextlib
import hashlib
import queue
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from viewkeeper.authority.register import Camera
from viewkeeper.protocol.cose import lookup_in
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError
from viewkeeper.protocol.orders import Command, Order
from viewkeeper.protocol.records import Record, VerdictRecord, unseal
from viewkeeper.protocol.vocabulary import OrderKind

T = TypeVar("T")


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
    topics = camera.topics
    if isinstance(order.body, Command):
        return topics.command(order.body.name)
    return {
        OrderKind.CONFIG: topics.config_desired,
        OrderKind.KEYSET: topics.keyset,
        OrderKind.LIFECYCLE: topics.lifecycle,
        OrderKind.GRANT: topics.grant,
    }[order.kind]


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

    A configuration is published retained, so that a camera that is away finds it.

    Raises:
        SetupError: ``broker`` where it cannot be reached or no verdict came in time.
    """
    topics = camera.topics
    answers = (topics.config_applied, topics.reply)
    arrived: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    subscribed: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    _identify(client, broker)

    def on_connect(
        _client: mqtt.Client, _data: object, _flags: object, reason: object, _props: object
    ) -> None:
        if getattr(reason, "is_failure", False):
            subscribed.put(f"the broker refuses: {reason}")
        else:
            client.subscribe([(topic, 1) for topic in answers])

    client.on_connect = on_connect
    client.on_subscribe = lambda *_: subscribed.put(None)
    client.on_message = lambda _client, _data, arrival: arrived.put(bytes(arrival.payload))
    deadline_s = time.monotonic() + timeout_s
    try:
        client.connect(broker.host, broker.port, keepalive=30)
    except (OSError, ValueError) as error:
        raise SetupError(Reason.BROKER, f"{broker.host}:{broker.port}: {error}") from error
    client.loop_start()
    try:
        refusal = _next(subscribed, deadline_s, f"{broker.host}:{broker.port} does not answer")
        if refusal is not None:
            raise SetupError(Reason.BROKER, refusal)
        client.publish(
            order_topic(camera, order), message, qos=1, retain=order.kind is OrderKind.CONFIG
        )
        while True:
            payload = _next(
                arrived, deadline_s, f"no verdict from {camera.camera} in {timeout_s:g} s"
            )
            verdict = verdict_of(payload, camera, message)
            if verdict is not None:
                return verdict
    finally:
        with contextlib.suppress(ValueError, OSError):
            client.disconnect()
        client.loop_stop()


def _identify(client: mqtt.Client, broker: Broker) -> None:
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
