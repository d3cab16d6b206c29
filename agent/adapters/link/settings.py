"""What the link needs to know before it starts. Values only; nothing is opened here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from viewkeeper.agent.adapters.link.backoff import MOST_SPREAD_S, Backoff
from viewkeeper.agent.adapters.link.discovery import Introduction
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.topics import WILL_DELAY_S, Topics


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Mutual TLS: whom we trust, and who we are.

    Attributes:
        ca: PEM of the authority that signed the broker's certificate.
        cert, key: PEM of this camera's own certificate and private key; both or neither.
    """

    ca: Path
    cert: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        if (self.cert is None) != (self.key is None):
            raise SetupError(Reason.SETTING, "tls: give both cert and key, or neither")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """Where the broker is and how patient to be with it.

    Attributes:
        host, port: the broker.
        site, camera: ids of the topics (protocol/topics.py).
        client_id: MQTT client id; empty: ``{site}.{camera}``. Two clients with one id push each
            other off the broker.
        username, password_file: for brokers without client certificates; the first line of the
            file is the password.
        tls: mutual TLS, or ``None`` for plain TCP (demo, tests).
        keepalive_s: silence after which each side checks the other; longer than a report's period,
            so that a camera that reports needs no pings.
        session_expiry_s: how long the broker keeps our subscriptions and undelivered orders.
        will_delay_s: how long the broker waits before it says ``offline`` for us (MQTT 5).
        retry_first_s, retry_most_s: ceilings of the first and the longest wait before a new
            attempt; the wait itself is uniform between 0 and the ceiling (full jitter).
        spread_s: how long the whole fleet takes to come (back): the first attempt after a start or
            a loss waits uniformly up to this long, and no later ceiling is lower; 0: a site small
            enough to come at once. See ``backoff.spread_for``.
        connect_timeout_s: for TCP, TLS and the broker's CONNACK each.
        stall_s: unacknowledged for this long on a living connection: connect anew.
        telemetry_expiry_s: how long the broker keeps a report nobody renewed (MQTT 5).
        record_expiry_s: how long it keeps an event or verdict for an absent reader (MQTT 5).
        outbox: the outbox's file, or ``None`` to hold records in memory only.
        outbox_rows, outbox_bytes: what the outbox holds at most.
        linger_s: how long a record waits for a card that does not take it, before it is sent.
        receipt_s: how long a record that a broker acknowledged is held for a recorder's receipt;
            then it is let go of, and told as a gap. 0: no recorder gives receipts here.
        settle_s: how long it is held where none does: longer than the broker takes to write its
            memory (``autosave_interval``).
        resend_s: how long a receipt may take before the record is sent again on a connection that
            lives; each later wait is twice as long.
        mirror_period_s: how long a plain mirror that tells nothing new is held back; shorter where
            Home Assistant would forget it (``Introduction.renew_s``).
        history_rate_hz: records a second replayed after an outage, at most.
        allow_v311: whether to fall back to MQTT 3.1.1 where the broker refuses 5.
        prefer_v311: whether to try 3.1.1 first; spares the detour with a broker known to be old.
        introduction: how to introduce the camera to Home Assistant; ``None``: not at all.
    """

    host: str
    port: int
    site: str
    camera: str
    client_id: str = ""
    username: str | None = None
    password_file: Path | None = None
    tls: TlsSettings | None = None
    keepalive_s: int = 90
    session_expiry_s: int = 7 * 86_400
    will_delay_s: int = WILL_DELAY_S
    retry_first_s: float = 1.0
    retry_most_s: float = 300.0
    spread_s: float = 0.0
    connect_timeout_s: float = 15.0
    stall_s: float = 120.0
    telemetry_expiry_s: int = 86_400
    record_expiry_s: int = 7 * 86_400
    outbox: Path | None = None
    outbox_rows: int = 20_000
    outbox_bytes: int = 16 * 2**20
    linger_s: float = 2.0
    receipt_s: float = 7 * 86_400.0
    settle_s: float = 90.0
    resend_s: float = 300.0
    mirror_period_s: float = 3600.0
    history_rate_hz: float = 20.0
    allow_v311: bool = True
    prefer_v311: bool = False
    introduction: Introduction | None = None

    def __post_init__(self) -> None:
        Topics(self.site, self.camera)
        if not self.host or not 0 < self.port < 65_536:
            raise SetupError(Reason.SETTING, "broker: give a host and a port from 1 to 65535")
        if not 0 < self.retry_first_s <= self.retry_most_s:
            raise SetupError(Reason.SETTING, "broker: 0 < retry_first_s <= retry_most_s")
        if not 0 <= self.spread_s <= MOST_SPREAD_S:
            raise SetupError(Reason.SETTING, f"broker: spread_s from 0 to {MOST_SPREAD_S:.0f}")
        if not 5 <= self.keepalive_s <= 65_535:
            raise SetupError(Reason.SETTING, "broker: keepalive_s from 5 to 65535")
        if self.receipt_s < 0 or self.settle_s < 0 or self.resend_s <= 0:
            raise SetupError(Reason.SETTING, "broker: receipt_s, settle_s from 0, resend_s above 0")
        if self.outbox_rows < 1 or self.outbox_bytes < 4096 or self.history_rate_hz <= 0:
            raise SetupError(
                Reason.SETTING, "outbox: at least 1 row, 4096 bytes and a rate above 0"
            )

    @property
    def backoff(self) -> Backoff:
        """How patient to be, before anything failed."""
        return Backoff.over(self.spread_s, self.retry_first_s, self.retry_most_s)

    @property
    def topics(self) -> Topics:
        return Topics(self.site, self.camera)

    @property
    def mqtt_client_id(self) -> str:
        return self.client_id or f"{self.site}.{self.camera}"
