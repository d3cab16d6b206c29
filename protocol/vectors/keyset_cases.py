"""Rotation, epochs, revocation."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.orders import KeyEntry, Keyset, keyset_hash
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vectors.cases import NOW_S, Case, inside
from viewkeeper.protocol.vectors.stages import deliver
from viewkeeper.protocol.vocabulary import OrderKind, Role

GRANT, KEYSET = OrderKind.GRANT, OrderKind.KEYSET


def keysets() -> Iterator[Case]:
    """Rotation, epochs, revocation."""
    first = w.keyset()
    new_a = w.Person("root new a", "Zhou Min", (Role.ROOT,))
    new_b = w.Person("root new b", "Wu Hao", (Role.ROOT,))
    wang, zhao = w.ROOT_WANG, w.ROOT_ZHAO
    staff = [person.entry() for person in w.STAFF]
    others = [entry for entry in staff if Role.ROOT not in entry.roles]
    handover = w.keyset(2, entries=[*others, new_a.entry(), new_b.entry()])

    def signed(
        keyset: Keyset,
        *people: w.Person,
        sequence: int | None = None,
        previous: bytes | None = None,
        **header: object,
    ) -> bytes:
        order = w.order(
            keyset,
            keyset.version if sequence is None else sequence,
            previous=keyset_hash(first) if previous is None else previous,
            **header,  # pyright: ignore[reportArgumentType]
        )
        return w.signed(order, *people)

    def spoilt(**changes: object) -> bytes:
        entry: KeyEntry = dataclasses.replace(new_a.entry(), **changes)  # pyright: ignore[reportArgumentType]
        return signed(w.keyset(2, entries=[*staff, entry]), wang, zhao)

    few = Reason.THRESHOLD_NOT_MET
    lacking = w.keyset(2, entries=[entry for entry in staff if entry.person != "Xu Dan"])
    rows: list[tuple[str, str, bytes, Reason]] = [
        ("one-root", "one root person where two are asked", signed(w.keyset(2), wang), few),
        (
            "one-root-twice",
            "the same root person's signature twice",
            _twice(first),
            Reason.DUPLICATE_SIGNER,
        ),
        ("old-only", "a hand-over signed by the old alone", signed(handover, wang, zhao), few),
        ("new-only", "a hand-over signed by the new alone", signed(handover, new_a, new_b), few),
        ("old-short", "one old, two new", signed(handover, wang, new_a, new_b), few),
        ("new-short", "two old, one new", signed(handover, wang, zhao, new_a), few),
        (
            "not-root",
            "signed by officers without the role",
            signed(w.keyset(2), w.CONFIG_LI, w.LIFECYCLE_CHEN),
            Reason.ROLE_MISSING,
        ),
        (
            "stranger",
            "a stranger signs along",
            signed(w.keyset(2), wang, zhao, new_a),
            Reason.UNKNOWN_KEY,
        ),
        ("version-same", "version 1 again", signed(w.keyset(1), wang, zhao), Reason.KEYSET_VERSION),
        (
            "version-skip",
            "version 3 after 1",
            signed(w.keyset(3), wang, zhao),
            Reason.KEYSET_VERSION,
        ),
        ("version-far", "version 2^53", signed(w.keyset(2**53), wang, zhao), Reason.KEYSET_VERSION),
        (
            "sequence-other",
            "a sequence that is not the version",
            signed(w.keyset(2), wang, zhao, sequence=3),
            Reason.KEYSET_VERSION,
        ),
        (
            "fork",
            "it replaces another keyset than ours",
            signed(w.keyset(2), wang, zhao, previous=bytes(32)),
            Reason.FORKED,
        ),
        (
            "epoch-skip",
            "two epochs on",
            signed(w.keyset(2, epoch=2), wang, zhao),
            Reason.UNKNOWN_EPOCH,
        ),
        (
            "epoch-far",
            "the last epoch there is",
            signed(w.keyset(2, epoch=2**32), wang, zhao),
            Reason.UNKNOWN_EPOCH,
        ),
        (
            "other-device",
            "for another camera",
            signed(w.keyset(2), wang, zhao, audience="cam-18"),
            Reason.OTHER_DEVICE,
        ),
        (
            "expired",
            "after its window",
            signed(w.keyset(2), wang, zhao, expires_at=NOW_S),
            Reason.EXPIRED,
        ),
        (
            "locked-out",
            "root asks for more persons than it has",
            signed(w.keyset(2, thresholds={**w.THRESHOLDS, Role.ROOT: 4}), wang, zhao),
            few,
        ),
        (
            "no-root",
            "no threshold for root",
            signed(w.keyset(2, thresholds={Role.CONFIGURATION: 1}), wang, zhao),
            Reason.ROLE_MISSING,
        ),
        ("role-short", "a role that no longer has its persons", signed(lacking, wang, zhao), few),
        (
            "key-twice",
            "one key for two people",
            spoilt(raw=wang.signer.verify_key.raw),
            Reason.DUPLICATE_SIGNER,
        ),
        (
            "key-identity",
            "the identity point as a key",
            spoilt(raw=b"\x01" + bytes(31)),
            Reason.WEAK_KEY,
        ),
        (
            "key-order-2",
            "a point of order 2",
            spoilt(raw=bytes.fromhex("ec" + "ff" * 30 + "7f")),
            Reason.WEAK_KEY,
        ),
        ("key-order-4", "a point of order 4", spoilt(raw=bytes(32)), Reason.WEAK_KEY),
        (
            "key-order-8",
            "a point of order 8",
            spoilt(
                raw=bytes.fromhex(
                    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
                )
            ),
            Reason.WEAK_KEY,
        ),
        (
            "key-non-canonical",
            "the identity, not in canonical form",
            spoilt(raw=bytes.fromhex("ee" + "ff" * 30 + "7f")),
            Reason.WEAK_KEY,
        ),
        ("key-long", "33 bytes", spoilt(raw=bytes(33)), Reason.WEAK_KEY),
        (
            "key-algorithm",
            "an algorithm that is not of the profile",
            spoilt(algorithm=-8),
            Reason.ALG_NOT_ALLOWED,
        ),
        (
            "key-window",
            "a key that ends before it begins",
            spoilt(not_after=0),
            Reason.INVERTED_WINDOW,
        ),
        (
            "key-role-twice",
            "a role named twice",
            spoilt(roles=(Role.ROOT, Role.ROOT)),
            Reason.FIELD_RANGE,
        ),
        (
            "sign1",
            "an envelope for one",
            cose.sign1(
                w.order(w.keyset(2), 2, previous=keyset_hash(first)).encode(),
                wang.signer,
                cose.Domain.KEYSET,
            ),
            Reason.NOT_COSE,
        ),
    ]
    successor = w.order(w.keyset(2), 2, previous=keyset_hash(first))
    yield Case(
        id="keyset-good",
        why="version 2, signed by two root persons",
        delivery=deliver(w.signed(successor, wang, zhao), KEYSET),
        reason=Reason.ACCEPTED,
        shown=inside(successor, wang, zhao),
    )
    for name, people in (
        ("handover", (wang, zhao, new_a, new_b)),
        ("handover-all", (wang, zhao, w.ROOT_SUN, new_a, new_b)),
    ):
        yield Case(
            id=f"keyset-{name}",
            why="old and new root persons sign the hand-over",
            delivery=deliver(signed(handover, *people), KEYSET),
            reason=Reason.ACCEPTED,
        )
    for name, why, message, reason in rows:
        yield Case(id=f"keyset-{name}", why=why, delivery=deliver(message, KEYSET), reason=reason)
    revoked = w.keyset(
        2, entries=[entry for entry in staff if entry.raw != w.CONFIG_LI.signer.verify_key.raw]
    )
    yield Case(
        id="keyset-revoke",
        why="the same without one key: it is revoked",
        delivery=deliver(signed(revoked, wang, zhao), KEYSET),
        reason=Reason.ACCEPTED,
    )
    yield Case(
        id="keyset-revoked-key",
        why="an order by a revoked key",
        state="key revoked",
        delivery=deliver(w.signed(w.order(w.config()), w.CONFIG_LI)),
        reason=Reason.UNKNOWN_KEY,
    )
    yield Case(
        id="keyset-epoch-back",
        why="a keyset that goes back an epoch",
        state="epoch 3",
        delivery=deliver(
            signed(
                w.keyset(2, epoch=2), wang, zhao, previous=keyset_hash(w.keyset(epoch=3)), epoch=3
            ),
            KEYSET,
        ),
        reason=Reason.OLD_EPOCH,
    )
    epoch = w.keyset(2, epoch=1)
    yield Case(
        id="keyset-new-epoch",
        why="a new epoch saves a camera whose floor was pushed a year ahead",
        state="floor pushed",
        delivery=deliver(signed(epoch, wang, zhao), KEYSET, utc_s=0, trusted=False),
        reason=Reason.ACCEPTED,
    )
    yield Case(
        id="keyset-same-epoch-pushed",
        why="within the epoch the pushed floor stands",
        state="floor pushed",
        delivery=deliver(signed(w.keyset(2), wang, zhao), KEYSET, utc_s=0, trusted=False),
        reason=Reason.EXPIRED,
    )
    yield Case(
        id="keyset-epoch-first-order",
        why="in a new epoch sequences start anew",
        state="new epoch",
        delivery=deliver(w.signed(w.order(w.config(pan_mdeg=700), epoch=1), w.CONFIG_LI)),
        reason=Reason.ACCEPTED,
    )
    yield Case(
        id="keyset-epoch-old-order",
        why="an order of the epoch that is over",
        state="new epoch",
        delivery=deliver(w.signed(w.order(w.config(pan_mdeg=700), 101), w.CONFIG_LI)),
        reason=Reason.OLD_EPOCH,
    )


def _twice(first: Keyset) -> bytes:
    payload = w.order(w.keyset(2), 2, previous=keyset_hash(first)).encode()
    share = cose.signature_of(payload, w.ROOT_WANG.signer, cose.Domain.KEYSET)
    return cose.assemble(payload, [share, share])
