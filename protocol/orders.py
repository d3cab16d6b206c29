"""Signed orders: what a device is told. One kind, one domain, one audience.

A configuration, a command and a lifecycle step travel as COSE_Sign1 or, where the
keyset asks for several persons, as COSE_Sign; keysets and grants always as COSE_Sign.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.common import DEVICE_ID, HASH
from viewkeeper.protocol.errors import ContentRefusal, Reason
from viewkeeper.protocol.fields import (
    MAX_SAFE_INT,
    Bool,
    Bytes,
    Choice,
    Int,
    ListOf,
    Nested,
    Text,
    at,
    pack,
    pack_tagged,
    parse_tagged,
)
from viewkeeper.protocol.signage import PHONE, SignPhoto, SignRegion
from viewkeeper.protocol.vocabulary import LifecycleState, OrderKind, Regime, Role
from viewkeeper.protocol.zones import MAX_ZONES, Zone

UNIX_S = Int(0, 2**40)
PERSON_ID = Text(1, 64)
ALGORITHM = Int(-65_792, 65_535)
"""A COSE algorithm; those below -65536 are private ones."""
PLACE_CODE = Text(1, 8, "[A-Z][0-9]{1,3}")
MAX_ORDER_BYTES = 16_384
_BODY_KEY = 9
MAX_ORDER_MESSAGE_BYTES = MAX_ORDER_BYTES + 4096
"""The payload and its envelope with up to ``cose.MAX_SIGNERS`` signatures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far the view may be off before it counts as moved. No law gives these numbers."""

    pan_mdeg: int = at(1, Int(50, 45_000))
    tilt_mdeg: int = at(2, Int(50, 45_000))
    roll_mdeg: int = at(3, Int(50, 45_000))
    zoom_ppm: int = at(4, Int(1_000, 500_000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the camera hangs, in the codes of the two regulations (REGULATION §5)."""

    regime: Regime = at(1, Choice(Regime))
    codes: tuple[str, ...] = at(2, ListOf(PLACE_CODE, 1, 8))
    gb28181_id: str | None = at(3, Text(20, 20, "[0-9]{20}"), optional=True)
    near_secret_unit: bool = at(4, Bool())
    consent: str | None = at(5, Text(1, 80), optional=True)
    """Number of the consent document where one is needed (Order 799 Art. 10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignText:
    """What the sign on the pole must say, and whether it must be lit."""

    operator: str = at(1, Text(1, 60))
    purpose: str = at(2, Text(1, 60))
    phone: str = at(3, PHONE)
    lit_required: bool = at(4, Bool())


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything about a camera that only a signed order may change."""

    view_hash: bytes | None = at(1, HASH, optional=True)
    """SHA-256 of the registered view; absent until there is one."""
    tolerance: Tolerance = at(2, Nested(Tolerance))
    check_period_ms: int = at(3, Int(100, 3_600_000))
    report_period_s: int = at(4, Int(1, 3_600))
    place: Place = at(5, Nested(Place))
    sign: SignText = at(6, Nested(SignText))
    retention_days: int = at(7, Int(0, 3_650))
    zones: tuple[Zone, ...] | None = at(8, ListOf(Nested(Zone), 1, MAX_ZONES), optional=True)
    sign_region: SignRegion | None = at(9, Nested(SignRegion), optional=True)
    sign_photo: SignPhoto | None = at(10, Nested(SignPhoto), optional=True)

    def __post_init__(self) -> None:
        names = [zone.name for zone in self.zones or ()]
        if len(set(names)) != len(names):
            raise ContentRefusal(Reason.FIELD_RANGE, "zones: two have one name")
        if (self.zones or self.sign_region) and self.view_hash is None:
            raise ContentRefusal(
                Reason.FIELD_RANGE, "zones and sign_region stand in a registered view: view_hash"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleStep:
    """A step from one state of the lifecycle to another, with the paper behind it."""

    to: LifecycleState = at(1, Choice(LifecycleState))
    on_date: str = at(2, Text(10, 10, "[0-9]{4}-[0-9]{2}-[0-9]{2}"))
    document: str = at(3, Text(1, 80))
    passed: bool | None = at(4, Bool(), optional=True)
    """Result of an acceptance; only there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Leave to look at footage: approver and executing officers each sign.

    ``from_s`` and ``to_s`` bound the footage; the order's own window bounds the looking.
    """

    approver: str = at(1, PERSON_ID)
    officers: tuple[str, ...] = at(2, ListOf(PERSON_ID, 1, 8))
    purpose: str = at(3, Text(1, 120))
    from_s: int = at(4, UNIX_S)
    to_s: int = at(5, UNIX_S)
    destination: str = at(6, Text(1, 120))
    approval: str = at(7, Text(1, 80))
    """Number of the approval paper (Order 270 Art. 21, 22)."""
    nonce: bytes = at(8, Bytes(16, 16))
    """The device's own, good once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A deed with a name.

    ``new_nonce``, ``identify``, ``release_latch``, ``export_ledger``; ``reported`` and
    ``dismissed`` close the clock of a flag: its 16 hexadecimal digits, a space, the number under
    which the police have it or why it need not be reported.
    """

    name: str = at(1, Text(1, 32, "[a-z_]{1,32}"))
    argument: str | None = at(2, Text(0, 200), optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """A public key, whose it is, what it may sign and when."""

    algorithm: int = at(1, ALGORITHM)
    raw: bytes = at(2, Bytes(32, 133))
    person: str = at(3, PERSON_ID)
    roles: tuple[Role, ...] = at(4, ListOf(Choice(Role), 1, 8))
    not_before: int = at(5, UNIX_S)
    not_after: int = at(6, UNIX_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """How many persons must sign for a role."""

    role: Role = at(1, Choice(Role))
    persons: int = at(2, Int(1, 8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """An algorithm beside Ed25519 that keys of a role may have."""

    role: Role = at(1, Choice(Role))
    algorithm: int = at(2, ALGORITHM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyset:
    """Who may sign what. Version N+1 is signed under the thresholds of N and of N+1."""

    version: int = at(1, Int(1))
    epoch: int = at(2, Int(0, 2**32))
    """A higher epoch starts all sequences anew: the cure for a fast-forward attack."""
    keys: tuple[KeyEntry, ...] = at(3, ListOf(Nested(KeyEntry), 1, 64))
    thresholds: tuple[Threshold, ...] = at(4, ListOf(Nested(Threshold), 1, 8))
    allowed: tuple[Allowance, ...] | None = at(5, ListOf(Nested(Allowance), 1, 16), optional=True)
    """Absent: Ed25519 alone."""


OrderBody = Config | Keyset | Grant | Command | LifecycleStep
ORDER_BODIES: dict[OrderKind, type[OrderBody]] = {
    OrderKind.CONFIG: Config,
    OrderKind.KEYSET: Keyset,
    OrderKind.GRANT: Grant,
    OrderKind.COMMAND: Command,
    OrderKind.LIFECYCLE: LifecycleStep,
}
DOMAINS: dict[OrderKind, cose.Domain] = {
    OrderKind.CONFIG: cose.Domain.CONFIG,
    OrderKind.KEYSET: cose.Domain.KEYSET,
    OrderKind.GRANT: cose.Domain.GRANT,
    OrderKind.COMMAND: cose.Domain.COMMAND,
    OrderKind.LIFECYCLE: cose.Domain.LIFECYCLE,
}
_KINDS = {body: kind for kind, body in ORDER_BODIES.items()}


def kind_of(body: OrderBody) -> OrderKind:
    """Which kind of order a body makes."""
    return _KINDS[type(body)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHeader:
    """To whom, in which place of the row, and while when."""

    audience: str = at(2, DEVICE_ID)
    """Exactly one device, byte for byte."""
    epoch: int = at(3, Int(0, 2**32))
    sequence: int = at(4, Int(1, MAX_SAFE_INT))
    issued_at: int = at(5, UNIX_S)
    not_before: int = at(6, UNIX_S)
    expires_at: int = at(7, UNIX_S)
    previous: bytes | None = at(8, HASH, optional=True)
    """What a configuration, a lifecycle step or a keyset follows; absent on the first.

    The payload hash of the last order of this kind; for a keyset ``keyset_hash`` of the
    one it replaces, which is the same for every camera. Grants and commands are not kept
    for an absent camera, so they form a row of sequences but no chain: absent there.
    """


@dataclass(frozen=True, slots=True)
class Order:
    """A header and what it orders."""

    header: OrderHeader
    body: OrderBody

    @property
    def kind(self) -> OrderKind:
        return kind_of(self.body)

    def encode(self) -> bytes:
        """The payload that is signed."""
        return pack_tagged(int(self.kind), self.header, self.body, body_key=_BODY_KEY)

    @classmethod
    def decode(cls, payload: bytes, expected: OrderKind) -> Order:
        """Read a payload that must be an order of one kind.

        Raises:
            EncodingRefusal, ContentRefusal: naming what is wrong.
        """
        bodies = {int(expected): ORDER_BODIES[expected]}
        header, body = parse_tagged(
            payload, "order", OrderHeader, bodies, body_key=_BODY_KEY, max_bytes=MAX_ORDER_BYTES
        )
        return cls(header, body)


CHAINED = frozenset({OrderKind.CONFIG, OrderKind.LIFECYCLE, OrderKind.KEYSET})
"""Kinds whose orders name the one they follow."""


def keyset_hash(keyset: Keyset) -> bytes:
    """How a keyset is named, whichever camera it is sent to."""
    return hashlib.sha256(cbor.encode(pack(keyset))).digest()


def payload_hash(payload: bytes) -> bytes:
    """How orders name each other: SHA-256 of the payload, signatures aside."""
    return hashlib.sha256(payload).digest()
