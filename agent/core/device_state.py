"""What one camera keeps across power cuts, and how an order changes it.

``adjudicate`` is the whole decision: pure, total, the same on the camera, in the
simulator and in the auditor's replay.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import unicodedata
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from viewkeeper.agent.core.policy.access import KEPT_GRANTS, ObeyedGrant
from viewkeeper.agent.core.policy.configuration import check_config
from viewkeeper.agent.core.policy.lifecycle import (
    Standing,
    after_config,
    check_step,
    due_on,
    shown_state,
)
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.agent.core.trust.keysets import check_keyset
from viewkeeper.agent.core.trust.state import TrustState
from viewkeeper.agent.core.trust.verify import Verified, verify_order
from viewkeeper.protocol import cbor
from viewkeeper.protocol.common import DEVICE_ID, HASH
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.errors import ContentRefusal, OrderRefusal, Reason, RefusalError
from viewkeeper.protocol.fields import Bytes, Int, ListOf, Nested, at, pack, parse
from viewkeeper.protocol.orders import (
    MAX_ORDER_BYTES,
    Command,
    Config,
    Grant,
    KeyEntry,
    Keyset,
    LifecycleStep,
    Order,
    payload_hash,
)
from viewkeeper.protocol.vocabulary import ClockTrust, LifecycleState, OrderKind

FORMAT = 1
NONCE_BYTES = 16
MAX_STATE_BYTES = 65_536
MAX_DETAIL = 160
CLOSES_FLAG = frozenset({"reported", "dismissed"})
"""Commands that end an operator's reporting clock (Order 270 Art. 17)."""
COMMANDS = frozenset({"new_nonce", "identify", "release_latch", "export_ledger"}) | CLOSES_FLAG
_FLAG_AND_WHY = re.compile("([0-9a-f]{16}) (.*[^ ].*)")
RETAINABLE = frozenset({OrderKind.CONFIG})
"""Kinds the broker keeps for us by design; any other that comes retained is a replay."""
# The rule set counts days as its country does: China has one time zone, UTC+8.
_CALENDAR = dt.timezone(dt.timedelta(hours=8))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """Everything that must survive a power cut, whole or not at all."""

    format: int = at(1, Int(FORMAT, FORMAT))
    device: str = at(2, DEVICE_ID)
    trust: TrustState = at(3, Nested(TrustState))
    config_payload: bytes | None = at(4, Bytes(1, MAX_ORDER_BYTES), optional=True)
    """The order that carries the configuration in force."""
    standing: Standing = at(5, Nested(Standing))
    access_nonce: bytes | None = at(6, Bytes(NONCE_BYTES, NONCE_BYTES), optional=True)
    """What the next grant must name; gone once used."""
    refusals: int = at(7, Int())
    """As of the last write; the ledger knows the rest."""
    ledger_size: int = at(8, Int())
    """How many entries were on disk when this was written: fewer later is tampering."""
    ledger_head: bytes = at(9, HASH)
    """Hash of the last of them."""
    grants: tuple[ObeyedGrant, ...] | None = at(
        10, ListOf(Nested(ObeyedGrant), 1, KEPT_GRANTS), optional=True
    )
    """The last that were obeyed: declared looks are held against them."""

    @classmethod
    def enrolled(cls, enrolment: Enrolment) -> DeviceState:
        """The first state of a camera.

        Raises:
            RefusalError: a keyset nobody could use, or one with a weak key.
        """
        check_keyset(enrolment.keyset)
        return cls(
            format=FORMAT,
            device=enrolment.device,
            trust=TrustState.anchored(enrolment.keyset, enrolment.enrolled_at),
            standing=Standing(state=LifecycleState.MANUFACTURED),
            refusals=0,
            ledger_size=0,
            ledger_head=bytes(32),
        )

    def to_bytes(self) -> bytes:
        return cbor.encode(pack(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> DeviceState:
        """Read a state back.

        Raises:
            EncodingRefusal, ContentRefusal: it is not one.
        """
        return parse(cls, cbor.decode(data, max_bytes=MAX_STATE_BYTES))

    @property
    def config_order(self) -> Order | None:
        """The order in force."""
        if self.config_payload is None:
            return None
        return Order.decode(self.config_payload, OrderKind.CONFIG)

    @property
    def config(self) -> Config | None:
        """The configuration in force."""
        order = self.config_order
        if order is None:
            return None
        assert isinstance(order.body, Config)
        return order.body

    @property
    def config_hash(self) -> bytes | None:
        """Payload hash of the configuration in force."""
        return None if self.config_payload is None else payload_hash(self.config_payload)

    @property
    def config_sequence(self) -> int:
        """Sequence of the configuration in force; 0 before the first."""
        order = self.config_order
        return 0 if order is None else order.header.sequence

    @property
    def lifecycle(self) -> LifecycleState:
        """The lifecycle as reports name it."""
        config = self.config
        return shown_state(self.standing, None if config is None else config.place.regime)

    @property
    def filing_due_on(self) -> str | None:
        """The last day for a filing that is owed, YYYY-MM-DD."""
        config = self.config
        day = None if config is None else due_on(self.standing, config.place.regime)
        return None if day is None else day.isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What is decided about a message.

    Attributes:
        accepted: it is obeyed, now or already.
        reason: ``accepted``, ``already_applied`` or why not.
        detail: at most 160 characters for a person, fit for the wire.
        clock: what the decision about time rests on.
        next_state: to be kept before the effect; ``None`` where nothing changes.
        order: what was ordered; ``None`` where it could not be read and trusted.
        sequence: of the order, where one was read and trusted.
        signers: who signed.
    """

    accepted: bool
    reason: Reason
    detail: str
    clock: ClockTrust
    next_state: DeviceState | None = None
    order: Order | None = None
    sequence: int | None = None
    signers: tuple[KeyEntry, ...] = ()


def adjudicate(
    state: DeviceState,
    message: bytes,
    kind: OrderKind,
    *,
    retained: bool,
    now: Now,
    known_views: AbstractSet[bytes],
    entropy: bytes,
) -> Ruling:
    """Decide about any bytes; never raises.

    Args:
        state: what the camera keeps.
        message: the payload as it came.
        kind: what the topic it came on is for.
        retained: the broker had kept it.
        now: the time as the camera has it.
        known_views: digests of the views registered on this camera.
        entropy: 16 unpredictable bytes, of which a new nonce is made.
    """
    try:
        if retained and kind not in RETAINABLE:
            raise OrderRefusal(
                Reason.RETAINED_ORDER, f"a {kind.name.lower()} order is obeyed live or not at all"
            )
        verified = verify_order(message, kind, device=state.device, state=state.trust, now=now)
        if verified.already_applied:
            return Ruling(
                accepted=True,
                reason=Reason.ALREADY_APPLIED,
                detail="the order in force, come again",
                clock=now.clock,
                order=verified.order,
                sequence=verified.order.header.sequence,
            )
        return _obey(state, verified, now, known_views, entropy)
    except RefusalError as error:
        return Ruling(
            accepted=False, reason=error.reason, detail=plain(error.hint), clock=now.clock
        )


def today(now: Now) -> dt.date | None:
    """The day by the rule set's calendar; ``None`` where the clock is not trusted."""
    if not now.trusted:
        return None
    return dt.datetime.fromtimestamp(now.utc_s, _CALENDAR).date()


def plain(text: str) -> str:
    """Text from a stranger made fit for a verdict: no control characters, 160 at most."""
    shown = "".join(
        char if unicodedata.category(char)[0] not in "CZ" or char == " " else "?" for char in text
    )
    return unicodedata.normalize("NFC", shown)[:MAX_DETAIL]


def closed_flag(command: Command) -> bytes:
    """The flag that a ``reported`` or ``dismissed`` command closes.

    Raises:
        ContentRefusal: ``field_range``: no flag named, or no reference and no reason given.
    """
    found = _FLAG_AND_WHY.fullmatch(command.argument or "")
    if found is None:
        raise ContentRefusal(
            Reason.FIELD_RANGE,
            f"{command.name}: the flag's 16 hexadecimal digits, a space, and the number under "
            "which it was reported or the reason it was not",
        )
    return bytes.fromhex(found[1])


def _obey(
    state: DeviceState,
    verified: Verified,
    now: Now,
    known_views: AbstractSet[bytes],
    entropy: bytes,
) -> Ruling:
    order = verified.order
    detail = ""
    after = dataclasses.replace(state, trust=verified.next_state)
    match order.body:
        case Config():
            after, detail = _configured(state, after, order, now, known_views)
        case LifecycleStep():
            standing = check_step(order.body, state.standing, state.config, today(now))
            after = dataclasses.replace(after, standing=standing)
            detail = f"{state.standing.state} to {standing.state}"
        case Grant():
            if state.access_nonce is None or order.body.nonce != state.access_nonce:
                raise OrderRefusal(
                    Reason.WRONG_NONCE, "not this camera's nonce, or it has been used"
                )
            if order.body.from_s >= order.body.to_s:
                raise OrderRefusal(Reason.INVERTED_WINDOW, "the footage ends before it begins")
            kept = (*(state.grants or ()), _kept_grant(order.body, verified))[-KEPT_GRANTS:]
            after = dataclasses.replace(after, access_nonce=None, grants=kept)
            detail = "entered in the access register; the nonce is used up"
        case Command():
            if order.body.name not in COMMANDS:
                raise OrderRefusal(Reason.NOT_SUPPORTED, f"no command {order.body.name}")
            if order.body.name == "new_nonce":
                after = dataclasses.replace(after, access_nonce=entropy[:NONCE_BYTES])
                detail = f"nonce {entropy[:NONCE_BYTES].hex()}"
            elif order.body.name in CLOSES_FLAG:
                detail = f"flag {closed_flag(order.body).hex()} {order.body.name}"
        case Keyset():
            detail = f"keyset {order.body.version}, epoch {order.body.epoch}"
    return Ruling(
        accepted=True,
        reason=Reason.ACCEPTED,
        detail=plain(detail),
        clock=verified.clock,
        next_state=after,
        order=order,
        sequence=order.header.sequence,
        signers=verified.signers,
    )


def _kept_grant(grant: Grant, verified: Verified) -> ObeyedGrant:
    header = verified.order.header
    return ObeyedGrant(
        message_hash=verified.message_hash,
        officers=grant.officers,
        from_s=grant.from_s,
        to_s=grant.to_s,
        destination=grant.destination,
        not_before=header.not_before,
        expires_at=header.expires_at,
    )


def _configured(
    state: DeviceState,
    after: DeviceState,
    order: Order,
    now: Now,
    known_views: AbstractSet[bytes],
) -> tuple[DeviceState, str]:
    config = order.body
    assert isinstance(config, Config)
    remarks = check_config(config)
    if state.standing.state is LifecycleState.WITHDRAWN:
        raise OrderRefusal(Reason.LIFECYCLE_STEP, "the camera is withdrawn: register it anew")
    if config.view_hash is not None and config.view_hash not in known_views:
        raise OrderRefusal(
            Reason.UNKNOWN_VIEW, f"no view {config.view_hash.hex()[:16]} was registered here"
        )
    standing = after_config(state.standing, config, today(now))
    detail = "; ".join(f"{remark.rule.id}: {remark.detail}" for remark in remarks)
    return (
        dataclasses.replace(after, config_payload=order.encode(), standing=standing),
        detail or "in force",
    )
