"""A message of ours, well signed, that the tables forbid: places, days, steps."""

from __future__ import annotations

from collections.abc import Iterator

from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.orders import payload_hash
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vectors.cases import Case
from viewkeeper.protocol.vectors.field_cases import changed
from viewkeeper.protocol.vectors.stages import deliver
from viewkeeper.protocol.vocabulary import LifecycleState, OrderKind, Regime


def policy() -> Iterator[Case]:
    """A message of ours, well signed, that the tables forbid."""

    def config(**changes: object) -> bytes:
        return w.signed(w.order(w.config(**changes)), w.CONFIG_LI)  # pyright: ignore[reportArgumentType]

    for code in ("X1", "X2", "X3", "X4", "X5", "P1", "P2", "P3", "P4"):
        yield Case(
            id=f"policy-prohibited-{code.lower()}",
            why=f"the prohibited place {code}",
            delivery=deliver(config(codes=("A1", code))),
            reason=Reason.PROHIBITED_PLACE,
        )
    for regime in Regime:
        yield Case(
            id=f"policy-prohibited-{regime.value}",
            why=f"a prohibited place under {regime.value}",
            delivery=deliver(config(codes=("X2",), regime=regime, retention_days=30)),
            reason=Reason.PROHIBITED_PLACE,
        )
    for code in ("X01", "X001", "X6", "M0", "M1", "M15", "A6", "P5", "Z9"):
        yield Case(
            id=f"policy-unknown-{code.lower()}",
            why=f"{code} stands in no list",
            delivery=deliver(config(codes=("A1", code))),
            reason=Reason.UNKNOWN_PLACE,
        )
    for number, (code, why) in enumerate(
        [
            ("Х1", "Cyrillic Х"),
            ("Χ1", "Greek Χ"),
            ("Ｘ1", "full-width Ｘ"),
            ("X１", "a full-width digit"),
            ("x1", "lower case"),
            ("X1 ", "a space after it"),
            ("X1\0", "a NUL after it"),
            ("X\u200b1", "a zero-width space in it"),
            ("X1\u202e", "a direction override after it"),
            ("Ⅹ1", "the Roman numeral ten"),
            ("𝐗1", "a mathematical X"),
            ("X1,A1", "two in one"),
            ("", "nothing"),
        ],
        1,
    ):
        yield Case(
            id=f"policy-confusable-{number:02d}",
            why=f"a prohibited place in disguise: {why}",
            delivery=deliver(changed(9, 5, 2, to=["A1", code])),
            reason=Reason.FIELD_RANGE,
        )
    for days in (0, 1, 29):
        for regime in (Regime.ART7, Regime.ART9):
            yield Case(
                id=f"policy-retention-{days}-{regime.value}",
                why=f"{days} days where 30 are the least",
                delivery=deliver(config(retention_days=days, regime=regime)),
                reason=Reason.RETENTION_TOO_SHORT,
            )
    yield Case(
        id="policy-retention-30",
        why="exactly the least",
        delivery=deliver(config(retention_days=30)),
        reason=Reason.ACCEPTED,
    )
    yield Case(
        id="policy-consent",
        why="near a secret-bearing unit without its consent",
        delivery=deliver(config(near_secret_unit=True)),
        reason=Reason.CONSENT_MISSING,
    )
    yield Case(
        id="policy-consent-given",
        why="the same with the consent's number",
        delivery=deliver(config(near_secret_unit=True, consent="CONSENT 12")),
        reason=Reason.ACCEPTED,
    )
    yield Case(
        id="policy-sign-blank",
        why="an operator of nothing but an ideographic space",
        delivery=deliver(config(operator="\u3000")),
        reason=Reason.SIGN_TEXT,
    )
    yield Case(
        id="policy-view-unknown",
        why="a view that was never registered on this camera",
        delivery=deliver(config(view_hash=bytes(32))),
        reason=Reason.UNKNOWN_VIEW,
    )


def lifecycle() -> Iterator[Case]:
    """Steps that do not follow."""
    head = payload_hash(w.order(w.step(LifecycleState.REGISTERED, "2026-11-18")).encode())

    def step(
        to: LifecycleState,
        on_date: str = "2026-11-18",
        sequence: int = 1,
        previous: bytes | None = None,
        **more: object,
    ) -> bytes:
        body = w.step(to, on_date, **more)  # pyright: ignore[reportArgumentType]
        return w.signed(w.order(body, sequence, previous=previous), w.LIFECYCLE_CHEN)

    S = LifecycleState
    forbidden, not_accepted = Reason.LIFECYCLE_STEP, Reason.NOT_ACCEPTED_FOR_USE
    rows: list[tuple[str, str, str, bytes, Reason]] = [
        (
            "no-config",
            "registered without a configuration",
            "enrolled",
            step(S.REGISTERED),
            forbidden,
        ),
        ("use-at-once", "from the factory into use", "configured", step(S.IN_USE), not_accepted),
        (
            "accept-at-once",
            "accepted before it is registered",
            "configured",
            step(S.ACCEPTED, passed=True),
            forbidden,
        ),
        ("filed-at-once", "filed before use", "configured", step(S.FILED), forbidden),
        (
            "filing-due",
            "a state the calendar brings, not an order",
            "configured",
            step(S.FILING_DUE),
            forbidden,
        ),
        (
            "use-unaccepted",
            "into use without acceptance",
            "registered",
            step(S.IN_USE, sequence=2, previous=head),
            not_accepted,
        ),
        (
            "acceptance-failed",
            "acceptance was not passed",
            "registered",
            step(S.ACCEPTED, sequence=2, previous=head, passed=False),
            not_accepted,
        ),
        (
            "acceptance-silent",
            "acceptance without a result",
            "registered",
            step(S.ACCEPTED, sequence=2, previous=head),
            not_accepted,
        ),
        (
            "tomorrow",
            "a step of tomorrow",
            "registered",
            step(S.ACCEPTED, "2026-11-20", 2, head, passed=True),
            forbidden,
        ),
        (
            "before-the-last",
            "a step dated before the last one",
            "registered",
            step(S.ACCEPTED, "2026-11-17", 2, head, passed=True),
            forbidden,
        ),
        (
            "no-such-day",
            "the 31st of November",
            "configured",
            step(S.REGISTERED, "2026-11-31"),
            Reason.FIELD_RANGE,
        ),
        (
            "result-misplaced",
            "a result where nothing was accepted",
            "accepted",
            step(S.IN_USE, sequence=3, previous=_accepted_head(head), passed=True),
            Reason.FIELD_UNKNOWN,
        ),
    ]
    for name, why, state, message, reason in rows:
        yield Case(
            id=f"lifecycle-{name}",
            why=why,
            state=state,
            delivery=deliver(message, OrderKind.LIFECYCLE),
            reason=reason,
        )
    yield Case(
        id="lifecycle-unregistered-view",
        why="acceptance where the configuration names no view",
        state="registered without view",
        delivery=deliver(
            step(S.ACCEPTED, sequence=2, previous=head, passed=True), OrderKind.LIFECYCLE
        ),
        reason=forbidden,
    )
    yield Case(
        id="lifecycle-withdrawn-config",
        why="a configuration for a withdrawn camera",
        state="withdrawn",
        delivery=deliver(
            w.signed(
                w.order(
                    w.config(pan_mdeg=800),
                    2,
                    previous=payload_hash(w.order(w.config(view_hash=w.VIEW)).encode()),
                ),
                w.CONFIG_LI,
            )
        ),
        reason=forbidden,
    )


def _accepted_head(head: bytes) -> bytes:
    body = w.step(LifecycleState.ACCEPTED, "2026-11-18", passed=True)
    return payload_hash(w.order(body, 2, previous=head).encode())
