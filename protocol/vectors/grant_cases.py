"""Leave to look at footage: who is named, who signs, once."""

from __future__ import annotations

from collections.abc import Iterator

from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vectors.cases import ENTROPY, NOW_S, Case, inside
from viewkeeper.protocol.vectors.stages import deliver
from viewkeeper.protocol.vocabulary import OrderKind

EVERYONE = (w.APPROVER_GAO, w.OFFICER_HE, w.OFFICER_XU)
GRANT, KEYSET = OrderKind.GRANT, OrderKind.KEYSET


def grants() -> Iterator[Case]:
    """Leave to look at footage."""
    order = w.order(w.grant(nonce=ENTROPY))
    payload = order.encode()
    longer = w.order(w.grant(nonce=ENTROPY, to_s=w.START_S + 90_000)).encode()

    def share(of: bytes, person: w.Person) -> tuple[bytes, bytes]:
        return cose.signature_of(of, person.signer, cose.Domain.GRANT)

    def signed(*people: w.Person, **details: object) -> bytes:
        return w.signed(w.order(w.grant(nonce=ENTROPY, **details)), *people)  # pyright: ignore[reportArgumentType]

    he, xu, gao = w.OFFICER_HE, w.OFFICER_XU, w.APPROVER_GAO
    two, few, role = Reason.TWO_PERSONS, Reason.THRESHOLD_NOT_MET, Reason.ROLE_MISSING
    rows: list[tuple[str, str, bytes, Reason]] = [
        ("one-officer", "one officer named", signed(gao, he, officers=("He Ping",)), two),
        (
            "officer-twice",
            "one officer named twice",
            signed(gao, he, officers=("He Ping",) * 2),
            two,
        ),
        (
            "approver-looks",
            "who approves also looks",
            signed(gao, he, officers=("Gao Shan", "He Ping")),
            two,
        ),
        ("officer-missing", "one named officer has not signed", signed(gao, he), few),
        ("approver-missing", "the approver has not signed", signed(he, xu), few),
        ("two-keys", "one person with two keys for two", signed(gao, he, w.OFFICER_HE_TOKEN), few),
        (
            "third-unsigned",
            "a third officer named who has not signed",
            signed(*EVERYONE, officers=("He Ping", "Xu Dan", "Li Wei")),
            few,
        ),
        ("stranger-signs", "somebody signs who is not named", signed(*EVERYONE, w.CONFIG_LI), role),
        ("root-signs", "a root person signs along", signed(*EVERYONE, w.ROOT_WANG), role),
        (
            "officer-approves",
            "an officer as approver",
            signed(*EVERYONE, approver="He Ping", officers=("Xu Dan", "Gao Shan")),
            role,
        ),
        (
            "clerk-looks",
            "a person without the role looks",
            signed(gao, he, w.CONFIG_LI, officers=("He Ping", "Li Wei")),
            role,
        ),
        (
            "name-confusable",
            "a name in Cyrillic letters: nobody's",
            signed(*EVERYONE, officers=("Не Ping", "Xu Dan")),
            role,
        ),
        (
            "transplanted",
            "two signatures from a shorter grant",
            cose.assemble(longer, [share(longer, gao), share(payload, he), share(payload, xu)]),
            Reason.BAD_SIGNATURE,
        ),
        (
            "twice",
            "one signature put in twice",
            cose.assemble(payload, [share(payload, gao), share(payload, he), share(payload, he)]),
            Reason.DUPLICATE_SIGNER,
        ),
        (
            "sign1",
            "an envelope for one",
            cose.sign1(payload, gao.signer, cose.Domain.GRANT),
            Reason.NOT_COSE,
        ),
        (
            "domain",
            "signed as a keyset",
            cose.sign(payload, [each.signer for each in EVERYONE], cose.Domain.KEYSET),
            Reason.BAD_SIGNATURE,
        ),
        (
            "nonce-wrong",
            "another nonce",
            w.signed(w.order(w.grant(nonce=bytes(16))), *EVERYONE),
            Reason.WRONG_NONCE,
        ),
        (
            "footage-inverted",
            "footage that ends before it begins",
            signed(*EVERYONE, from_s=w.START_S + 9, to_s=w.START_S),
            Reason.INVERTED_WINDOW,
        ),
        (
            "expired",
            "after its own window",
            w.signed(w.order(w.grant(nonce=ENTROPY), expires_at=NOW_S), *EVERYONE),
            Reason.EXPIRED,
        ),
        (
            "other-device",
            "for another camera",
            w.signed(w.order(w.grant(nonce=ENTROPY), audience="cam-18"), *EVERYONE),
            Reason.OTHER_DEVICE,
        ),
    ]
    yield Case(
        id="grant-good",
        why="approver and two officers, each named, each signed",
        state="with nonce",
        delivery=deliver(w.signed(order, *EVERYONE), GRANT),
        reason=Reason.ACCEPTED,
        shown=inside(order, *EVERYONE),
    )
    for name, why, message, reason in rows:
        yield Case(
            id=f"grant-{name}",
            why=why,
            state="with nonce",
            delivery=deliver(message, GRANT),
            reason=reason,
        )
    yield Case(
        id="grant-no-nonce",
        why="the camera has given no nonce",
        delivery=deliver(w.signed(order, *EVERYONE), GRANT),
        reason=Reason.WRONG_NONCE,
    )
    yield Case(
        id="grant-come-again",
        why="the same grant once more: nothing is done",
        state="grant used",
        delivery=deliver(w.signed(order, *EVERYONE), GRANT),
        reason=Reason.ALREADY_APPLIED,
    )
    yield Case(
        id="grant-nonce-used",
        why="a second grant with the nonce of the first",
        state="grant used",
        delivery=deliver(w.signed(w.order(w.grant(nonce=ENTROPY), 2), *EVERYONE), GRANT),
        reason=Reason.WRONG_NONCE,
    )
