"""Watches the broker as a backend would: verifies every record and keeps the latest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from viewkeeper.protocol import cose
from viewkeeper.protocol.checkpoints import Checkpoint, unseal_checkpoint
from viewkeeper.protocol.errors import Reason, RefusalError
from viewkeeper.protocol.records import (
    Alarm,
    Event,
    Record,
    Report,
    VerdictRecord,
    unseal,
)
from viewkeeper.protocol.topics import ROOT, parse_topic


@dataclass(slots=True)
class Seen:
    """What was seen of one camera. Only what verified counts, ``status`` aside."""

    status: str = ""
    report: Report | None = None
    record: Record | None = None
    events: list[Event] = field(default_factory=list)
    verdicts: list[VerdictRecord] = field(default_factory=list)
    history: list[Record] = field(default_factory=list)
    alarms: dict[str, Alarm] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None
    reports: int = 0
    refused: list[Reason] = field(default_factory=list)
    state: bytes = b""


class Observer:
    """A backend's eye on the broker.

    Args:
        host, port: the broker.
        keys: each camera's public key.
    """

    def __init__(self, host: str, port: int, keys: Mapping[str, cose.VerifyKey]) -> None:
        self._keys = dict(keys)
        self._seen: dict[str, Seen] = {}
        self._changed = threading.Condition()
        self._connected = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self._client.reconnect_delay_set(1, 2)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.connect_async(host, port, keepalive=10)
        self._client.loop_start()

    def add_key(self, camera: str, key: cose.VerifyKey) -> None:
        """Trust one more camera."""
        self._keys[camera] = key

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> Observer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait_connected(self, timeout_s: float = 20.0) -> bool:
        """Whether the broker has us within the time."""
        return self._connected.wait(timeout_s)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish at QoS 1 and wait until the broker has it."""
        self.wait_connected()
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def seen(self, camera: str) -> Seen:
        """What was seen of a camera so far."""
        with self._changed:
            return self._seen.setdefault(camera, Seen())

    def wait(self, camera: str, holds: Callable[[Seen], Any], timeout_s: float) -> Any:
        """Wait until ``holds`` gives something true of a camera; that, or what it gave last."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while True:
                told = holds(self._seen.setdefault(camera, Seen()))
                left_s = deadline - time.monotonic()
                if told or left_s <= 0:
                    return told
                self._changed.wait(min(left_s, 1.0))

    def wait_verdict(
        self, camera: str, order_hash: bytes, *, after: int, timeout_s: float
    ) -> VerdictRecord | None:
        """The verdict on an order, once it is there; the first ``after`` verdicts do not count."""

        def found(seen: Seen) -> VerdictRecord | None:
            return next((v for v in seen.verdicts[after:] if v.order_hash == order_hash), None)

        return self.wait(camera, found, timeout_s)

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, code: Any, _p: Any) -> None:
        if code == 0:
            client.subscribe(f"{ROOT}/#", qos=1)

    def _on_subscribe(self, *_: Any) -> None:
        self._connected.set()

    def _on_disconnect(self, *_: Any) -> None:
        self._connected.clear()

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        address = parse_topic(message.topic)
        if address is None:
            return
        with self._changed:
            seen = self._seen.setdefault(address.camera, Seen())
            try:
                self._take(seen, address.camera, address.rest, bytes(message.payload))
            except RefusalError as refusal:
                seen.refused.append(refusal.reason)
            self._changed.notify_all()

    def _take(self, seen: Seen, camera: str, rest: str, payload: bytes) -> None:
        if rest == "status":
            seen.status = payload.decode("utf-8", "replace")
            return
        if rest == "state":
            seen.state = payload
            return
        name, _, tail = rest.partition("/")
        if name == "alarm" and not payload:
            seen.alarms.pop(tail, None)
            return
        if name not in ("report", "event", "alarm", "history", "reply", "checkpoint") and (
            rest != "config/applied"
        ):
            return
        lookup = cose.lookup_in([self._keys[camera]] if camera in self._keys else [])
        if name == "checkpoint":
            seen.checkpoint = unseal_checkpoint(payload, lookup)
            return
        record = unseal(payload, lookup)
        if record.header.device != camera:
            raise RefusalError(Reason.OTHER_DEVICE, f"{record.header.device} spoke as {camera}")
        if name == "history":
            seen.history.append(record)
        match record.body:
            case Report():
                seen.report, seen.record = record.body, record
                seen.reports += 1
            case Event():
                seen.events.append(record.body)
            case VerdictRecord():
                seen.verdicts.append(record.body)
            case Alarm():
                if name == "alarm" and record.body.ended_ms is not None:
                    seen.alarms.pop(tail, None)
                elif name == "alarm":
                    seen.alarms[tail] = record.body
            case _:
                pass
