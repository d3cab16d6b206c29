"""Frigate's tracked objects, from its ``frigate/events`` topic.

Source: docs.frigate.video/integrations/mqtt.

Frigate says ``new``, ``update`` and ``end`` of each object, an update only when the object got a
better snapshot, changed zone or stopped; boxes are in pixels of its detect stream. So places are
coarser in time than the camera's own foreground.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from viewkeeper.agent.adapters.detections.freshest import labels_of
from viewkeeper.agent.core.events.blobs import Detection
from viewkeeper.agent.core.events.zones import Outside
from viewkeeper.agent.settings import DetectionSettings
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.secret_file import optional_secret_text

log = logging.getLogger("viewkeeper.agent")

FORGET_S = 60.0
"""An object of which nothing was heard for so long is gone: its end was lost."""
MOST_OBJECTS = 64
MAX_MESSAGE_BYTES = 64 * 1024


class FrigateObjects:
    """What Frigate follows now before one camera; messages in, boxes out."""

    def __init__(self, settings: DetectionSettings) -> None:
        self._camera, self._least = settings.camera, settings.least_score
        self._labels = labels_of(settings)
        self._size = (settings.width, settings.height)
        self._objects: dict[str, tuple[Detection, float]] = {}

    def take(self, payload: bytes, at_s: float) -> bool:
        """One message; whether it was understood. Another camera's is, and changes nothing."""
        try:
            if len(payload) > MAX_MESSAGE_BYTES:
                return False
            message = json.loads(payload)
            after = message["after"]
            name, kind = str(after["id"]), message["type"]
            if after["camera"] != self._camera or after["label"] not in self._labels:
                return True
            gone = kind == "end" or after.get("end_time") is not None
            score = float(after.get("top_score") or after["score"])
            if gone or after.get("false_positive") or score < self._least:
                self._objects.pop(name, None)
                return True
            box = self._box(after["box"], score)
        except (ValueError, KeyError, TypeError, RecursionError):
            return False
        self._objects[name] = (box, at_s)
        while len(self._objects) > MOST_OBJECTS:
            del self._objects[next(iter(self._objects))]
        return True

    def now(self, at_s: float) -> tuple[Detection, ...]:
        """The boxes that count."""
        self._objects = {
            name: (box, seen_s)
            for name, (box, seen_s) in self._objects.items()
            if at_s - seen_s <= FORGET_S
        }
        return tuple(box for box, _ in self._objects.values())

    def _box(self, corners: Any, score: float) -> Detection:
        left, top, right, bottom = (float(value) for value in corners)
        width, height = self._size
        if not (0 <= left < right <= 2 * width and 0 <= top < bottom <= 2 * height):
            raise ValueError("a box outside the picture")
        return Detection(
            left / width,
            top / height,
            min(1.0, right / width),
            min(1.0, bottom / height),
            min(1.0, score),
        )


class FrigateFeed:
    """Implements `DetectionFeed` on Frigate's broker."""

    def __init__(
        self, settings: DetectionSettings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        if not settings.host:
            raise SetupError(Reason.SETTING, "[detections] host of Frigate's broker is empty")
        self._objects, self._monotonic = FrigateObjects(settings), monotonic
        self._lock, self._connected, self._complained = threading.Lock(), False, False
        self._topic = settings.topic
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        if settings.username:
            password = optional_secret_text(settings.password_file)
            self._client.username_pw_set(settings.username, password)
        self._client.reconnect_delay_set(1, 120)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.connect_async(settings.host, settings.port, keepalive=60)
        self._client.loop_start()

    def newest(self) -> Outside | None:
        """What is followed; ``None``, and with it the camera's own foreground, while the broker
        is away."""
        with self._lock:
            if not self._connected:
                return None
            return Outside("frigate", self._objects.now(self._monotonic()))

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, code: Any, _p: Any) -> None:
        with self._lock:
            self._connected = code == 0
        if code == 0:
            client.subscribe(self._topic, qos=0)
        else:
            log.warning("detections: Frigate's broker refuses: %s", code)

    def _on_disconnect(self, *_: Any) -> None:
        with self._lock:
            self._connected = False

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        with self._lock:
            understood = self._objects.take(bytes(message.payload), self._monotonic())
        if not understood and not self._complained:
            self._complained = True
            log.warning("detections: a message on %s is none of Frigate's", message.topic)
