"""Listens to the broker and keeps what it hears. The only thread-owner of this room."""

from __future__ import annotations

import contextlib
import queue
import secrets
import ssl
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from viewkeeper.dashboard.recorder.intake import Found, Intake
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.recorder.tables import DAY_MS
from viewkeeper.protocol import topics
from viewkeeper.protocol.errors import Reason, SetupError

QUEUE_MESSAGES = 20_000
BATCH_MESSAGES = 500
REPORT_DAYS, OTHER_DAYS = 90, 400
RECONNECT_S = (1, 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Where the recorder finds the broker (plain MQTT or, with ``ca_file``, TLS)."""

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None


class Recorder:
    """Runs until closed; a lost broker is tried again, a full queue drops and says so."""

    def __init__(
        self,
        intake: Intake,
        recording: Recording,
        address: BrokerAddress,
        now_ms: Callable[[], int],
    ) -> None:
        self._intake, self._recording, self._now_ms = intake, recording, now_ms
        self._heard: queue.Queue[tuple[str, bytes] | None] = queue.Queue(QUEUE_MESSAGES)
        self._pruned_day = -1
        self._dropped = 0
        self._client = self._connect(address)
        self._worker = threading.Thread(target=self._keep_all, name="recorder", daemon=True)
        self._worker.start()
        self._client.loop_start()

    def health(self) -> Mapping[str, object]:
        """How the recorder itself is doing."""
        return {"connected": self._client.is_connected(), "dropped": self._dropped}

    def close(self) -> None:
        """Stop listening, keep what was heard, close the recording."""
        self._client.disconnect()
        self._client.loop_stop()
        self._heard.put(None)
        self._worker.join()
        self._recording.close()

    def _connect(self, address: BrokerAddress) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"recorder-{secrets.token_hex(8)}",
            protocol=mqtt.MQTTv5,
        )
        if address.username is not None:
            client.username_pw_set(address.username, address.password)
        if address.ca_file is not None:
            try:
                client.tls_set_context(ssl.create_default_context(cafile=str(address.ca_file)))
            except (OSError, ssl.SSLError) as error:
                raise SetupError(
                    Reason.FILE_UNREADABLE, f"certificate file {address.ca_file}: {error}"
                ) from error
        client.reconnect_delay_set(*RECONNECT_S)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.connect_async(address.host, address.port, keepalive=30)
        return client

    def _on_connect(
        self, client: mqtt.Client, _userdata: object, _flags: object, code: Any, _more: object
    ) -> None:
        if code.is_failure:
            print(f"recorder: the broker refuses: {code}", file=sys.stderr, flush=True)
        else:
            client.subscribe(f"{topics.ROOT}/#", qos=1)

    def _on_message(self, _client: object, _userdata: object, message: mqtt.MQTTMessage) -> None:
        try:
            self._heard.put_nowait((message.topic, bytes(message.payload)))
        except queue.Full:
            self._dropped += 1

    def _keep_all(self) -> None:
        while True:
            batch = [self._heard.get()]
            with contextlib.suppress(queue.Empty):
                while len(batch) < BATCH_MESSAGES:
                    batch.append(self._heard.get_nowait())
            self._keep([one for one in batch if one is not None])
            if None in batch:
                return

    def _keep(self, batch: list[tuple[str, bytes]]) -> None:
        found: list[Found] = []
        for topic, payload in batch:
            one = self._intake.read(topic, payload)
            if one is not None:
                found.append(one)
        now = self._now_ms()
        try:
            self._recording.add(found, now)
            if now // DAY_MS != self._pruned_day:
                self._pruned_day = now // DAY_MS
                self._recording.prune(now, report_days=REPORT_DAYS, other_days=OTHER_DAYS)
        except SetupError as error:
            print(f"recorder: could not keep {len(found)}: {error}", file=sys.stderr, flush=True)
