"""The recorder's line to the broker: subscribed at QoS 1, acknowledged by hand, tried again."""

from __future__ import annotations

import secrets
import ssl
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from viewkeeper.protocol import topics
from viewkeeper.protocol.errors import Reason, SetupError

RECEIVE_MAXIMUM = 10_000
"""More than the recorder's queue holds could only be dropped, and is not sent again before a
reconnection."""
RECONNECT_S = (1, 60)
SESSION_S = 7 * 86_400
"""How long the broker keeps what a recorder that is down has not heard."""
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


class Subscription:
    """Hears everything, or one recorder's share of it.

    Args:
        address: the broker's.
        name: part of the client id; empty: a random one, and the broker keeps nothing while away.
        share: group of a shared subscription (MQTT 5); empty: none.
        retry_s: pause before a refused subscription is asked for again.
        hear: called with each message by the client's thread; must not wait.

    Raises:
        SetupError: the certificates cannot be read, or a share was asked of MQTT 3.1.1.
    """

    def __init__(
        self,
        address: BrokerAddress,
        *,
        name: str,
        share: str,
        retry_s: float,
        hear: Callable[[Heard], None],
    ) -> None:
        self._name, self._share, self._retry_s, self._hear = name, share, retry_s, hear
        self._connection = 0
        self._closing = threading.Event()
        self._client = self._connect(address)
        self._client.loop_start()

    @property
    def connected(self) -> bool:
        return self._client.is_connected()

    def publish(self, topic: str, message: bytes, *, retain: bool = False) -> None:
        """Say something at QoS 1."""
        self._client.publish(topic, message, qos=1, retain=retain)

    def acknowledge(self, heard: Heard) -> None:
        """Let the broker forget it, if it still means this message by that number."""
        if heard.qos and heard.connection == self._connection:
            self._client.ack(heard.mid, heard.qos)

    def close(self) -> None:
        """Leave the broker."""
        self._closing.set()
        self._client.disconnect()
        self._client.loop_stop()

    def _connect(self, address: BrokerAddress) -> mqtt.Client:
        is_v5 = address.mqtt == "5"
        if not is_v5 and self._share:
            raise SetupError(Reason.SETTING, "--share needs MQTT 5")
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"recorder-{self._name or secrets.token_hex(8)}",
            clean_session=None if is_v5 else not self._name,
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
        session.SessionExpiryInterval = SESSION_S if self._name else 0
        session.ReceiveMaximum = RECEIVE_MAXIMUM
        client.connect_async(
            address.host,
            address.port,
            keepalive=30,
            clean_start=not self._name if is_v5 else mqtt.MQTT_CLEAN_START_FIRST_ONLY,
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
        group = self._share
        client.subscribe(f"$share/{group}/{topics.ROOT}/#" if group else f"{topics.ROOT}/#", 1)

    def _on_subscribe(
        self, client: mqtt.Client, _userdata: object, _mid: int, codes: list[Any], _more: object
    ) -> None:
        if not codes[0].is_failure:
            return
        # A cluster that is electing says so, too: what is not subscribed must not stay unheard.
        print("recorder: the broker refuses the subscription", file=sys.stderr, flush=True)
        if not self._closing.is_set():
            again = threading.Timer(self._retry_s, self._subscribe, [client])
            again.daemon = True
            again.start()

    def _on_message(self, _client: object, _userdata: object, message: mqtt.MQTTMessage) -> None:
        heard = Heard(
            message.topic,
            bytes(message.payload),
            self._connection,
            message.mid,
            message.qos,
            bool(message.retain),
        )
        self._hear(heard)


def _tls_context(address: BrokerAddress) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(address.ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if address.cert_file is not None and address.key_file is not None:
        # An empty password: an encrypted key fails instead of asking on a terminal.
        context.load_cert_chain(str(address.cert_file), str(address.key_file), password="")
    return context
