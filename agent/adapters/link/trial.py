"""One attempt to reach the broker, to tell a person what fails and what cures it.

A broker may take the certificate's name for the client id, so a second MQTT session under it
would push a running agent off. The session is therefore tried only when nobody else runs,
with the same expiry, without subscriptions and without acknowledging anything: what is queued
for the camera stays queued.
"""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho
from cryptography import x509
from cryptography.x509.oid import NameOID
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from viewkeeper.agent.adapters.link.credentials import password_of, tls_context
from viewkeeper.agent.adapters.link.settings import LinkSettings
from viewkeeper.protocol.errors import Reason, SetupError

MAX_DAYS_WARN = 30
# TLS 1.3 tells a client only after the handshake that its certificate is refused.
_CLOSED = "it closed the connection, as one does whose CA did not issue cert_file, or revoked it"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What counts of a camera's certificate."""

    name: str
    days_left: int


def own_certificate(path: Path, today: dt.datetime) -> Certificate:
    """Read the camera's certificate.

    Raises:
        SetupError: missing or not one.
    """
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise SetupError(
            Reason.FILE_MISSING,
            f"{path}: {error.strerror}: put the certificate there that the broker's CA issued "
            "for what viewkeeper-agent request wrote",
        ) from error
    except ValueError:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path} is not a PEM certificate") from None
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    # Debian 12's cryptography says it without its time zone.
    until = getattr(certificate, "not_valid_after_utc", None)
    if until is None:
        until = certificate.not_valid_after.replace(tzinfo=dt.UTC)
    return Certificate(str(names[0].value) if names else "", (until - today).days)


def reach(settings: LinkSettings) -> str:
    """TCP and, where it is set, TLS; what was spoken.

    Raises:
        SetupError: with the layer that failed and the cure.
    """
    where = f"{settings.host}:{settings.port}"
    context = None if settings.tls is None else tls_context(settings.tls)
    try:
        with socket.create_connection(
            (settings.host, settings.port), timeout=settings.connect_timeout_s
        ) as plain:
            if context is None:
                return "TCP, without TLS"
            with context.wrap_socket(plain, server_hostname=settings.host) as secure:
                return secure.version() or "TLS"
    except socket.gaierror:
        raise SetupError(
            Reason.SETTING, f"{settings.host} has no address: check [broker] host and the DNS"
        ) from None
    except ssl.SSLCertVerificationError as error:
        raise SetupError(
            Reason.SETTING,
            f"the certificate of {where} is not trusted ({error.verify_message}): "
            "check ca_file, and that host is the name in the broker's certificate",
        ) from None
    except ssl.SSLError as error:
        raise SetupError(Reason.SETTING, f"{where} does not speak TLS ({error.reason})") from None
    except ConnectionRefusedError:
        raise SetupError(
            Reason.SETTING, f"{where} refuses: is the broker running, is it this port?"
        ) from None
    except OSError as error:
        text = "no answer in time" if isinstance(error, TimeoutError) else error.strerror
        raise SetupError(Reason.SETTING, f"{where}: {text}: check cable and firewall") from None


def sign_in(settings: LinkSettings) -> str:
    """An MQTT session as the camera, given up at once; what the broker said.

    Raises:
        SetupError: refused, or no answer.
    """
    answered = threading.Event()
    told: list[str] = []

    def connected(
        _client: paho.Client, _data: object, _flags: object, reason: object, _more: object
    ) -> None:
        told.append("" if not getattr(reason, "is_failure", True) else str(reason))
        answered.set()

    client = paho.Client(
        callback_api_version=CallbackAPIVersion.VERSION2,
        client_id=settings.mqtt_client_id,
        protocol=paho.MQTTv5,
        reconnect_on_failure=False,
        manual_ack=True,
    )

    def closed(
        _client: paho.Client, _data: object, _flags: object, _reason: object, _more: object
    ) -> None:
        if not answered.is_set():
            told.append(_CLOSED if settings.tls is not None else "it closed the connection")
            answered.set()

    client.on_connect, client.on_disconnect = connected, closed
    client.connect_timeout = settings.connect_timeout_s
    if settings.username is not None:
        client.username_pw_set(settings.username, password_of(settings))
    if settings.tls is not None:
        client.tls_set_context(tls_context(settings.tls))
    kept = Properties(PacketTypes.CONNECT)
    kept.SessionExpiryInterval = settings.session_expiry_s
    try:
        client.connect(settings.host, settings.port, clean_start=False, properties=kept)
    except OSError as error:
        raise SetupError(Reason.SETTING, f"no MQTT session: {error}") from None
    client.loop_start()
    in_time = answered.wait(settings.connect_timeout_s)
    client.disconnect()
    client.loop_stop()
    if not in_time:
        raise SetupError(Reason.SETTING, "the broker does not answer MQTT 5's CONNECT")
    if told[0]:
        raise SetupError(
            Reason.SETTING,
            f"the broker refuses this camera ({told[0]}): check its certificate or password, "
            "and the broker's log",
        )
    return "MQTT 5 session"
