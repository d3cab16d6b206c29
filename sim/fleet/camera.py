"""One light camera: no picture and no ledger, but the agent's words, signature and sending rules.

Computes; time is an argument. What it says of its view is made up and says so nowhere: these
records must never get anywhere but to a test's recorder.
"""

from __future__ import annotations

import hashlib
import json
import random
import secrets
from collections.abc import Callable
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from viewkeeper.agent.adapters.link.messages import dress
from viewkeeper.agent.adapters.link.outbox import Outbox
from viewkeeper.agent.adapters.link.sender import Job, Sender
from viewkeeper.agent.core.reporting import mirror_of
from viewkeeper.protocol import cose, records
from viewkeeper.protocol.topics import ONLINE, Topics
from viewkeeper.protocol.vocabulary import (
    ClockTrust,
    EventKind,
    LifecycleState,
    LitState,
    SignageState,
    ViewVerdict,
    WatchState,
)

Place = tuple[bytes, int]
"""Boot and sequence: where in its row a record stands."""
SITE_CAMERAS = 500
_HISTORY_RATE_HZ = 20.0  # LinkSettings.history_rate_hz
_DAY_MS = 86_400_000


class FleetCamera:
    """A camera of the fleet.

    Args:
        index: which one; names it.
        seed: with the index, its key and every chance.
        mirror: whether to publish ``state`` beside ``report``.
        clock: seconds, monotonic.

    Attributes:
        topics: its topics.
        sender: the agent's own; what goes out next.
        jumped_ms: how far its clock is off now.
    """

    def __init__(self, index: int, seed: int, *, mirror: bool, clock: Callable[[], float]) -> None:
        self.index, self._mirror, self._clock = index, mirror, clock
        self.topics = Topics(f"site-{index // SITE_CAMERAS:03d}", f"cam-{index:05d}")
        secret = hashlib.sha256(f"viewkeeper fleet {seed} {index}".encode("ascii")).digest()
        self.signer = cose.SoftwareSigner(Ed25519PrivateKey.from_private_bytes(secret))
        self.chance = random.Random(f"{seed}/{index}")  # noqa: S311 - a test's dice
        self.outbox = Outbox(None, most_rows=20_000, most_bytes=2**24, linger_s=2.0, clock=clock)
        self.jumped_ms = 0
        self.places: dict[bytes, Place] = {}
        self._renewed = b""
        self._boot, self._sequence, self._booted_s = b"", 0, 0.0
        self.sender: Sender
        self.boot()

    @property
    def name(self) -> str:
        """``site/camera``."""
        return f"{self.topics.site}/{self.topics.camera}"

    def boot(self) -> None:
        """Power is back: a new boot id, what stood is forgotten, the outbox is not (its card)."""
        # By no seed: two runs on one broker must not give two records one place.
        self._boot = secrets.token_bytes(8)
        self._sequence, self._booted_s = 0, self._clock()
        self.sender = Sender(
            self.outbox,
            self.topics.history,
            dress(self.topics, 86_400, 7 * 86_400),
            history_rate_hz=_HISTORY_RATE_HZ,
            clock=self._clock,
        )
        self.sender.stand(self.topics.status, ONLINE)

    def report(self, utc_ms: int) -> None:
        """Let a new report stand, and its mirror."""
        self._forget_renewed()
        header = self._header(utc_ms)
        report = self._report(header.utc_ms)
        payload = self._sealed(records.Record(header, report))
        self._renewed = payload
        self.sender.stand(self.topics.report, payload, numbered=True)
        if self._mirror:
            mirror = mirror_of(self.topics.site, header, report)
            self.sender.stand(
                self.topics.state, json.dumps(mirror, separators=(",", ":")).encode("utf-8")
            )

    def event(self, utc_ms: int) -> None:
        """Flag something."""
        kind = self.chance.choice((EventKind.INTRUSION, EventKind.LOITERING, EventKind.GATHERING))
        header = self._header(utc_ms)
        body = records.Event(
            event=kind,
            started_ms=header.utc_ms,
            confidence_permille=self.chance.randint(500, 1000),
            alarm_method=5,
            alarm_type=1,
        )
        self.sender.post(self.topics.event(kind), self._sealed(records.Record(header, body)))

    def set_clock(self, utc_ms: int, jump_ms: int) -> None:
        """Its clock is off by so much from now on; put right (0), it says by how much it was."""
        step_ms, self.jumped_ms = jump_ms - self.jumped_ms, jump_ms
        if jump_ms == 0 and step_ms:
            fix = records.Record(self._header(utc_ms), records.ClockFix(step_ms=step_ms))
            self.sender.post(self.topics.history, self._sealed(fix))

    def draw_jump_ms(self) -> int:
        """By how much its clock will be off: mostly back, as a battery that died does."""
        return -self.chance.randint(3_600_000, _DAY_MS)

    def begin(self, utc_ms: int) -> None:
        """A connection begins: everything that stands goes out, older rows by ``history``."""
        self.sender.begin()
        for lost in self.sender.take_superseded():
            gap = records.Gap(
                first_sequence=lost.first_sequence,
                last_sequence=lost.last_sequence,
                lost=0,
                boot=lost.boot,
                superseded=lost.superseded,
            )
            record = records.Record(self._header(utc_ms), gap)
            self.sender.post_gap(self._sealed(record))

    def settled(self, job: Job) -> Place | None:
        """The broker has a publication: the record in it, if it was one."""
        payload = job.message.payload
        if payload == self._renewed:  # a report goes out again with the next connection
            return self.places.get(payload)
        return self.places.pop(payload, None)

    def _forget_renewed(self) -> None:
        sent = self._renewed
        if sent and self.sender.in_flight() == 0:
            self.places.pop(sent, None)

    def _sealed(self, record: records.Record) -> bytes:
        payload = records.seal(record, self.signer)
        self.places[payload] = (record.header.boot, record.header.sequence)
        return payload

    def _header(self, utc_ms: int) -> records.Header:
        self._sequence += 1
        return records.Header(
            device=self.topics.camera,
            boot=self._boot,
            sequence=self._sequence,
            utc_ms=utc_ms + self.jumped_ms,
            mono_ms=int((self._clock() - self._booted_s) * 1000),
            clock=ClockTrust.FLOOR if self.jumped_ms else ClockTrust.SYNCHRONISED,
        )

    def _report(self, utc_ms: int) -> records.Report:
        move = replace(_STILL, pan_mdeg=self.chance.randint(-40, 40))
        view = replace(_VIEW, move=move, since_ms=utc_ms)
        health = replace(_HEALTH, uptime_s=int(self._clock() - self._booted_s))
        return replace(_REPORT, view=view, health=health)


_STILL = records.MoveReport(
    pan_mdeg=0,
    tilt_mdeg=-12,
    roll_mdeg=3,
    zoom_ppm=1_000_120,
    pan_error_mdeg=9,
    tilt_error_mdeg=11,
    roll_error_mdeg=8,
    zoom_error_ppm=140,
)
_VIEW = records.ViewReport(
    verdict=ViewVerdict.SAME, move=_STILL, lost_permille=18, since_ms=0, latched=False
)
_HEALTH = records.HealthReport(
    frame_rate_mhz=1000,
    storage_free_permille=812,
    temperature_dc=415,
    memory_kib=72_000,
    cpu_permille=60,
    uptime_s=0,
    findings=(),
)
_REPORT = records.Report(
    view=_VIEW,
    signage=records.SignageReport(state=SignageState.PRESENT, lit=LitState.LIT, current_ma=212),
    health=_HEALTH,
    lifecycle=LifecycleState.IN_USE,
    config_sequence=3,
    config_hash=bytes(range(8)),
    ledger_size=41,
    ledger_root=bytes(range(16)),
    refusals=0,
    events=records.EventsReport(state=WatchState.WATCHING, zones=2, unreported=0),
    alarms=(),
)
