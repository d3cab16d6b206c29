import pytest
from hypothesis import given

from tests.unit.protocol.strategies import any_order, any_record
from viewkeeper.protocol import cbor, cose, orders, records
from viewkeeper.protocol.cddl import schema
from viewkeeper.protocol.checkpoints import Checkpoint, seal_checkpoint, unseal_checkpoint
from viewkeeper.protocol.errors import ContentRefusal, Reason, RefusalError
from viewkeeper.protocol.fields import Text, pack
from viewkeeper.protocol.vocabulary import ClockTrust, OrderKind

DEVICE = cose.SoftwareSigner.from_seed(b"\x07" * 32)
LOOKUP = cose.lookup_in([DEVICE.verify_key])


@given(any_record)
def test_a_record_is_read_as_it_was_written(record):
    assert records.Record.decode(record.encode()) == record


@given(any_order)
def test_an_order_is_read_as_it_was_written(order):
    assert orders.Order.decode(order.encode(), order.kind) == order


@given(any_order)
def test_an_order_is_never_read_as_another_kind(order):
    for kind in set(OrderKind) - {order.kind}:
        with pytest.raises(ContentRefusal) as refusal:
            orders.Order.decode(order.encode(), kind)
        assert refusal.value.reason is Reason.WRONG_KIND


@given(any_record | any_order)
def test_every_message_is_valid_by_the_schema(message):
    pycddl = pytest.importorskip("pycddl")
    pycddl.Schema(schema()).validate_cbor(message.encode())


def test_the_schema_refuses_what_the_code_refuses():
    pycddl = pytest.importorskip("pycddl")
    order = command_order()
    wrong = cbor.encode({**cbor.decode(order.encode()), 10: 1})  # type: ignore[dict-item]
    with pytest.raises(pycddl.ValidationError):
        pycddl.Schema(schema()).validate_cbor(wrong)
    with pytest.raises(ContentRefusal) as refusal:
        orders.Order.decode(wrong, OrderKind.COMMAND)
    assert refusal.value.reason is Reason.FIELD_UNKNOWN


def test_the_schema_file_is_what_the_declarations_say(request):
    path = request.config.rootpath / "protocol" / "schema.cddl"
    assert path.read_text(encoding="utf-8") == schema(), "run: make schema"


def command_order(**changes):
    header = {
        "audience": "cam-0001",
        "epoch": 0,
        "sequence": 1,
        "issued_at": 10,
        "not_before": 10,
        "expires_at": 20,
        **changes,
    }
    return orders.Order(orders.OrderHeader(**header), orders.Command(name="identify"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({3: None}, Reason.FIELD_TYPE),
        ({4: 0}, Reason.FIELD_RANGE),
        ({4: 2**53 + 1}, Reason.FIELD_RANGE),
        ({4: True}, Reason.FIELD_TYPE),
        ({2: "Cam-0001"}, Reason.FIELD_RANGE),
        ({2: "cam-0001\x00"}, Reason.FIELD_RANGE),
        ({2: b"cam-0001"}, Reason.FIELD_TYPE),
        ({8: b"short"}, Reason.FIELD_RANGE),
        ({9: {}}, Reason.FIELD_MISSING),
        ({9: []}, Reason.FIELD_TYPE),
        ({9: {1: "identify", 7: 1}}, Reason.FIELD_UNKNOWN),
        ({"x": 1}, Reason.FIELD_UNKNOWN),
        ({1: 1}, Reason.WRONG_KIND),
    ],
)
def test_each_wrong_field_has_its_reason(change, reason):
    value = cbor.decode(command_order().encode())
    with pytest.raises(ContentRefusal) as refusal:
        orders.Order.decode(cbor.encode({**value, **change}), OrderKind.COMMAND)
    assert refusal.value.reason is reason


def test_a_missing_field_is_named():
    value = cbor.decode(command_order().encode())
    del value[2]
    with pytest.raises(ContentRefusal, match=r"order\.audience is missing"):
        orders.Order.decode(cbor.encode(value), OrderKind.COMMAND)


@pytest.mark.parametrize(
    "text",
    [
        "left\u202eright",
        "zero\u200bwidth",
        "line\nbreak",
        "A\u030a",
        "bell\x07",
        "nul\x00",
        "\u2028",
    ],
)
def test_text_that_reads_otherwise_than_it_is_stored_is_refused(text):
    with pytest.raises(ContentRefusal):
        Text().parse(text, "text")


@pytest.mark.parametrize("text", ["安徽省公安厅", "Århus", "plain"])
def test_honest_text_is_taken(text):
    assert Text().parse(text, "text") == text


@pytest.mark.parametrize("message", [None, [], 1, {}, {1: 99}, {1: True, 8: {}}])
def test_what_is_no_record_is_refused(message):
    with pytest.raises(RefusalError):
        records.Record.decode(cbor.encode(message))


def test_a_sealed_record_is_opened_with_the_devices_key_only():
    header = records.Header(
        device="cam-0001",
        boot=b"bootboot",
        sequence=1,
        utc_ms=2,
        mono_ms=3,
        clock=ClockTrust.FLOOR,
    )
    record = records.Record(header, records.ClockFix(step_ms=-5))
    sealed = records.seal(record, DEVICE)
    assert records.unseal(sealed, LOOKUP) == record
    stranger = cose.SoftwareSigner.from_seed(b"\x08" * 32)
    with pytest.raises(RefusalError) as refusal:
        records.unseal(records.seal(record, stranger), LOOKUP)
    assert refusal.value.reason is Reason.UNKNOWN_KEY


def test_a_sealed_checkpoint_is_not_a_record():
    checkpoint = Checkpoint(device="cam-0001", size=3, root=b"r" * 32, utc_ms=1)
    sealed = seal_checkpoint(checkpoint, DEVICE)
    assert unseal_checkpoint(sealed, LOOKUP) == checkpoint
    with pytest.raises(RefusalError) as refusal:
        records.unseal(sealed, LOOKUP)
    assert refusal.value.reason is Reason.BAD_SIGNATURE


def test_a_field_out_of_range_is_named_when_it_is_packed():
    with pytest.raises(ContentRefusal, match=r"ClockFix\.step_ms"):
        pack(records.ClockFix(step_ms=2**60))
