"""Rotation, epochs, revocation: how the keys themselves are changed."""

import dataclasses

import pytest

from tests.support.camera import Camera
from viewkeeper.agent.core.trust.keysets import check_keyset, keys_of
from viewkeeper.protocol import cose, sm2
from viewkeeper.protocol.errors import Reason, RefusalError
from viewkeeper.protocol.orders import Allowance, keyset_hash
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vectors.algorithm_cases import es256_signer, sm2_signer
from viewkeeper.protocol.vocabulary import OrderKind, Role

NEW_ROOT_A = w.Person("root new a", "Zhou Min", (Role.ROOT,))
NEW_ROOT_B = w.Person("root new b", "Wu Hao", (Role.ROOT,))


@pytest.fixture
def camera():
    return Camera()


def without(*persons):
    return [person.entry() for person in w.STAFF if person not in persons]


def rotation(camera, successor, *signers, sequence=None, **header):
    order = w.order(
        successor,
        successor.version if sequence is None else sequence,
        previous=header.pop("previous", keyset_hash(camera.state.trust.keyset)),
        **header,
    )
    return w.signed(order, *signers)


def refused(camera, message, reason):
    ruling = camera.receive(message, OrderKind.KEYSET)
    assert (ruling.accepted, ruling.reason) == (False, reason), ruling.detail


def test_a_keyset_signed_by_two_root_persons_takes_over(camera):
    successor = w.keyset(2, entries=without(w.CONFIG_LI_TOKEN))
    camera.obeys(rotation(camera, successor, w.ROOT_WANG, w.ROOT_ZHAO), OrderKind.KEYSET)
    assert camera.state.trust.keyset == successor


def test_a_revoked_key_signs_nothing_more(camera):
    successor = w.keyset(2, entries=without(w.CONFIG_LI))
    camera.obeys(rotation(camera, successor, w.ROOT_WANG, w.ROOT_ZHAO), OrderKind.KEYSET)
    lost = camera.receive(w.signed(w.order(w.config()), w.CONFIG_LI))
    assert lost.reason is Reason.UNKNOWN_KEY
    camera.obeys(w.signed(w.order(w.config()), w.CONFIG_LI_TOKEN))


def test_a_rotation_of_root_takes_the_old_and_the_new(camera):
    entries = [
        *without(w.ROOT_WANG, w.ROOT_ZHAO, w.ROOT_SUN),
        NEW_ROOT_A.entry(),
        NEW_ROOT_B.entry(),
    ]
    successor = w.keyset(2, entries=entries)
    for few in (
        [w.ROOT_WANG, w.ROOT_ZHAO],
        [NEW_ROOT_A, NEW_ROOT_B],
        [w.ROOT_WANG, NEW_ROOT_A, NEW_ROOT_B],
        [w.ROOT_WANG, w.ROOT_ZHAO, NEW_ROOT_A],
    ):
        refused(camera, rotation(camera, successor, *few), Reason.THRESHOLD_NOT_MET)
    everyone = rotation(camera, successor, w.ROOT_WANG, w.ROOT_ZHAO, NEW_ROOT_A, NEW_ROOT_B)
    ruling = camera.obeys(everyone, OrderKind.KEYSET)
    persons = sorted(entry.person for entry in ruling.signers)
    assert persons == ["Wang Fang", "Wu Hao", "Zhao Lei", "Zhou Min"], "each named once"


def test_versions_follow_one_by_one(camera):
    for version in (1, 3, 2**53):
        message = rotation(camera, w.keyset(version), w.ROOT_WANG, w.ROOT_ZHAO)
        refused(camera, message, Reason.KEYSET_VERSION)
    message = rotation(camera, w.keyset(2), w.ROOT_WANG, w.ROOT_ZHAO, sequence=3)
    refused(camera, message, Reason.KEYSET_VERSION)


def test_a_keyset_names_the_one_it_replaces(camera):
    message = rotation(camera, w.keyset(2), w.ROOT_WANG, w.ROOT_ZHAO, previous=bytes(32))
    refused(camera, message, Reason.FORKED)


def test_a_second_rotation_follows_the_first(camera):
    for version in (2, 3, 4):
        message = rotation(camera, w.keyset(version), w.ROOT_WANG, w.ROOT_ZHAO)
        camera.obeys(message, OrderKind.KEYSET)
    assert camera.state.trust.keyset.version == 4


def test_an_obeyed_rotation_come_again_is_already_applied(camera):
    message = rotation(camera, w.keyset(2), w.ROOT_WANG, w.ROOT_ZHAO)
    camera.obeys(message, OrderKind.KEYSET)
    assert camera.receive(message, OrderKind.KEYSET).reason is Reason.ALREADY_APPLIED


def test_only_root_rotates(camera):
    message = rotation(camera, w.keyset(2), w.CONFIG_LI, w.LIFECYCLE_CHEN)
    refused(camera, message, Reason.ROLE_MISSING)


def test_one_root_person_is_not_two(camera):
    refused(camera, rotation(camera, w.keyset(2), w.ROOT_WANG), Reason.THRESHOLD_NOT_MET)


def test_a_keyset_in_an_envelope_for_one_is_refused(camera):
    order = w.order(w.keyset(2), 2, previous=keyset_hash(w.keyset(1)))
    message = cose.sign1(order.encode(), w.ROOT_WANG.signer, cose.Domain.KEYSET)
    refused(camera, message, Reason.NOT_COSE)


def test_a_new_epoch_starts_every_row_anew(camera):
    camera.obeys(w.signed(w.order(w.config(), 2**20), w.CONFIG_LI))
    successor = w.keyset(2, epoch=1)
    message = rotation(camera, successor, w.ROOT_WANG, w.ROOT_ZHAO)
    camera.obeys(message, OrderKind.KEYSET)
    assert camera.state.config is not None, "the configuration in force stays"
    old = w.signed(w.order(w.config(pan_mdeg=700), 2**20 + 1), w.CONFIG_LI)
    assert camera.receive(old).reason is Reason.OLD_EPOCH
    camera.obeys(w.signed(w.order(w.config(pan_mdeg=700), 1, epoch=1), w.CONFIG_LI))


def test_what_was_retained_before_a_new_epoch_is_still_recognised(camera):
    kept = w.signed(w.order(w.config()), w.CONFIG_LI)
    camera.obeys(kept)
    camera.obeys(rotation(camera, w.keyset(2, epoch=1), w.ROOT_WANG, w.ROOT_ZHAO), OrderKind.KEYSET)
    assert camera.receive(kept, retained=True).reason is Reason.ALREADY_APPLIED


def test_epochs_follow_one_by_one(camera):
    leap = rotation(camera, w.keyset(2, epoch=2), w.ROOT_WANG, w.ROOT_ZHAO)
    refused(camera, leap, Reason.UNKNOWN_EPOCH)
    later = Camera(w.keyset(1, epoch=5))
    message = rotation(later, w.keyset(2, epoch=4), w.ROOT_WANG, w.ROOT_ZHAO, epoch=5)
    refused(later, message, Reason.OLD_EPOCH)


def test_a_new_epoch_brings_back_a_camera_whose_floor_was_pushed(camera):
    ahead_s = w.START_S + 365 * 86_400
    stolen = w.order(w.config(), issued_at=ahead_s)
    camera.obeys(w.signed(stolen, w.CONFIG_LI), utc_s=0, trusted=False)
    honest = w.order(w.config(pan_mdeg=800), 2, previous=camera.head())
    late = camera.receive(w.signed(honest, w.CONFIG_LI), utc_s=0, trusted=False)
    assert late.reason is Reason.EXPIRED
    same_epoch = rotation(camera, w.keyset(2), w.ROOT_WANG, w.ROOT_ZHAO)
    refused(camera, same_epoch, Reason.EXPIRED)
    new_epoch = rotation(camera, w.keyset(2, epoch=1), w.ROOT_WANG, w.ROOT_ZHAO)
    camera.obeys(new_epoch, OrderKind.KEYSET, utc_s=0, trusted=False)
    assert camera.state.trust.clock_floor_s == w.START_S + 3600
    first = w.order(w.config(pan_mdeg=800), 1, epoch=1)
    camera.obeys(w.signed(first, w.CONFIG_LI), utc_s=0, trusted=False)


def reason_for(keyset):
    with pytest.raises(RefusalError) as caught:
        check_keyset(keyset)
    return caught.value.reason


def test_a_keyset_that_locks_its_owner_out_is_refused():
    assert reason_for(w.keyset(thresholds={Role.ROOT: 4})) is Reason.THRESHOLD_NOT_MET
    assert reason_for(w.keyset(thresholds={Role.CONFIGURATION: 1})) is Reason.ROLE_MISSING
    too_many = {**w.THRESHOLDS, Role.CONFIGURATION: 2}
    assert reason_for(w.keyset(thresholds=too_many)) is Reason.THRESHOLD_NOT_MET
    assert reason_for(w.keyset(thresholds={Role.ROOT: 1, Role.UPDATE: 1})) is (
        Reason.THRESHOLD_NOT_MET
    )


def test_a_keyset_with_the_same_key_twice_is_refused():
    entry = w.ROOT_WANG.entry()
    double = [*without(), dataclasses.replace(entry, person="Somebody Else")]
    assert reason_for(w.keyset(entries=double)) is Reason.DUPLICATE_SIGNER


def test_a_keyset_with_a_weak_or_foreign_key_is_refused():
    entry = w.ROOT_WANG.entry()
    for change, reason in [
        ({"raw": bytes(32)}, Reason.WEAK_KEY),
        ({"raw": b"\x01" + bytes(31)}, Reason.WEAK_KEY),
        ({"raw": bytes(33)}, Reason.WEAK_KEY),
        ({"algorithm": -8}, Reason.ALG_NOT_ALLOWED),
        ({"algorithm": -257}, Reason.ALG_NOT_ALLOWED),
        ({"not_after": entry.not_before}, Reason.INVERTED_WINDOW),
        ({"roles": (Role.ROOT, Role.ROOT)}, Reason.FIELD_RANGE),
    ]:
        entries = [
            *without(),
            dataclasses.replace(entry, **{"raw": w.signer("x").verify_key.raw} | change),
        ]
        assert reason_for(w.keyset(entries=entries)) is reason, change


def test_a_role_with_two_thresholds_is_refused():
    keyset = w.keyset()
    twice = dataclasses.replace(keyset, thresholds=(*keyset.thresholds, keyset.thresholds[0]))
    assert reason_for(twice) is Reason.FIELD_RANGE


def test_a_rotation_to_a_bad_keyset_is_refused_before_its_keys_are_used(camera):
    entries = [*without(), dataclasses.replace(w.ROOT_WANG.entry(), raw=bytes(32))]
    message = rotation(camera, w.keyset(2, entries=entries), w.ROOT_WANG, w.ROOT_ZHAO)
    refused(camera, message, Reason.WEAK_KEY)


def test_order_refusals_say_who_is_missing(camera):
    ruling = camera.receive(rotation(camera, w.keyset(2), w.ROOT_WANG), OrderKind.KEYSET)
    assert "takes 2 persons, 1 signed" in ruling.detail


def test_who_stands_in_both_keysets_is_counted_among_the_signers_once(camera):
    successor = w.keyset(2)
    ruling = camera.obeys(rotation(camera, successor, w.ROOT_WANG, w.ROOT_ZHAO), OrderKind.KEYSET)
    assert sorted(entry.person for entry in ruling.signers) == ["Wang Fang", "Zhao Lei"]


def es256_keyset(roles, allowed, signer=es256_signer):
    key = signer("officer").verify_key
    entry = dataclasses.replace(
        w.CONFIG_LI.entry(), algorithm=int(key.algorithm), raw=key.raw, roles=roles
    )
    rows = tuple(Allowance(role=role, algorithm=number) for role, number in allowed)
    return dataclasses.replace(w.keyset(entries=[*without(), entry]), allowed=rows or None)


def test_an_algorithm_is_allowed_for_a_role_and_for_no_other():
    es256 = int(cose.Algorithm.ES256)
    both = (Role.CONFIGURATION, Role.LIFECYCLE)
    check_keyset(es256_keyset(both, [(role, es256) for role in both]))
    check_keyset(w.keyset())
    for roles, allowed in (
        (both, [(Role.CONFIGURATION, es256)]),
        (both, []),
        ((Role.CONFIGURATION,), [(Role.LIFECYCLE, es256)]),
        ((Role.CONFIGURATION,), [(Role.CONFIGURATION, int(cose.Algorithm.SM2))]),
    ):
        with pytest.raises(RefusalError) as caught:
            check_keyset(es256_keyset(roles, allowed))
        assert caught.value.reason is Reason.ALG_NOT_ALLOWED


@pytest.mark.skipif(not sm2.is_supported(), reason="this libcrypto has no SM2")
def test_where_libcrypto_has_no_sm2_only_sm2_is_not_believed(monkeypatch):
    role, algorithms = Role.CONFIGURATION, cose.Algorithm
    keysets = {
        algorithm: es256_keyset((role,), [(role, int(algorithm))], signer)
        for algorithm, signer in ((algorithms.ES256, es256_signer), (algorithms.SM2, sm2_signer))
    }
    check_keyset(keysets[algorithms.SM2])
    monkeypatch.setattr(sm2, "is_supported", lambda: False)
    check_keyset(keysets[algorithms.ES256])
    with pytest.raises(RefusalError) as caught:
        check_keyset(keysets[algorithms.SM2])
    assert caught.value.reason is Reason.NOT_SUPPORTED


def test_an_allowance_is_written_once_and_for_a_known_algorithm():
    es256 = int(cose.Algorithm.ES256)
    twice = es256_keyset((Role.CONFIGURATION,), [(Role.CONFIGURATION, es256)] * 2)
    with pytest.raises(RefusalError) as caught:
        check_keyset(twice)
    assert caught.value.reason is Reason.FIELD_RANGE
    with pytest.raises(RefusalError) as caught:
        check_keyset(
            dataclasses.replace(w.keyset(), allowed=(Allowance(role=Role.ROOT, algorithm=-7),))
        )
    assert caught.value.reason is Reason.ALG_NOT_ALLOWED


def test_a_witness_key_is_found_by_its_role():
    recorder = w.Person("recorder", "recorder", (Role.WITNESS,))
    keyset = w.keyset(entries=[*without(), recorder.entry()])
    assert keys_of(keyset, Role.WITNESS) == [recorder.signer.verify_key]
