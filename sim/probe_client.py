"""A plain MQTT client that waits for what it asked, for questions to a broker."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

V311, V5 = 4, 5
PATIENCE_S = 2.0
Transport = Literal["tcp", "websockets"]


class Client:
    """A paho client that writes down what it hears."""

    def __init__(
        self,
        port: int,
        version: int,
        *,
        transport: Transport = "tcp",
        client_id: str = "",
        keep: bool = False,
        will: int | None = None,
    ) -> None:
        self.heard: list[Any] = []
        self.accepted = self.lost = False
        self.subscribed: list[Any] = []
        self.acknowledged: set[int] = set()
        paho_client = self.paho = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion(version),
            transport=transport,
            clean_session=None if version == V5 else not keep,
            reconnect_on_failure=False,
        )
        paho_client.on_connect = self._connected
        paho_client.on_disconnect = lambda *args: setattr(self, "lost", True)
        paho_client.on_message = lambda c, u, message: self.heard.append(message)
        paho_client.on_subscribe = lambda c, u, mid, codes, p: self.subscribed.append(codes)
        paho_client.on_publish = lambda c, u, mid, code, p: self.acknowledged.add(mid)
        properties: Any = None
        if version == V5 and keep:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 600
        if will is not None:
            bag: Any = Properties(PacketTypes.WILLMESSAGE) if version == V5 else None
            if bag is not None:
                bag.WillDelayInterval = will
            paho_client.will_set("probe/will", b"gone", 1, retain=True, properties=bag)
        self.version = version
        with contextlib.suppress(OSError, paho.WebsocketConnectionError):
            paho_client.connect(
                "127.0.0.1",
                port,
                keepalive=10,
                clean_start=(not keep) if version == V5 else paho.MQTT_CLEAN_START_FIRST_ONLY,
                properties=properties,
            )
            paho_client.loop_start()
            wait(lambda: self.accepted or self.lost)

    def _connected(self, c: object, u: object, flags: object, code: Any, p: object) -> None:
        self.accepted = not code.is_failure

    def subscribe(self, topic: str, *, as_published: bool = False) -> bool:
        if self.version == V5:
            self.paho.subscribe(topic, options=SubscribeOptions(1, retainAsPublished=as_published))
        else:
            self.paho.subscribe(topic, 1)
        return wait(lambda: bool(self.subscribed))

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, content_type: str = ""
    ) -> bool:
        properties: Any = None
        if content_type:
            properties = Properties(PacketTypes.PUBLISH)
            properties.ContentType = content_type
        mid = self.paho.publish(topic, payload, 1, retain, properties=properties).mid
        return wait(lambda: mid in self.acknowledged)

    def hears(self, payload: bytes, timeout_s: float = PATIENCE_S) -> bool:
        return wait(lambda: any(m.payload == payload for m in list(self.heard)), timeout_s)

    def cut(self) -> None:
        """Vanish as a cut cable would."""
        sock: Any = self.paho.socket()
        if sock is not None:
            sock.close()
        self.paho.loop_stop()

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


def wait(condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> bool:
    """Whether a condition comes true in time."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


@contextlib.contextmanager
def client(port: int, version: int, **options: Any) -> Iterator[Client]:
    made = Client(port, version, **options)
    try:
        yield made
    finally:
        made.close()
