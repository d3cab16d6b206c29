"""Signed records: what a device says. Every one travels as a COSE_Sign1 in Domain.RECORD.

Angles are millidegrees and zoom is parts per million of the registered focal length, as
integers: the profile has no floats.
"""

from __future__ import annotations

from dataclasses import dataclass

from viewkeeper.protocol import cose
from viewkeeper.protocol.access import AccessEntry
from viewkeeper.protocol.common import DEVICE_ID, HALF_HASH, HASH, SHORT_HASH
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.fields import (
    MAX_SAFE_INT,
    Bool,
    Choice,
    Code,
    Int,
    ListOf,
    Nested,
    NumberOf,
    SetOf,
    Text,
    at,
    pack_tagged,
    parse_tagged,
)
from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    ClockTrust,
    Corroboration,
    EventKind,
    LifecycleState,
    LineDirection,
    LitState,
    OrderKind,
    RecordKind,
    SignageSource,
    SignageState,
    TamperState,
    UpdateStage,
    ViewCause,
    ViewVerdict,
    WatchState,
)

REASON = Text(1, 40, "[a-z_]{1,40}")
ANGLE_MDEG = Int(-360_000, 360_000)
ANGLE_ERROR_MDEG = Int(0, 360_000)
RATIO_PPM = Int(0, 100_000_000)
PERMILLE = Int(0, 1000)
VERSION = Text(1, 24, "[a-z0-9.+-]{1,24}")
MICRO_G = Int(-16_000_000, 16_000_000)
DATE = Text(10, 10, "[0-9]{4}-[0-9]{2}-[0-9]{2}")
MAX_RECORD_BYTES = 4096
_BODY_KEY = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveReport:
    """Present view against the registered one, with one standard error each."""

    pan_mdeg: int = at(1, ANGLE_MDEG)
    tilt_mdeg: int = at(2, ANGLE_MDEG)
    roll_mdeg: int = at(3, ANGLE_MDEG)
    zoom_ppm: int = at(4, RATIO_PPM)
    pan_error_mdeg: int = at(5, ANGLE_ERROR_MDEG)
    tilt_error_mdeg: int = at(6, ANGLE_ERROR_MDEG)
    roll_error_mdeg: int = at(7, ANGLE_ERROR_MDEG)
    zoom_error_ppm: int = at(8, RATIO_PPM)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewReport:
    """The verdict on the view; ``move`` is there whenever it was measured."""

    verdict: ViewVerdict = at(1, Code(ViewVerdict))
    cause: ViewCause | None = at(2, Code(ViewCause), optional=True)
    move: MoveReport | None = at(3, Nested(MoveReport), optional=True)
    lost_permille: int | None = at(4, PERMILLE, optional=True)
    since_ms: int = at(5, Int())
    latched: bool = at(6, Bool())
    learned: int | None = at(7, Int(1, 16), optional=True)
    """How many references were learned beside the registered view; absent where none was."""
    by: bytes | None = at(8, SHORT_HASH, optional=True)
    """Beginning of the hash of the learned reference that recognised this frame; absent where the
    registered view itself did. The ledger holds the whole hash."""
    corroboration: tuple[Corroboration, ...] | None = at(9, SetOf(Corroboration), optional=True)
    """What the camera's own state adds: crop, mount, gravity, focus, tamper contact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MountReport:
    """What a board feels of its mount, beside any picture; turning about gravity it cannot feel."""

    verdict: ViewVerdict = at(1, Code(ViewVerdict))
    cause: ViewCause | None = at(2, Code(ViewCause), optional=True)
    tilt_mdeg: int | None = at(3, ANGLE_MDEG, optional=True)
    roll_mdeg: int | None = at(4, ANGLE_MDEG, optional=True)
    error_mdeg: int | None = at(5, ANGLE_ERROR_MDEG, optional=True)
    """One standard error of both, drift with temperature included."""
    temperature_dc: int | None = at(6, Int(-1000, 2000), optional=True)
    """Of the sensor, tenths of a degree Celsius."""
    registered_dc: int | None = at(7, Int(-1000, 2000), optional=True)
    """The same when the mount was registered."""
    since_ms: int = at(8, Int())
    case: TamperState | None = at(9, Code(TamperState), optional=True)
    """Absent: no switch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignageReport:
    """The sign's state and, on its own axis, whether it is lit."""

    state: SignageState = at(1, Code(SignageState))
    lit: LitState = at(2, Code(LitState))
    current_ma: int | None = at(3, Int(0, 100_000), optional=True)
    source: SignageSource | None = at(4, Code(SignageSource), optional=True)
    """What the state rests on; absent while it is unknown."""
    photo_until: str | None = at(5, DATE, optional=True)
    """Last day on which the inspection photo counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsReport:
    """The zones' watch and the operator's reporting clock."""

    state: WatchState = at(1, Code(WatchState))
    zones: int = at(2, Int(0, 64))
    unreported: int = at(3, Int(0, 10_000))
    """Flags that no signed order has closed."""
    oldest_ms: int | None = at(4, Int(), optional=True)
    """When the oldest of them began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackReport:
    """What was followed; lengths in ten-thousandths of the registered width."""

    objects: int = at(1, Int(1, 10_000))
    """How many at once."""
    hits: int = at(2, Int(0, 1_000_000))
    """In how many frames the longest-followed was seen."""
    seen_ms: int = at(3, Int(0, 2**40))
    way: int = at(4, Int(0, 1_000_000))
    """Straight from where it appeared."""
    speed: int = at(5, Int(0, 1_000_000))
    """A second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """How the device itself is doing; a field it cannot measure is absent."""

    frame_rate_mhz: int = at(1, Int(0, 1_000_000))
    """Frames per 1000 seconds."""
    storage_free_permille: int | None = at(2, PERMILLE, optional=True)
    temperature_dc: int | None = at(3, Int(-1000, 2000), optional=True)
    """Tenths of a degree Celsius."""
    memory_kib: int | None = at(4, Int(0, 2**32), optional=True)
    cpu_permille: int | None = at(5, Int(0, 64_000), optional=True)
    uptime_s: int = at(6, Int())
    findings: tuple[ViewCause, ...] = at(7, SetOf(ViewCause))
    """What image health finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The periodic statement: view, sign, health, lifecycle, configuration, ledger."""

    view: ViewReport = at(1, Nested(ViewReport))
    signage: SignageReport = at(2, Nested(SignageReport))
    health: HealthReport = at(3, Nested(HealthReport))
    lifecycle: LifecycleState = at(4, Code(LifecycleState))
    config_sequence: int = at(5, Int())
    config_hash: bytes | None = at(6, SHORT_HASH, optional=True)
    ledger_size: int = at(7, Int())
    ledger_root: bytes = at(8, HALF_HASH)
    """The first half; the signed checkpoint has the whole."""
    refusals: int = at(9, Int())
    last_refusal: Reason | None = at(10, Code(Reason), optional=True)
    filing_due_on: str | None = at(11, DATE, optional=True)
    """The last day for a filing that is owed, by the camera's own rule table."""
    events: EventsReport | None = at(12, Nested(EventsReport), optional=True)
    alarms: tuple[AlarmKind, ...] | None = at(13, SetOf(AlarmKind), optional=True)
    """The alarms that stand, so that no broker can hide one; absent: the camera does not say."""
    mount: MountReport | None = at(14, Nested(MountReport), optional=True)
    """Absent: the device has no such sensors."""
    program: str | None = at(15, VERSION, optional=True)
    """The version of the signed program that runs; absent: none was ever installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A suspicious-event flag; method and type are GB/T 28181's."""

    event: EventKind = at(1, Choice(EventKind))
    started_ms: int = at(2, Int())
    ended_ms: int | None = at(3, Int(), optional=True)
    confidence_permille: int = at(4, PERMILLE)
    alarm_method: int = at(5, Int(1, 7))
    alarm_type: int = at(6, Int(1, 99))
    zone: str | None = at(7, Text(1, 40), optional=True)
    event_id: bytes | None = at(8, SHORT_HASH, optional=True)
    """The same in its beginning and its end; a ``reported`` command names it."""
    direction: LineDirection | None = at(9, Choice(LineDirection), optional=True)
    track: TrackReport | None = at(10, Nested(TrackReport), optional=True)
    article: str | None = at(11, Text(1, 60), optional=True)
    """Why the operator should look at it; never a legal judgement on what happened."""
    detector: str | None = at(12, Text(1, 24, "[a-z0-9_]{1,24}"), optional=True)
    """Who saw it, where it was not the camera's own foreground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A state that stands until it ends; the topic is cleared when it does."""

    alarm: AlarmKind = at(1, Choice(AlarmKind))
    since_ms: int = at(2, Int())
    detail: str = at(3, Text(0, 160))
    alarm_method: int = at(4, Int(1, 7))
    alarm_type: int = at(5, Int(1, 99))
    ended_ms: int | None = at(6, Int(), optional=True)
    """It stands no longer: the signed end, sent before the topic is cleared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRecord:
    """What became of an order."""

    order: OrderKind = at(1, NumberOf(OrderKind))
    order_hash: bytes = at(2, HASH)
    """SHA-256 of the whole message as received."""
    accepted: bool = at(3, Bool())
    reason: str = at(4, REASON)
    detail: str = at(5, Text(0, 160))
    sequence: int | None = at(6, Int(), optional=True)
    clock: ClockTrust = at(7, Code(ClockTrust))
    config_hash: bytes | None = at(8, HASH, optional=True)
    """Of the configuration that is in force now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Records that were lost before they could be sent."""

    first_sequence: int = at(1, Int())
    last_sequence: int = at(2, Int())
    lost: int = at(3, Int())
    boot: bytes | None = at(5, SHORT_HASH, optional=True)
    """The boot that numbered them; absent: the one that says so."""
    superseded: int | None = at(6, Int(), optional=True)
    """Reports among the numbers that a newer one replaced before a broker acknowledged them."""
    unconfirmed: int | None = at(7, Int(), optional=True)
    """Records among them that a broker acknowledged and no recorder confirmed in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFix:
    """The clock was set: earlier records of this boot carry times off by this much."""

    step_ms: int = at(1, Int(-MAX_SAFE_INT, MAX_SAFE_INT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a board of sensors feels now, told to the camera beside it over their serial line."""

    gravity_ug: tuple[int, ...] | None = at(1, ListOf(MICRO_G, 3, 3), optional=True)
    """Which way is down in the camera's frame (x right, y down, z forward), millionths of
    standard gravity; absent: no sensor, or a silent one."""
    temperature_dc: int | None = at(2, Int(-1000, 2000), optional=True)
    """Of the sensor, tenths of a degree Celsius."""
    case: TamperState | None = at(3, Code(TamperState), optional=True)
    sign_present: bool | None = at(4, Bool(), optional=True)
    lamp: bool | None = at(5, Bool(), optional=True)
    """What the lamp was told; absent: nothing here switches one."""
    current_ma: int | None = at(6, Int(0, 100_000), optional=True)
    """Through the lamp."""
    knocks: int = at(7, Int())
    """Since the board started."""
    boots: int = at(8, Int())
    watchdog_resets: int = at(9, Int())
    """How many of the boots the watchdog made."""
    challenge: bytes | None = at(10, SHORT_HASH, optional=True)
    """The camera's, as last heard: a recorded reading cannot know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateProgress:
    """A signed program's way onto a device."""

    stage: UpdateStage = at(1, Choice(UpdateStage))
    version: str | None = at(2, VERSION, optional=True)
    """Absent where the statement could not be read or believed."""
    reason: str | None = at(3, REASON, optional=True)
    """Why it was refused or taken back."""
    running: str | None = at(4, VERSION, optional=True)
    """What runs now; absent: what the device was flashed with."""


Body = (
    Report | Event | Alarm | VerdictRecord | Gap | ClockFix | AccessEntry | Reading | UpdateProgress
)
BODIES: dict[int, type[Body]] = {
    RecordKind.REPORT: Report,
    RecordKind.EVENT: Event,
    RecordKind.ALARM: Alarm,
    RecordKind.VERDICT: VerdictRecord,
    RecordKind.GAP: Gap,
    RecordKind.CLOCK_FIX: ClockFix,
    RecordKind.ACCESS: AccessEntry,
    RecordKind.READING: Reading,
    RecordKind.UPDATE: UpdateProgress,
}
_KINDS = {body: RecordKind(kind) for kind, body in BODIES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Who said it, in which place of the row, and when by which clock."""

    device: str = at(2, DEVICE_ID)
    boot: bytes = at(3, SHORT_HASH)
    """Random per boot: receivers drop duplicates by (device, boot, sequence)."""
    sequence: int = at(4, Int())
    utc_ms: int = at(5, Int())
    mono_ms: int = at(6, Int())
    clock: ClockTrust = at(7, Code(ClockTrust))


@dataclass(frozen=True, slots=True)
class Record:
    """A header and what it announces."""

    header: Header
    body: Body

    @property
    def kind(self) -> RecordKind:
        return _KINDS[type(self.body)]

    def encode(self) -> bytes:
        """The payload that is signed."""
        return pack_tagged(int(self.kind), self.header, self.body, body_key=_BODY_KEY)

    @classmethod
    def decode(cls, payload: bytes) -> Record:
        """Read a verified payload.

        Raises:
            EncodingRefusal, ContentRefusal: naming what is wrong.
        """
        header, body = parse_tagged(
            payload, "record", Header, BODIES, body_key=_BODY_KEY, max_bytes=MAX_RECORD_BYTES
        )
        return cls(header, body)


def seal(record: Record, signer: cose.Signer) -> bytes:
    """Sign a record for the wire."""
    return cose.sign1(record.encode(), signer, cose.Domain.RECORD)


def unseal(message: bytes, lookup: cose.KeyLookup) -> Record:
    """Verify and read a record from the wire.

    Raises:
        RefusalError: with the reason of the first thing that is wrong.
    """
    opened = cose.open_sign1(message, lookup, cose.Domain.RECORD, max_bytes=MAX_RECORD_BYTES)
    return Record.decode(opened.payload)
