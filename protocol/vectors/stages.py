"""The cameras the cases meet: enrolled, configured, with a nonce, with a pushed floor…"""

from __future__ import annotations

from viewkeeper.protocol import cbor
from viewkeeper.protocol.orders import Keyset, keyset_hash, payload_hash
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vectors.cases import ENTROPY, Delivery, State
from viewkeeper.protocol.vocabulary import LifecycleState, OrderKind, Role

CONFIG = OrderKind.CONFIG
FIRST = w.order(w.config())
GOOD = w.signed(FIRST, w.CONFIG_LI)
SECOND = w.order(w.config(pan_mdeg=900), 2, previous=payload_hash(FIRST.encode()))


def deliver(message: bytes, kind: OrderKind = CONFIG, **how: object) -> Delivery:
    return Delivery(kind=kind, message=message, **how)  # pyright: ignore[reportArgumentType]


def states() -> dict[str, State]:
    """The cameras the cases meet, by name."""
    enrolled = State(enrolment=w.enrolment())
    configured = enrolled.after(deliver(GOOD))
    ask = w.signed(w.order(w.command("new_nonce")), w.OFFICER_HE, w.OFFICER_XU)
    qian = w.Person("config qian", "Qian Yu", (Role.CONFIGURATION,))
    two = w.keyset(
        entries=[*(person.entry() for person in w.STAFF), qian.entry()],
        thresholds={**w.THRESHOLDS, Role.CONFIGURATION: 2},
    )
    short = [person.entry() for person in w.STAFF if person is not w.CONFIG_LI]
    short.append(w.CONFIG_LI.entry(w.START_S + 3000, w.START_S + 9000))
    viewed = w.order(w.config(view_hash=w.VIEW))
    registered = State(enrolment=w.enrolment()).after(
        deliver(w.signed(viewed, w.CONFIG_LI)),
        deliver(_step(LifecycleState.REGISTERED, 1, None), OrderKind.LIFECYCLE),
    )
    head = payload_hash(w.order(w.step(LifecycleState.REGISTERED, "2026-11-18")).encode())
    accepted_step = w.order(
        w.step(LifecycleState.ACCEPTED, "2026-11-18", passed=True), 2, previous=head
    )
    plain = configured.after(
        deliver(_step(LifecycleState.REGISTERED, 1, None), OrderKind.LIFECYCLE)
    )
    withdrawn = w.order(w.step(LifecycleState.WITHDRAWN, "2026-11-18"), 2, previous=head)
    looked = w.signed(w.order(w.grant(nonce=ENTROPY)), w.APPROVER_GAO, w.OFFICER_HE, w.OFFICER_XU)
    nonced = enrolled.after(deliver(ask, OrderKind.COMMAND))
    left = [person.entry() for person in w.STAFF if person is not w.CONFIG_LI]
    at_100 = enrolled.after(deliver(w.signed(w.order(w.config(), 100), w.CONFIG_LI)))
    return {
        "registered without view": plain,
        "withdrawn": registered.after(
            deliver(w.signed(withdrawn, w.LIFECYCLE_CHEN), OrderKind.LIFECYCLE)
        ),
        "grant used": nonced.after(deliver(looked, OrderKind.GRANT)),
        "key revoked": enrolled.after(_rotation(w.keyset(2, entries=left))),
        "new epoch": at_100.after(_rotation(w.keyset(2, epoch=1))),
        "enrolled": enrolled,
        "configured": configured,
        "configured twice": configured.after(deliver(w.signed(SECOND, w.CONFIG_LI))),
        "at sequence 100": at_100,
        "with nonce": nonced,
        "two for configuration": State(enrolment=w.enrolment(two)),
        "root alone": State(enrolment=w.enrolment(w.keyset(thresholds={Role.ROOT: 2}))),
        "short key": State(enrolment=w.enrolment(w.keyset(entries=short))),
        "epoch 3": State(enrolment=w.enrolment(w.keyset(epoch=3))),
        "floor pushed": enrolled.after(
            deliver(
                w.signed(w.order(w.config(), issued_at=w.START_S + 365 * 86_400), w.CONFIG_LI),
                utc_s=0,
                trusted=False,
            )
        ),
        "registered": registered,
        "accepted": registered.after(
            deliver(w.signed(accepted_step, w.LIFECYCLE_CHEN), OrderKind.LIFECYCLE)
        ),
    }


def _rotation(successor: Keyset) -> Delivery:
    order = w.order(successor, successor.version, previous=keyset_hash(w.keyset()))
    return deliver(w.signed(order, w.ROOT_WANG, w.ROOT_ZHAO), OrderKind.KEYSET)


def _step(to: LifecycleState, sequence: int, previous: bytes | None) -> bytes:
    order = w.order(w.step(to, "2026-11-18"), sequence, previous=previous)
    return w.signed(order, w.LIFECYCLE_CHEN)


def signed_value(value: dict[int | str, cbor.Value], kind: OrderKind = CONFIG) -> bytes:
    """Any map signed as if it were an order."""
    return w.envelope(cbor.encode(value), kind, w.CONFIG_LI)
