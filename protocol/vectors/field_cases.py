"""Well signed, and not a message of ours: fields of the wire, names of commands."""

from __future__ import annotations

from collections.abc import Iterator

from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vectors.cases import Case
from viewkeeper.protocol.vectors.stages import CONFIG, FIRST, deliver, signed_value
from viewkeeper.protocol.vocabulary import OrderKind

Map = dict[int | str, cbor.Value]


def _value() -> Map:
    value = cbor.decode(FIRST.encode())
    assert isinstance(value, dict)
    return value


def changed(*path: int | str, to: cbor.Value) -> bytes:
    """The first configuration with one value changed, honestly signed."""
    value = _value()
    inner = value
    for key in path[:-1]:
        step = inner[key]
        assert isinstance(step, dict)
        inner = step
    inner[path[-1]] = to
    return signed_value(value)


def fields() -> Iterator[Case]:
    """Well signed, and not a message of ours."""
    missing, unknown = Reason.FIELD_MISSING, Reason.FIELD_UNKNOWN
    kind, range_ = Reason.FIELD_TYPE, Reason.FIELD_RANGE
    no_body = {key: item for key, item in _value().items() if key != 9}
    no_kind = {key: item for key, item in _value().items() if key != 1}
    no_epoch = {key: item for key, item in _value().items() if key != 3}
    bare = w.envelope(cbor.encode([1, 2, 3]), CONFIG, w.CONFIG_LI)
    payload = FIRST.encode()
    swapped = payload[:1] + payload[3:] + payload[1:3]
    rows: list[tuple[str, str, bytes, Reason]] = [
        ("not-a-map", "an array", bare, kind),
        ("payload-empty", "nothing signed", w.envelope(b"", CONFIG, w.CONFIG_LI), Reason.TRUNCATED),
        (
            "payload-trailing",
            "a byte after the payload",
            w.envelope(FIRST.encode() + b"\0", CONFIG, w.CONFIG_LI),
            Reason.TRAILING_BYTES,
        ),
        (
            "payload-unsorted",
            "keys out of order",
            w.envelope(swapped, CONFIG, w.CONFIG_LI),
            Reason.NOT_DETERMINISTIC,
        ),
        (
            "payload-large",
            "more than an order may take",
            w.envelope(cbor.encode({1: bytes(16_400)}), CONFIG, w.CONFIG_LI),
            Reason.TOO_LARGE,
        ),
        ("no-body", "nothing ordered", signed_value(no_body), kind),
        ("no-kind", "no kind", signed_value(no_kind), Reason.WRONG_KIND),
        ("no-epoch", "no epoch", signed_value(no_epoch), missing),
        ("kind-true", "true for kind 1", signed_value({**_value(), 1: True}), Reason.WRONG_KIND),
        ("kind-unknown", "kind 99", signed_value({**_value(), 1: 99}), Reason.WRONG_KIND),
        (
            "header-unknown",
            "a header field nobody knows",
            signed_value({**_value(), 77: 1}),
            unknown,
        ),
        ("header-text-key", "a text key", signed_value({**_value(), "audience": "x"}), unknown),
        (
            "header-negative-key",
            "a negative key",
            signed_value({**_value(), -2: "cam-17"}),
            unknown,
        ),
        ("body-unknown", "a setting nobody knows", changed(9, 99, to=1), unknown),
        ("body-null", "an optional field as null", changed(9, 1, to=None), kind),
        ("body-float-like", "a number as text", changed(9, 3, to="1000"), kind),
        ("tolerance-wide", "a tolerance of 180°", changed(9, 2, 1, to=180_000), range_),
        ("tolerance-zero", "no tolerance at all", changed(9, 2, 1, to=0), range_),
        ("tolerance-negative", "a negative tolerance", changed(9, 2, 2, to=-1), range_),
        ("period-zero", "checks without a pause", changed(9, 3, to=0), range_),
        ("period-year", "one check a year", changed(9, 3, to=31_536_000_000), range_),
        ("report-zero", "reports without a pause", changed(9, 4, to=0), range_),
        ("view-short", "a view hash of 31 bytes", changed(9, 1, to=bytes(31)), range_),
        ("view-text", "a view hash as text", changed(9, 1, to="0" * 64), kind),
        ("retention-negative", "footage kept for -1 days", changed(9, 7, to=-1), range_),
        ("retention-forever", "footage kept for 2^31 days", changed(9, 7, to=2**31), range_),
        ("regime-unknown", "a regime nobody knows", changed(9, 5, 1, to="art8"), range_),
        ("regime-case", "a regime in capitals", changed(9, 5, 1, to="ART7"), range_),
        ("gb28181-short", "19 digits", changed(9, 5, 3, to="3" * 19), range_),
        ("gb28181-full-width", "full-width digits", changed(9, 5, 3, to="３" * 20), range_),
        ("codes-none", "no place code", changed(9, 5, 2, to=[]), range_),
        ("codes-many", "nine place codes", changed(9, 5, 2, to=["A1" for _ in range(9)]), range_),
        (
            "sign-bidi",
            "a direction override in the sign's text",
            changed(9, 6, 1, to="局\u202eecilop"),
            range_,
        ),
        ("sign-isolate", "a direction isolate", changed(9, 6, 2, to="\u2067x\u2069"), range_),
        ("sign-zero-width", "a zero-width joiner", changed(9, 6, 1, to="po\u200dlice"), range_),
        ("sign-soft-hyphen", "a soft hyphen", changed(9, 6, 1, to="po\u00adlice"), range_),
        ("sign-newline", "a new line", changed(9, 6, 1, to="police\nshop"), range_),
        ("sign-nul", "a NUL", changed(9, 6, 1, to="police\0shop"), range_),
        (
            "sign-line-separator",
            "a Unicode line separator",
            changed(9, 6, 1, to="a\u2028b"),
            range_,
        ),
        ("sign-not-nfc", "a decomposed letter", changed(9, 6, 1, to="Gemu\u0308se"), range_),
        ("sign-long", "61 characters", changed(9, 6, 1, to="警" * 61), range_),
        ("sign-empty", "no operator", changed(9, 6, 1, to=""), range_),
        ("sign-phone", "letters in a telephone number", changed(9, 6, 3, to="call us"), range_),
    ]
    for name, why, message, reason in rows:
        yield Case(id=f"field-{name}", why=why, delivery=deliver(message), reason=reason)


def commands() -> Iterator[Case]:
    """Deeds nobody knows."""
    for number, (name, reason) in enumerate(
        [
            ("reboot", Reason.NOT_SUPPORTED),
            ("shell", Reason.NOT_SUPPORTED),
            ("learn_view", Reason.NOT_SUPPORTED),
            ("erase_ledger", Reason.NOT_SUPPORTED),
        ],
        1,
    ):
        yield Case(
            id=f"command-unknown-{number}",
            why=f"the command {name}",
            delivery=deliver(w.signed(w.order(w.command(name)), w.CONFIG_LI), OrderKind.COMMAND),
            reason=reason,
        )
    value = cbor.decode(w.order(w.command("identify")).encode())
    assert isinstance(value, dict)
    for number, name in enumerate(("Identify", "identify;reboot", "../identify", "", "i" * 33), 1):
        yield Case(
            id=f"command-form-{number}",
            why=f"no name of a command: {name!r}",
            delivery=deliver(
                signed_value({**value, 9: {1: name}}, OrderKind.COMMAND), OrderKind.COMMAND
            ),
            reason=Reason.FIELD_RANGE,
        )
