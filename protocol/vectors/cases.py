"""A case: bytes for a camera in a known state, and what must become of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.orders import DOMAINS, Order
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import OrderKind

NOW_S = w.START_S + 7200
ENTROPY = bytes(range(16))
"""What the camera draws for every message: its next nonce."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message as it reaches the camera."""

    kind: OrderKind
    message: bytes
    retained: bool = False
    utc_s: int = NOW_S
    trusted: bool = True

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind.name.lower(),
            "message": self.message.hex(),
            "retained": self.retained,
            "utc_s": self.utc_s,
            "clock_trusted": self.trusted,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A camera after an enrolment and messages it obeyed."""

    enrolment: Enrolment
    before: tuple[Delivery, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "enrolment": self.enrolment.encode().hex(),
            "obeyed_before": [delivery.to_json() for delivery in self.before],
        }

    def after(self, *deliveries: Delivery) -> State:
        """The state once these are obeyed, too."""
        return State(enrolment=self.enrolment, before=(*self.before, *deliveries))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What must become of one message.

    Attributes:
        id: unique in its file.
        why: what is tried, in a sentence.
        state: name of the camera's state before.
        reason: ``accepted``, ``already_applied`` or the one reason of the refusal.
        shown: intermediate values for whoever diverges.
    """

    id: str
    why: str
    delivery: Delivery
    reason: Reason
    state: str = "enrolled"
    shown: dict[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self) -> dict[str, Any]:
        accepted = self.reason in (Reason.ACCEPTED, Reason.ALREADY_APPLIED)
        return {
            "id": self.id,
            "why": self.why,
            "state": self.state,
            **self.delivery.to_json(),
            "expected": {"accepted": accepted, "reason": self.reason.value},
            **({"shown": self.shown} if self.shown else {}),
        }


def inside(order: Order, *persons: w.Person) -> dict[str, Any]:
    """The intermediate values of a signed order: payload and every Sig_structure."""
    payload, domain = order.encode(), DOMAINS[order.kind]
    many = len(persons) != 1 or order.kind in (OrderKind.KEYSET, OrderKind.GRANT)
    structures: dict[str, str] = {}
    for person in persons:
        key = person.signer.verify_key
        protected = cbor.encode({1: int(key.algorithm), 4: key.kid})
        structure = (
            cose.sign_structure(b"", protected, domain.external_aad, payload)
            if many
            else cose.sign1_structure(protected, domain.external_aad, payload)
        )
        structures[key.kid.hex()] = structure.hex()
    return {
        "payload": payload.hex(),
        "external_aad": domain.external_aad.hex(),
        "sig_structures": structures,
    }
