"""From a topic and its bytes to something worth keeping. Pure: no clock, no storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from viewkeeper.dashboard.register import Register
from viewkeeper.protocol import cbor, checkpoints, cose, records, topics
from viewkeeper.protocol.errors import ContentRefusal, Reason, RefusalError
from viewkeeper.protocol.known_signer import KnownSigner
from viewkeeper.protocol.vocabulary import RecordKind, ViewCause, ViewVerdict

_ROOT = f"{topics.ROOT}/"
_EVERY_KIND = frozenset(RecordKind)
_KINDS: Mapping[str, frozenset[RecordKind]] = {
    "report": frozenset({RecordKind.REPORT}),
    "reply": frozenset({RecordKind.VERDICT}),
    "access": frozenset({RecordKind.ACCESS}),
    "config/applied": frozenset({RecordKind.VERDICT}),
    "update/progress": frozenset({RecordKind.UPDATE}),
    "history": _EVERY_KIND,
}
WEIGHTS = {
    ViewVerdict.SAME: 0,
    ViewVerdict.CANNOT_TELL: 1,
    ViewVerdict.OBSTRUCTED: 2,
    ViewVerdict.MOVED: 3,
}
"""Which report stands for its stretch of time when not all can be shown: the worst."""


def verdict_of(report: records.Report) -> ViewVerdict:
    """What a device stands for: its view, or the mount of a board that has no camera and feels one
    (the page's rule, static/model/finding.js)."""
    if report.view.cause is ViewCause.NO_CAMERA and report.mount is not None:
        return report.mount.verdict
    return report.view.verdict


@dataclass(frozen=True, slots=True)
class Kept:
    """A verified record.

    Attributes:
        camera: ``site/camera``.
        rest: the topic it came on, below the camera.
        record: what it says.
        message: the signed bytes.
    """

    camera: str
    rest: str
    record: records.Record
    message: bytes

    @property
    def weight(self) -> int:
        """How bad a report's verdict is; 0 for other kinds."""
        body = self.record.body
        return WEIGHTS[verdict_of(body)] if isinstance(body, records.Report) else 0


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A verified checkpoint of a camera's ledger."""

    camera: str
    checkpoint: checkpoints.Checkpoint
    message: bytes


@dataclass(frozen=True, slots=True)
class Notice:
    """Something nobody signed: ``online``, ``offline`` or ``alarm_ended`` (its topic emptied)."""

    camera: str
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that is not what its topic claims."""

    camera: str
    rest: str
    reason: Reason
    hint: str


Found = Kept | Witnessed | Notice | Refused


@dataclass(frozen=True, slots=True)
class _Known:
    """A camera of the register, with what checking its messages needs each time."""

    name: str
    camera: str
    records: KnownSigner
    lookup: cose.KeyLookup


@dataclass(frozen=True, slots=True)
class _Opened:
    """A message whose signature held; its content is still to be read."""

    known: _Known
    rest: str
    kinds: frozenset[RecordKind]
    message: bytes
    content: bytes


class Intake:
    """Knows the register's keys and sorts what arrives."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self._cameras = {
            (one.site, one.camera): _Known(
                f"{one.site}/{one.camera}",
                one.camera,
                KnownSigner(one.device_key, cose.Domain.RECORD, max_bytes=records.MAX_RECORD_BYTES),
                cose.lookup_in([one.device_key]),
            )
            for one in register.cameras
        }

    def read(self, topic: str, payload: bytes) -> Found | None:
        """``None`` for topics and cameras that are not for us, and for orders."""
        return self.read_all([(topic, payload)])[0]

    def read_all(self, messages: Sequence[tuple[str, bytes]]) -> list[Found | None]:
        """The same for many, in their order.

        All signatures first and then all contents: the processor keeps at hand what each takes,
        which is worth a tenth of the whole.
        """
        opened = [self._open(topic, payload) for topic, payload in messages]
        return [_keep(one) if isinstance(one, _Opened) else one for one in opened]

    def _open(self, topic: str, payload: bytes) -> _Opened | Found | None:
        # The register's ids are those of topics: a camera that is found has a topic of ours.
        parts = topic.split("/", 4)
        if len(parts) != 5 or not topic.startswith(_ROOT):
            return None
        known, rest = self._cameras.get((parts[2], parts[3])), parts[4]
        if known is None:
            return None
        if rest == "status":
            said = payload in (topics.ONLINE, topics.OFFLINE)
            return Notice(known.name, payload.decode("ascii")) if said else None
        if rest.startswith("alarm/") and not payload:
            return Notice(known.name, "alarm_ended", rest.removeprefix("alarm/"))
        kinds = _kinds_on(rest)
        if (kinds is None and rest != "checkpoint") or not payload:
            return None
        try:
            if kinds is None:
                return _witness(known, payload)
            return _Opened(known, rest, kinds, payload, known.records.open(payload))
        except RefusalError as refusal:
            return Refused(known.name, rest, refusal.reason, refusal.hint)


def _kinds_on(rest: str) -> frozenset[RecordKind] | None:
    if rest.startswith("event/"):
        return frozenset({RecordKind.EVENT})
    if rest.startswith("alarm/"):
        return frozenset({RecordKind.ALARM})
    return _KINDS.get(rest)


def _witness(known: _Known, payload: bytes) -> Witnessed:
    checkpoint = checkpoints.unseal_checkpoint(payload, known.lookup)
    _check_device(checkpoint.device, known.camera)
    return Witnessed(known.name, checkpoint, payload)


def _keep(opened: _Opened) -> Kept | Refused:
    name, rest = opened.known.name, opened.rest
    try:
        record = records.Record.decode(opened.content)
        _check_device(record.header.device, opened.known.camera)
        body = record.body
        if record.kind not in opened.kinds:
            raise ContentRefusal(Reason.WRONG_KIND, f"a {record.kind.name} on topic {rest}")
        if isinstance(body, records.Event) and rest not in ("history", f"event/{body.event}"):
            raise ContentRefusal(Reason.WRONG_KIND, f"event {body.event} on topic {rest}")
    except RefusalError as refusal:
        return Refused(name, rest, refusal.reason, refusal.hint)
    return Kept(name, rest, record, opened.message)


def ends_alarm(message: bytes) -> bool:
    """Whether a kept, so verified, record is the signed end of an alarm."""
    envelope = cbor.decode(message[1:], max_bytes=records.MAX_RECORD_BYTES)
    assert isinstance(envelope, list)
    assert isinstance(envelope[2], bytes)
    body = records.Record.decode(envelope[2]).body
    return isinstance(body, records.Alarm) and body.ended_ms is not None


def _check_device(said: str, camera: str) -> None:
    if said != camera:
        raise ContentRefusal(Reason.OTHER_DEVICE, f"a record of {said} on the topics of {camera}")
