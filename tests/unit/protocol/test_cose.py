import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.cose import Domain
from viewkeeper.protocol.errors import EnvelopeRefusal, Reason, RefusalError

ALICE, BOB, EVE = (cose.SoftwareSigner.from_seed(bytes([n]) * 32) for n in (1, 2, 3))
LOOKUP = cose.lookup_in([ALICE.verify_key, BOB.verify_key])
MESSAGE = cose.sign1(b"payload", ALICE, Domain.CONFIG)


def sign1_with(*, protected=None, unprotected=None, payload=b"payload", tag=b"\xd2"):
    """A COSE_Sign1 whose signature holds although its form is off."""
    if protected is None:
        protected = {1: -19, 4: ALICE.verify_key.kid}
    header = protected if isinstance(protected, bytes) else cbor.encode(protected)
    signature = ALICE.sign(cose.sign1_structure(header, Domain.CONFIG.external_aad, payload))
    return tag + cbor.encode([header, unprotected or {}, payload, signature])


def reason_of(message, domain=Domain.CONFIG, lookup=LOOKUP, opener=cose.open_sign1):
    with pytest.raises(RefusalError) as refusal:
        opener(message, lookup, domain)
    return refusal.value.reason


@given(st.binary(max_size=200), st.sampled_from(list(Domain)))
def test_what_was_signed_is_opened(payload, domain):
    opened = cose.open_sign1(cose.sign1(payload, BOB, domain), LOOKUP, domain)
    assert opened == cose.Opened(payload, (BOB.verify_key,))


def test_any_flipped_bit_is_refused():
    for bit in range(8 * len(MESSAGE)):
        forged = bytearray(MESSAGE)
        forged[bit // 8] ^= 1 << (bit % 8)
        assert reason_of(bytes(forged))


def test_any_truncation_is_refused():
    for length in range(len(MESSAGE)):
        assert reason_of(MESSAGE[:length])


def test_a_signature_holds_in_its_own_domain_only():
    for domain in set(Domain) - {Domain.CONFIG}:
        assert reason_of(MESSAGE, domain) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (MESSAGE + b"\x00", Reason.TRAILING_BYTES),
        (MESSAGE[1:], Reason.NOT_COSE),
        (b"\xd8\x12" + MESSAGE[1:], Reason.NOT_COSE),
        (b"\xd2\x83\x40\xa0\x40", Reason.NOT_COSE),
        (b"\xd2\xa0", Reason.NOT_COSE),
        (b"", Reason.NOT_COSE),
        (sign1_with(protected=b""), Reason.ALG_MISSING),
        (sign1_with(protected={4: b"12345678"}), Reason.ALG_MISSING),
        (sign1_with(protected={1: -19}), Reason.KID_MISSING),
        (sign1_with(protected={1: -8, 4: ALICE.verify_key.kid}), Reason.ALG_NOT_ALLOWED),
        (sign1_with(protected={1: -7, 4: ALICE.verify_key.kid}), Reason.ALG_NOT_ALLOWED),
        (sign1_with(protected={1: "Ed25519", 4: ALICE.verify_key.kid}), Reason.ALG_NOT_ALLOWED),
        (sign1_with(protected={1: -19, 4: EVE.verify_key.kid}), Reason.UNKNOWN_KEY),
        (sign1_with(protected={1: -19, 4: BOB.verify_key.kid}), Reason.BAD_SIGNATURE),
        (
            sign1_with(protected={1: -19, 2: [33], 33: 1, 4: ALICE.verify_key.kid}),
            Reason.UNKNOWN_CRIT,
        ),
        (
            sign1_with(protected={1: -19, 3: 60, 4: ALICE.verify_key.kid}),
            Reason.UNKNOWN_HEADER,
        ),
        (
            sign1_with(protected={4: ALICE.verify_key.kid}, unprotected={1: -19}),
            Reason.UNPROTECTED_HEADER,
        ),
        (sign1_with(unprotected={4: ALICE.verify_key.kid}), Reason.UNPROTECTED_HEADER),
        (sign1_with(protected=b"\xa2\x04\x41\x00\x01\x32"), Reason.NOT_DETERMINISTIC),
        (sign1_with(protected=b"\xa1\x01\x32\x00"), Reason.TRAILING_BYTES),
        (MESSAGE[:-66] + b"\x40", Reason.UNSIGNED),
        (cose.sign1(b"payload", EVE, Domain.CONFIG), Reason.UNKNOWN_KEY),
    ],
)
def test_each_deviation_has_its_reason(message, reason):
    assert reason_of(message) is reason


def test_a_message_over_the_cap_is_refused_unread():
    with pytest.raises(RefusalError) as refusal:
        cose.open_sign1(MESSAGE, LOOKUP, Domain.CONFIG, max_bytes=len(MESSAGE) - 1)
    assert refusal.value.reason is Reason.TOO_LARGE


def test_a_joint_message_names_all_its_signers():
    message = cose.sign(b"payload", [BOB, ALICE], Domain.KEYSET)
    opened = cose.open_sign(message, LOOKUP, Domain.KEYSET)
    assert opened.payload == b"payload"
    assert set(opened.signers) == {ALICE.verify_key, BOB.verify_key}


@settings(max_examples=60)
@given(st.data())
def test_one_bad_signature_among_good_ones_refuses_the_message(data):
    rows = [cose.signature_of(b"payload", who, Domain.KEYSET) for who in (ALICE, BOB)]
    index = data.draw(st.integers(0, 1))
    bit = data.draw(st.integers(0, 511))
    signature = bytearray(rows[index][1])
    signature[bit // 8] ^= 1 << (bit % 8)
    rows[index] = (rows[index][0], bytes(signature))
    message = cose.assemble(b"payload", rows)
    assert reason_of(message, Domain.KEYSET, opener=cose.open_sign) is Reason.BAD_SIGNATURE


def test_one_key_does_not_count_twice():
    message = cose.sign(b"payload", [ALICE, ALICE], Domain.KEYSET)
    assert reason_of(message, Domain.KEYSET, opener=cose.open_sign) is Reason.DUPLICATE_SIGNER


def test_a_joint_message_without_signatures_is_unsigned():
    message = cose.assemble(b"payload", [])
    assert reason_of(message, Domain.KEYSET, opener=cose.open_sign) is Reason.UNSIGNED


def test_a_signature_made_alone_does_not_pass_as_a_joint_one():
    protected, _ = cose.signature_of(b"payload", ALICE, Domain.CONFIG)
    alone = ALICE.sign(cose.sign1_structure(protected, Domain.CONFIG.external_aad, b"payload"))
    message = cose.assemble(b"payload", [(protected, alone)])
    assert reason_of(message, opener=cose.open_sign) is Reason.BAD_SIGNATURE


def test_keys_of_small_order_are_refused():
    for raw in ("00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f"):
        with pytest.raises(EnvelopeRefusal) as refusal:
            cose.VerifyKey(cose.Algorithm.ED25519, bytes.fromhex(raw))
        assert refusal.value.reason is Reason.WEAK_KEY


def test_a_key_names_itself():
    assert ALICE.verify_key.kid != BOB.verify_key.kid
    assert len(ALICE.verify_key.kid) == cose.KID_BYTES
