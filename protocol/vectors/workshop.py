"""Keys, keysets and orders from fixed seeds: the raw material of vectors and tests.

Nothing here is secret and nothing here may ever be enrolled on a camera that matters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from viewkeeper.protocol import cose
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.orders import (
    DOMAINS,
    Command,
    Config,
    Grant,
    KeyEntry,
    Keyset,
    LifecycleStep,
    Order,
    OrderBody,
    OrderHeader,
    Place,
    SignText,
    Threshold,
    Tolerance,
)
from viewkeeper.protocol.vocabulary import LifecycleState, OrderKind, Regime, Role

DEVICE, SITE = "cam-17", "hefei-1"
START_S = 1_795_000_000
"""2026-11-18: when the cameras of the vectors were enrolled."""
YEAR_S = 366 * 86_400
VIEW = hashlib.sha256(b"a registered view").digest()


def signer(name: str) -> cose.SoftwareSigner:
    """The key pair of a name: its seed is SHA-256 of ``viewkeeper vector key NAME``."""
    return cose.SoftwareSigner.from_seed(
        hashlib.sha256(f"viewkeeper vector key {name}".encode()).digest()
    )


DEVICE_SIGNER = signer("device cam-17")


@dataclass(frozen=True, slots=True)
class Person:
    """A key, whose it is, and for what."""

    key: str
    person: str
    roles: tuple[Role, ...]

    @property
    def signer(self) -> cose.SoftwareSigner:
        return signer(self.key)

    def entry(
        self, not_before: int = START_S - 86_400, not_after: int = START_S + 3 * YEAR_S
    ) -> KeyEntry:
        return KeyEntry(
            algorithm=int(cose.Algorithm.ED25519),
            raw=self.signer.verify_key.raw,
            person=self.person,
            roles=self.roles,
            not_before=not_before,
            not_after=not_after,
        )


ROOT_WANG = Person("root wang", "Wang Fang", (Role.ROOT,))
ROOT_ZHAO = Person("root zhao", "Zhao Lei", (Role.ROOT,))
ROOT_SUN = Person("root sun", "Sun Yan", (Role.ROOT,))
CONFIG_LI = Person("config li", "Li Wei", (Role.CONFIGURATION,))
CONFIG_LI_TOKEN = Person("config li token", "Li Wei", (Role.CONFIGURATION,))
LIFECYCLE_CHEN = Person("lifecycle chen", "Chen Jing", (Role.LIFECYCLE,))
APPROVER_GAO = Person("approval gao", "Gao Shan", (Role.APPROVAL,))
OFFICER_HE = Person("access he", "He Ping", (Role.ACCESS,))
OFFICER_HE_TOKEN = Person("access he token", "He Ping", (Role.ACCESS,))
OFFICER_XU = Person("access xu", "Xu Dan", (Role.ACCESS,))
STAFF = (
    ROOT_WANG,
    ROOT_ZHAO,
    ROOT_SUN,
    CONFIG_LI,
    CONFIG_LI_TOKEN,
    LIFECYCLE_CHEN,
    APPROVER_GAO,
    OFFICER_HE,
    OFFICER_HE_TOKEN,
    OFFICER_XU,
)
THRESHOLDS = {
    Role.ROOT: 2,
    Role.CONFIGURATION: 1,
    Role.LIFECYCLE: 1,
    Role.APPROVAL: 1,
    Role.ACCESS: 2,
}


def keyset(
    version: int = 1,
    *,
    epoch: int = 0,
    entries: Sequence[KeyEntry] | None = None,
    thresholds: dict[Role, int] | None = None,
) -> Keyset:
    """A keyset of the staff."""
    return Keyset(
        version=version,
        epoch=epoch,
        keys=tuple(entries if entries is not None else (person.entry() for person in STAFF)),
        thresholds=tuple(
            Threshold(role=role, persons=count)
            for role, count in (thresholds or THRESHOLDS).items()
        ),
    )


def enrolment(first: Keyset | None = None, device: str = DEVICE) -> Enrolment:
    """The bundle a vector camera was given."""
    return Enrolment(
        device=device,
        site=SITE,
        keyset=first or keyset(),
        enrolled_at=START_S,
        device_algorithm=int(cose.Algorithm.ED25519),
        device_key=DEVICE_SIGNER.verify_key.raw,
    )


def config(
    *,
    view_hash: bytes | None = None,
    codes: tuple[str, ...] = ("A1", "M01"),
    regime: Regime = Regime.ART7,
    retention_days: int = 30,
    near_secret_unit: bool = False,
    consent: str | None = None,
    operator: str = "合肥市公安局示范支队",
    purpose: str = "维护公共安全",
    pan_mdeg: int = 1000,
) -> Config:
    """A configuration that is in order unless told otherwise."""
    return Config(
        view_hash=view_hash,
        tolerance=Tolerance(pan_mdeg=pan_mdeg, tilt_mdeg=1000, roll_mdeg=1000, zoom_ppm=20_000),
        check_period_ms=1000,
        report_period_s=60,
        place=Place(
            regime=regime,
            codes=codes,
            gb28181_id="34010000001320000017",
            near_secret_unit=near_secret_unit,
            consent=consent,
        ),
        sign=SignText(
            operator=operator, purpose=purpose, phone="0551-0000-0000", lit_required=True
        ),
        retention_days=retention_days,
    )


def grant(
    *,
    nonce: bytes,
    approver: str = APPROVER_GAO.person,
    officers: tuple[str, ...] = (OFFICER_HE.person, OFFICER_XU.person),
    from_s: int = START_S,
    to_s: int = START_S + 3600,
) -> Grant:
    """Leave for two officers to look at an hour of footage."""
    return Grant(
        approver=approver,
        officers=officers,
        purpose="collision at the junction on 18 November",
        from_s=from_s,
        to_s=to_s,
        destination="traffic police, case file 2026-1118",
        approval="APPROVAL 2026-77",
        nonce=nonce,
    )


def step(
    to: LifecycleState,
    on_date: str,
    document: str = "DOC 1",
    passed: bool | None = None,
) -> LifecycleStep:
    """A step of the lifecycle."""
    return LifecycleStep(to=to, on_date=on_date, document=document, passed=passed)


def command(name: str, argument: str | None = None) -> Command:
    """A command."""
    return Command(name=name, argument=argument)


def order(
    body: OrderBody,
    sequence: int = 1,
    *,
    previous: bytes | None = None,
    audience: str = DEVICE,
    epoch: int = 0,
    issued_at: int = START_S + 3600,
    not_before: int | None = None,
    expires_at: int | None = None,
) -> Order:
    """An order to the vector camera."""
    return Order(
        OrderHeader(
            audience=audience,
            epoch=epoch,
            sequence=sequence,
            issued_at=issued_at,
            not_before=issued_at - 300 if not_before is None else not_before,
            expires_at=issued_at + 30 * 86_400 if expires_at is None else expires_at,
            previous=previous,
        ),
        body,
    )


def signed(order_: Order, *persons: Person, many: bool | None = None) -> bytes:
    """The order with its envelope, as these persons sign it."""
    return envelope(order_.encode(), order_.kind, *persons, many=many)


def envelope(payload: bytes, kind: OrderKind, *persons: Person, many: bool | None = None) -> bytes:
    """Any payload with an envelope of that kind of order."""
    domain = DOMAINS[kind]
    if many is None:
        many = len(persons) != 1 or kind in (OrderKind.KEYSET, OrderKind.GRANT)
    signers = [person.signer for person in persons]
    return cose.sign(payload, signers, domain) if many else cose.sign1(payload, signers[0], domain)
