"""What is fuzzed: bytes in, a value or a named refusal out, never anything else.

Each target takes any bytes and returns; an exception out of it is the finding.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from viewkeeper.agent.core.device_state import DeviceState, adjudicate
from viewkeeper.agent.core.ledger.entries import Entry
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.protocol import cbor
from viewkeeper.protocol.checkpoints import unseal_checkpoint
from viewkeeper.protocol.cose import lookup_in
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.errors import Reason, RefusalError
from viewkeeper.protocol.orders import Order, keyset_hash
from viewkeeper.protocol.records import Record, unseal
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vectors.cases import ENTROPY
from viewkeeper.protocol.vectors.stages import states
from viewkeeper.protocol.vocabulary import LifecycleState, OrderKind

NOW = Now(w.START_S + 4000, trusted=True)
KINDS = tuple(OrderKind)
_SIGNERS = {
    OrderKind.CONFIG: (w.CONFIG_LI,),
    OrderKind.COMMAND: (w.CONFIG_LI,),
    OrderKind.LIFECYCLE: (w.LIFECYCLE_CHEN,),
    OrderKind.GRANT: (w.APPROVER_GAO, w.OFFICER_HE, w.OFFICER_XU),
    OrderKind.KEYSET: (w.ROOT_WANG, w.ROOT_ZHAO),
}
_LOOKUP = lookup_in([w.DEVICE_SIGNER.verify_key])


def decode_cbor(data: bytes) -> None:
    """What is read can be written, and comes out as the same bytes."""
    try:
        value = cbor.decode(data)
    except RefusalError:
        return
    assert cbor.encode(value) == data


def judge_order(data: bytes) -> None:
    """The whole way of an order: two bytes pick the camera's state and the kind."""
    if len(data) >= 2:
        _judge(data[0], KINDS[data[1] % len(KINDS)], bool(data[1] & 0x80), data[2:])


def judge_signed(data: bytes) -> None:
    """The same with every signature in order: what a person with keys may try."""
    if len(data) < 2:
        return
    kind = KINDS[data[1] % len(KINDS)]
    _judge(data[0], kind, bool(data[1] & 0x80), w.envelope(data[2:], kind, *_SIGNERS[kind]))


def _judge(place: int, kind: OrderKind, retained: bool, message: bytes) -> None:
    state = _states()[place % len(_states())]
    before = state.to_bytes()
    ruling = adjudicate(
        state,
        message,
        kind,
        retained=retained,
        now=NOW,
        known_views=frozenset({w.VIEW}),
        entropy=ENTROPY,
    )
    assert state.to_bytes() == before
    assert (ruling.next_state is not None) == (ruling.reason is Reason.ACCEPTED)


def read_payload(data: bytes) -> None:
    """Payloads below the signature: what a signer may send is read as strictly."""
    for kind in KINDS:
        try:
            order = Order.decode(data, kind)
        except RefusalError:
            continue
        assert order.encode() == data
    for read in (Record.decode, Enrolment.decode, Entry.decode, DeviceState.from_bytes):
        try:
            value = read(data)
        except RefusalError:
            continue
        written = value.to_bytes() if isinstance(value, DeviceState) else value.encode()
        assert written == data


def read_record(data: bytes) -> None:
    """Signed records and checkpoints, as a receiver reads them."""
    for read in (unseal, unseal_checkpoint):
        try:
            read(data, _LOOKUP)
        except RefusalError:
            continue


TARGETS: dict[str, Callable[[bytes], None]] = {
    "cbor": decode_cbor,
    "order": judge_order,
    "signed": judge_signed,
    "payload": read_payload,
    "record": read_record,
}


def run_one(data: bytes) -> None:
    """What the fuzzer and the replay call: the first byte picks the target."""
    if data:
        list(TARGETS.values())[data[0] % len(TARGETS)](data[1:])


def seeds() -> dict[str, bytes]:
    """Inputs to begin with: one good message of each kind, by name."""
    orders = {
        OrderKind.CONFIG: w.order(w.config()),
        OrderKind.COMMAND: w.order(w.command("identify")),
        OrderKind.LIFECYCLE: w.order(w.step(LifecycleState.REGISTERED, "2026-11-18")),
        OrderKind.GRANT: w.order(w.grant(nonce=ENTROPY)),
        OrderKind.KEYSET: w.order(w.keyset(2), 2, previous=keyset_hash(w.keyset())),
    }
    found: dict[str, bytes] = {}
    for kind, order in orders.items():
        payload, name = order.encode(), kind.name.lower()
        place = bytes((0, KINDS.index(kind)))
        signed = w.envelope(payload, kind, *_SIGNERS[kind])
        found |= {
            f"cbor-{name}": bytes((0,)) + payload,
            f"order-{name}": bytes((1,)) + place + signed,
            f"signed-{name}": bytes((2,)) + place + payload,
            f"payload-{name}": bytes((3,)) + payload,
        }
    for number, (name, state) in enumerate(zip(sorted(states()), _states(), strict=True)):
        found[f"payload-state-{number}"] = bytes((3,)) + state.to_bytes()
        found[f"signed-at-{number}-{name[:4]}"] = (
            bytes((2, number, 0)) + w.order(w.config(), 2).encode()
        )
    found["payload-enrolment"] = bytes((3,)) + w.enrolment().encode()
    return found


@functools.cache
def _states() -> tuple[DeviceState, ...]:
    """Cameras in the states of the vectors, in the order of their names."""
    made: list[DeviceState] = []
    for _, stage in sorted(states().items()):
        state = DeviceState.enrolled(stage.enrolment)
        for delivery in stage.before:
            ruling = adjudicate(
                state,
                delivery.message,
                delivery.kind,
                retained=delivery.retained,
                now=Now(delivery.utc_s, delivery.trusted),
                known_views=frozenset({w.VIEW}),
                entropy=ENTROPY,
            )
            assert ruling.next_state is not None
            state = ruling.next_state
        made.append(state)
    return tuple(made)
