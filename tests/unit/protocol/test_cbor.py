import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.protocol.strategies import values
from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import EncodingRefusal, Reason


@given(values)
def test_decoding_gives_back_what_was_encoded(value):
    assert cbor.decode(cbor.encode(value)) == value


@given(values)
def test_another_implementation_reads_the_same_value(value):
    assert cbor2.loads(cbor.encode(value)) == value


@given(st.binary(max_size=64))
def test_any_bytes_are_either_the_one_encoding_of_a_value_or_refused(data):
    try:
        value = cbor.decode(data)
    except EncodingRefusal:
        return
    assert cbor.encode(value) == data


@given(
    st.one_of(st.binary(max_size=64), values.map(cbor.encode)),
    st.integers(0),
    st.binary(max_size=2),
)
def test_the_quick_way_and_the_long_way_accept_the_same(data, at, changed):
    data = data[: at % (len(data) + 1)] + changed + data[at % (len(data) + 1) + len(changed) :]
    quick = cbor._quick(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cbor, "_LOADS_SAFELY", False)
        try:
            slow = cbor.decode(data)
        except EncodingRefusal:
            slow = cbor._NO_ANSWER
    if quick is not cbor._NO_ANSWER:
        assert repr(quick) == repr(slow)


@given(values, st.data())
def test_every_proper_prefix_is_refused(value, data):
    encoded = cbor.encode(value)
    length = data.draw(st.integers(0, len(encoded) - 1))
    with pytest.raises(EncodingRefusal):
        cbor.decode(encoded[:length])


def test_keys_are_sorted_bytewise_not_length_first():
    # 10 encodes as 0a, -1 as 20, "a" as 6161; RFC 8949 §4.2.1's own example order
    assert (
        cbor.encode({"z": 0, -1: 0, 100: 0, 10: 0}).hex()
        == "a4" + "0a00" + "186400" + "2000" + "617a00"
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", Reason.TRUNCATED),
        ("19ff", Reason.TRUNCATED),
        ("4401", Reason.TRUNCATED),
        ("82 01", Reason.TRUNCATED),
        ("9b 7fffffffffffffff", Reason.TRUNCATED),
        ("bb ffffffffffffffff", Reason.TRUNCATED),
        ("0101", Reason.TRAILING_BYTES),
        ("81" * 13 + "00", Reason.TOO_DEEP),
        ("9f01ff", Reason.INDEFINITE_LENGTH),
        ("5f4101ff", Reason.INDEFINITE_LENGTH),
        ("bf0101ff", Reason.INDEFINITE_LENGTH),
        ("ff", Reason.INDEFINITE_LENGTH),
        ("1c", Reason.TYPE_NOT_ALLOWED),
        ("f90000", Reason.TYPE_NOT_ALLOWED),
        ("fb0000000000000000", Reason.TYPE_NOT_ALLOWED),
        ("f7", Reason.TYPE_NOT_ALLOWED),
        ("f820", Reason.TYPE_NOT_ALLOWED),
        ("c100", Reason.TYPE_NOT_ALLOWED),
        ("d81d00", Reason.TYPE_NOT_ALLOWED),
        ("a1f500", Reason.TYPE_NOT_ALLOWED),
        ("a14000", Reason.TYPE_NOT_ALLOWED),
        ("1801", Reason.NOT_DETERMINISTIC),
        ("190001", Reason.NOT_DETERMINISTIC),
        ("580100", Reason.NOT_DETERMINISTIC),
        ("a202000100", Reason.NOT_DETERMINISTIC),
        ("a2010101 02", Reason.DUPLICATE_KEY),
        ("a2 6161 01 6161 01", Reason.DUPLICATE_KEY),
        ("a2 01 00 1801 00", Reason.DUPLICATE_KEY),
        ("61ff", Reason.BAD_UTF8),
        ("63eda080", Reason.BAD_UTF8),
    ],
)
def test_each_deviation_has_its_reason(data, reason):
    with pytest.raises(EncodingRefusal) as refusal:
        cbor.decode(bytes.fromhex(data))
    assert refusal.value.reason is reason


def test_more_than_the_cap_is_refused_before_it_is_looked_at():
    with pytest.raises(EncodingRefusal) as refusal:
        cbor.decode(b"\xff" * 11, max_bytes=10)
    assert refusal.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("value", [1.5, {1.0: 1}, {True: 1}, object(), 2**64, "\ud800", (1,)])
def test_a_value_outside_the_profile_is_not_encoded(value):
    with pytest.raises(EncodingRefusal):
        cbor.encode(value)


def test_nesting_as_deep_as_decoding_allows_can_be_encoded_and_no_deeper():
    value: list = []
    for _ in range(cbor.MAX_DEPTH - 1):  # the innermost is a container too
        value = [value]
    assert cbor.decode(cbor.encode(value)) == value
    with pytest.raises(EncodingRefusal):
        cbor.encode([value])
