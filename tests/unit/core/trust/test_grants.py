"""Looks at footage: one approves, two look, everybody signs, once."""

import pytest

from tests.support.camera import ENTROPY, Camera
from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.orders import MAX_ORDER_MESSAGE_BYTES
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import OrderKind, Role

EVERYONE = (w.APPROVER_GAO, w.OFFICER_HE, w.OFFICER_XU)


@pytest.fixture
def camera():
    camera = Camera()
    ask = w.order(w.command("new_nonce"))
    ruling = camera.obeys(w.signed(ask, w.OFFICER_HE, w.OFFICER_XU), OrderKind.COMMAND)
    assert ruling.detail == f"nonce {ENTROPY.hex()}"
    return camera


def signed_grant(*signers, sequence=1, **details):
    body = w.grant(**{"nonce": ENTROPY, **details})
    return w.signed(w.order(body, sequence), *(signers or EVERYONE))


def refused(camera, message, reason):
    before = camera.state
    ruling = camera.receive(message, OrderKind.GRANT)
    assert (ruling.accepted, ruling.reason) == (False, reason), ruling.detail
    assert camera.state is before


def test_a_grant_signed_by_all_it_names_is_entered_and_uses_up_the_nonce(camera):
    camera.obeys(signed_grant(), OrderKind.GRANT)
    assert camera.state.access_nonce is None


def test_a_grant_is_good_once(camera):
    message = signed_grant()
    camera.obeys(message, OrderKind.GRANT)
    assert camera.receive(message, OrderKind.GRANT).reason is Reason.ALREADY_APPLIED
    refused(camera, signed_grant(sequence=2), Reason.WRONG_NONCE)


def test_a_nonce_of_another_day_is_refused(camera):
    refused(camera, signed_grant(nonce=bytes(16)), Reason.WRONG_NONCE)


def test_without_a_nonce_there_is_no_grant():
    refused(Camera(), signed_grant(), Reason.WRONG_NONCE)


def test_who_is_named_must_sign(camera):
    refused(camera, signed_grant(w.APPROVER_GAO, w.OFFICER_HE), Reason.THRESHOLD_NOT_MET)
    refused(camera, signed_grant(w.OFFICER_HE, w.OFFICER_XU), Reason.THRESHOLD_NOT_MET)


def test_who_signs_must_be_named(camera):
    refused(camera, signed_grant(*EVERYONE, w.CONFIG_LI), Reason.ROLE_MISSING)


def test_one_person_with_two_keys_is_one_person(camera):
    refused(
        camera,
        signed_grant(w.APPROVER_GAO, w.OFFICER_HE, w.OFFICER_HE_TOKEN),
        Reason.THRESHOLD_NOT_MET,
    )


@pytest.mark.parametrize(
    "officers",
    [("He Ping",), ("He Ping", "He Ping"), ("Gao Shan", "He Ping"), ("Gao Shan", "Gao Shan")],
)
def test_two_different_officers_look_and_neither_approves(camera, officers):
    signers = [person for person in EVERYONE if person.person in {*officers, "Gao Shan"}]
    refused(camera, signed_grant(*signers, officers=officers), Reason.TWO_PERSONS)


def test_an_officer_cannot_approve(camera):
    message = signed_grant(
        w.OFFICER_HE,
        w.OFFICER_XU,
        w.APPROVER_GAO,
        approver="He Ping",
        officers=("Xu Dan", "Gao Shan"),
    )
    refused(camera, message, Reason.ROLE_MISSING)


def test_a_signature_from_another_grant_does_not_hold(camera):
    first = w.order(w.grant(nonce=ENTROPY)).encode()
    other = w.order(w.grant(nonce=ENTROPY, to_s=w.START_S + 99_000)).encode()
    signatures = [
        cose.signature_of(first, w.APPROVER_GAO.signer, cose.Domain.GRANT),
        cose.signature_of(other, w.OFFICER_HE.signer, cose.Domain.GRANT),
        cose.signature_of(other, w.OFFICER_XU.signer, cose.Domain.GRANT),
    ]
    refused(camera, cose.assemble(other, signatures), Reason.BAD_SIGNATURE)


def test_a_signature_put_in_twice_does_not_count_twice(camera):
    payload = w.order(w.grant(nonce=ENTROPY)).encode()
    rows = [cose.signature_of(payload, each.signer, cose.Domain.GRANT) for each in EVERYONE]
    refused(camera, cose.assemble(payload, [*rows, rows[0]]), Reason.DUPLICATE_SIGNER)


def test_footage_that_ends_before_it_begins_is_refused(camera):
    refused(camera, signed_grant(from_s=w.START_S, to_s=w.START_S), Reason.INVERTED_WINDOW)


def test_a_grant_in_an_envelope_for_one_is_refused(camera):
    payload = w.order(w.grant(nonce=ENTROPY)).encode()
    message = cose.sign1(payload, w.APPROVER_GAO.signer, cose.Domain.GRANT)
    refused(camera, message, Reason.NOT_COSE)


def test_a_keyset_without_approvers_grants_nothing():
    thresholds = {role: n for role, n in w.THRESHOLDS.items() if role is not Role.APPROVAL}
    camera = Camera(w.keyset(thresholds=thresholds))
    ask = w.signed(w.order(w.command("new_nonce")), w.OFFICER_HE, w.OFFICER_XU)
    camera.obeys(ask, OrderKind.COMMAND)
    refused(camera, signed_grant(), Reason.ROLE_MISSING)


def test_more_signatures_than_the_profile_reads_are_refused(camera):
    payload = w.order(w.grant(nonce=ENTROPY)).encode()
    rows = [[b"\xa0", {}, bytes(64)]] * 17
    message = b"\xd8\x62" + cbor.encode([b"", {}, payload, rows])
    assert len(message) < MAX_ORDER_MESSAGE_BYTES
    refused(camera, message, Reason.TOO_LARGE)


def test_an_officer_named_twice_is_no_second_officer(camera):
    thrice = (w.OFFICER_HE.person, w.OFFICER_XU.person, w.OFFICER_HE.person)
    refused(camera, signed_grant(officers=thrice), Reason.TWO_PERSONS)
