"""To whom and in which place of the row: audience, sequence, chain, epoch."""

from __future__ import annotations

from collections.abc import Iterator

from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.orders import keyset_hash, payload_hash
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vectors.cases import Case
from viewkeeper.protocol.vectors.stages import (
    FIRST,
    GOOD,
    deliver,
    signed_value,
)
from viewkeeper.protocol.vocabulary import LifecycleState, OrderKind


def audience() -> Iterator[Case]:
    """Only this camera, byte for byte."""
    for number, name in enumerate(
        ("cam-1", "cam-170", "cam", "c", "cam-71", "cam-18", "cam17", "hefei-1", "a"), 1
    ):
        yield Case(
            id=f"audience-{number:02d}",
            why=f"for {name}",
            delivery=deliver(w.signed(w.order(w.config(), audience=name), w.CONFIG_LI)),
            reason=Reason.OTHER_DEVICE,
        )
    value = cbor.decode(FIRST.encode())
    assert isinstance(value, dict)
    for number, (name, why) in enumerate(
        [
            ("CAM-17", "upper case"),
            ("cam-17\0", "a NUL after it"),
            ("cam-17 ", "a space after it"),
            (" cam-17", "a space before it"),
            ("cam-１７", "full-width digits"),
            ("саm-17", "Cyrillic с and а"),
            ("cam‐17", "a Unicode hyphen"),
            ("cam-17/../cam-18", "a path"),
            ("cam-+", "an MQTT wildcard"),
            ("#", "the other MQTT wildcard"),
            ("*", "an asterisk"),
            ("cam-17\u202e", "a direction override"),
            ("", "empty"),
            ("c" * 33, "too long"),
        ],
        1,
    ):
        message = signed_value({**value, 2: name})
        yield Case(
            id=f"audience-form-{number:02d}",
            why=f"not an id: {why}",
            delivery=deliver(message),
            reason=Reason.FIELD_RANGE,
        )
    yield Case(
        id="audience-bytes",
        why="a byte string for a text",
        delivery=deliver(signed_value({**value, 2: b"cam-17"})),
        reason=Reason.FIELD_TYPE,
    )
    yield Case(
        id="audience-list",
        why="a list with this camera in it",
        delivery=deliver(signed_value({**value, 2: ["cam-17"]})),
        reason=Reason.FIELD_TYPE,
    )
    missing = {key: item for key, item in value.items() if key != 2}
    yield Case(
        id="audience-missing",
        why="for nobody in particular",
        delivery=deliver(signed_value(missing)),
        reason=Reason.FIELD_MISSING,
    )


def rows() -> Iterator[Case]:
    """The place in the row: sequence, epoch, chain, retained."""
    value = cbor.decode(FIRST.encode())
    assert isinstance(value, dict)
    head = payload_hash(w.order(w.config(), 100).encode())

    def config(sequence: int, previous: bytes | None = None, **more: object) -> bytes:
        order = w.order(w.config(pan_mdeg=800), sequence, previous=previous, **more)  # pyright: ignore[reportArgumentType]
        return w.signed(order, w.CONFIG_LI)

    forked, jump = Reason.FORKED, Reason.SEQUENCE_JUMP
    table: list[tuple[str, str, str, bytes, Reason]] = [
        (
            "replayed",
            "an order obeyed once and followed since",
            "configured twice",
            GOOD,
            Reason.REPLAYED,
        ),
        (
            "rolled-back",
            "an older sequence never seen",
            "at sequence 100",
            config(99, head),
            Reason.ROLLED_BACK,
        ),
        (
            "rolled-back-far",
            "sequence 1 after 100",
            "at sequence 100",
            config(1),
            Reason.ROLLED_BACK,
        ),
        (
            "equal-but-different",
            "sequence 100 again, another content",
            "at sequence 100",
            config(100, head),
            forked,
        ),
        (
            "equal-but-different-first",
            "the first again, another content",
            "configured",
            config(1),
            forked,
        ),
        (
            "fork",
            "it follows another order than the one obeyed",
            "at sequence 100",
            config(101, bytes(32)),
            forked,
        ),
        ("fork-no-previous", "it claims to be the first", "at sequence 100", config(101), forked),
        (
            "fork-previous-on-first",
            "the first claims to follow one",
            "enrolled",
            config(1, bytes(32)),
            forked,
        ),
        ("jump", "a leap beyond 2^20", "enrolled", config(2**20 + 1), jump),
        (
            "jump-later",
            "a leap beyond 2^20 from 100",
            "at sequence 100",
            config(2**20 + 101, head),
            jump,
        ),
        ("jump-2-53", "the largest sequence there is", "enrolled", config(2**53), jump),
        (
            "epoch-unknown",
            "an epoch that has not begun",
            "enrolled",
            config(1, epoch=1),
            Reason.UNKNOWN_EPOCH,
        ),
        (
            "epoch-far",
            "the last epoch there is",
            "enrolled",
            config(1, epoch=2**32),
            Reason.UNKNOWN_EPOCH,
        ),
        ("epoch-old", "an epoch that is over", "epoch 3", config(1, epoch=2), Reason.OLD_EPOCH),
        ("epoch-zero", "the first epoch, long over", "epoch 3", GOOD, Reason.OLD_EPOCH),
    ]
    for name, why, state, message, reason in table:
        yield Case(id=f"row-{name}", why=why, state=state, delivery=deliver(message), reason=reason)
    for name, sequence, reason in [
        ("zero", 0, Reason.FIELD_RANGE),
        ("negative", -1, Reason.FIELD_RANGE),
        ("2-53-and-one", 2**53 + 1, Reason.FIELD_RANGE),
        ("2-63", 2**63, Reason.FIELD_RANGE),
        ("2-64-less-one", 2**64 - 1, Reason.FIELD_RANGE),
        ("text", "2", Reason.FIELD_TYPE),
        ("true", True, Reason.FIELD_TYPE),
        ("null", None, Reason.FIELD_TYPE),
    ]:
        yield Case(
            id=f"row-sequence-{name}",
            why=f"sequence {sequence!r}",
            delivery=deliver(signed_value({**value, 4: sequence})),
            reason=reason,
        )
    for name, previous, reason in [
        ("short", bytes(31), Reason.FIELD_RANGE),
        ("long", bytes(33), Reason.FIELD_RANGE),
        ("null", None, Reason.FIELD_TYPE),
        ("text", "0" * 64, Reason.FIELD_TYPE),
    ]:
        yield Case(
            id=f"row-previous-{name}",
            why="not a hash",
            delivery=deliver(signed_value({**value, 8: previous})),
            reason=reason,
        )
    identify = w.signed(w.order(w.command("identify")), w.CONFIG_LI)
    step = w.signed(w.order(w.step(LifecycleState.REGISTERED, "2026-11-18")), w.LIFECYCLE_CHEN)
    successor = w.order(w.keyset(2), 2, previous=keyset_hash(w.keyset()))
    for kind, message in [
        (OrderKind.COMMAND, identify),
        (OrderKind.LIFECYCLE, step),
        (OrderKind.KEYSET, w.signed(successor, w.ROOT_WANG, w.ROOT_ZHAO)),
        (OrderKind.GRANT, GOOD),
    ]:
        yield Case(
            id=f"row-retained-{kind.name.lower()}",
            why="kept by the broker: only configurations may be",
            state="configured",
            delivery=deliver(message, kind, retained=True),
            reason=Reason.RETAINED_ORDER,
        )
    chained = w.order(w.command("identify"), 1, previous=bytes(32))
    yield Case(
        id="row-command-chained",
        why="a command that claims to follow an order",
        delivery=deliver(w.signed(chained, w.CONFIG_LI), OrderKind.COMMAND),
        reason=Reason.FIELD_UNKNOWN,
    )
    yield Case(
        id="row-other-topic",
        why="a configuration on the lifecycle topic",
        delivery=deliver(GOOD, OrderKind.LIFECYCLE),
        reason=Reason.BAD_SIGNATURE,
    )
    payload = w.order(w.command("identify")).encode()
    yield Case(
        id="row-other-kind-inside",
        why="a command signed and sent as a configuration",
        delivery=deliver(cose.sign1(payload, w.CONFIG_LI.signer, cose.Domain.CONFIG)),
        reason=Reason.WRONG_KIND,
    )
