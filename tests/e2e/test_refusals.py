"""What is refused: with its reason, ledgered, reported, the configuration untouched.

Every message here reaches the real agent process over the real broker.
"""

import dataclasses
import time

import pytest

from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.core.ledger.entries import EntryKind
from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.cose import Domain
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.orders import Order
from viewkeeper.protocol.vocabulary import OrderKind, Role

pytestmark = pytest.mark.e2e


def draft(play, body=None, **header):
    """The next configuration order, its header changed."""
    config = body or play.world.configuration(play.view_hash)
    order = play.world.desk.draft(play.camera.name, config, now_s=int(time.time()), life_s=3600)
    return dataclasses.replace(order, header=dataclasses.replace(order.header, **header))


def signer(play):
    return play.world.desk.signers_for(Role.CONFIGURATION)[0]


def signed(play, order: Order) -> bytes:
    return cose.sign1(order.encode(), signer(play), Domain.CONFIG)


def with_payload(play, payload, *, protected=None, unprotected=None):
    """A COSE_Sign1 whose signature holds, whatever else is off."""
    key = signer(play)
    header = cbor.encode(protected or {1: -19, 4: key.verify_key.kid})
    aad = Domain.CONFIG.external_aad
    signature = key.sign(cose.sign1_structure(header, aad, payload))
    return b"\xd2" + cbor.encode([header, unprotected or {}, payload, signature])


def flipped(play):
    message = bytearray(signed(play, draft(play)))
    message[len(message) // 2] ^= 0x10
    return bytes(message)


def duplicate_key(play):
    payload = draft(play).encode()
    assert payload[0] == 0xA0 + len(cbor.decode(payload))
    return with_payload(play, bytes((payload[0] + 1,)) + payload[1:] + b"\x09\xa0")


def kid(play):
    return signer(play).verify_key.kid


def now():
    return int(time.time())


CASES = {
    "unsigned": (Reason.UNSIGNED, lambda p: draft(p).encode()),
    "a bit flipped": (None, flipped),
    "truncated": (Reason.TRUNCATED, lambda p: signed(p, draft(p))[:-9]),
    "an unknown key": (
        Reason.UNKNOWN_KEY,
        lambda p: p.world.stranger_signs(p.camera, p.world.configuration(p.view_hash)),
    ),
    "a key without the role": (
        Reason.ROLE_MISSING,
        lambda p: cose.sign1(
            draft(p).encode(), p.world.desk.signers_for(Role.LIFECYCLE)[0], Domain.CONFIG
        ),
    ),
    "another device": (
        Reason.OTHER_DEVICE,
        lambda p: signed(p, draft(p, audience="cam-0002")),
    ),
    "a name that begins alike": (
        Reason.OTHER_DEVICE,
        lambda p: signed(p, draft(p, audience="cam-00010")),
    ),
    "rolled back": (Reason.ROLLED_BACK, lambda p: signed(p, draft(p, sequence=1))),
    "a jump ahead": (Reason.SEQUENCE_JUMP, lambda p: signed(p, draft(p, sequence=2**40))),
    "a fork": (Reason.FORKED, lambda p: signed(p, draft(p, previous=bytes(32)))),
    "expired": (
        Reason.EXPIRED,
        lambda p: signed(
            p,
            draft(p, issued_at=now() - 200, not_before=now() - 200, expires_at=now() - 1),
        ),
    ),
    "not yet valid": (
        Reason.NOT_YET_VALID,
        lambda p: signed(p, draft(p, not_before=now() + 9000, expires_at=now() + 99_000)),
    ),
    "trailing bytes": (Reason.TRAILING_BYTES, lambda p: signed(p, draft(p)) + b"\x00"),
    "trailing bytes inside": (
        Reason.TRAILING_BYTES,
        lambda p: with_payload(p, draft(p).encode() + b"\x00"),
    ),
    "a duplicate key": (Reason.DUPLICATE_KEY, duplicate_key),
    "alg unprotected": (
        Reason.UNPROTECTED_HEADER,
        lambda p: with_payload(p, draft(p).encode(), protected={4: kid(p)}, unprotected={1: -19}),
    ),
    "an unknown critical header": (
        Reason.UNKNOWN_CRIT,
        lambda p: with_payload(
            p, draft(p).encode(), protected={1: -19, 2: [99], 4: kid(p), 99: True}
        ),
    ),
    "EdDSA, the polymorphic one": (
        Reason.ALG_NOT_ALLOWED,
        lambda p: with_payload(p, draft(p).encode(), protected={1: -8, 4: kid(p)}),
    ),
    "another domain": (
        Reason.BAD_SIGNATURE,
        lambda p: cose.sign1(draft(p).encode(), signer(p), Domain.LIFECYCLE),
    ),
    "a prohibited place": (
        Reason.PROHIBITED_PLACE,
        lambda p: signed(p, draft(p, p.world.configuration(p.view_hash, codes=("A1", "X2")))),
    ),
    "footage kept too short": (
        Reason.RETENTION_TOO_SHORT,
        lambda p: signed(p, draft(p, p.world.configuration(p.view_hash, retention_days=29))),
    ),
    "a view never registered": (
        Reason.UNKNOWN_VIEW,
        lambda p: signed(p, draft(p, p.world.configuration(bytes(31) + b"x"))),
    ),
    "nothing at all but noise": (Reason.UNSIGNED, lambda p: bytes(range(256))),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_with_its_reason_and_changes_nothing(play, name):
    reason, forge = CASES[name]
    before = play.world.observer.seen(play.camera.name).report
    message = forge(play)
    verdict = play.world.send(play.camera, message).verdict
    assert verdict is not None, "no verdict came"
    assert not verdict.accepted
    if reason is not None:
        assert verdict.reason == reason.value
    assert verdict.config_hash[:8] == before.config_hash

    def reported(seen):
        report = seen.report
        return report.refusals > before.refusals and report.last_refusal == verdict.reason

    assert play.sees(reported)
    after = play.world.observer.seen(play.camera.name).report
    assert after.config_hash == before.config_hash
    assert after.config_sequence == before.config_sequence


def test_a_replayed_configuration_is_refused_after_a_restart_and_the_last_one_holds(play):
    world, camera = play.world, play.camera
    first = world.order(camera, world.configuration(play.view_hash, tolerance_deg=1.1))
    second = world.order(camera, world.configuration(play.view_hash, tolerance_deg=1.2))
    assert first.verdict.accepted
    assert second.verdict.accepted
    in_force = second.verdict.config_hash
    camera.kill()  # as a power cut
    count = world.observer.seen(camera.name).reports
    camera.start()
    assert play.sees(lambda seen: seen.reports > count + 1)
    assert world.observer.seen(camera.name).report.config_hash == in_force[:8]
    replayed = world.send(camera, first.message).verdict
    assert not replayed.accepted
    assert replayed.reason in (Reason.REPLAYED.value, Reason.ROLLED_BACK.value)
    assert replayed.config_hash == in_force
    again = world.send(camera, second.message).verdict
    assert again.accepted


def test_a_retained_step_is_ignored_as_a_replay(play):
    world, camera = play.world, play.camera
    world.observer.publish(camera.topics.command("identify"), b"old", retain=True)
    try:
        camera.stop()
        count = world.observer.seen(camera.name).reports
        camera.start()
        assert play.sees(lambda seen: seen.reports > count)
        told = [
            v for v in world.observer.seen(camera.name).verdicts if v.order is OrderKind.COMMAND
        ]
        assert all(not verdict.accepted for verdict in told)
    finally:
        world.observer.publish(camera.topics.command("identify"), b"", retain=True)


def test_every_refusal_stands_in_the_ledger_and_the_chain_holds(play):
    """Runs last: it stops the agent to read its ledger."""
    camera = play.camera
    refused = play.world.observer.seen(camera.name).report.refusals
    camera.stop()
    ledger = LedgerFile(camera.state / "ledger")
    try:
        entries = list(ledger.entries())
    finally:
        ledger.close()
    kinds = [entry.kind for entry in entries]
    # A flood is summed up and each entry carries the count so far (agent/refusal_log.py).
    totals = [
        entry.details["total"]
        for entry in entries
        if entry.kind in (EntryKind.REFUSED, EntryKind.REFUSED_MANY)
    ]
    assert totals[-1] >= refused
    assert kinds[0] is EntryKind.ENROLLED
    assert EntryKind.VIEW_REGISTERED in kinds
    assert kinds.count(EntryKind.BOOT) >= 2
    assert kinds.count(EntryKind.INTENT) == kinds.count(EntryKind.APPLIED)
