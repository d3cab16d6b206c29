"""The other end for link tests: a desk or a recorder on plain paho, writing down all it hears."""

from __future__ import annotations

import queue
import ssl
import time
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


@dataclass(frozen=True)
class Heard:
    topic: str
    payload: bytes
    retained: bool
    properties: Any


class Peer:
    def __init__(
        self,
        port: int,
        subscribe: str | None = "viewkeeper/#",
        *,
        version: int = paho.MQTTv5,
        tls: ssl.SSLContext | None = None,
        client_id: str = "",
    ) -> None:
        self.heard: list[Heard] = []
        self._queue: queue.Queue[Heard] = queue.Queue()
        self.acks: dict[int, Any] = {}
        self.suback: Any = None
        self.connack: Any = None
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id or f"peer-{id(self)}", protocol=version
        )
        if tls is not None:
            client.tls_set_context(tls)
        client.reconnect_delay_set(1, 1)
        client.on_message = self._message
        client.on_publish = lambda c, u, mid, code, p: self.acks.__setitem__(mid, code)

        def connected(c: paho.Client, u: object, flags: object, code: object, p: object) -> None:
            self.connack = code
            if subscribe is not None and not code.is_failure:
                c.subscribe(subscribe, 1)

        client.on_connect = connected
        client.on_subscribe = lambda c, u, mid, codes, p: setattr(self, "suback", codes)
        self.client = client
        client.connect_async("localhost" if tls else "127.0.0.1", port)
        client.loop_start()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _message(self, client: object, userdata: object, message: Any) -> None:
        heard = Heard(
            message.topic, bytes(message.payload), bool(message.retain), message.properties
        )
        self.heard.append(heard)
        self._queue.put(heard)

    def ready(self, timeout_s: float = 10.0) -> Peer:
        """Wait until the subscription stands."""
        until(lambda: self.suback is not None, timeout_s)
        return self

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, **properties: Any
    ) -> Any:
        """Publish with QoS 1 and wait for the broker's word; its reason code."""
        bag: Any = None
        if properties:
            bag = Properties(PacketTypes.PUBLISH)
            for name, value in properties.items():
                setattr(bag, name, value)
        info = self.client.publish(topic, payload, 1, retain, properties=bag)
        until(lambda: info.mid in self.acks, 10.0)
        return self.acks[info.mid]

    def payloads(self, suffix: str) -> list[bytes]:
        return [heard.payload for heard in list(self.heard) if heard.topic.endswith(suffix)]

    def wait_for(self, suffix: str, payload: bytes | None = None, timeout_s: float = 10.0) -> Heard:
        """The first message on a topic that ends so, with that payload if one is given."""

        def fits(heard: Heard) -> bool:
            return heard.topic.endswith(suffix) and payload in (None, heard.payload)

        until(lambda: any(fits(heard) for heard in list(self.heard)), timeout_s)
        return next(heard for heard in self.heard if fits(heard))


def until(condition: Any, timeout_s: float = 10.0) -> None:
    """Wait for a condition; fail when it does not come true."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.01)
