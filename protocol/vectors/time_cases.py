"""When: windows, floors, clocks, keys that end."""

from __future__ import annotations

from collections.abc import Iterator

from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.orders import payload_hash
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vectors.cases import NOW_S, Case
from viewkeeper.protocol.vectors.stages import (
    FIRST,
    deliver,
    signed_value,
)


def time() -> Iterator[Case]:
    """Windows, floors, clocks."""
    day = 86_400

    def window(issued: int, not_before: int, expires: int) -> bytes:
        order = w.order(w.config(), issued_at=issued, not_before=not_before, expires_at=expires)
        return w.signed(order, w.CONFIG_LI)

    s, now = w.START_S, NOW_S
    year = 366 * day
    normal = window(s + 3600, s + 3300, s + 30 * day)
    ok, expired, early = Reason.ACCEPTED, Reason.EXPIRED, Reason.NOT_YET_VALID
    inverted = Reason.INVERTED_WINDOW
    table: list[tuple[str, str, bytes, int, bool, Reason]] = [
        ("last-second", "in the last second", normal, s + 30 * day - 1, True, ok),
        ("expired-now", "at the second of expiry", normal, s + 30 * day, True, expired),
        ("expired", "a year late", normal, s + year, True, expired),
        ("first-second", "in the first second", normal, s + 3300, True, ok),
        ("too-early", "a second before it is valid", normal, s + 3299, True, early),
        ("clock-1970", "a synchronised clock that says 1970", normal, 0, True, early),
        ("clock-far-future", "a synchronised clock far ahead", normal, 2**40, True, expired),
        ("unsynchronised-1970", "no clock: the floor decides", normal, 0, False, ok),
        ("unsynchronised-future", "no clock, and it says 2^40", normal, 2**40, False, ok),
        (
            "before-the-floor",
            "expired before the camera was enrolled",
            window(s - 200, s - 300, s),
            0,
            False,
            expired,
        ),
        (
            "at-the-floor",
            "valid one second beyond the floor",
            window(s - 200, s - 300, s + 1),
            0,
            False,
            ok,
        ),
        (
            "floor-against-clock",
            "the floor expires it though the clock was set back",
            window(s - 200, s - 300, s),
            s - 250,
            True,
            expired,
        ),
        (
            "issued-ahead",
            "issued 301 s ahead of the clock",
            window(now + 301, s, s + 30 * day),
            now,
            True,
            early,
        ),
        (
            "issued-a-little-ahead",
            "issued 300 s ahead: the desk's clock",
            window(now + 300, s, s + 30 * day),
            now,
            True,
            ok,
        ),
        (
            "lead-a-year",
            "no clock, a year above the floor",
            window(s + year, s, s + year + 9),
            0,
            False,
            ok,
        ),
        (
            "lead-beyond",
            "no clock, a second more than a year",
            window(s + year + 1, s, s + year + 9),
            0,
            False,
            early,
        ),
        ("lead-2-40", "no clock, the end of time", window(2**40 - 2, s, 2**40), 0, False, early),
        (
            "starts-beyond",
            "no clock, valid only in two years",
            window(s, s + 2 * year, s + 3 * year),
            0,
            False,
            early,
        ),
        ("inverted", "ends before it begins", window(s, s + 9000, s + 8000), now, True, inverted),
        (
            "inverted-empty",
            "ends when it begins",
            window(s, s + 9000, s + 9000),
            now,
            True,
            inverted,
        ),
        (
            "inverted-issued",
            "issued after it ends",
            window(s + 9000, s, s + 8000),
            now,
            True,
            inverted,
        ),
        (
            "inverted-no-clock",
            "ends before it begins, and no clock",
            window(s, s + 9000, s + 8000),
            0,
            False,
            inverted,
        ),
        ("all-1970", "a window in 1970", window(1, 0, 2), now, True, expired),
    ]
    for name, why, message, utc_s, trusted, reason in table:
        yield Case(
            id=f"time-{name}",
            why=why,
            delivery=deliver(message, utc_s=utc_s, trusted=trusted),
            reason=reason,
        )
    late = w.order(w.config(), 2, previous=_pushed_head())
    yield Case(
        id="time-floor-pushed",
        why="an order pushed the floor a year ahead: an honest one is late",
        state="floor pushed",
        delivery=deliver(w.signed(late, w.CONFIG_LI), utc_s=0, trusted=False),
        reason=expired,
    )
    for number, (issued, utc_s, trusted, reason) in enumerate(
        [
            (s + 3600, now, True, ok),
            (s + 2999, now, True, Reason.KEY_NOT_VALID_NOW),
            (s + 3600, s + 9000, True, Reason.KEY_NOT_VALID_NOW),
            (s + 9000, 0, False, Reason.KEY_NOT_VALID_NOW),
            (s + 8999, 0, False, ok),
        ],
        1,
    ):
        order = w.order(w.config(), issued_at=issued)
        yield Case(
            id=f"time-key-{number}",
            why="a key valid from 3000 to 9000 s after enrolment",
            state="short key",
            delivery=deliver(w.signed(order, w.CONFIG_LI), utc_s=utc_s, trusted=trusted),
            reason=reason,
        )
    value = cbor.decode(FIRST.encode())
    assert isinstance(value, dict)
    for key, name in ((5, "issued-at"), (6, "not-before"), (7, "expires-at")):
        for number, bad in enumerate((-1, 2**40 + 1, 2**63), 1):
            yield Case(
                id=f"time-{name}-{number}",
                why=f"{name} {bad}",
                delivery=deliver(signed_value({**value, key: bad})),
                reason=Reason.FIELD_RANGE,
            )


def _pushed_head() -> bytes:
    return payload_hash(w.order(w.config(), issued_at=w.START_S + 365 * 86_400).encode())
