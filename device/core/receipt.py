"""A recorder's word on what it keeps (``protocol/receipts.py``)."""

from device.core import cbor, fields
from device.core.errors import Refusal

MAX_BYTES = 4096


def places_of(message):
    """The set of (boot, sequence) that a receipt names; empty where it is none."""
    # Read with the first receipt: the desk needs none.
    from device.core.receipt_schema import RECEIPT

    try:
        told = fields.parse(RECEIPT, cbor.decode(bytes(message), MAX_BYTES))
    except Refusal as refusal:
        print("not a receipt:", refusal)
        return set()
    return {(one["boot"], sequence) for one in told["boots"] for sequence in one["sequences"]}
