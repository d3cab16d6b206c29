"""What passes between the agent and its link. Values only; no paho, no socket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viewkeeper.protocol.topics import Topics
from viewkeeper.protocol.vocabulary import OrderKind

COSE = "application/cose"  # RFC 9052 §11.3.1; the tag in the payload says which kind of COSE


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """Where and under which mark the sender of an order wants its answer (MQTT 5).

    Attributes:
        response_topic: honoured only below the camera's own ``reply`` topic: whoever may give
            orders must not thereby make a camera write anywhere.
        correlation_data: handed back as it came.
    """

    response_topic: str
    correlation_data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message as it came."""

    topic: str
    payload: bytes
    retained: bool
    reply: ReplyTo | None


@dataclass(frozen=True, slots=True)
class ReceivedOrder:
    """Bytes that claim to be an order. Nothing in them is verified yet.

    Attributes:
        kind: what the topic says it is; the signature's domain has the last word.
        payload: as received, of any size.
        retained: whether it was published to be kept; only a configuration, a keyset and a
            lifecycle step may be.
        reply: how the sender wants its answer; ``None`` where it did not say.
        topic: where it came from.
    """

    kind: OrderKind
    payload: bytes
    retained: bool
    reply: ReplyTo | None
    topic: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Records that the outbox had to drop before they could be sent.

    Attributes:
        boot: the boot they belong to (8 bytes), or empty where they could not be read.
        first_sequence, last_sequence: the lowest and highest sequence among them.
        count: how many.
        superseded: reports among them that nobody lost: a newer one took their place.
        unconfirmed: records among them that a broker has and no recorder confirmed.
    """

    boot: bytes
    first_sequence: int
    last_sequence: int
    count: int
    superseded: int = 0
    unconfirmed: int = 0


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """What the link did since it started, for health and tests.

    Attributes:
        connects: connections the broker accepted.
        failures: attempts that failed and connections that broke.
        sent: records of the outbox the broker acknowledged, each time it did.
        refused: publications the broker refused (MQTT 5 reason codes from 0x80).
        lost: records dropped because the outbox was full.
        waiting: records not acknowledged yet.
        unconfirmed: records a broker acknowledged and no recorder's receipt has named yet.
        written_bytes: payload bytes put on the card.
        last_error: why the last attempt or connection failed; empty where none has.
        mqtt: protocol version of the present or last connection: ``"5"``, ``"3.1.1"`` or ``""``.
    """

    connects: int = 0
    failures: int = 0
    sent: int = 0
    refused: int = 0
    lost: int = 0
    waiting: int = 0
    unconfirmed: int = 0
    written_bytes: int = 0
    last_error: str = ""
    mqtt: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One publication, QoS 1. Properties travel with MQTT 5 only.

    Attributes:
        expiry_s: how long the broker keeps it for an absent reader; ``None``: for good.
        is_text: UTF-8, and said so.
    """

    topic: str
    payload: bytes
    retain: bool = False
    content_type: str | None = None
    expiry_s: int | None = None
    correlation_data: bytes | None = None
    is_text: bool = False


def order_kind(topics: Topics, topic: str) -> OrderKind | None:
    """Which kind of order travels on a topic; ``None`` for a topic that carries none."""
    fixed = {topics.order(kind): kind for kind in OrderKind if kind is not OrderKind.COMMAND}
    if topic in fixed:
        return fixed[topic]
    return OrderKind.COMMAND if topic.startswith(topics.command("")) else None


def verdict_topic(topics: Topics, kind: OrderKind, reply: ReplyTo | None) -> str:
    """Where the verdict on an order goes."""
    if kind is OrderKind.CONFIG:
        return topics.config_applied
    if reply is not None and is_own_reply(topics, reply.response_topic):
        return reply.response_topic
    return topics.reply


def is_own_reply(topics: Topics, topic: str) -> bool:
    """Whether a response topic is the camera's ``reply`` or below it, and publishable."""
    below = topic == topics.reply or topic.startswith(topics.reply + "/")
    return below and len(topic) <= 256 and not set(topic) & set("+#\0")


def dress(
    topics: Topics, telemetry_expiry_s: int, record_expiry_s: int
) -> Callable[[str, bytes, bool], Outgoing]:
    """From (topic, payload, retain) to a publication with the properties of its topic."""
    telemetry = {topics.report, topics.state}

    def dressed(topic: str, payload: bytes, retain: bool) -> Outgoing:
        if not payload:  # clears what stands; properties would mean nothing
            return Outgoing(topic, payload, retain)
        if topic == topics.status:
            return Outgoing(topic, payload, retain, "text/plain", is_text=True)
        expiry_s = telemetry_expiry_s if topic in telemetry else record_expiry_s
        if retain and topic not in telemetry:
            expiry_s = None  # an alarm, a verdict on the configuration, a checkpoint stand
        if topic == topics.state or not topic.startswith(topics.status.removesuffix("status")):
            return Outgoing(topic, payload, retain, "application/json", expiry_s, is_text=True)
        return Outgoing(topic, payload, retain, COSE, expiry_s)

    return dressed
