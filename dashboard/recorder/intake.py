"""From a topic and its bytes to something worth keeping. Pure: no clock, no storage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from viewkeeper.dashboard.register import Register
from viewkeeper.protocol import cbor, checkpoints, cose, records, topics
from viewkeeper.protocol.errors import ContentRefusal, Reason, RefusalError
from viewkeeper.protocol.vocabulary import RecordKind, ViewVerdict

_EVERY_KIND = frozenset(RecordKind)
_KINDS: Mapping[str, frozenset[RecordKind]] = {
    "report": frozenset({RecordKind.REPORT}),
    "reply": frozenset({RecordKind.VERDICT}),
    "access": frozenset({RecordKind.ACCESS}),
    "config/applied": frozenset({RecordKind.VERDICT}),
    "history": _EVERY_KIND,
}
WEIGHTS = {
    ViewVerdict.SAME: 0,
    ViewVerdict.CANNOT_TELL: 1,
    ViewVerdict.OBSTRUCTED: 2,
    ViewVerdict.MOVED: 3,
}
"""Which report stands for its stretch of time when not all can be shown: the worst."""


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
        return WEIGHTS[body.view.verdict] if isinstance(body, records.Report) else 0


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


class Intake:
    """Knows the register's keys and sorts what arrives."""

    def __init__(self, register: Register) -> None:
        self._cameras = {(one.site, one.camera): one for one in register.cameras}

    def read(self, topic: str, payload: bytes) -> Found | None:
        """``None`` for topics and cameras that are not for us, and for orders."""
        address = topics.parse_topic(topic)
        camera = address and self._cameras.get((address.site, address.camera))
        if address is None or camera is None:
            return None
        name, rest = f"{address.site}/{address.camera}", address.rest
        if rest == "status":
            known = payload in (topics.ONLINE, topics.OFFLINE)
            return Notice(name, payload.decode("ascii")) if known else None
        if rest.startswith("alarm/") and not payload:
            return Notice(name, "alarm_ended", rest.removeprefix("alarm/"))
        kinds = _kinds_on(rest)
        if (kinds is None and rest != "checkpoint") or not payload:
            return None
        lookup = cose.lookup_in([camera.device_key])
        try:
            if kinds is None:
                return _witness(name, address.camera, payload, lookup)
            return _keep(name, address, payload, lookup, kinds)
        except RefusalError as refusal:
            return Refused(name, rest, refusal.reason, refusal.hint)


def _kinds_on(rest: str) -> frozenset[RecordKind] | None:
    if rest.startswith("event/"):
        return frozenset({RecordKind.EVENT})
    if rest.startswith("alarm/"):
        return frozenset({RecordKind.ALARM})
    return _KINDS.get(rest)


def _witness(name: str, device: str, payload: bytes, lookup: cose.KeyLookup) -> Witnessed:
    checkpoint = checkpoints.unseal_checkpoint(payload, lookup)
    _check_device(checkpoint.device, device)
    return Witnessed(name, checkpoint, payload)


def _keep(
    name: str,
    address: topics.Address,
    payload: bytes,
    lookup: cose.KeyLookup,
    kinds: frozenset[RecordKind],
) -> Kept:
    record = records.unseal(payload, lookup)
    _check_device(record.header.device, address.camera)
    if record.kind not in kinds:
        raise ContentRefusal(Reason.WRONG_KIND, f"a {record.kind.name} on topic {address.rest}")
    body = record.body
    if (
        isinstance(body, records.Event)
        and address.rest != "history"
        and address.rest != f"event/{body.event}"
    ):
        raise ContentRefusal(Reason.WRONG_KIND, f"event {body.event} on topic {address.rest}")
    return Kept(name, address.rest, record, payload)


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
