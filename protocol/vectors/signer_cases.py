"""Who signed: what is obeyed, several signatures, roles."""

from __future__ import annotations

from collections.abc import Iterator

from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vectors.cases import NOW_S, Case, inside
from viewkeeper.protocol.vectors.stages import (
    FIRST,
    GOOD,
    SECOND,
    deliver,
    states,
)
from viewkeeper.protocol.vocabulary import LifecycleState, OrderKind, Role


def good() -> Iterator[Case]:
    """What a camera obeys."""
    accepted = Reason.ACCEPTED
    yield Case(
        id="config-first",
        why="a first configuration, signed by one officer",
        delivery=deliver(GOOD),
        reason=accepted,
        shown=inside(FIRST, w.CONFIG_LI),
    )
    yield Case(
        id="config-retained",
        why="the broker had kept it: by design",
        delivery=deliver(GOOD, retained=True),
        reason=accepted,
    )
    yield Case(
        id="config-next",
        why="the second follows the first by hash",
        state="configured",
        delivery=deliver(w.signed(SECOND, w.CONFIG_LI)),
        reason=accepted,
        shown=inside(SECOND, w.CONFIG_LI),
    )
    yield Case(
        id="config-come-again",
        why="the same bytes once more",
        state="configured",
        delivery=deliver(GOOD, retained=True),
        reason=Reason.ALREADY_APPLIED,
    )
    yield Case(
        id="config-come-again-late",
        why="the same bytes, retained, long after their expiry",
        state="configured",
        delivery=deliver(GOOD, retained=True, utc_s=NOW_S + 90 * 86_400),
        reason=Reason.ALREADY_APPLIED,
    )
    yield Case(
        id="config-same-payload-other-key",
        why="the payload in force, signed by the same officer's other key",
        state="configured",
        delivery=deliver(w.signed(FIRST, w.CONFIG_LI_TOKEN)),
        reason=Reason.ALREADY_APPLIED,
    )
    both = (w.CONFIG_LI, w.Person("config qian", "Qian Yu", (Role.CONFIGURATION,)))
    yield Case(
        id="config-two-persons",
        why="two persons where the keyset asks for two",
        state="two for configuration",
        delivery=deliver(w.signed(FIRST, *both)),
        reason=accepted,
        shown=inside(FIRST, *both),
    )
    yield Case(
        id="config-view-known",
        why="it names a view that was registered here",
        delivery=deliver(w.signed(w.order(w.config(view_hash=w.VIEW)), w.CONFIG_LI)),
        reason=accepted,
    )
    yield Case(
        id="config-leap-2-20",
        why="the longest leap that is allowed",
        delivery=deliver(w.signed(w.order(w.config(), 2**20), w.CONFIG_LI)),
        reason=accepted,
    )
    yield Case(
        id="command-identify",
        why="a command",
        delivery=deliver(w.signed(w.order(w.command("identify")), w.CONFIG_LI), OrderKind.COMMAND),
        reason=accepted,
    )
    yield Case(
        id="lifecycle-accept",
        why="acceptance was passed",
        state="registered",
        delivery=states()["accepted"].before[-1],
        reason=accepted,
    )


def many() -> Iterator[Case]:
    """COSE_Sign: several signatures, all of which must hold."""
    payload, domain = FIRST.encode(), cose.Domain.CONFIG
    qian = w.Person("config qian", "Qian Yu", (Role.CONFIGURATION,))
    li = cose.signature_of(payload, w.CONFIG_LI.signer, domain)
    token = cose.signature_of(payload, w.CONFIG_LI_TOKEN.signer, domain)
    second = cose.signature_of(payload, qian.signer, domain)
    other = cose.signature_of(SECOND.encode(), qian.signer, domain)
    alone = cbor.decode(GOOD[1:])
    assert isinstance(alone, list)
    of_sign1 = (li[0], alone[3])
    state = "two for configuration"
    no: dict[int | str, cbor.Value] = {}
    seventeen: list[cbor.Value] = [[b"\xa0", no, bytes(64)] for _ in range(17)]
    rows = [
        (
            "one-of-two",
            "one person where two are asked",
            cose.assemble(payload, [li]),
            Reason.THRESHOLD_NOT_MET,
        ),
        (
            "one-person-two-keys",
            "one person with two keys",
            cose.assemble(payload, [li, token]),
            Reason.THRESHOLD_NOT_MET,
        ),
        ("sign1-where-two", "an envelope for one", GOOD, Reason.THRESHOLD_NOT_MET),
        (
            "same-key-twice",
            "one signature put in twice",
            cose.assemble(payload, [li, li]),
            Reason.DUPLICATE_SIGNER,
        ),
        (
            "transplanted",
            "the second signature is from another order",
            cose.assemble(payload, [li, other]),
            Reason.BAD_SIGNATURE,
        ),
        (
            "one-bad-of-three",
            "two good signatures and a bad one",
            cose.assemble(payload, [li, second, (token[0], bytes(64))]),
            Reason.BAD_SIGNATURE,
        ),
        (
            "one-unknown-of-three",
            "two good ones and a stranger's",
            cose.assemble(
                payload, [li, second, cose.signature_of(payload, w.signer("stranger"), domain)]
            ),
            Reason.UNKNOWN_KEY,
        ),
        (
            "no-signatures",
            "an empty array of signatures",
            b"\xd8\x62" + cbor.encode([b"", {}, payload, []]),
            Reason.UNSIGNED,
        ),
        (
            "from-sign1",
            "a signature made for a COSE_Sign1",
            b"\xd8\x62"
            + cbor.encode(
                [b"", {}, payload, [[of_sign1[0], {}, of_sign1[1]], [second[0], {}, second[1]]]]
            ),
            Reason.BAD_SIGNATURE,
        ),
        (
            "body-protected",
            "a header in the body",
            b"\xd8\x62" + cbor.encode([b"\xa1\x03\x00", {}, payload, [[li[0], no, li[1]]]]),
            Reason.UNKNOWN_HEADER,
        ),
        (
            "body-unprotected",
            "an unprotected header in the body",
            b"\xd8\x62" + cbor.encode([b"", {3: 0}, payload, [[li[0], no, li[1]]]]),
            Reason.UNPROTECTED_HEADER,
        ),
        (
            "row-unprotected",
            "an unprotected header in a signature",
            b"\xd8\x62" + cbor.encode([b"", {}, payload, [[li[0], {4: b"x"}, li[1]]]]),
            Reason.UNPROTECTED_HEADER,
        ),
        (
            "row-of-two",
            "a signature of two elements",
            b"\xd8\x62" + cbor.encode([b"", {}, payload, [[li[0], {}]]]),
            Reason.NOT_COSE,
        ),
        (
            "row-of-four",
            "a signature of four elements",
            b"\xd8\x62" + cbor.encode([b"", {}, payload, [[li[0], {}, li[1], 0]]]),
            Reason.NOT_COSE,
        ),
        (
            "rows-not-array",
            "bytes for the array of signatures",
            b"\xd8\x62" + cbor.encode([b"", {}, payload, li[1]]),
            Reason.NOT_COSE,
        ),
        (
            "seventeen",
            "more signatures than are read",
            b"\xd8\x62" + cbor.encode([b"", {}, payload, seventeen]),
            Reason.TOO_LARGE,
        ),
        (
            "role-missing",
            "the second signer may not configure",
            w.signed(FIRST, w.CONFIG_LI, w.OFFICER_HE),
            Reason.ROLE_MISSING,
        ),
    ]
    for name, why, message, reason in rows:
        yield Case(
            id=f"many-{name}", why=why, state=state, delivery=deliver(message), reason=reason
        )


def roles() -> Iterator[Case]:
    """Who may sign what."""
    for person in (w.ROOT_WANG, w.LIFECYCLE_CHEN, w.APPROVER_GAO, w.OFFICER_HE):
        yield Case(
            id=f"role-config-by-{person.roles[0].value}",
            why=f"a configuration signed with the role {person.roles[0].value}",
            delivery=deliver(w.signed(FIRST, person)),
            reason=Reason.ROLE_MISSING,
        )
    step = w.order(w.step(LifecycleState.REGISTERED, "2026-11-18"))
    yield Case(
        id="role-lifecycle-by-configuration",
        why="a lifecycle step signed by the configuration officer",
        state="configured",
        delivery=deliver(w.signed(step, w.CONFIG_LI), OrderKind.LIFECYCLE),
        reason=Reason.ROLE_MISSING,
    )
    yield Case(
        id="role-command-by-lifecycle",
        why="a command signed by the lifecycle officer",
        delivery=deliver(
            w.signed(w.order(w.command("identify")), w.LIFECYCLE_CHEN), OrderKind.COMMAND
        ),
        reason=Reason.ROLE_MISSING,
    )
    yield Case(
        id="role-nonce-by-configuration",
        why="a nonce for looking asked for by the configuration officer",
        delivery=deliver(w.signed(w.order(w.command("new_nonce")), w.CONFIG_LI), OrderKind.COMMAND),
        reason=Reason.ROLE_MISSING,
    )
    yield Case(
        id="role-nonce-by-one",
        why="a nonce asked for by one officer where looking takes two",
        delivery=deliver(
            w.signed(w.order(w.command("new_nonce")), w.OFFICER_HE), OrderKind.COMMAND
        ),
        reason=Reason.THRESHOLD_NOT_MET,
    )
    yield Case(
        id="role-nobodys",
        why="a role the keyset gives no threshold",
        state="root alone",
        delivery=deliver(GOOD),
        reason=Reason.ROLE_MISSING,
    )
