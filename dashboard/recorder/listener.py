"""Listens to the broker and keeps what it hears. The only thread-owner of this room."""

from __future__ import annotations

import contextlib
import queue
import secrets
import ssl
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from viewkeeper.dashboard.recorder.intake import Intake, Kept, Witnessed
from viewkeeper.dashboard.recorder.metrics import Arrived, Metrics
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.recorder.tables import DAY_MS
from viewkeeper.dashboard.recorder.witness import Witness
from viewkeeper.protocol import topics
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.receipts import Place, receipts
from viewkeeper.protocol.vocabulary import RecordKind

QUEUE_MESSAGES = 20_000
RECEIVE_MAXIMUM = 10_000
BATCH_MESSAGES = 500
REPORT_DAYS, OTHER_DAYS = 90, 400
RECONNECT_S = (1, 60)
SESSION_S = 7 * 86_400
"""How long the broker keeps what a recorder that is down has not heard."""
RETRY_S = 5.0
"""A disk that refuses is tried again: what it does not have is not acknowledged."""


_UNSUPPORTED_VERSION = 0x84  # MQTT 5 §3.2.2.2


@dataclass(frozen=True, slots=True)
class Heard:
    """A message and what acknowledges it: good on the connection it came by, only."""

    topic: str
    payload: bytes
    connection: int
    mid: int
    qos: int
    retained: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How long to keep, and how to share the work.

    Attributes:
        name: of this recorder, part of its MQTT client id; empty: a random one, and the
            broker keeps nothing for it while it is down.
        share: name of a group of recorders that share the cameras' messages (MQTT 5 shared
            subscription); empty: this one hears all.
        report_days, other_days: reports are forgotten sooner than everything else.
        retry_s: pause before a database that refused is tried again.
    """

    name: str = ""
    share: str = ""
    report_days: int = REPORT_DAYS
    other_days: int = OTHER_DAYS
    retry_s: float = RETRY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Where the recorder finds the broker (plain MQTT or, with ``ca_file``, TLS).

    Attributes:
        cert_file, key_file: the recorder's own certificate, for mutual TLS; both or neither.
        mqtt: ``5``, or ``3.1.1`` for a broker that speaks nothing newer.
    """

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    mqtt: str = "5"

    def __post_init__(self) -> None:
        if (self.cert_file is None) != (self.key_file is None):
            raise SetupError(Reason.SETTING, "give both --mqtt-cert and --mqtt-key, or neither")
        if self.cert_file is not None and self.ca_file is None:
            raise SetupError(Reason.SETTING, "--mqtt-cert needs --mqtt-ca")


class Recorder:
    """Runs until closed; a lost broker is tried again, a full queue drops and says so."""

    def __init__(
        self,
        intake: Intake,
        recording: Recording,
        address: BrokerAddress,
        now_ms: Callable[[], int],
        *,
        witness: Witness | None = None,
        keeping: Keeping | None = None,
    ) -> None:
        self._intake, self._recording, self._now_ms = intake, recording, now_ms
        self._witness, self._keeping = witness, keeping or Keeping()
        self._metrics = Metrics(intake.register)
        self._heard: queue.Queue[Heard | None] = queue.Queue(QUEUE_MESSAGES)
        self._pruned_day = -1
        self._connection = 0
        self._closing = threading.Event()
        self._client = self._connect(address)
        self._worker = threading.Thread(target=self._keep_all, name="recorder", daemon=True)
        self._worker.start()
        self._client.loop_start()

    def health(self) -> Mapping[str, object]:
        """How the recorder itself is doing."""
        metrics = self._metrics
        return {
            "connected": self._client.is_connected(),
            "waiting": self._heard.qsize(),
            "heard": metrics.heard,
            "kept": metrics.new,
            "duplicates": metrics.known,
            "refused": metrics.refused.total(),
            "dropped": metrics.dropped,
            "countersigned": metrics.countersigned,
        }

    def metrics(self) -> str:
        """The same and more, as Prometheus reads it.

        Raises:
            SetupError: the recording does not answer.
        """
        return self._metrics.text(
            self._now_ms(),
            waiting=self._heard.qsize(),
            connected=self._client.is_connected(),
            faults=self._recording.fault_counts(),
        )

    def close(self) -> None:
        """Stop listening, keep what was heard, close the recording."""
        self._closing.set()
        self._heard.put(None)
        self._worker.join()
        self._client.disconnect()
        self._client.loop_stop()
        self._recording.close()

    def _connect(self, address: BrokerAddress) -> mqtt.Client:
        is_v5 = address.mqtt == "5"
        if not is_v5 and self._keeping.share:
            raise SetupError(Reason.SETTING, "--share needs MQTT 5")
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"recorder-{self._keeping.name or secrets.token_hex(8)}",
            clean_session=None if is_v5 else not self._keeping.name,
            protocol=mqtt.MQTTv5 if is_v5 else mqtt.MQTTv311,
            manual_ack=True,
        )
        if address.username is not None:
            client.username_pw_set(address.username, address.password)
        if address.ca_file is not None:
            try:
                client.tls_set_context(_tls_context(address))
            except (OSError, ssl.SSLError) as error:
                raise SetupError(
                    Reason.FILE_UNREADABLE, f"{address.ca_file} or its pair: {error}"
                ) from error
        client.reconnect_delay_set(*RECONNECT_S)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        session = Properties(PacketTypes.CONNECT)
        session.SessionExpiryInterval = SESSION_S if self._keeping.name else 0
        # More than fits in the queue could only be dropped, and is not sent again before a
        # reconnection.
        session.ReceiveMaximum = RECEIVE_MAXIMUM
        client.connect_async(
            address.host,
            address.port,
            keepalive=30,
            clean_start=not self._keeping.name if is_v5 else mqtt.MQTT_CLEAN_START_FIRST_ONLY,
            properties=session if is_v5 else None,
        )
        return client

    def _on_connect(
        self, client: mqtt.Client, _userdata: object, _flags: object, code: Any, _more: object
    ) -> None:
        if code.is_failure:
            old = code.value == _UNSUPPORTED_VERSION
            cure = "; it speaks MQTT 3.1.1: use --mqtt-version 3.1.1" if old else ""
            print(f"recorder: the broker refuses: {code}{cure}", file=sys.stderr, flush=True)
        else:
            self._connection += 1
            self._subscribe(client)

    def _on_disconnect(self, *_: object) -> None:
        # From now on: a number of the old connection could be another message's on the next.
        self._connection += 1

    def _subscribe(self, client: mqtt.Client) -> None:
        group = self._keeping.share
        client.subscribe(f"$share/{group}/{topics.ROOT}/#" if group else f"{topics.ROOT}/#", 1)

    def _on_subscribe(
        self, client: mqtt.Client, _userdata: object, _mid: int, codes: list[Any], _more: object
    ) -> None:
        if not codes[0].is_failure:
            return
        # A cluster that is electing says so, too: what is not subscribed must not stay unheard.
        print("recorder: the broker refuses the subscription", file=sys.stderr, flush=True)
        if not self._closing.is_set():
            again = threading.Timer(RETRY_S, self._subscribe, [client])
            again.daemon = True
            again.start()

    def _on_message(self, _client: object, _userdata: object, message: mqtt.MQTTMessage) -> None:
        self._metrics.heard += 1
        heard = Heard(
            message.topic,
            bytes(message.payload),
            self._connection,
            message.mid,
            message.qos,
            bool(message.retain),
        )
        try:
            self._heard.put_nowait(heard)
        except queue.Full:  # only messages of QoS 0 can get here
            self._metrics.dropped += 1

    def _keep_all(self) -> None:
        while True:
            batch = [self._heard.get()]
            with contextlib.suppress(queue.Empty):
                while len(batch) < BATCH_MESSAGES:
                    batch.append(self._heard.get_nowait())
            self._keep([one for one in batch if one is not None])
            if None in batch:
                return

    def _keep(self, batch: list[Heard]) -> None:
        read = self._intake.read_all([(heard.topic, heard.payload) for heard in batch])
        found = [
            Arrived(one, heard.retained)
            for one, heard in zip(read, batch, strict=True)
            if one is not None
        ]
        now = self._now_ms()
        for step in (self._store, self._prune, self._countersign):
            while not self._done(step, found, now):
                if self._closing.wait(self._keeping.retry_s):
                    return
        self._give_receipts(found)
        for heard in batch:
            if heard.qos and heard.connection == self._connection:
                self._client.ack(heard.mid, heard.qos)

    def _give_receipts(self, found: list[Arrived]) -> None:
        """Tell each camera what is on the disk now, reports left out: it does not send those twice.

        What the broker retained came with the subscription; where the camera still holds such a
        record, it sends it again.
        """
        kept: dict[str, list[Place]] = {}
        for one in found:
            seen = one.found
            if not isinstance(seen, Kept) or one.retained:
                continue
            if seen.record.kind is not RecordKind.REPORT:
                header = seen.record.header
                kept.setdefault(seen.camera, []).append((header.boot, header.sequence))
        for camera, places in kept.items():
            site, _, name = camera.partition("/")
            for message in receipts(places):
                self._client.publish(topics.Topics(site, name).receipt, message, qos=1)
                self._metrics.receipts += 1

    def _done(
        self, step: Callable[[list[Arrived], int], None], found: list[Arrived], now_ms: int
    ) -> bool:
        try:
            step(found, now_ms)
        except SetupError as error:
            self._metrics.write_failures += 1
            print(f"recorder: could not keep {len(found)}: {error}", file=sys.stderr, flush=True)
            return False
        return True

    def _store(self, found: list[Arrived], now_ms: int) -> None:
        begun_s = time.perf_counter()
        added = self._recording.add([one.found for one in found], now_ms)
        self._metrics.stored(found, added, time.perf_counter() - begun_s, now_ms)

    def _prune(self, _found: list[Arrived], now_ms: int) -> None:
        if now_ms // DAY_MS == self._pruned_day:
            return
        keeping = self._keeping
        self._recording.prune(
            now_ms, report_days=keeping.report_days, other_days=keeping.other_days
        )
        self._pruned_day = now_ms // DAY_MS

    def _countersign(self, found: list[Arrived], now_ms: int) -> None:
        for one in found:
            seen = one.found
            if self._witness is None or not isinstance(seen, Witnessed):
                continue
            said = self._witness.statement(seen, now_ms)
            if said is not None:
                topic, message = said
                self._client.publish(topic, message, qos=1, retain=True)
                self._metrics.countersigned += 1


def _tls_context(address: BrokerAddress) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(address.ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if address.cert_file is not None and address.key_file is not None:
        # An empty password: an encrypted key fails instead of asking on a terminal.
        context.load_cert_chain(str(address.cert_file), str(address.key_file), password="")
    return context
