"""Orders as a camera meets them, good and bad."""

import dataclasses

import pytest

from tests.support.camera import NOW_S, Camera
from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.orders import payload_hash
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import ClockTrust, OrderKind, Role

MAX_JUMP = 2**20


@pytest.fixture
def camera():
    return Camera()


def signed_config(sequence=1, previous=None, signers=(w.CONFIG_LI,), body=None, **header):
    order = w.order(body or w.config(), sequence, previous=previous, **header)
    return w.signed(order, *signers)


def refused(camera, message, reason, kind=OrderKind.CONFIG, **how):
    before = camera.state
    ruling = camera.receive(message, kind, **how)
    assert (ruling.accepted, ruling.reason) == (False, reason), ruling.detail
    assert camera.state is before


def test_a_configuration_signed_by_one_officer_is_obeyed(camera):
    ruling = camera.receive(signed_config(), retained=True)
    assert (ruling.accepted, ruling.reason, ruling.sequence) == (True, Reason.ACCEPTED, 1)
    assert ruling.clock is ClockTrust.SYNCHRONISED
    assert camera.state.config == w.config()
    assert [entry.person for entry in ruling.signers] == ["Li Wei"]


def test_the_kept_payload_is_what_was_signed(camera):
    order = w.order(w.config())
    camera.obeys(w.signed(order, w.CONFIG_LI))
    assert camera.state.config_payload == order.encode()
    assert camera.state.config_hash == payload_hash(order.encode())


def test_an_order_come_again_changes_nothing_and_is_no_refusal(camera):
    message = signed_config()
    camera.obeys(message)
    before = camera.state
    ruling = camera.receive(message, retained=True)
    assert (ruling.accepted, ruling.reason) == (True, Reason.ALREADY_APPLIED)
    assert ruling.sequence == 1
    assert camera.state is before


def test_a_retained_order_come_again_after_its_expiry_is_no_refusal(camera):
    message = signed_config()
    camera.obeys(message)
    ruling = camera.receive(message, retained=True, utc_s=NOW_S + 90 * 86_400)
    assert ruling.reason is Reason.ALREADY_APPLIED


def test_the_same_payload_signed_by_a_second_key_is_already_applied():
    camera = Camera()
    order = w.order(w.config())
    camera.obeys(w.signed(order, w.CONFIG_LI))
    ruling = camera.receive(w.signed(order, w.CONFIG_LI_TOKEN))
    assert ruling.reason is Reason.ALREADY_APPLIED


def test_the_next_configuration_follows_by_hash(camera):
    camera.obeys(signed_config(1))
    camera.obeys(signed_config(2, camera.head(), body=w.config(pan_mdeg=900)))
    assert camera.state.config_sequence == 2
    assert camera.state.config.tolerance.pan_mdeg == 900


def test_sequences_may_leave_gaps_but_the_chain_may_not(camera):
    camera.obeys(signed_config(1))
    refused(camera, signed_config(7), Reason.FORKED)
    camera.obeys(signed_config(7, camera.head()))


def test_an_unsigned_order_is_refused(camera):
    payload = w.order(w.config()).encode()
    refused(camera, payload, Reason.UNSIGNED)
    refused(camera, b"", Reason.UNSIGNED)
    refused(camera, b'{"retention_days": 1}', Reason.UNSIGNED)


def test_an_empty_signature_is_unsigned(camera):
    good = signed_config()
    protected, unprotected, payload, _ = cbor.decode(good[1:])
    refused(camera, good[:1] + cbor.encode([protected, unprotected, payload, b""]), Reason.UNSIGNED)


def test_a_key_that_no_keyset_names_is_refused(camera):
    stranger = w.Person("stranger", "Li Wei", (Role.CONFIGURATION,))
    refused(camera, signed_config(signers=[stranger]), Reason.UNKNOWN_KEY)


def test_a_key_without_the_role_is_refused(camera):
    refused(camera, signed_config(signers=[w.LIFECYCLE_CHEN]), Reason.ROLE_MISSING)
    refused(camera, signed_config(signers=[w.ROOT_WANG]), Reason.ROLE_MISSING)


def test_one_signer_with_the_role_does_not_carry_another_without(camera):
    refused(camera, signed_config(signers=[w.CONFIG_LI, w.OFFICER_HE]), Reason.ROLE_MISSING)


def test_a_signature_made_for_a_lifecycle_step_does_not_hold_for_a_configuration(camera):
    payload = w.order(w.config()).encode()
    message = cose.sign1(payload, w.CONFIG_LI.signer, cose.Domain.LIFECYCLE)
    refused(camera, message, Reason.BAD_SIGNATURE)


def test_an_order_on_the_topic_of_another_kind_is_refused(camera):
    refused(camera, signed_config(), Reason.BAD_SIGNATURE, OrderKind.LIFECYCLE)


def test_a_payload_of_another_kind_with_a_good_signature_is_refused(camera):
    payload = w.order(w.command("identify")).encode()
    message = cose.sign1(payload, w.CONFIG_LI.signer, cose.Domain.CONFIG)
    refused(camera, message, Reason.WRONG_KIND)


@pytest.mark.parametrize(
    "audience", ["cam-1", "cam-170", "cam-18", "cam", "c", "cam-17-"[:-1] + "x"]
)
def test_only_the_exact_audience_is_ours(camera, audience):
    refused(camera, signed_config(audience=audience), Reason.OTHER_DEVICE)


def test_an_order_of_another_epoch_is_refused(camera):
    refused(camera, signed_config(epoch=1), Reason.UNKNOWN_EPOCH)
    later = Camera(w.keyset(1, epoch=3))
    refused(later, signed_config(epoch=2), Reason.OLD_EPOCH)
    later.obeys(signed_config(epoch=3))


def test_an_older_sequence_is_a_rollback_and_an_old_friend_a_replay(camera):
    first = signed_config(5)
    camera.obeys(first)
    camera.obeys(signed_config(6, camera.head()))
    refused(camera, first, Reason.REPLAYED)
    refused(camera, signed_config(4), Reason.ROLLED_BACK)


def test_the_same_sequence_with_another_content_is_a_fork(camera):
    camera.obeys(signed_config(5))
    refused(camera, signed_config(5, body=w.config(pan_mdeg=2000)), Reason.FORKED)


def test_a_sequence_may_leap_2_20_and_no_further(camera):
    refused(camera, signed_config(MAX_JUMP + 1), Reason.SEQUENCE_JUMP)
    camera.obeys(signed_config(MAX_JUMP))
    refused(camera, signed_config(2 * MAX_JUMP + 1, camera.head()), Reason.SEQUENCE_JUMP)
    camera.obeys(signed_config(2 * MAX_JUMP, camera.head()))


def test_a_first_order_that_claims_to_follow_one_is_a_fork(camera):
    refused(camera, signed_config(1, previous=bytes(32)), Reason.FORKED)


def test_thresholds_count_persons_not_keys():
    camera = Camera(w.keyset(thresholds={**w.THRESHOLDS, Role.ROOT: 2, Role.CONFIGURATION: 1}))
    assert camera.receive(signed_config(signers=[w.CONFIG_LI, w.CONFIG_LI_TOKEN])).accepted
    second = w.Person("config qian", "Qian Yu", (Role.CONFIGURATION,))
    entries = [*(person.entry() for person in w.STAFF), second.entry()]
    strict = Camera(w.keyset(entries=entries, thresholds={Role.ROOT: 2, Role.CONFIGURATION: 2}))
    refused(strict, signed_config(), Reason.THRESHOLD_NOT_MET)
    refused(
        strict, signed_config(signers=[w.CONFIG_LI, w.CONFIG_LI_TOKEN]), Reason.THRESHOLD_NOT_MET
    )
    strict.obeys(signed_config(signers=[w.CONFIG_LI, second]))


def test_a_role_without_a_threshold_is_nobodys():
    camera = Camera(w.keyset(thresholds={Role.ROOT: 2}))
    refused(camera, signed_config(), Reason.ROLE_MISSING)


def test_commands_need_no_chain_and_may_not_claim_one(camera):
    message = w.signed(w.order(w.command("identify"), 3), w.CONFIG_LI)
    camera.obeys(message, OrderKind.COMMAND)
    chained = w.order(w.command("identify"), 4, previous=camera.head(OrderKind.COMMAND))
    refused(camera, w.signed(chained, w.CONFIG_LI), Reason.FIELD_UNKNOWN, OrderKind.COMMAND)
    camera.obeys(w.signed(w.order(w.command("identify"), 9), w.CONFIG_LI), OrderKind.COMMAND)


def test_a_command_nobody_knows_is_refused_and_keeps_its_sequence_free(camera):
    message = w.signed(w.order(w.command("make_tea")), w.CONFIG_LI)
    refused(camera, message, Reason.NOT_SUPPORTED, OrderKind.COMMAND)
    camera.obeys(w.signed(w.order(w.command("identify")), w.CONFIG_LI), OrderKind.COMMAND)


@pytest.mark.parametrize("kind", [kind for kind in OrderKind if kind is not OrderKind.CONFIG])
def test_only_configurations_may_be_retained(camera, kind):
    refused(camera, signed_config(), Reason.RETAINED_ORDER, kind, retained=True)


def test_rows_of_different_kinds_do_not_touch(camera):
    camera.obeys(signed_config(8))
    camera.obeys(w.signed(w.order(w.command("identify"), 1), w.CONFIG_LI), OrderKind.COMMAND)
    assert camera.state.trust.row(OrderKind.CONFIG).sequence == 8


def test_a_view_this_camera_never_registered_is_refused(camera):
    refused(camera, signed_config(body=w.config(view_hash=bytes(32))), Reason.UNKNOWN_VIEW)
    camera.obeys(signed_config(body=w.config(view_hash=w.VIEW)))


def test_a_policy_refusal_leaves_the_row_where_it_was(camera):
    refused(camera, signed_config(1, body=w.config(codes=("X1",))), Reason.PROHIBITED_PLACE)
    camera.obeys(signed_config(1))


def test_a_withdrawn_camera_takes_no_configuration(camera):
    camera.state = dataclasses.replace(
        camera.state,
        standing=dataclasses.replace(camera.state.standing, state=w.LifecycleState.WITHDRAWN),
    )
    refused(camera, signed_config(), Reason.LIFECYCLE_STEP)


def test_the_hint_of_a_refusal_is_fit_for_the_wire(camera):
    value = cbor.decode(w.order(w.config()).encode())
    value["\u202egnp.exe\x00" * 40] = 1
    message = w.envelope(cbor.encode(value), OrderKind.CONFIG, w.CONFIG_LI)
    ruling = camera.receive(message)
    assert ruling.reason is Reason.FIELD_UNKNOWN
    assert len(ruling.detail) <= 160
    assert not {"\u202e", "\x00"} & set(ruling.detail)
